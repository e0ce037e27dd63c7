//! `/sequences/{id}/ab-tests`: how the versions of a sequence's messages do against each other, and ending a test (§8, RP-10).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ab_test::verdict::{Anytime, Fixed, Tally, anytime, fixed};
use crate::domain::ab_test::{AbEnding, AbOutcome, AbRun, AbStanding};
use crate::domain::effect::Counter;
use crate::domain::plan::{AbEnd, AbTest, AbVersion, Channel, PlanNode, ab_settings};
use crate::domain::sequence::graph::{Metric, Node};
use crate::domain::sequence::{Sequence, SequenceCommand};
use crate::id::{AbTestId, SequenceId, UserId};
use crate::limits;
use crate::runtime::message::Seen;
use crate::store::Store;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, sequence_id};
use crate::web::wire::Page;

/// One version of a test, and how it does.
#[derive(Debug, Serialize, ToSchema)]
pub struct AbVersionView {
    name: String,
    template: String,
    /// Participants whom the server has sent it to while the test ran.
    exposures: u64,
    /// Those of them with at least one event of the metric, however late.
    met: u64,
    /// `met` of `exposures`; null without any.
    rate: Option<f64>,
    /// Whether it won.
    winner: bool,
}

/// Both versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct AbVersionsView {
    a: AbVersionView,
    b: AbVersionView,
}

/// The two-sided z-test, which ends tests. It is right one time in twenty by chance each time it is looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct FixedView {
    /// Above zero where A does better.
    z: f64,
    p: f64,
    /// |z| is at least 1.96, with 100 exposures of each version.
    significant: bool,
}

/// A sequential test, which may be looked at as often as one likes: by chance alone, it is ever significant in at most one
/// test of twenty.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnytimeView {
    /// Significant from 20 on.
    e_value: f64,
    p: f64,
    significant: bool,
    /// The version that does better, where that is significant.
    better: Option<&'static str>,
}

/// When a test is over.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbEndView {
    /// With statistical significance.
    Automatic(bool),
    /// At that instant.
    At(String),
}

/// An A/B test.
#[derive(Debug, Serialize, ToSchema)]
pub struct AbTestView {
    /// The id of its node.
    node: String,
    /// The version of the sequence since which its settings are these; another node of that id is another test.
    version: u16,
    display_name: String,
    /// `email` or `text`.
    #[schema(value_type = String)]
    channel: Channel,
    /// `goal`, `clicks` or `opens`.
    #[schema(value_type = String)]
    metric: Metric,
    /// How many of a hundred participants get A.
    share_a: u8,
    end: AbEndView,
    /// The version that everybody gets where none wins.
    default: &'static str,
    /// `draft`, `in_progress`, `ended` or `stopped`.
    status: &'static str,
    /// Once it is over: `clear_winner`, `inconclusive` or `stopped`.
    result: Option<&'static str>,
    /// The version that won.
    winner: Option<&'static str>,
    /// The version that every later participant gets; null while the split decides.
    serves: Option<&'static str>,
    /// When the first participant reached it.
    begun_at: Option<String>,
    /// When the first message was sent.
    exposed_at: Option<String>,
    /// When the tallies are looked at next: every 24 hours from the first message, or at the end of the test.
    evaluates_at: Option<String>,
    ended_at: Option<String>,
    /// Who stopped it.
    ended_by: Option<String>,
    versions: AbVersionsView,
    fixed: FixedView,
    anytime: AnytimeView,
    /// What to know before its figures are believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// A test as its sequence knows it.
struct Shown {
    node: String,
    test: AbTest,
    run: Option<AbRun>,
    /// Its deadline passed before anybody had reached it.
    missed: bool,
}

impl Shown {
    fn of(sequence: &Sequence, node: &str, test: &AbTest, seen: &Seen<Sequence>) -> Shown {
        let standing = sequence.ab_standing(node, test, seen.stamp.at);
        let run = match standing {
            AbStanding::InProgress(run) | AbStanding::Finished(run, _) => Some(run.clone()),
            AbStanding::Draft | AbStanding::Missed => None,
        };
        Shown { node: node.to_owned(), test: test.clone(), run, missed: standing == AbStanding::Missed }
    }

    /// Those of the version that serves, or of the draft before there is one, and those of earlier versions that have begun.
    fn all(seen: &Seen<Sequence>) -> Vec<Shown> {
        let sequence = seen.state;
        let mut shown: Vec<Shown> = Vec::new();
        for (place, version) in sequence.published.iter().rev().enumerate() {
            let plan = seen.given.plan(seen.id, version.number);
            let tests = plan.into_iter().flat_map(|plan| &plan.nodes).filter_map(|node| Some((node, node.ab_test()?)));
            for (PlanNode { id, .. }, test) in tests {
                let is_new = shown.iter().all(|known| known.node != *id || known.test.since != test.since);
                if is_new && (place == 0 || sequence.ab_run(id, test.since).is_some()) {
                    shown.push(Shown::of(sequence, id, test, seen));
                }
            }
        }
        if sequence.published.is_empty() {
            for node in sequence.graph().nodes {
                if let Node::AbTest(drawn) = &node
                    && let Some(test) = ab_settings(drawn)
                {
                    shown.push(Shown::of(sequence, &drawn.id, &AbTest { since: sequence.version, ..test }, seen));
                }
            }
        }
        shown
    }

