//! From a column to a property or field of a record, and from a cell to its value.

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::field::FieldKind;
use crate::domain::import::ImportRequest;
use crate::domain::record::schema::{Change, Channel, Owner, Phone, RecordType, Value};
use crate::id::{RecordId, TeamId, UserId};
use crate::sheet::{Row, guess_mapping};

/// The properties that a column can be mapped to, beside the fields of the type.
pub const PROPERTIES: [&str; 15] = [
    "name",
    "email",
    "phones.business",
    "phones.mobile",
    "phones.home",
    "owner",
    "access_team",
    "allow_email",
    "allow_phone",
    "allow_text",
    "time_zone",
    "score",
    "primary_contact",
    "linkedin_url",
    "external_id",
];

/// Everything a column of that type can be mapped to.
pub fn targets(catalogue: &Catalogue, kind: RecordType) -> Vec<&str> {
    PROPERTIES.into_iter().chain(catalogue.fields(kind).map(|field| field.name.as_str())).collect()
}

/// Which column seems to go where. A property that needs an id of this server cannot be guessed from a heading.
pub fn guess(header: &[String], targets: &[&str]) -> Vec<(usize, String)> {
    let ids = ["owner", "access_team", "primary_contact", "external_id"];
    let guessable: Vec<_> = targets.iter().copied().filter(|target| !ids.contains(target)).collect();
    guess_mapping(header, &guessable)
}

/// A column that goes somewhere.
#[derive(Debug)]
struct Column {
    place: usize,
    target: String,
    /// What it takes, where that is a field.
    kind: Option<FieldKind>,
}

/// Which column goes where.
#[derive(Debug)]
pub struct Columns {
    mapped: Vec<Column>,
    external_id: Option<usize>,
}

impl Columns {
    /// Finds the columns of a request in a header; a column or a target that does not exist is an error.
    pub fn of(request: &ImportRequest, header: &[String], catalogue: &Catalogue) -> Result<Columns, String> {
        let targets = targets(catalogue, request.kind);
        let place = |column: &str| {
            let found = header.iter().position(|name| name == column);
            found.ok_or_else(|| format!("there is no column `{column}`; the header is {}", header.join(", ")))
        };
        let mapped = match &request.mapping {
            None => guess(header, &targets),
            Some(mapping) => {
                let mut mapped = Vec::new();
                for (column, target) in mapping {
                    if !targets.contains(&target.as_str()) {
                        return Err(unknown_target(catalogue, request.kind, target));
                    }
                    mapped.push((place(column)?, target.clone()));
                }
                mapped
            }
        };
        let mut external_id = request.external_id.as_deref().map(place).transpose()?;
        let of_mapping = mapped.iter().find(|(_, target)| target == "external_id").map(|(place, _)| *place);
        external_id = external_id.or(of_mapping);
        let mapped = mapped.into_iter().filter(|(_, target)| target != "external_id").map(|(place, target)| {
            let kind = catalogue.field(request.kind, &target).map(|field| field.kind.clone());
            Column { place, target, kind }
        });
        let mapped: Vec<_> = mapped.collect();
        if mapped.is_empty() {
            return Err(format!("no column could be mapped; the header is {}", header.join(", ")));
        }
        Ok(Columns { mapped, external_id })
    }

    /// The value that identifies a row; none where the cell is empty.
    pub fn external_id(&self, row: &Row) -> Option<String> {
        let cell = row.cells.get(self.external_id?)?.trim();
        (!cell.is_empty()).then(|| cell.to_owned())
    }

    /// What a row says of its record; empty cells say nothing. The error is the reason the row does not go in.
    pub fn changes(&self, row: &Row) -> Result<Vec<Change>, String> {
        let mut changes = Vec::new();
        if self.external_id.is_some() && self.external_id(row).is_none() {
            return Err("the cell that identifies the row is empty".into());
        }
        for Column { place, target, kind } in &self.mapped {
            let cell = row.cells.get(*place).map(|cell| cell.trim()).unwrap_or_default();
            if !cell.is_empty() {
                changes.push(change(kind.as_ref(), target, cell).map_err(|reason| format!("{target}: {reason}"))?);
            }
        }
        Ok(changes)
    }
}

/// Why a mapping's target does not exist.
pub fn unknown_target(catalogue: &Catalogue, kind: RecordType, target: &str) -> String {
    let known = targets(catalogue, kind).join(", ");
    format!("`{target}` is neither a property nor a field of a {kind}; there are {known}")
}

fn change(kind: Option<&FieldKind>, target: &str, cell: &str) -> Result<Change, String> {
    let text = || Some(cell.to_owned());
    let id = |what: &str| format!("`{cell}` is not the id of a {what}");
    Ok(match target {
        "name" => Change::Name(text()),
        "email" => Change::Email(text()),
        "phones.business" => Change::Phone(Phone::Business, text()),
        "phones.mobile" => Change::Phone(Phone::Mobile, text()),
        "phones.home" => Change::Phone(Phone::Home, text()),
        "owner" => Change::Owner(UserId::parse(cell).map(Owner::User).ok_or_else(|| id("user"))?),
        "access_team" => Change::AccessTeam(Some(TeamId::parse(cell).ok_or_else(|| id("team"))?)),
        "allow_email" => Change::Allow(Channel::Email, truth(cell)?),
        "allow_phone" => Change::Allow(Channel::Phone, truth(cell)?),
        "allow_text" => Change::Allow(Channel::Text, truth(cell)?),
        "time_zone" => Change::TimeZone(text()),
        "score" => Change::Score(Some(cell.parse().map_err(|_| format!("`{cell}` is no score from 0 to 100"))?)),
        "primary_contact" => Change::PrimaryContact(Some(RecordId::parse(cell).ok_or_else(|| id("record"))?)),
        "linkedin_url" => Change::LinkedinUrl(text()),
        field => {
            let value = match kind {
                Some(FieldKind::Number | FieldKind::Money) => Value::Number(number(cell)?),
                _ => Value::Text(cell.to_owned()),
            };
            Change::Field(field.to_owned(), Some(value))
        }
    })
}

fn truth(cell: &str) -> Result<bool, String> {
    match cell.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" | "y" => Ok(true),
        "no" | "false" | "0" | "n" => Ok(false),
        _ => Err(format!("`{cell}` is neither yes nor no")),
    }
}

/// A number with a decimal point; commas, spaces and apostrophes may stand between thousands.
fn number(cell: &str) -> Result<f64, String> {
    let plain: String = cell.chars().filter(|c| !matches!(c, ',' | ' ' | '\u{a0}' | '\'')).collect();
    match plain.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("`{cell}` is no number")),
    }
}
