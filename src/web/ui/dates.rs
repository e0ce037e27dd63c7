//! Dates and numbers as people say them, in their language and zone, with the exact instant for whoever wants to know.

use chrono::{DateTime, Datelike, Locale, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use super::words::Words;
use crate::domain::language::Language;
use crate::time::Timestamp;

/// How a language writes dates.
pub fn locale(language: Language) -> Locale {
    match language {
        Language::En => Locale::en_GB,
        Language::Fr => Locale::fr_FR,
        Language::Gl => Locale::gl_ES,
    }
}

fn local(zone: Tz, at: Timestamp) -> DateTime<Tz> {
    DateTime::<Utc>::from_timestamp_millis(at.millis()).unwrap_or_default().with_timezone(&zone)
}

/// As a browser's field for date and time takes it.
pub fn input(zone: Tz, at: Timestamp) -> String {
    local(zone, at).format("%Y-%m-%dT%H:%M").to_string()
}

/// Day, date, time and zone.
fn exact(language: Language, zone: Tz, at: Timestamp) -> String {
    local(zone, at).format_localized("%A %-d %B %Y, %H:%M %Z", locale(language)).to_string()
}

/// `tomorrow 09:00`, `Friday 14:30`, `2 March 09:00`, `2 March 2027`.
pub fn said(words: Words, zone: Tz, now: Timestamp, at: Timestamp) -> String {
    let (then, today) = (local(zone, at), local(zone, now));
    let days = (then.date_naive() - today.date_naive()).num_days();
    let form = |form: &str| then.format_localized(form, locale(words.0)).to_string();
    let time = form("%H:%M");
    match days {
        0 => words.fill("date-today", &[("time", &time)]),
        1 => words.fill("date-tomorrow", &[("time", &time)]),
        -1 => words.fill("date-yesterday", &[("time", &time)]),
        2..=6 => form("%A %H:%M"),
        _ if then.year() == today.year() => form("%-d %B %H:%M"),
        _ => form("%-d %B %Y"),
    }
}

/// [`said`], and exactly when on hover and for screen readers.
pub fn instant(words: Words, zone: Tz, now: Timestamp, at: Timestamp) -> Markup {
    html! { time datetime=(at) title=(exact(words.0, zone, at)) { (said(words, zone, now, at)) } }
}

/// `Mon 2 March 09:00`, whatever day it is.
pub fn planned(words: Words, zone: Tz, at: Timestamp) -> Markup {
    let text = local(zone, at).format_localized("%a %-d %B %H:%M", locale(words.0)).to_string();
    html! { time datetime=(at) title=(exact(words.0, zone, at)) { (text) } }
}

/// `2 h ago`; a date where it is more than a week.
pub fn ago(words: Words, zone: Tz, now: Timestamp, at: Timestamp) -> Markup {
    let span = now - at;
    let text = match (span.num_minutes(), span.num_hours(), span.num_days()) {
        _ if span < TimeDelta::minutes(1) => words.say("ago-now"),
        (minutes, 0, _) => words.count("ago-minutes", minutes),
        (_, hours, 0) => words.count("ago-hours", hours),
        (_, _, days @ ..7) => words.count("ago-days", days),
        _ => local(zone, at).format_localized("%-d %B %Y", locale(words.0)).to_string(),
    };
    html! { time datetime=(at) title=(exact(words.0, zone, at)) { (text) } }
}

/// `1,204`, `1 204`, `1.204`.
pub fn number(language: Language, value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mark = match language {
        Language::En => ',',
        Language::Fr => '\u{202f}',
        Language::Gl => '.',
    };
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    if value < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_said_in_the_language_and_zone_of_whoever_reads() {
        let now = Timestamp::parse("2026-03-02T09:00:00Z").unwrap();
        for (language, zone, at, expected) in [
            (Language::En, "Europe/Paris", "2026-03-02T13:30:00Z", "today 14:30"),
            (Language::Fr, "Europe/Paris", "2026-03-03T08:00:00Z", "demain à 09:00"),
            (Language::Gl, "Europe/Madrid", "2026-03-01T23:30:00Z", "hoxe ás 00:30"),
            (Language::Fr, "Europe/Paris", "2026-03-06T08:00:00Z", "vendredi 09:00"),
            (Language::En, "UTC", "2026-04-06T08:00:00Z", "6 April 08:00"),
            (Language::Fr, "UTC", "2027-04-06T08:00:00Z", "6 avril 2027"),
        ] {
            let (zone, at) = (zone.parse().unwrap(), Timestamp::parse(at).unwrap());
            assert_eq!(said(Words(language), zone, now, at), expected);
        }
        assert_eq!([1_204, -5, 1_000_000].map(|value| number(Language::En, value)), ["1,204", "-5", "1,000,000"]);
    }
}
