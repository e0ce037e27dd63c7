//! Days as people name them in English, French, Galician, Spanish and German: dates, days of the week, tomorrow.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The months as [`super::words::fold`] leaves them; shorter forms count where they begin one of them and have three letters at least.
const MONTHS: [&[&str]; 12] = [
    &["january", "janvier", "xaneiro", "enero", "januar", "janner", "janeiro", "jan"],
    &["february", "fevrier", "febreiro", "febrero", "februar", "fevereiro"],
    &["march", "mars", "marzo", "marz", "maerz", "mrz", "marco"],
    &["april", "avril", "abril"],
    &["may", "mai", "maio", "mayo"],
    &["june", "juin", "xuno", "junio", "juni", "junho"],
    &["july", "juillet", "xullo", "julio", "juli", "julho"],
    &["august", "aout", "agosto"],
    &["september", "septembre", "setembro", "septiembre", "sept", "setiembre"],
    &["october", "octobre", "outubro", "octubre", "oktober"],
    &["november", "novembre", "novembro", "noviembre"],
    &["december", "decembre", "decembro", "diciembre", "dezember", "dezembro"],
];

/// The days of a week from Monday, likewise.
const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "lundi", "luns", "lunes", "montag"],
    &["tuesday", "mardi", "martes", "dienstag"],
    &["wednesday", "mercredi", "mercores", "miercoles", "mittwoch"],
    &["thursday", "jeudi", "xoves", "jueves", "donnerstag"],
    &["friday", "vendredi", "venres", "viernes", "freitag"],
    &["saturday", "samedi", "sabado", "samstag", "sonnabend"],
    &["sunday", "dimanche", "domingo", "sonntag"],
];

const TOMORROW: &[&str] = &["tomorrow", "demain", "manana", "mana", "morgen"];

/// A word, a number or a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// Letters.
    Word(&'a str),
    /// Digits.
    Number(&'a str),
    /// Anything else but space.
    Sign(char),
}

/// A day that a sentence names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The day.
    pub day: NaiveDate,
    /// Its first token, and the one behind its last.
    pub from: usize,
    /// See `from`.
    pub to: usize,
    /// Named by the day of a week, or "tomorrow".
    pub loosely: bool,
}

/// The words, numbers and signs of a folded text.
pub fn tokens(sentence: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sentence;
    while let Some(first) = rest.chars().next() {
        let length = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
        let is_letter = |c: char| c.is_alphabetic() || c == '\'';
        let taken = match () {
            () if first.is_ascii_digit() => length(|c| c.is_ascii_digit()),
            () if first.is_alphabetic() => length(is_letter),
            () => first.len_utf8(),
        };
        let (token, after) = rest.split_at(taken);
        match () {
            () if first.is_ascii_digit() => tokens.push(Token::Number(token)),
            () if first.is_alphabetic() => tokens.push(Token::Word(token)),
            () if first.is_whitespace() => {}
            () => tokens.push(Token::Sign(first)),
        }
        rest = after;
    }
    tokens
}

fn named_by(word: &str, names: &[&[&str]]) -> Option<usize> {
    let is = |name: &&str| **name == *word || (word.len() >= 3 && word.len() <= 5 && name.starts_with(word));
    names.iter().position(|names| names.iter().any(&is))
}

/// The number of a month's name.
pub fn month(word: &str) -> Option<u32> {
    named_by(word, &MONTHS).map(|place| place as u32 + 1)
}

/// The day of the week of this name.
pub fn weekday(word: &str) -> Option<Weekday> {
    let word = word.strip_suffix("s").filter(|word| *word == "montag" || *word == "freitag").unwrap_or(word);
    named_by(word, &WEEKDAYS).and_then(|place| Weekday::try_from(place as u8).ok())
}

/// Every day that is named, in order.
pub fn days(tokens: &[Token], sent: NaiveDate, month_first: bool) -> Vec<Named> {
    let mut days: Vec<Named> = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        match day_at(&tokens[place..], sent, month_first) {
            Some((day, length, loosely)) => {
                days.push(Named { day, from: place, to: place + length, loosely });
                place += length;
            }
            None => place += 1,
        }
    }
    if days.iter().any(|named| !named.loosely) {
        days.retain(|named| !named.loosely);
    }
    days
}

