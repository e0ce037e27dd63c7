//! Who may do what: the table of §2, and how a refusal says why (P-32).

use serde::{Deserialize, Serialize};

/// What a user is. One user may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// SA.
    SystemAdministrator,
    /// SQ.
    SequenceManager,
    /// MG; can do everything that a seller can.
    SalesManager,
    /// SP.
    Seller,
}

impl Role {
    /// Every role, in the order of the table's columns.
    pub const ALL: [Role; 4] = [Role::SystemAdministrator, Role::SequenceManager, Role::SalesManager, Role::Seller];

    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Role::SystemAdministrator => "system_administrator",
            Role::SequenceManager => "sequence_manager",
            Role::SalesManager => "sales_manager",
            Role::Seller => "seller",
        }
    }
}

/// How far a role's permission goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// Not at all.
    None,
    /// To what is one's own.
    Own,
    /// To everything that one can see.
    All,
}

use Grant::{All, None as No, Own};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $number:literal: $sa:ident $sq:ident $mg:ident $sp:ident;)*) => {
        /// A line of the table of §2.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[$doc])* $name),* }

        impl Permission {
            /// Every line, in order.
            pub const ALL: &[Permission] = &[$(Permission::$name),*];

            /// Its number: 3 is P-3.
            pub fn number(self) -> u8 {
                match self { $(Permission::$name => $number),* }
            }

            /// How far it goes for each role, in the order of [`Role::ALL`].
            pub fn grants(self) -> [Grant; 4] {
                match self { $(Permission::$name => [$sa, $sq, $mg, $sp]),* }
            }
        }
    };
}

permissions! {
    //                                                                         SA  SQ  MG  SP
    /// Browse templates, create a sequence from one.
    UseTemplates = 1:                                                          All All All Own;
    /// Create, edit, save, activate, deactivate any sequence.
    EditAnySequence = 2:                                                       All All No  No;
    /// The same for one's own.
    EditOwnSequence = 3:                                                       All All All All;
    /// Add and configure steps.
    ConfigureSteps = 4:                                                        All All Own Own;
    /// View, copy, connect a colleague's sequence of the same business unit.
    UseColleaguesSequence = 5:                                                 All All All All;
    /// Edit or delete a colleague's sequence.
    EditColleaguesSequence = 6:                                                All All No  No;
    /// Give ownership of a sequence to a user or team.
    GiveSequence = 7:                                                          All All Own Own;
    /// Connect and disconnect records.
    Connect = 8:                                                               All All All All;
    /// Manage and apply tags.
    Tag = 9:                                                                   All All All No;
    /// Export and import sequences.
    MoveSequences = 10:                                                        All All All No;
    /// Sequence settings.
    ConfigureSequences = 11:                                                   All All No  No;
    /// First-run set-up: roles, record types, sample data, disable; and running the server.
    SetUp = 12:                                                                All No  No  No;
    /// Workspace filters and sorts.
    ConfigureFilters = 13:                                                     All All No  No;
    /// Work-item appearance of the organisation, and its lock.
    ConfigureCards = 14:                                                       All No  No  No;
    /// Work-item appearance of one's own.
    ArrangeOwnCards = 15:                                                      All All All All;
    /// Segments, assignment rules, seller attributes and capacity.
    Distribute = 16:                                                           All All All No;
    /// Monitor and re-run unassigned records.
    MonitorUnassigned = 17:                                                    All All All No;
    /// Set availability of own sellers.
    SetSellersAvailability = 18:                                               All No  All No;
    /// Set own availability, settings and credentials.
    OwnSettings = 19:                                                          All All All All;
    /// Sequence statistics and reports; a seller's are those of what the seller can see.
    Statistics = 20:                                                           All All All Own;
    /// Work list, Up next, act on steps.
    Work = 21:                                                                 All All All All;
    /// Bulk e-mail.
    BulkEmail = 22:                                                            All All All All;
}

/// The roles of one user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Role>", into = "Vec<Role>")]
pub struct Roles(u8);

