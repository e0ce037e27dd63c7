//! A place in the feed of everything that happens: what somebody who follows it has had so far.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far somebody is. Written `NUMBER.DIGEST`, with `.EVENTS` behind it inside of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last commit that they have had something of; 0 before the first.
    pub number: u64,
    /// How many events of it; `None` for all of them.
    pub events: Option<u16>,
    /// Tells it from another commit of that number, in a store that went back to a backup since.
    pub digest: u32,
}

impl Position {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Position> {
        let mut parts = text.split('.');
        let number = parts.next()?.parse().ok()?;
        let digest = parts.next().filter(|digest| digest.len() == 8)?;
        let digest = u32::from_str_radix(digest, 16).ok()?;
        let events = parts.next().map(str::parse).transpose().ok()?;
        parts.next().is_none().then_some(Position { number, events, digest })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08x}", self.number, self.digest)?;
        self.events.map_or(Ok(()), |events| write!(f, ".{events}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_as_it_was_written_and_nothing_else_does() {
        for position in [
            Position::default(),
            Position { number: 7, events: None, digest: 0xdead_beef },
            Position { number: u64::MAX, events: Some(3), digest: 1 },
        ] {
            assert_eq!(Position::parse(&position.to_string()), Some(position), "{position}");
        }
        for text in ["", "7", "7.", "7.1", "x.00000000", "7.0000000g", "7.00000000.", "7.00000000.1.1", "-1.00000000"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
