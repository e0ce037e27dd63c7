//! When somebody who is away is back, as automatic answers say it in English, French, Galician, Spanish and German.

use chrono::{Days, NaiveDate};

use super::day::{Token, days, month, tokens, weekday};
use super::words::fold;
use crate::limits;

/// That somebody is there again.
const BACK: &[&str] = &[
    "back",
    "return",
    "returning",
    "returns",
    "available again",
    "again",
    "retour",
    "rentre",
    "rentrerai",
    "reviens",
    "reviendrai",
    "reprendrai",
    "reprends",
    "joignable",
    "disponible a partir",
    "volvo",
    "volverei",
    "regreso",
    "regresarei",
    "reincorporareime",
    "reincorporome",
    "de volta",
    "vuelvo",
    "volvere",
    "regresare",
    "vuelta",
    "reincorporo",
    "reincorporare",
    "reincorporacion",
    "zuruck",
    "wieder",
];

/// That a day is the last of an absence, or the first one back where the sentence says "back".
const UNTIL: &[&str] = &[
    "until",
    "till",
    "til",
    "thru",
    "through",
    "to",
    "jusqu'au",
    "jusqu'a",
    "jusque",
    "au",
    "bis",
    "bis zum",
    "bis zu",
    "bis einschliesslich",
    "einschliesslich",
    "hasta",
    "hasta el",
    "al",
    "ata",
    "ata o",
    "ao",
    "-",
    "and",
    "y",
    "e",
    "et",
    "und",
];

/// That a day is the first of an absence.
const FROM: &[&str] = &[
    "from",
    "since",
    "starting",
    "du",
    "depuis le",
    "des le",
    "desde",
    "desde el",
    "desde o",
    "del",
    "do",
    "vom",
    "von",
    "seit",
    "between",
    "entre",
    "entre el",
    "zwischen",
];

/// Words between a day and what is said of it.
const FILLERS: &[&str] = &[
    "the",
    "le",
    "o",
    "el",
    "dem",
    "den",
    "der",
    "zum",
    "dia",
    "on",
    "a",
    "inclusive",
    "incluido",
    "including",
    "le",
    "dia",
    "inclus",
    "and",
];

/// When the writer is back: the first day on which they read again. `sent` is when they wrote by their own clock;
/// `month_first` says that 3/4 is the fourth of March where it may be either.
pub fn returns(text: &str, sent: NaiveDate, month_first: bool) -> Option<NaiveDate> {
    let (mut back, mut until, mut bare) = (None, None, None);
    for sentence in sentences(text) {
        let tokens = tokens(&sentence);
        let says_back = is_said(&words(&tokens), BACK);
        for named in days(&tokens, sent, month_first) {
            let day = named.day;
            let is_near = (day - sent).num_days() < limits::AWAY_DAYS_MAX;
            if day < sent || !is_near || is_said_before(&tokens, named.from, FROM) && !says_back {
                continue;
            }
            let last = is_said_before(&tokens, named.from, UNTIL);
            let kind = match () {
                () if says_back && (!last || !begins_later(&tokens, named.to)) => &mut back,
                () if last => &mut until,
                () if named.loosely => continue,
                () => &mut bare,
            };
            *kind = (*kind).max(Some(day));
        }
    }
    let after = |day: NaiveDate| day.checked_add_days(Days::new(1));
    back.filter(|day| *day > sent).or(until.and_then(after)).or(bare.and_then(after))
}

/// Whether a text says that somebody will be there again.
pub fn says_back(text: &str) -> bool {
    is_said(&words(&tokens(&fold(text))), BACK)
}

/// Whether "back" is only said some words behind this place: then the day before it is the last of the absence.
fn begins_later(tokens: &[Token], place: usize) -> bool {
    let behind = words(&tokens[place..]);
    !is_said(&words(&tokens[..place]), BACK) && is_said(&behind, BACK) && behind.len() > 4
}

fn words<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    let word = |token: &Token<'a>| if let Token::Word(word) = token { Some(*word) } else { None };
    tokens.iter().filter_map(word).collect()
}

/// Whether one of `phrases` stands among the words.
fn is_said(words: &[&str], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        let wanted: Vec<&str> = phrase.split(' ').collect();
        words.windows(wanted.len()).any(|window| window == wanted)
    })
}

/// Whether one of `phrases` stands right before a place, but for small words and the day of the week.
fn is_said_before(tokens: &[Token], place: usize, phrases: &[&str]) -> bool {
    let mut end = place;
    loop {
        let before = &tokens[..end];
        let is_here = |phrase: &&str| {
            let wanted = super::day::tokens(phrase);
            before.ends_with(&wanted)
        };
        if phrases.iter().any(is_here) {
            return true;
        }
        match before.last() {
            Some(Token::Word(word)) if FILLERS.contains(word) || weekday(word).is_some() => end -= 1,
            Some(Token::Sign(',' | '(' | '.')) => end -= 1,
            _ => return false,
        }
    }
}

