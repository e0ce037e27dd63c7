//! What the catalogue is asked: few types and fields, so that records meet them while they come and go.

use relance::domain::catalogue::command::CatalogueCommand;
use relance::domain::catalogue::field::{FieldKind, Target};
use relance::domain::record::schema::RecordType;

use super::ask::What;

/// The field of leads that comes and goes; records write it whether it is there or not.
pub const TIER: &str = "tier";

/// Something about types and fields.
pub fn arrange(chance: &mut fastrand::Rng) -> What {
    let project = RecordType::from_name("project").expect("a name");
    let expected = chance.bool().then(|| chance.u32(1..4));
    let options = |chance: &mut fastrand::Rng| {
        let all = ["gold", "silver", "bronze"].into_iter();
        FieldKind::OptionSet(all.filter(|_| chance.bool()).map(Into::into).collect())
    };
    let (kind, name, label) = (RecordType::Lead, TIER.to_owned(), format!("Tier {}", chance.u32(0..3)));
    What::Catalogue(match chance.u32(0..12) {
        0..3 => CatalogueCommand::AddField { kind, name, label, takes: options(chance) },
        3 => CatalogueCommand::AddField { kind, name, label, takes: FieldKind::Lookup(Target::User) },
        4..6 => {
            let takes = chance.bool().then(|| options(chance));
            CatalogueCommand::ChangeField { kind, name, label: Some(label), takes, expected }
        }
        6 | 7 => CatalogueCommand::RemoveField { kind, name, expected },
        8 | 9 => CatalogueCommand::AddType { kind: project, label },
        10 => CatalogueCommand::ChangeType { kind: project, label: Some(label), expected },
        _ => CatalogueCommand::RemoveType { kind: project, expected },
    })
}
