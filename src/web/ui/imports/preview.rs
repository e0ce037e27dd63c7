//! What of a table would go where: every column with its heading, its first cells, and the field that it seems to mean.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};

use super::{crumbs, refused};
use crate::import::mapping::{PROPERTIES, guess};
use crate::sheet::Sheet;
use crate::web::problem::Problem;
use crate::web::ui::layout::{self, heading};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::records::kinds::{Kinds, field_label, fields};
use crate::web::ui::sequences::text;

/// How many cells of each column are shown.
const ROWS_SHOWN: usize = 4;
const CELL_SHOWN: usize = 40;

/// A table that was read, and what is chosen for it.
pub struct Choice {
    kind: String,
    kind_label: String,
    /// What was pasted; a file stays with the browser.
    pasted: Option<String>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Rows of all of it, as far as can be told from the beginning.
    rows_total: usize,
    is_all: bool,
    /// Property or field and how it is called, for each group.
    targets: [Vec<(String, String)>; 2],
    /// The target of each column; empty for none.
    chosen: Vec<String>,
    external: String,
}

impl Choice {
    /// Reads the beginning of a table of `size` bytes; or why it cannot be read.
    pub async fn of(
        page: &Page,
        kind: &str,
        (pasted, beginning, size): (Option<String>, &[u8], usize),
    ) -> Result<Result<Choice, String>, Problem> {
        if kind.is_empty() {
            return Err(Problem::malformed("/type", "the form names no type of records"));
        }
        let fields = fields(page, kind).await?;
        let kinds = Kinds::of(page).await?;
        // A row that is cut off says nothing.
        let whole = match beginning.iter().rposition(|byte| *byte == b'\n').filter(|_| beginning.len() < size) {
            Some(end) => beginning.get(..=end).unwrap_or(beginning),
            None => beginning,
        };
        let sheet = match Sheet::open(whole, None) {
            Ok(sheet) => sheet,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let (mut rows, mut count) = (Vec::new(), 0);
        for row in sheet.rows() {
            count += 1;
            if let (Ok(row), true) = (row, rows.len() < ROWS_SHOWN) {
                rows.push(row.cells);
            }
        }
        let words = page.words();
        let properties = PROPERTIES.into_iter().filter(|name| *name != "external_id");
        let properties = properties.map(|name| (name.to_owned(), words.value("property", name))).collect();
        let fields = fields.iter().map(|field| (text(&field["name"]).to_owned(), field_label(words, field))).collect();
        let targets: [Vec<(String, String)>; 2] = [properties, fields];
        let names: Vec<&str> = targets.iter().flatten().map(|(name, _)| name.as_str()).collect();
        let mut chosen = vec![String::new(); sheet.header().len()];
        for (place, target) in guess(sheet.header(), &names) {
            if let Some(column) = chosen.get_mut(place) {
                *column = target;
            }
        }
        Ok(Ok(Choice {
            kind: kind.to_owned(),
            kind_label: kinds.label(kind),
            pasted,
            header: sheet.header().to_vec(),
            rows,
            rows_total: count * size.max(1) / whole.len().max(1),
            is_all: beginning.len() >= size,
            targets,
            chosen,
            external: String::new(),
        }))
    }

    /// As somebody has chosen before.
    pub fn chosen(mut self, asked: &Asked) -> Choice {
        for (place, column) in self.chosen.iter_mut().enumerate() {
            *column = asked.get(&format!("to.{place}")).to_owned();
        }
        asked.get("external").clone_into(&mut self.external);
        self
    }

    /// The page.
    pub fn show(&self, page: &Page, name: &str, wrong: Option<&Problem>) -> HttpResponse {
        let words = page.words();
        let mapped = self.chosen.iter().filter(|target| !target.is_empty()).count();
        let summary = words.fill(
            "import-summary",
            &[
                ("rows", &format!("{}{}", if self.is_all { "" } else { "≈ " }, page.number(&self.rows_total.into()))),
                ("mapped", &mapped.to_string()),
                ("columns", &self.header.len().to_string()),
                ("type", &self.kind_label),
            ],
        );
        let content = html! {
            (crumbs(page))
            (heading(&words.say("import-check"), &html! {}))
            @if let Some(problem) = wrong { (refused(page, &problem.detail)) }
            div.notice data-import-wrong="" role="alert" tabindex="-1" hidden { strong { (words.say("import-refused")) } p {} }
            p { @if !name.is_empty() { strong { (name) } " – " } (summary) }
            form method="post" action="/imports/start" data-import-start="" {
                input type="hidden" name="type" value=(self.kind);
                input type="hidden" name="of" value=(self.rows_total);
                input type="hidden" name="_key" value=(format!("{:032x}", fastrand::u128(..)));
                section { div.scroll { table.stacked {
                    thead { tr {
                        th scope="col" { (words.say("import-column")) }
                        th scope="col" { (words.say("import-to")) }
                        th scope="col" { (words.say("import-cells")) }
                    } }
                    tbody { @for (place, heading) in self.header.iter().enumerate() { (self.column(page, place, heading)) } }
                } } }
                section { (self.identity(page)) }
                @if let Some(text) = &self.pasted { textarea name="text" hidden { (text) } }
                p.actions {
                    button type="submit" { (words.say("import-start")) }
                    a.button href={ "/imports/new?type=" (self.kind) } { (words.say("import-back")) }
                }
                p data-import-sending="" role="status" hidden { (words.say("import-sending")) }
            }
        };
        let status = wrong.map_or(StatusCode::OK, actix_web::ResponseError::status_code);
        layout::answer(status, layout::frame(page, &words.say("import-check"), &content))
    }

    fn column(&self, page: &Page, place: usize, heading: &str) -> Markup {
        let words = page.words();
        let chosen = self.chosen.get(place).map(String::as_str).unwrap_or_default();
        let option =
            |(name, label): &(String, String)| html! { option value=(name) selected[name == chosen] { (label) } };
        let cells = self.rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.trim());
        let cells: Vec<String> = cells.map(shortened).collect();
        html! { tr {
            th scope="row" {
                @if heading.is_empty() { span.quietly { (words.say("import-no-heading")) } } @else { (heading) }
                input type="hidden" name="column" value=(heading);
            }
            td { @if heading.is_empty() { (words.say("import-to-none")) } @else {
                select name={ "to." (place) } aria-label=(words.fill("import-to-of", &[("column", heading)])) {
                    option value="" { (words.say("import-to-none")) }
                    optgroup label=(words.say("import-properties")) { @for target in &self.targets[0] { (option(target)) } }
                    optgroup label=(words.say("import-fields")) { @for target in &self.targets[1] { (option(target)) } }
                }
            } }
            td { ul.cells { @for cell in cells.iter().filter(|cell| !cell.is_empty()) { li { (cell) } } } }
        } }
    }

    /// Which column tells that a row is one that was imported before.
    fn identity(&self, page: &Page) -> Markup {
        let words = page.words();
        html! {
            div.field.narrow {
                label for="import-external" { (words.say("import-identity")) }
                select #import-external name="external" aria-describedby="import-external-help" {
                    option value="" { (words.say("import-identity-none")) }
                    @for heading in self.header.iter().filter(|heading| !heading.is_empty()) {
                        option value=(heading) selected[*heading == self.external] { (heading) }
                    }
                }
                p.help #import-external-help { (words.say("import-identity-help")) }
            }
        }
    }
}

fn shortened(cell: &str) -> String {
    let mut letters = cell.chars();
    let shown: String = letters.by_ref().take(CELL_SHOWN).collect();
    if letters.next().is_some() { shown + "…" } else { shown }
}
