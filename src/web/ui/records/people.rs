//! Who owns and does things: users and teams by name.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::id::UserId;
use crate::web::problem::Problem;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// As many as one page of the API has.
const LISTED: &str = "limit=500";

/// Users and teams that somebody may know of.
pub struct People {
    users: BTreeMap<String, String>,
    teams: BTreeMap<String, String>,
    server: String,
    /// Who holds the token that the server was started with.
    built_in: String,
    administrator: String,
    somebody: String,
}

impl People {
    /// As the API lists them.
    pub async fn of(page: &Page) -> Result<People, Problem> {
        let users = page.get(&format!("/users?{LISTED}")).await?;
        let teams = page.get(&format!("/teams?{LISTED}")).await?;
        let named = |list: &Value| {
            let items = list["items"].as_array().into_iter().flatten();
            items.map(|item| (text(&item["id"]).to_owned(), text(&item["name"]).to_owned())).collect()
        };
        Ok(People {
            users: named(&users),
            teams: named(&teams),
            built_in: UserId::ADMINISTRATOR.to_string(),
            administrator: page.say("people-administrator"),
            server: page.say("people-server"),
            somebody: page.say("people-somebody"),
        })
    }

    /// The name of `{"user": ID}`, `{"team": ID}` or an id.
    pub fn name(&self, who: &Value) -> &str {
        let id = ["user", "team"].into_iter().find_map(|kind| who[kind].as_str()).or(who.as_str());
        let known = |id: &str| self.users.get(id).or_else(|| self.teams.get(id)).map(String::as_str);
        match id {
            None => "",
            Some("system") => &self.server,
            Some(id) if id == self.built_in => &self.administrator,
            Some(id) => known(id).unwrap_or(&self.somebody),
        }
    }

    /// Users by id and name, in the order of their names.
    pub fn users(&self) -> Vec<(String, String)> {
        by_name(&self.users)
    }

    /// Teams by id and name, in the order of their names.
    pub fn teams(&self) -> Vec<(String, String)> {
        by_name(&self.teams)
    }

    /// Everybody who may own something, as the API writes them, with their names; whoever owns it now is among them.
    pub fn owners(&self, now: &Value) -> Vec<(String, String)> {
        let owner = |kind: &str, id: &str| serde_json::json!({ kind: id }).to_string();
        let users = self.users().into_iter().map(|(id, name)| (owner("user", &id), name));
        let teams = self.teams().into_iter().map(|(id, name)| (owner("team", &id), name));
        let mut owners: Vec<_> = users.chain(teams).collect();
        let current = now.to_string();
        if now.is_object() && owners.iter().all(|(value, _)| *value != current) {
            owners.push((current, self.name(now).to_owned()));
        }
        owners
    }
}

fn by_name(named: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut list: Vec<_> = named.iter().map(|(id, name)| (id.clone(), name.clone())).collect();
    list.sort_by_key(|(_, name)| name.to_lowercase());
    list
}
