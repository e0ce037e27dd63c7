//! All clients together: they work until the server is gone, and afterwards compare what they know with what it says.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use futures_util::{StreamExt, TryStreamExt};
use tokio::task::JoinSet;

use super::author::Author;
use super::client::{Client, Lost};
use super::importer::Importer;
use super::lead::Lead;
use super::scene::{Scene, text};
use super::seller::Seller;

const SELLERS: usize = 24;
const IMPORTERS: usize = 2;
/// Reads under way at once while comparing.
const READS: usize = 32;

/// Everybody who works with the server.
pub struct Team {
    scene: Arc<Scene>,
    pub sellers: Vec<Seller>,
    author: Option<Author>,
    importers: Vec<Importer>,
}

enum Member {
    Seller(Seller),
    Author(Author),
    Importer(Importer),
}

impl Team {
    pub async fn gather(client: &Client, rng: &mut Rng) -> Result<Team, Lost> {
        let scene = Arc::new(Scene::set(client).await?);
        let sellers = (0..SELLERS).map(|number| Seller::new(number, rng.fork(), scene.clone())).collect();
        let importers = (0..IMPORTERS).map(|number| Importer::new(number, rng.fork())).collect();
        Ok(Team { sellers, author: Some(Author::new(rng.fork(), &scene)), importers, scene })
    }

    /// All work at once; `end` ends the server after so many answers and a moment more. Returns when everybody has noticed.
    pub async fn work(&mut self, client: &Client, answers: u32, moment: Duration, end: impl AsyncFnOnce()) {
        let mut working = JoinSet::new();
        for seller in self.sellers.drain(..) {
            let client = client.clone();
            working.spawn(async move { Member::Seller(seller.work(client).await) });
        }
        for importer in self.importers.drain(..) {
            let client = client.clone();
            working.spawn(async move { Member::Importer(importer.work(client).await) });
        }
        if let Some(author) = self.author.take() {
            let client = client.clone();
            working.spawn(async move { Member::Author(author.work(client).await) });
        }
        client.answers(answers).await;
        tokio::time::sleep(moment).await;
        end().await;
        while let Some(member) = working.join_next().await {
            match member.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())) {
                Member::Seller(seller) => self.sellers.push(seller),
                Member::Author(author) => self.author = Some(author),
                Member::Importer(importer) => self.importers.push(importer),
            }
        }
    }

    /// Every command without an answer is asked again, and some that had one.
    pub async fn repeat(&mut self, client: &Client) -> Result<(), Lost> {
        let mut asked = futures_util::stream::FuturesUnordered::new();
        for seller in &mut self.sellers {
            asked.push(async {
                seller.repeat(client).await?;
                seller.ask_again(client, 3).await
            });
        }
        while let Some(answered) = asked.next().await {
            answered?;
        }
        drop(asked);
        for importer in &mut self.importers {
            importer.repeat(client).await?;
        }
        if let Some(author) = &mut self.author {
            author.repeat(client).await?;
        }
        Ok(())
    }

    /// Everything that was acknowledged is there, once, and there is nothing besides. `all` compares the records that
    /// were not touched since they were compared last, too.
    pub async fn compare(&mut self, client: &Client, all: bool) -> Result<(), Lost> {
        for importer in &mut self.importers {
            importer.compare(client, all).await?;
        }
        if let Some(author) = &self.author {
            author.compare(client, self.scene.firm_count()).await?;
        }
        self.scene.compare(client, all).await?;
        self.compare_lists(client).await?;
        let leads = self.leads().filter(|lead| all || lead.dirty);
        let compared = futures_util::stream::iter(leads).map(|lead| async move {
            lead.compare(client).await?;
            if all { lead.compare_enrolments(client).await } else { Ok(()) }
        });
        compared.buffer_unordered(READS).try_collect::<()>().await?;
        self.sellers.iter_mut().flat_map(|seller| &mut seller.leads).for_each(|lead| lead.dirty = false);
        Ok(())
    }

    /// The records that are listed are those that were acknowledged, no more and no fewer.
    async fn compare_lists(&self, client: &Client) -> Result<(), Lost> {
        let records = client.list("/records").await?;
        self.importers.iter().for_each(|importer| importer.find(&records));
        let own = records.iter().filter(|record| !text(&record["name"]).starts_with("import "));
        let mut found: Vec<_> = own.map(|record| text(&record["id"])).collect();
        let mut known: Vec<_> = self.leads().map(|lead| lead.id.clone()).chain(self.scene.records()).collect();
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known, "the records that are listed");
        let mut keys: Vec<_> = records.iter().filter_map(|record| record["external_id"].as_str()).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count, "an external id names two records");
        Ok(())
    }

    pub fn leads(&self) -> impl Iterator<Item = &Lead> {
        self.sellers.iter().flat_map(|seller| &seller.leads)
    }

    /// Each live enrolment can be moved on; how many were.
    pub async fn move_everything(&mut self, client: &Client) -> Result<usize, Lost> {
        let mut moved = 0;
        for seller in &mut self.sellers {
            moved += seller.move_everything(client).await?;
        }
        Ok(moved)
    }

    /// Waits until no message is owed; the steps whose messages were sent.
    pub async fn messages(&self, client: &Client) -> Result<BTreeSet<String>, Lost> {
        let mut sent = BTreeSet::new();
        let others = self.scene.records();
        let records = self.leads().map(|lead| lead.id.clone()).chain(others);
        for record in records {
            sent.append(&mut super::lead::delivered(client, &record).await?);
        }
        Ok(sent)
    }
}