/// Lines that belong together, cut where a sentence ends. A full stop behind a number may belong to a date.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let folded = fold(text);
    let mut before = ' ';
    let mut characters = folded.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let ends = match character {
            '!' | '?' | ';' => true,
            '\n' => next == Some('\n'),
            '.' => before.is_alphabetic() && next.is_none_or(char::is_whitespace) && !is_short(sentences.last()),
            _ => false,
        };
        match (ends, sentences.last_mut()) {
            (true, _) => sentences.push(String::new()),
            (false, Some(sentence)) => sentence.push(if character == '\n' { ' ' } else { character }),
            (false, None) => {}
        }
        before = character;
    }
    sentences
}

/// Whether a sentence so far ends on a shortened month or weekday, whose full stop ends nothing.
fn is_short(sentence: Option<&String>) -> bool {
    let word = sentence.and_then(|sentence| sentence.rsplit(|c: char| !c.is_alphabetic()).next()).unwrap_or_default();
    word.len() <= 4 && (month(word).is_some() || weekday(word).is_some() || word.len() <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each is sent on Tuesday, 3 March 2026.
    #[track_caller]
    fn check(texts: &[&str], month_first: bool, returns: Option<(i32, u32, u32)>) {
        let sent = NaiveDate::from_ymd_opt(2026, 3, 3).unwrap();
        let returns = returns.map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap());
        for text in texts {
            assert_eq!(super::returns(text, sent, month_first), returns, "{text}");
        }
    }

    #[test]
    fn the_day_of_return_is_read() {
        let texts = [
            "I am out of the office and will be back on 16 March.",
            "I will return on Monday, March 16, 2026.",
            "I am away from 2 March to 13 March 2026 and will return on 16 March 2026. For urgent matters call +49 30 1234.",
            "I'm out of office, returning Monday 16th of March",
            "Back in the office 2026-03-16.",
            "I will not be back until March 16th.",
            "Je suis absent du bureau, de retour le 16 mars.",
            "Je serai de retour le lundi 16 mars 2026.",
            "Actuellement en congés, je ne serai de retour que le 16/03/2026.",
            "Estou fóra da oficina. Volverei o 16 de marzo.",
            "Estarei de volta o luns 16 de marzo de 2026.",
            "Estoy de vacaciones. Vuelvo el 16 de marzo.",
            "Me reincorporaré el lunes, 16 de marzo de 2026.",
            "Ich bin ab dem 16. März wieder im Büro.",
            "Ich bin derzeit nicht im Büro und am 16.03.2026 wieder erreichbar.",
            "Vom 2.3. bis 13.3. bin ich im Urlaub. Am Montag, den 16.3., bin ich zurück.",
        ];
        check(&texts, false, Some((2026, 3, 16)));
    }

    #[test]
    fn the_last_day_of_an_absence_is_followed_by_the_return() {
        let texts = [
            "I am out of the office until 13 March.",
            "I am on vacation from 2 March through 13 March 2026.",
            "Out of office 2 Mar - 13 Mar",
            "I am out of the office until March 13, 2026 and will answer your message when I am back.",
            "Je suis absente jusqu'au 13 mars inclus.",
            "Je suis en congés du 2 au 13 mars.",
            "Estou de vacacións ata o 13 de marzo.",
            "Estarei fóra do 2 ao 13 de marzo.",
            "Estoy de vacaciones hasta el 13 de marzo.",
            "Estaré fuera del 2 al 13 de marzo de 2026, ambos inclusive.",
            "Ich bin bis zum 13. März 2026 im Urlaub.",
            "Ich bin vom 02.03.2026 bis einschließlich 13.03.2026 nicht im Büro.",
        ];
        check(&texts, false, Some((2026, 3, 14)));
    }

    #[test]
    fn days_of_the_week_and_tomorrow_count_from_the_day_of_writing() {
        check(
            &[
                "I'll be back on Monday.",
                "De retour lundi.",
                "Volvo o luns.",
                "Vuelvo el lunes",
                "Ab Montag bin ich wieder da.",
            ],
            false,
            Some((2026, 3, 9)),
        );
        check(
            &[
                "Back tomorrow.",
                "Je serai de retour demain.",
                "Vuelvo mañana.",
                "Volvo mañá",
                "Ich bin morgen wieder im Büro.",
            ],
            false,
            Some((2026, 3, 4)),
        );
    }

    #[test]
    fn an_american_date_is_read_as_one() {
        check(&["I will return on 04/05/2026."], true, Some((2026, 4, 5)));
        check(&["I will return on 04/05/2026."], false, Some((2026, 5, 4)));
        check(&["I will return on 3/16/2026.", "I'm back 16/3"], false, Some((2026, 3, 16)));
    }

    #[test]
    fn the_turn_of_the_year_is_seen() {
        let sent = NaiveDate::from_ymd_opt(2025, 12, 22).unwrap();
        let back = |text| returns(text, sent, false);
        assert_eq!(back("Je serai de retour le 5 janvier."), NaiveDate::from_ymd_opt(2026, 1, 5));
        assert_eq!(back("Ich bin vom 22.12. bis 2.1. im Urlaub."), NaiveDate::from_ymd_opt(2026, 1, 3));
    }

    #[test]
    fn what_is_no_return_gives_none() {
        let texts = [
            "I am out of the office.",
            "We are here for you 24/7. Call +49 30 12.34.",
            "I was back on 1 March.",
            "I will be back on 16 March 2031.",
            "Back on 31 February.",
            "Thank you for your message of 2 March 2026.",
            "",
        ];
        check(&texts, false, None);
    }
}
