//! Keys of counters: a number for what is counted, then what it is counted of.

use super::{CUSTOM_TYPE, GLOBAL, Key, number_of, prefix};
use crate::domain::effect::Counter;
use crate::domain::plan::AbVersion;
use crate::domain::record::kind::TypeName;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::fuse::FuseCount;
use crate::id::{AbTestId, MigrationId, SequenceId, UserId};

/// A counter.
pub fn counter(counter: Counter) -> Key {
    let mut key = prefix(GLOBAL, b'C');
    match counter {
        Counter::ActiveSequences => key.push(1),
        Counter::Live(sequence) => {
            key.push(2);
            key.extend_from_slice(&sequence.0.to_be_bytes());
        }
        Counter::Enrolled(sequence) => {
            key.push(3);
            key.extend_from_slice(&sequence.0.to_be_bytes());
        }
        Counter::Records(kind) => {
            key.extend_from_slice(&[4, number_of(kind)]);
            if let RecordType::Custom(_) = kind {
                key.extend_from_slice(kind.name().as_bytes());
            }
        }
        Counter::Moved(migration) => {
            key.push(5);
            key.extend_from_slice(&migration.0.to_be_bytes());
        }
        Counter::Stayed(migration) => {
            key.push(6);
            key.extend_from_slice(&migration.0.to_be_bytes());
        }
        Counter::MovedBack(migration) => {
            key.push(7);
            key.extend_from_slice(&migration.0.to_be_bytes());
        }
        Counter::LiveOf(sequence, version) => {
            key.push(9);
            key.extend_from_slice(&sequence.0.to_be_bytes());
            key.extend_from_slice(&version.to_be_bytes());
        }
        Counter::ConnectedIn(month) => {
            key.push(10);
            key.extend_from_slice(&month.to_be_bytes());
        }
        Counter::AbExposed(test, version) => with_version(&mut key, 11, test, version),
        Counter::AbMet(test, version) => with_version(&mut key, 12, test, version),
        Counter::DoneOn(user, day) => {
            key.push(13);
            key.extend_from_slice(&user.0.to_be_bytes());
            key.extend_from_slice(&day.to_be_bytes());
        }
        Counter::Undone(sequence, number) => with_number(&mut key, 14, sequence, number),
        Counter::UndoneTooLate(sequence, number) => with_number(&mut key, 15, sequence, number),
        Counter::Fuse(sequence, round, what) => {
            with_number(&mut key, 16, sequence, round);
            key.push(what as u8);
        }
        Counter::Piloted(sequence, number) => with_number(&mut key, 17, sequence, number),
        Counter::Awaiting(sequence) => {
            key.push(18);
            key.extend_from_slice(&sequence.0.to_be_bytes());
        }
    }
    key
}

/// A count of one version of an A/B test.
fn with_version(key: &mut Key, number: u8, test: AbTestId, version: AbVersion) {
    key.push(number);
    key.extend_from_slice(&test.0.to_be_bytes());
    key.push(if version == AbVersion::A { 1 } else { 2 });
}

/// A count of something that a sequence numbers.
fn with_number(key: &mut Key, kind: u8, sequence: SequenceId, number: u32) {
    key.push(kind);
    key.extend_from_slice(&sequence.0.to_be_bytes());
    key.extend_from_slice(&number.to_be_bytes());
}

fn id(bytes: &[u8]) -> Option<u128> {
    Some(u128::from_be_bytes(bytes.try_into().ok()?))
}

/// Reads one back.
pub fn read(key: &[u8]) -> Option<Counter> {
    let sequence = || id(key.get(4..)?).map(SequenceId);
    let migration = || id(key.get(4..)?).map(MigrationId);
    match key.get(3)? {
        1 => Some(Counter::ActiveSequences),
        2 => sequence().map(Counter::Live),
        3 => sequence().map(Counter::Enrolled),
        4 => match *key.get(4)? {
            CUSTOM_TYPE => {
                let name = TypeName::new(std::str::from_utf8(key.get(5..)?).ok()?)?;
                Some(Counter::Records(RecordType::Custom(name)))
            }
            number => RecordType::BUILT_IN.get(usize::from(number)).copied().map(Counter::Records),
        },
        5 => migration().map(Counter::Moved),
        6 => migration().map(Counter::Stayed),
        7 => migration().map(Counter::MovedBack),
        9 => {
            let version = u16::from_be_bytes(key.get(20..)?.try_into().ok()?);
            Some(Counter::LiveOf(SequenceId(id(key.get(4..20)?)?), version))
        }
        10 => Some(Counter::ConnectedIn(u32::from_be_bytes(key.get(4..)?.try_into().ok()?))),
        13 => {
            let day = i32::from_be_bytes(key.get(20..)?.try_into().ok()?);
            Some(Counter::DoneOn(UserId(id(key.get(4..20)?)?), day))
        }
        number @ (11 | 12) => {
            let test = AbTestId(id(key.get(4..20)?)?);
            let version = match key.get(20..)? {
                [1] => AbVersion::A,
                [2] => AbVersion::B,
                _ => return None,
            };
            let count = if *number == 11 { Counter::AbExposed } else { Counter::AbMet };
            Some(count(test, version))
        }
        18 => sequence().map(Counter::Awaiting),
        kind @ (14..=17) => {
            let sequence = SequenceId(id(key.get(4..20)?)?);
            let number = u32::from_be_bytes(key.get(20..24)?.try_into().ok()?);
            match kind {
                16 => {
                    let what = FuseCount::ALL.get(usize::from(*key.get(24)?))?;
                    Some(Counter::Fuse(sequence, number, *what))
                }
                17 => Some(Counter::Piloted(sequence, number)),
                14 => Some(Counter::Undone(sequence, number)),
                _ => Some(Counter::UndoneTooLate(sequence, number)),
            }
        }
        _ => None,
    }
}
