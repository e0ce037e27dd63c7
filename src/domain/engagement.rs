//! What tells that a message was opened or a link of it followed, and whether a person did that or a machine: a program that
//! looks for danger, loads in advance or copies. What machines do is noted and satisfies nothing (§21.4, RP-9).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::enrolment::Signal;
use crate::time::Timestamp;

/// How soon after a message left nobody has read it yet: opening and clicking.
const TOO_SOON: [TimeDelta; 2] = [TimeDelta::seconds(2), TimeDelta::seconds(5)];
/// Nobody follows two links of a message within this time.
const BURST: TimeDelta = TimeDelta::seconds(2);

/// One request for a picture or a link of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it tells.
    pub signal: Signal,
    /// The link that was followed.
    pub link: Option<u16>,
    /// What the request says of itself, if a machine sent it.
    pub sign: Option<MachineSign>,
    /// When the message left.
    pub left_at: Timestamp,
}

/// Who it was. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grade {
    /// A person, as far as that can be known.
    Human,
    /// A machine, by that sign.
    Machine(MachineSign),
}

/// By what a machine is known. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineSign {
    /// It says that it loads in advance.
    Prefetch,
    /// It names itself as a program that scans, copies or collects.
    Program,
    /// It asks only whether something is there.
    HeadOnly,
    /// It says less of itself than any browser does.
    NoBrowser,
    /// The message had only just left.
    TooSoon,
    /// Another link of the message was followed at the same time.
    Burst,
}

impl MachineSign {
    /// After "which".
    pub fn words(self) -> &'static str {
        match self {
            MachineSign::Prefetch => "says that it loads in advance",
            MachineSign::Program => "names itself as a scanner or another program",
            MachineSign::HeadOnly => "asked only whether something is there",
            MachineSign::NoBrowser => "says less of itself than any browser does",
            MachineSign::TooSoon => "came when the message had only just left",
            MachineSign::Burst => "followed several links at once",
        }
    }
}

/// What is remembered of the hits of a message. Boxed where it stands, because few messages have any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// How many were noted.
    pub count: u16,
    /// The link that was followed last, and when.
    pub last_click: Option<(u16, Timestamp)>,
}

impl Hits {
    /// Who a hit comes from.
    pub fn grade(&self, hit: &Hit, at: Timestamp) -> Grade {
        let soon = TOO_SOON[usize::from(hit.link.is_some())];
        let other = |(link, before): &(u16, Timestamp)| Some(*link) != hit.link && at < *before + BURST;
        let sign = match hit.sign {
            Some(sign) => Some(sign),
            None if at < hit.left_at + soon => Some(MachineSign::TooSoon),
            None if hit.link.is_some() && self.last_click.as_ref().is_some_and(other) => Some(MachineSign::Burst),
            None => None,
        };
        sign.map_or(Grade::Human, Grade::Machine)
    }

    /// Remembers one.
    pub fn note(&mut self, link: Option<u16>, at: Timestamp) {
        self.count = self.count.saturating_add(1);
        self.last_click = link.map(|link| (link, at)).or(self.last_click);
    }
}
