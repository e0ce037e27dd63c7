//! The routes of the catalogue but for record types, as in the table; and what stands for a filter, its group and a sort.

use reqwest::Method;
use serde_json::json;

use super::table::Level::{Nothing, See};
use super::table::{ADMIN, On, READ, Row, WRITE, row};
use super::world::Relation::{self, Gone, Own};
use super::world::{Thing, World};
use crate::people::fresh;

/// A filter to be.
const FILTER: &str = r#"{"name":"$fresh","record_type":"lead","conditions":[{"field":"currency","op":"eq","value":"USD"}],"group":"$group"}"#;

/// P-9, P-11, P-13.
pub const ROUTES: &[Row] = &[
    // Process flows and call results (P-11), tags (P-9).
    row("POST /process-flows", ADMIN, 11, On::Flow, Nothing, 201)
        .sends(r#"{"name":"$fresh","record_type":"lead","stages":["One"]}"#)
        .only(&[Own]),
    row("GET /process-flows", READ, 21, On::Whole, Nothing, 200),
    row("GET /process-flows/{flow}", READ, 21, On::Flow, See, 200),
    row("PATCH /process-flows/{flow}", ADMIN, 11, On::Flow, See, 200).sends(r#"{"stages":["Two"]}"#),
    row("DELETE /process-flows/{flow}", ADMIN, 11, On::Flow, See, 204),
    row("GET /call-results", READ, 21, On::Whole, Nothing, 200),
    row("PUT /call-results", ADMIN, 11, On::Whole, Nothing, 200).sends(r#"{"items":["made","busy"]}"#),
    row("POST /tags", WRITE, 9, On::Tag, Nothing, 201).sends(r#"{"name":"$fresh","parent":"$tag"}"#).only(&[Own]),
    row("GET /tags", READ, 21, On::Whole, Nothing, 200),
    row("GET /tags/{tag}", READ, 21, On::Tag, See, 200),
    row("PATCH /tags/{tag}", WRITE, 9, On::Tag, See, 200).sends(r#"{"name":"$fresh"}"#),
    row("DELETE /tags/{tag}", WRITE, 9, On::Tag, See, 204),
    // What the work list is narrowed and sorted by (P-13); everybody reads what is for them.
    row("POST /filters", ADMIN, 13, On::Listing, Nothing, 201).sends(FILTER).only(&[Own]),
    row("GET /filters", READ, 21, On::Whole, Nothing, 200),
    row("GET /filters/{filter}", READ, 21, On::Listing, See, 200),
    row("PATCH /filters/{filter}", ADMIN, 13, On::Listing, See, 200).sends(r#"{"hidden":true}"#),
    row("DELETE /filters/{filter}", ADMIN, 13, On::Listing, See, 204),
    row("POST /filter-groups", ADMIN, 13, On::Listing, Nothing, 201).sends(r#"{"name":"$fresh"}"#).only(&[Own]),
    row("GET /filter-groups", READ, 21, On::Whole, Nothing, 200),
    row("GET /filter-groups/{group}", READ, 21, On::Listing, See, 200),
    row("PATCH /filter-groups/{group}", ADMIN, 13, On::Listing, See, 200).sends(r#"{"name":"$fresh"}"#),
    row("DELETE /filter-groups/{group}", ADMIN, 13, On::Listing, See, 204),
    row("POST /sorts", ADMIN, 13, On::Listing, Nothing, 201)
        .sends(r#"{"name":"$fresh","record_type":"lead","field":"name"}"#)
        .only(&[Own]),
    row("GET /sorts", READ, 21, On::Whole, Nothing, 200),
    row("GET /sorts/{sort}", READ, 21, On::Listing, See, 200),
    row("PATCH /sorts/{sort}", ADMIN, 13, On::Listing, See, 200).sends(r#"{"field":"email"}"#),
    row("DELETE /sorts/{sort}", ADMIN, 13, On::Listing, See, 204),
    row("PUT /sorts/default", ADMIN, 13, On::Whole, Nothing, 200).sends(r#"{"id":"score","order":"desc"}"#),
    row("PUT /sorts/order", ADMIN, 13, On::Whole, Nothing, 422)
        .but(422, "validation_failed")
        .sends(r#"{"ids":["score"]}"#),
];

/// Where each of them is.
const PATHS: [(&str, &str); 3] = [("filter", "/filters"), ("group", "/filter-groups"), ("sort", "/sorts")];

impl World {
    /// A published filter in a group, and a sort; what is gone was removed.
    pub fn listing(&self, relation: Relation) -> Thing {
        let group = self.configured(PATHS[1], json!({ "name": fresh() }), Own);
        let usd = json!({ "field": "currency", "op": "eq", "value": "USD" });
        let filter = json!({ "name": fresh(), "record_type": "lead", "conditions": [usd], "group": group["group"], "published": true });
        let filter = self.configured(PATHS[0], filter, Own);
        let sort = json!({ "name": fresh(), "record_type": "lead", "field": "score" });
        let thing = group.into_iter().chain(filter).chain(self.configured(PATHS[2], sort, Own)).collect();
        if relation == Gone {
            self.unlist(&thing);
        }
        thing
    }

    /// Makes room for more groups and sorts, of which there may be few.
    pub fn unlist(&self, used_up: &Thing) {
        for (name, path) in PATHS {
            self.api.request(Method::DELETE, &format!("{path}/{}", used_up[name])).send();
        }
    }
}