    fn view(self, sequence: SequenceId, store: &dyn Store) -> AbTestView {
        let Shown { node, test, run, missed } = self;
        let tallies = AbTestId::of(sequence, &node, test.since).tallies(|counter| store.counter(counter));
        let outcome = run.as_ref().and_then(|run| run.end);
        let winner = outcome.filter(|end| end.reason == AbEnding::Won).map(|end| end.serves);
        let version = |version: AbVersion, tally: Tally| {
            let place = usize::from(version == AbVersion::B);
            AbVersionView {
                name: test.names[place].clone(),
                template: test.templates[place].to_string(),
                exposures: tally.exposed,
                met: tally.met,
                rate: tally.rate(),
                winner: winner == Some(version),
            }
        };
        let serves = outcome.map(|end| end.serves).or(missed.then_some(test.default));
        let (status, result) = status(run.as_ref(), outcome, missed);
        let (Fixed { z, p, winner: significant }, found) = (fixed(tallies), anytime(tallies, test.share_a));
        let Anytime { e_value, p: anytime_p, winner: better } = found;
        let by = outcome.filter(|end| end.by != UserId::SYSTEM).map(|end| end.by);
        let looks = run.as_ref().filter(|run| run.end.is_none()).and_then(|run| run.wakes_at);
        let instant = |at: Timestamp| at.to_string();
        AbTestView {
            versions: AbVersionsView { a: version(AbVersion::A, tallies.a), b: version(AbVersion::B, tallies.b) },
            version: test.since,
            display_name: test.display_name,
            channel: test.channel,
            metric: test.metric,
            share_a: test.share_a,
            end: match test.end {
                AbEnd::Automatic => AbEndView::Automatic(true),
                AbEnd::At(deadline) => AbEndView::At(deadline.to_string()),
            },
            default: test.default.letter(),
            status,
            result,
            winner: winner.map(AbVersion::letter),
            serves: serves.map(AbVersion::letter),
            begun_at: run.as_ref().map(|run| run.begun_at.to_string()),
            exposed_at: run.as_ref().and_then(|run| run.exposed_at).map(instant),
            evaluates_at: looks.map(instant),
            ended_at: outcome.map(|end| end.at.to_string()),
            ended_by: by.map(|by| by.to_string()),
            fixed: FixedView { z, p, significant: significant.is_some() },
            anytime: AnytimeView {
                e_value,
                p: anytime_p,
                significant: better.is_some(),
                better: better.map(AbVersion::letter),
            },
            hint: hint(store.counter(Counter::Enrolled(sequence))),
            node,
        }
    }
}

fn status(run: Option<&AbRun>, outcome: Option<AbOutcome>, missed: bool) -> (&'static str, Option<&'static str>) {
    match (run, outcome.map(|end| end.reason)) {
        (None, _) if missed => ("ended", Some("inconclusive")),
        (None, _) => ("draft", None),
        (Some(_), None) => ("in_progress", None),
        (Some(_), Some(AbEnding::Won)) => ("ended", Some("clear_winner")),
        (Some(_), Some(AbEnding::Inconclusive)) => ("ended", Some("inconclusive")),
        (Some(_), Some(AbEnding::Chosen | AbEnding::Deactivated)) => ("stopped", Some("stopped")),
    }
}

/// AB-18.
fn hint(audience: i64) -> Option<String> {
    let few = limits::AB_AUDIENCE_SMALL;
    (audience < few).then(|| {
        format!("{audience} records have entered the sequence so far; below {few} the split comes out unevenly")
    })
}

/// The A/B tests of a sequence, with how each version does and what that says.
#[utoipa::path(tag = "Sequences",
    responses((status = 200, body = Page<AbTestView>), (status = 404, body = Problem)))]
#[get("/sequences/{id}/ab-tests")]
pub async fn list_ab_tests(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = sequence_id(&id)?;
    let shown = app.engine.read::<Sequence, _>(id, by.caller, |seen| seen.state.exists.then(|| Shown::all(&seen)));
    let shown = shown.await?.ok_or_else(|| Problem::not_found("sequence"))?;
    let items = shown.into_iter().map(|shown| shown.view(id, app.engine.store())).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// A version to end a test with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopBody {
    /// What everybody gets from now on: `a` or `b`.
    #[serde(default)]
    #[schema(value_type = String)]
    version: Option<AbVersion>,
}

/// End a running test: every later participant gets the version that is chosen, for good (AB-10).
#[utoipa::path(tag = "Sequences", request_body = StopBody,
    responses((status = 200, body = AbTestView), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/sequences/{id}/ab-tests/{node}/stop")]
pub async fn stop_ab_test(
    app: Data<App>,
    path: Path<(String, String)>,
    body: Body<StopBody>,
) -> Result<HttpResponse, Problem> {
    let (id, node) = path.into_inner();
    let (id, command) =
        (sequence_id(&id)?, SequenceCommand::StopAbTest { node: node.clone(), choice: body.value.version });
    let shown = app.engine.submit::<Sequence, _>(id, command, body.caller, |seen| Shown::all(&seen)).await?;
    let ended = |shown: &Shown| shown.run.as_ref().and_then(|run| run.end).map(|end| end.at);
    let stopped = shown.into_iter().filter(|shown| shown.node == node).max_by_key(ended);
    let stopped = stopped.ok_or_else(|| Problem::not_found("A/B test"))?;
    Ok(HttpResponse::Ok().json(stopped.view(id, app.engine.store())))
}
