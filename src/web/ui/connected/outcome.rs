//! What became of each of several records: nothing to read where all went well.

use actix_web::HttpResponse;
use maud::html;

use super::{address, connect_link, head};
use crate::web::problem::Problem;
use crate::web::ui::form;
use crate::web::ui::layout::{badge, sentence};
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// Of one record.
pub struct Outcome {
    /// Its id.
    pub record: String,
    /// Why it was not done.
    pub refused: Option<Problem>,
}

/// Back to the list, where nothing was refused; otherwise row by row. `done` is `connected` or `disconnected`.
pub async fn show(mut page: Page, id: &str, outcomes: Vec<Outcome>, done: &str) -> Result<HttpResponse, Problem> {
    let sequence = &page.get(&format!("/sequences/{id}")).await?;
    // What stands on this page leads back to one that can be asked for.
    page.look.path = address(sequence);
    let page = &page;
    let refused = outcomes.iter().filter(|outcome| outcome.refused.is_some()).count();
    if outcomes.is_empty() {
        return Ok(form::lead_to(&address(sequence)));
    }
    if refused == 0 {
        return Ok(form::lead_to(&format!("{}?done={done}-several", address(sequence))));
    }
    let words = page.words();
    let mut rows = Vec::new();
    for outcome in &outcomes {
        let record = page.find(&format!("/records/{}", outcome.record)).await?.unwrap_or_default();
        rows.push(html! { tr {
            th scope="row" { a href={ "/records/" (outcome.record) } { (text(&record["name"])) } }
            td { @match &outcome.refused {
                None => (badge("good", &words.value("enrolment", done))),
                Some(problem) => { (badge("bad", &words.say("outcome-refused"))) " " (sentence(&problem.detail)) },
            } }
        } });
    }
    let counted = [("done", (outcomes.len() - refused).to_string()), ("refused", refused.to_string())];
    let counted: Vec<_> = counted.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let content = html! {
        (head(page, sequence, &connect_link(page, sequence)))
        p.warning role="status" { (words.fill(&format!("outcome-{done}"), &counted)) }
        section { div.scroll { table {
            thead { tr { th scope="col" { (words.say("connected-record")) } th scope="col" { (words.say("outcome-what")) } } }
            tbody { @for row in &rows { (row) } }
        } } }
        p { a.button href=(address(sequence)) { (words.say("outcome-back")) } }
    };
    Ok(page.show(text(&sequence["name"]), &content))
}
