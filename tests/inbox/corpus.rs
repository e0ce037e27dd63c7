//! Every message of the corpus with what it is.

use chrono::NaiveDate;

use super::letters::{AWAY, LEAVE, Language, MACHINES, REPLIES, SENT};
use super::machines::{self, ticket};
use super::programs::{Body, Letter, OURS, PROGRAMS, STEP, message};
use super::reports;

/// What a message is, without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Reply,
    Forward,
    OutOfOffice,
    Automatic,
    Bounce,
    Complaint,
    Unsubscribe,
    Own,
    Unrelated,
}

/// A message, and what has to be read from it.
pub struct Case {
    pub class: Class,
    pub language: Language,
    /// Which program in which variant.
    pub name: String,
    pub raw: Vec<u8>,
    /// What its writer wrote, where that is known word for word.
    pub text: Option<String>,
    /// When they are back.
    pub returns: Option<NaiveDate>,
    /// Status code and permanence of a bounce.
    pub bounce: Option<(Option<&'static str>, bool)>,
    /// Whether it leads to our step.
    pub leads: bool,
}

fn case(class: Class, language: Language, name: impl Into<String>, raw: Vec<u8>) -> Case {
    Case { class, language, name: name.into(), raw, text: None, returns: None, bounce: None, leads: true }
}

/// All of it.
pub fn corpus() -> Vec<Case> {
    Language::ALL
        .into_iter()
        .flat_map(|language| people(language).into_iter().chain(robots(language)).chain(servers(language)))
        .collect()
}

fn people(language: Language) -> Vec<Case> {
    let mut cases = Vec::new();
    let marks = language.of([
        "---------- Forwarded message ---------\nFrom: Sam Seller <sam@example.org>\nDate: Tue, Mar 3, 2026",
        "---------- Message transféré ----------\nDe : Sam Seller <sam@example.org>\nDate : mar. 3 mars 2026",
        "---------- Mensaxe reenviada ---------\nDe: Sam Seller <sam@example.org>\nData: mar, 3 mar 2026",
        "---------- Mensaje reenviado ---------\nDe: Sam Seller <sam@example.org>\nFecha: mar, 3 mar 2026",
        "---------- Weitergeleitete Nachricht ---------\nVon: Sam Seller <sam@example.org>\nDatum: Di., 3. März 2026",
    ]);
    let (subject, sent) = language.of(SENT);
    for program in &PROGRAMS {
        let letter = |text| Letter {
            language,
            text,
            prefix: language.of(program.re),
            headers: "",
            from: "Ada Lovelace <ada@example.net>",
        };
        for (number, texts) in REPLIES.iter().enumerate() {
            let text = language.of(*texts);
            let raw = program.answer(letter(text));
            cases.push(Case {
                text: Some(text.into()),
                ..case(Class::Reply, language, format!("{} {number}", program.name), raw)
            });
        }
        for (number, texts) in LEAVE.iter().enumerate() {
            let raw = program.answer(letter(language.of(*texts)));
            cases.push(case(Class::Unsubscribe, language, format!("{} {number}", program.name), raw));
        }
        // What a colleague writes in the same thread from one of our addresses, and what came over a list.
        let own = program.answer(Letter { from: "Sam Seller <sam@example.org>", ..letter(language.of(REPLIES[0])) });
        cases.push(case(Class::Own, language, program.name, own));
        let list = "List-Id: <sales.example.net>\nPrecedence: list\n";
        let listed = program.answer(Letter { headers: list, ..letter(language.of(REPLIES[0])) });
        cases.push(case(Class::Reply, language, format!("{} over a list", program.name), listed));
        let prefix = language.of(match program.name {
            name if name.starts_with("Outlook") => ["FW: ", "TR: ", "RV: ", "RV: ", "WG: "],
            _ => ["Fwd: "; 5],
        });
        let headers =
            format!("{}In-Reply-To: <{STEP}@example.org>\nReferences: <{STEP}@example.org>\n", program.headers);
        for text in ["", language.of(REPLIES[0])] {
            let body = format!("{text}\n\n{marks}\n\n{sent}");
            let raw = message(
                "Ada <ada@example.net>",
                &format!("{prefix}{subject}"),
                program.message_id,
                &headers,
                program.body,
                &body,
            );
            cases.push(case(Class::Forward, language, program.name, raw));
        }
        let fresh = message(
            "Ada <ada@example.net>",
            subject,
            program.message_id,
            program.headers,
            program.body,
            language.of(REPLIES[3]),
        );
        cases.push(Case {
            leads: false,
            ..case(Class::Unrelated, language, format!("{} without a thread", program.name), fresh)
        });
    }
    cases
}

fn robots(language: Language) -> Vec<Case> {
    let mut cases = Vec::new();
    for machine in &machines::MACHINES {
        for (number, (texts, back)) in AWAY.iter().enumerate() {
            let raw = machine.answer(language, language.of(*texts));
            let returns = back.and_then(|day| NaiveDate::from_ymd_opt(2026, 3, day));
            cases.push(Case {
                returns,
                ..case(Class::OutOfOffice, language, format!("{} {number}", machine.name), raw)
            });
        }
    }
    for (variant, texts) in MACHINES.iter().enumerate() {
        cases.push(case(
            Class::Automatic,
            language,
            format!("ticket {variant}"),
            ticket(language, language.of(*texts), variant),
        ));
    }
    cases.push(case(Class::Automatic, language, "receipt", machines::receipt(language)));
    let (subject, sent) = language.of(SENT);
    let copy = message(&format!("Sam <{OURS}>"), subject, &format!("{STEP}@example.org"), "", Body::Plain8Bit, sent);
    cases.push(case(Class::Own, language, "a copy of what we sent", copy));
    let asked = message("ada@example.net", &format!("unsubscribe {STEP}"), "u1@example.net", "", Body::Plain8Bit, "");
    cases.push(case(Class::Unsubscribe, language, "by subject", asked));
    let news = "List-Id: <news.example.com>\nList-Unsubscribe: <https://news.example.com/u>\nPrecedence: bulk\n";
    let letter = message("news@example.com", subject, "n1@example.com", news, Body::HtmlOnly, sent);
    cases.push(Case { leads: false, ..case(Class::Unrelated, language, "newsletter", letter) });
    cases
}

fn servers(language: Language) -> Vec<Case> {
    let wire = |raw: String| raw.replace('\n', "\r\n").into_bytes();
    let mut cases = Vec::new();
    for returned in reports::returned(language) {
        let bounce = Some((returned.status, returned.permanent));
        cases.push(Case { bounce, ..case(Class::Bounce, language, returned.name, wire(returned.raw)) });
    }
    for (name, raw) in reports::pending() {
        cases.push(case(Class::Automatic, language, name, wire(raw)));
    }
    for (name, raw) in reports::complaints() {
        cases.push(case(Class::Complaint, language, name, wire(raw)));
    }
    cases.push(case(Class::Automatic, language, "no complaint", wire(reports::praise())));
    cases
}
