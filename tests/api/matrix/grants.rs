//! What each role is granted, as domain §2 has it.

use super::world::Relation::{self, *};

/// The columns of the tables.
pub const ROLES: [(&str, &str); 4] =
    [("SA", "system_administrator"), ("SQ", "sequence_manager"), ("MG", "sales_manager"), ("SP", "seller")];

/// P-1 to P-22, as far as routes stand under them; what is one's own is told by [`ACCESS`].
pub const GRANTS: &[(u8, &str)] = &[
    //    SA  SQ  MG  SP
    (1, "yes yes yes own"),
    (3, "yes yes yes yes"),
    (4, "yes yes own own"),
    (5, "yes yes yes yes"),
    (7, "yes yes own own"),
    (8, "yes yes yes yes"),
    (9, "yes yes yes -  "),
    (11, "yes yes -   -  "),
    (10, "yes yes yes -  "),
    (12, "yes -   -   -  "),
    (13, "yes yes -   -  "),
    (14, "yes -   -   -  "),
    (15, "yes yes yes yes"),
    (16, "yes yes yes -  "),
    (18, "yes -   yes -  "),
    (19, "yes yes yes yes"),
    (21, "yes yes yes yes"),
];

/// How a thing that stands so to one actor stands to another.
pub fn seen_by(actor: usize, other: usize, relation: Relation) -> Relation {
    match relation {
        relation if actor == other => relation,
        Own | OwnTeam => Colleague,
        AccessTeam | OpenStep => OtherUnit,
        Colleague | OtherUnit | Gone => relation,
    }
}
