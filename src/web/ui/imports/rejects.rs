//! The first rows that did not go in, with why.

use maud::{Markup, html};

use crate::sheet::Sheet;
use crate::web::problem::Problem;
use crate::web::ui::layout::sentence;
use crate::web::ui::page::Page;

/// How many are told on the page.
const SHOWN: usize = 5;

/// Line, reason and row of each.
pub async fn show(page: &Page, import: &str) -> Result<Markup, Problem> {
    let text = page.get_text(&format!("/imports/{import}/rejects")).await?;
    let Ok(sheet) = Sheet::open(text.as_bytes(), Some(b',')) else { return Ok(html! {}) };
    let rows: Vec<Vec<String>> = sheet.rows().flatten().map(|row| row.cells).take(SHOWN).collect();
    Ok(html! {
        div.scroll { table {
            thead { tr {
                th.number scope="col" { (page.say("import-line")) }
                th scope="col" { (page.say("import-why")) }
                th scope="col" { (page.say("import-row")) }
            } }
            tbody { @for row in &rows { @if let [line, why, row, ..] = row.as_slice() {
                tr { th.number scope="row" { (line) } td lang="en" { (sentence(why)) } td { code { (row) } } }
            } } }
        } }
    })
}
