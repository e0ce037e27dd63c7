//! What the catalogue is asked: few types and fields, so that records meet them while they come and go.

use relance::domain::catalogue::command::CatalogueCommand;
use relance::domain::catalogue::field::{FieldKind, Target};
use relance::domain::catalogue::listing::command::{FilterPart, ListingCommand, SortPart};
use relance::domain::catalogue::listing::key::{FilterKey, GroupKey, SortKey};
use relance::domain::condition::stored::StoredCondition;
use relance::domain::record::schema::RecordType;

use relance::id::listing::{FilterGroupId, FilterId, SortId};
use relance::id::{FlowId, TagId};

use super::ask::What;

/// The field of leads that comes and goes; records write it whether it is there or not.
pub const TIER: &str = "tier";

/// The flow that comes and goes.
pub const FLOW: FlowId = FlowId(0x71);

/// Something about types and fields.
pub fn arrange(chance: &mut fastrand::Rng) -> What {
    let project = RecordType::from_name("project").expect("a name");
    let expected = chance.bool().then(|| chance.u32(1..4));
    let options = |chance: &mut fastrand::Rng| {
        let all = ["gold", "silver", "bronze"].into_iter();
        FieldKind::OptionSet(all.filter(|_| chance.bool()).map(Into::into).collect())
    };
    let (kind, name, label) = (RecordType::Lead, TIER.to_owned(), format!("Tier {}", chance.u32(0..3)));
    What::Catalogue(match chance.u32(0..21) {
        0..3 => CatalogueCommand::AddField { kind, name, label, takes: options(chance) },
        3 => CatalogueCommand::AddField { kind, name, label, takes: FieldKind::Lookup(Target::User) },
        4..6 => {
            let takes = chance.bool().then(|| options(chance));
            CatalogueCommand::ChangeField { kind, name, label: Some(label), takes, expected }
        }
        6 | 7 => CatalogueCommand::RemoveField { kind, name, expected },
        8 | 9 => CatalogueCommand::AddType { kind: project, label },
        10 => CatalogueCommand::ChangeType { kind: project, label: Some(label), expected },
        11 | 12 => {
            let stages = if chance.bool() { vec!["Begun".into()] } else { vec!["Begun".into(), "Won".into()] };
            match chance.u32(0..4) {
                0 => CatalogueCommand::RemoveFlow { flow: FLOW, expected },
                1 => CatalogueCommand::ChangeFlow { flow: FLOW, name: None, stages: Some(stages), expected },
                _ => CatalogueCommand::AddFlow { flow: FLOW, name: "Sale".into(), kind, stages },
            }
        }
        13 => {
            let all = ["made", "received", "no_answer", "left_voicemail", "busy", "wrong_number"].into_iter();
            let results = all.filter(|_| chance.u32(0..8) > 0).map(Into::into).collect();
            CatalogueCommand::SetCallResults { results, expected: None }
        }
        14..17 => {
            let mut tag = || TagId(chance.u128(1..6));
            let (tag, parent, name) = (tag(), tag(), label);
            match chance.u32(0..5) {
                0 => CatalogueCommand::RemoveTag { tag, expected: None },
                1 => CatalogueCommand::ChangeTag { tag, name: None, parent: Some(Some(parent)), expected: None },
                2 => CatalogueCommand::AddTags { parent: Some(parent), tags: vec![(tag, name)] },
                _ => CatalogueCommand::AddTags { parent: None, tags: vec![(tag, name)] },
            }
        }
        17..20 => CatalogueCommand::Listing(list(chance, label)),
        _ => CatalogueCommand::RemoveType { kind: project, expected },
    })
}

/// Something about filters and sorts of the work list, by the field that comes and goes.
fn list(chance: &mut fastrand::Rng, name: String) -> ListingCommand {
    let (kind, expected) = (RecordType::Lead, None);
    let (filter, group, sort) =
        (FilterId(chance.u128(1..4)), FilterGroupId(chance.u128(1..3)), SortId(chance.u128(1..3)));
    let gold = serde_json::from_str(r#"{"field":"tier","op":"eq","value":"gold"}"#).map(StoredCondition);
    let conditions = FilterPart::Conditions(gold.into_iter().collect());
    let hidden = chance.bool();
    match chance.u32(0..10) {
        0..3 => {
            let group = FilterPart::Group(chance.bool().then_some(group));
            ListingCommand::AddFilter { filter, kind, parts: vec![conditions, group, FilterPart::Name(name)] }
        }
        3 => ListingCommand::ChangeFilter {
            filter: FilterKey::Own(filter),
            parts: vec![FilterPart::Hidden(hidden)],
            expected,
        },
        4 => ListingCommand::RemoveFilter { filter: FilterKey::Own(filter), expected },
        5 => ListingCommand::AddGroup { group, name },
        6 => ListingCommand::RemoveGroup { group: GroupKey::Own(group), expected },
        7 => ListingCommand::AddSort {
            sort,
            kind,
            parts: vec![SortPart::Name(name), SortPart::Field(TIER.into()), SortPart::Hidden(hidden)],
        },
        8 => ListingCommand::SetDefaultSort { sort: SortKey::Own(sort), direction: None, expected },
        _ => ListingCommand::RemoveSort { sort: SortKey::Own(sort), expected },
    }
}
