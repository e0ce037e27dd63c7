//! The public holidays of countries, by a table that `write_holidays.py` writes from a package which is kept up to date.
//! A year that the table does not have is one without holidays.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};

/// Days of a country's year, as `MMDD` with blanks between, by country and year.
static TABLE: LazyLock<HashMap<(&str, i32), &str>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (country, rest) = line.split_at_checked(2)?;
        let (year, days) = rest.split_once(' ')?;
        Some(((country, year.parse().ok()?), days))
    };
    include_str!("holidays.txt").lines().filter_map(line).collect()
});

/// Whether the holidays of a country are known, by its ISO 3166 code of two letters.
pub fn knows(country: &str) -> bool {
    TABLE.keys().any(|(known, _)| *known == country)
}

/// Whether a day is a public holiday in all of a country.
pub fn is_holiday(country: &str, day: NaiveDate) -> bool {
    let Some(days) = TABLE.get(&(country, day.year())) else { return false };
    let wanted = day.month() * 100 + day.day();
    days.split(' ').any(|day| day.parse() == Ok(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn countries_have_their_holidays() {
        let table = [
            ("FR", "2026-07-14", true),
            ("FR", "2026-05-14", true),
            ("FR", "2026-07-15", false),
            ("US", "2026-11-26", true),
            ("US", "2026-07-14", false),
            ("DE", "2026-10-03", true),
            ("AU", "2027-01-26", true),
            ("FR", "1999-07-14", false),
        ];
        for (country, on, expected) in table {
            assert_eq!(is_holiday(country, day(on)), expected, "{country} {on}");
        }
        assert!(knows("ES") && !knows("XX") && !knows("es"));
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("holidays.txt").lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        for line in lines {
            count += 1;
            let (country, year) = (&line[..2], line[2..6].parse::<i32>().unwrap());
            for days in line[7..].split(' ') {
                let (month, of_month) = (days[..2].parse().unwrap(), days[2..].parse().unwrap());
                let day = NaiveDate::from_ymd_opt(year, month, of_month).expect("a day");
                assert!(is_holiday(country, day), "{line}");
            }
        }
        assert_eq!(count, TABLE.len());
        assert!(count > 4_000, "the table has {count} lines");
    }
}
