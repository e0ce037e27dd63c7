//! Each message of the corpus is told for what it is; the figures stand in the README.

use std::collections::BTreeMap;

use relance::connector::inbox::{self, Kind};
use relance::id::StepId;

use super::corpus::{Case, Class, corpus};
use super::letters::Language;
use super::programs::{OURS, STEP};

fn class(kind: &Kind) -> Class {
    match kind {
        Kind::Reply => Class::Reply,
        Kind::Forward => Class::Forward,
        Kind::OutOfOffice { .. } => Class::OutOfOffice,
        Kind::Automatic => Class::Automatic,
        Kind::Bounce(_) => Class::Bounce,
        Kind::Complaint => Class::Complaint,
        Kind::Unsubscribe => Class::Unsubscribe,
        Kind::Own => Class::Own,
        Kind::Unrelated => Class::Unrelated,
    }
}

fn read(case: &Case) -> inbox::Incoming {
    inbox::read(&case.raw, &[OURS.to_owned()])
}

/// Shows what was read otherwise than it should be, and fails if anything was.
#[track_caller]
fn none_differs(differences: Vec<String>) {
    let shown = differences.iter().take(40).map(|line| line.chars().take(300).collect::<String>());
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), shown.collect::<Vec<_>>().join("\n"));
}

fn named(case: &Case) -> String {
    format!("{:?} {:?} {}", case.language, case.class, case.name)
}

#[test]
fn every_message_is_told_for_what_it_is() {
    let mut counted: BTreeMap<(Language, Class), [u32; 3]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in corpus() {
        let found = class(&read(&case).kind);
        let hit = usize::from(found == case.class);
        counted.entry((case.language, case.class)).or_default()[hit] += 1;
        if found != case.class {
            counted.entry((case.language, found)).or_default()[2] += 1;
            wrong.push(format!("{} is taken for {found:?}", named(&case)));
        }
    }
    for ((language, class), [missed, hit, taken]) in counted {
        let share = |of: u32| f64::from(hit) / f64::from((hit + of).max(1));
        println!(
            "{language:?} {class:?}: {} messages, precision {:.3}, recall {:.3}",
            hit + missed,
            share(taken),
            share(missed)
        );
    }
    none_differs(wrong);
}

#[test]
fn every_message_leads_to_the_step_that_it_is_about() {
    let step = StepId::parse(STEP);
    let wrong = corpus().iter().filter(|case| read(case).step != step.filter(|_| case.leads)).map(named).collect();
    none_differs(wrong);
}

#[test]
fn the_return_of_whoever_is_away_is_read() {
    let wrong = corpus().into_iter().filter(|case| case.class == Class::OutOfOffice).filter_map(|case| {
        match read(&case).kind {
            Kind::OutOfOffice { returns } if returns == case.returns => None,
            kind => Some(format!("{}: {kind:?} instead of {:?}", named(&case), case.returns)),
        }
    });
    none_differs(wrong.collect());
}

#[test]
fn a_bounce_says_whom_it_did_not_reach_and_whether_for_good() {
    let wrong = corpus().into_iter().filter_map(|case| {
        let (status, permanent) = case.bounce?;
        let Kind::Bounce(bounce) = read(&case).kind else { return Some(named(&case)) };
        let found = (bounce.status.as_deref(), bounce.permanent, bounce.recipient.as_deref());
        (found != (status, permanent, Some("ada@example.net"))).then(|| format!("{}: {bounce:?}", named(&case)))
    });
    none_differs(wrong.collect());
}

#[test]
fn of_a_reply_only_what_its_writer_wrote_is_kept() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wrong = corpus().into_iter().filter_map(|case| {
        let (wanted, found) = (case.text.as_ref()?, read(&case).text);
        (words(wanted) != words(&found)).then(|| format!("{}: {found:?}", named(&case)))
    });
    none_differs(wrong.collect());
}

#[test]
fn messages_within_messages_without_end_are_let_go_of() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(200_000);
    assert_eq!(inbox::read(nested.as_bytes(), &[]).kind, Kind::Unrelated);
}

/// Whatever a stranger makes of a message, it is read, and no text is longer than it may be.
#[test]
fn a_message_that_is_cut_spliced_or_garbled_meets_no_defect() {
    let (corpus, mut chance) = (corpus(), fastrand::Rng::with_seed(7));
    let rounds = std::env::var("RELANCE_MAIL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3_000);
    for _ in 0..rounds {
        let mut raw = corpus[chance.usize(0..corpus.len())].raw.clone();
        for _ in 0..chance.u32(1..6) {
            let (place, other) = (chance.usize(0..raw.len().max(1)), &corpus[chance.usize(0..corpus.len())].raw);
            match chance.u32(0..4) {
                0 => raw.truncate(place),
                1 => raw.extend_from_slice(&other[chance.usize(0..other.len())..]),
                2 => raw.insert(place.min(raw.len()), chance.u8(..)),
                _ => raw.iter_mut().skip(place).take(1).for_each(|byte| *byte = chance.u8(..)),
            }
        }
        let read = inbox::read(&raw, &[OURS.to_owned()]);
        assert!(read.text.len() <= relance::limits::INCOMING_TEXT_MAX);
        assert!(read.step.is_some() || !matches!(read.kind, Kind::Reply | Kind::Forward), "{read:?}");
    }
}