impl Roles {
    /// Whether `role` is among them.
    pub fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Those there are, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How far a permission goes for somebody with these roles: as far as the one that goes furthest.
    pub fn grant(self, permission: Permission) -> Grant {
        let grants = Role::ALL.into_iter().zip(permission.grants());
        grants.filter(|(role, _)| self.has(*role)).map(|(_, grant)| grant).max().unwrap_or(No)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Roles {
        Roles(roles.into_iter().fold(0, |all, role| all | 1 << role as u8))
    }
}

impl From<Vec<Role>> for Roles {
    fn from(roles: Vec<Role>) -> Roles {
        roles.into_iter().collect()
    }
}

impl From<Roles> for Vec<Role> {
    fn from(roles: Roles) -> Vec<Role> {
        roles.iter().collect()
    }
}

/// Which of the causes of P-32 a refusal has; or that the refused may not even know that the thing exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What was asked for is not there for this user.
    Hidden,
    /// No role of the user's goes so far.
    Role,
    /// The workspace is not switched on for the user's roles (P-30).
    Feature,
    /// The program that asks holds a token without the scope for it.
    Option,
}

impl Cause {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Cause::Hidden => "not_found",
            Cause::Role => "forbidden_role",
            Cause::Feature => "feature_disabled",
            Cause::Option => "option_unavailable",
        }
    }
}

/// A refusal of access.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Denial {
    /// Why.
    pub cause: Cause,
    /// One sentence.
    pub detail: String,
}

impl Denial {
    /// There is no such thing, as far as this user can know.
    pub fn hidden(what: &str) -> Denial {
        Denial { cause: Cause::Hidden, detail: format!("there is no such {what}") }
    }

    /// No role of the user's allows `what`, which stands under `permission`.
    pub fn role(permission: Permission, what: &str) -> Denial {
        let detail = format!("your roles do not let you {what} (P-{})", permission.number());
        Denial { cause: Cause::Role, detail }
    }

    /// P-30.
    pub fn feature() -> Denial {
        let detail = "the workspace is not switched on for your roles (P-30); an administrator can change that".into();
        Denial { cause: Cause::Feature, detail }
    }
}

/// A rejection that may be a refusal of access.
pub trait Denies: From<Denial> {
    /// The refusal, if that is what it is.
    fn denial(&self) -> Option<&Denial>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_1_to_p_22_the_table_reads_like_the_specification() {
        let sign = |grant| match grant {
            No => "-",
            Own => "own",
            All => "yes",
        };
        let line = |permission: &Permission| {
            let grants = permission.grants().map(sign).join(" ");
            format!("P-{} {grants}", permission.number())
        };
        let table: Vec<String> = Permission::ALL.iter().map(line).collect();
        let specified = [
            "P-1 yes yes yes own",
            "P-2 yes yes - -",
            "P-3 yes yes yes yes",
            "P-4 yes yes own own",
            "P-5 yes yes yes yes",
            "P-6 yes yes - -",
            "P-7 yes yes own own",
            "P-8 yes yes yes yes",
            "P-9 yes yes yes -",
            "P-10 yes yes yes -",
            "P-11 yes yes - -",
            "P-12 yes - - -",
            "P-13 yes yes - -",
            "P-14 yes - - -",
            "P-15 yes yes yes yes",
            "P-16 yes yes yes -",
            "P-17 yes yes yes -",
            "P-18 yes - yes -",
            "P-19 yes yes yes yes",
            "P-20 yes yes yes own",
            "P-21 yes yes yes yes",
            "P-22 yes yes yes yes",
        ];
        assert_eq!(table, specified);
    }

    #[test]
    fn somebody_with_several_roles_may_what_any_of_them_may() {
        let roles: Roles = [Role::Seller, Role::SequenceManager].into_iter().collect();
        assert_eq!(roles.grant(Permission::EditAnySequence), All);
        assert_eq!(roles.grant(Permission::SetUp), No);
        assert_eq!(Roles::default().grant(Permission::Work), No);
        assert_eq!(roles.iter().collect::<Vec<_>>(), [Role::SequenceManager, Role::Seller]);
    }
}