/// The day whose name begins here, how many tokens it takes, and whether it is named loosely.
fn day_at(tokens: &[Token], sent: NaiveDate, month_first: bool) -> Option<(NaiveDate, usize, bool)> {
    match *tokens {
        [
            Token::Number(year),
            Token::Sign('-' | '/' | '.'),
            Token::Number(month),
            Token::Sign('-' | '/' | '.'),
            Token::Number(day),
            ..,
        ] if year.len() == 4 => {
            Some((NaiveDate::from_ymd_opt(number(year)? as i32, number(month)?, number(day)?)?, 5, false))
        }
        [Token::Number(first), Token::Sign(sign @ ('.' | '/' | '-')), Token::Number(second), ref rest @ ..]
            if second.len() <= 2 =>
        {
            let (year, length) = match *rest {
                [Token::Sign(again), Token::Number(year), ..] if again == sign && matches!(year.len(), 2 | 4) => {
                    (Some(full_year(year)?), 5)
                }
                [Token::Sign('.'), ..] if sign == '.' => (None, 4),
                // 24/7 is no day, and 3-12 most likely a span.
                _ if sign == '/' && (first, second) != ("24", "7") => (None, 3),
                _ => return None,
            };
            let (first, second) = (number(first)?, number(second)?);
            let swap = sign == '/' && second > 12 || sign == '/' && month_first && first <= 12;
            let (day, month) = if swap { (second, first) } else { (first, second) };
            Some((dated(year, month, day, sent)?, length, false))
        }
        [Token::Number(day), ref rest @ ..] if day.len() <= 2 => {
            let is_joint = |token: &&Token| {
                matches!(
                    token,
                    Token::Sign('.')
                        | Token::Word("th" | "st" | "nd" | "rd" | "er" | "of" | "de" | "do" | "d'" | "o" | "a")
                )
            };
            let joints = rest.iter().take(3).take_while(is_joint).count();
            let Some(Token::Word(name)) = rest.get(joints) else { return None };
            let name = name.strip_prefix("d'").unwrap_or(name);
            let (year, taken) = year_after(&rest[joints + 1..]);
            Some((dated(year, month(name)?, number(day)?, sent)?, joints + 2 + taken, false))
        }
        [Token::Word(name), ref rest @ ..] => {
            if let Some(month) = month(name) {
                let rest = rest.strip_prefix(&[Token::Sign('.')]).unwrap_or(rest);
                let stop = tokens.len() - 1 - rest.len();
                let [Token::Number(day), after @ ..] = rest else { return None };
                if day.len() <= 2 {
                    let ending = usize::from(matches!(after.first(), Some(Token::Word("th" | "st" | "nd" | "rd"))));
                    let (year, taken) = year_after(&after[ending..]);
                    return Some((dated(year, month, number(day)?, sent)?, 2 + stop + ending + taken, false));
                }
            }
            if TOMORROW.contains(&name) {
                return Some((sent.succ_opt()?, 1, true));
            }
            let weekday = weekday(name).filter(|_| name.len() > 3)?;
            let ahead = (7 + weekday.num_days_from_monday() - sent.weekday().num_days_from_monday() - 1) % 7 + 1;
            Some((sent.checked_add_days(Days::new(ahead.into()))?, 1, true))
        }
        _ => None,
    }
}

/// A year behind a month, and how many tokens it takes.
fn year_after(tokens: &[Token]) -> (Option<i32>, usize) {
    let is_joint = |token: &&Token| matches!(token, Token::Sign(',' | '.') | Token::Word("de" | "del" | "do"));
    let joints = tokens.iter().take(1).take_while(is_joint).count();
    match tokens.get(joints) {
        Some(Token::Number(year)) if year.len() == 4 && year.starts_with("20") => (full_year(year), joints + 1),
        _ => (None, 0),
    }
}

fn number(digits: &str) -> Option<u32> {
    digits.parse().ok()
}

fn full_year(digits: &str) -> Option<i32> {
    let year = number(digits)? as i32;
    Some(if digits.len() == 2 { 2000 + year } else { year })
}

/// A day; without a year the next one from `sent` on, or the last one if that was in the half year before.
fn dated(year: Option<i32>, month: u32, day: u32, sent: NaiveDate) -> Option<NaiveDate> {
    if let Some(year) = year {
        return NaiveDate::from_ymd_opt(year, month, day);
    }
    let this = NaiveDate::from_ymd_opt(sent.year(), month, day)?;
    if (sent - this).num_days() > 182 { NaiveDate::from_ymd_opt(sent.year() + 1, month, day) } else { Some(this) }
}
