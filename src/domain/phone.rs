//! Phone numbers: read as people write them, sent to in one form (E.164), shown as their country writes them.

use std::fmt;

use phonenumber::country::Id;
use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Mode, PhoneNumber};

/// Characters of what is read as a number, at most.
const WRITTEN_MAX: usize = 50;

/// A number that can exist, in the one form that names it everywhere: `+`, country, and the rest in digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

/// Whether a country, two capital letters, has phone numbers.
pub fn is_country(text: &str) -> bool {
    text.len() == 2 && text.parse::<Id>().is_ok_and(|id| format!("{id:?}") == text)
}

/// Reads a number. One without `+` is taken to be in `country`. Err says why there can be no such number.
pub fn read(written: &str, country: Option<&str>) -> Result<Number, String> {
    let shown: String = written.chars().take(WRITTEN_MAX).collect();
    if written.chars().count() > WRITTEN_MAX {
        return Err(format!("`{shown}…` is too long for a phone number"));
    }
    let home = country.and_then(|country| country.parse::<Id>().ok());
    let is_abroad = written.trim_start().starts_with(['+', '＋']);
    if home.is_none() && !is_abroad {
        return Err(format!("`{shown}` does not say in which country it is; write it with + and the country"));
    }
    let number = phonenumber::parse(home, written.trim()).map_err(|_| format!("`{shown}` is no phone number"))?;
    if number.extension().is_some() {
        return Err(format!("`{shown}` has an extension, which no text message reaches"));
    }
    match is_possible(&number) {
        true => Ok(Number(number.format().mode(Mode::E164).to_string())),
        false => Err(format!("`{shown}` is no phone number: it has too many or too few digits for its country")),
    }
}

/// By its length alone: ranges of numbers are opened faster than any list of them is brought up to date.
fn is_possible(number: &PhoneNumber) -> bool {
    let digits = number.national().to_string().len() as u16;
    let regions = DATABASE.by_code(&number.code().value()).unwrap_or_default();
    let has = |of: Option<&Descriptor>| of.is_some_and(|of| of.possible_length().contains(&digits));
    regions
        .iter()
        .map(|region| region.descriptors())
        .any(|of| has(of.fixed_line()) || has(of.mobile()) || has(of.voip()))
}

impl Number {
    /// `+34600123456`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same without the `+`.
    pub fn digits(&self) -> &str {
        self.0.trim_start_matches('+')
    }
}

/// As its country writes it, after the country's own: `+34 600 12 34 56`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

/// A number of that form as people read it.
pub fn shown(number: &str) -> String {
    let read = phonenumber::parse(None, number);
    read.map_or_else(|_| number.to_owned(), |number| number.format().mode(Mode::International).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (written, country, number, shown) in [
            ("600 12 34 56", Some("ES"), "+34600123456", "+34 600 12 34 56"),
            ("+34 600-123-456", None, "+34600123456", "+34 600 12 34 56"),
            ("0034 600123456", Some("ES"), "+34600123456", "+34 600 12 34 56"),
            ("06 12 34 56 78", Some("FR"), "+33612345678", "+33 6 12 34 56 78"),
            ("(0151) 23456789", Some("DE"), "+4915123456789", "+49 1512 3456789"),
            ("07400 123456", Some("GB"), "+447400123456", "+44 7400 123456"),
            ("+44 20 7946 0000", Some("ES"), "+442079460000", "+44 20 7946 0000"),
            ("(201) 555-0123", Some("US"), "+12015550123", "+1 201-555-0123"),
            ("+39 06 1234567", None, "+39061234567", "+39 06 123 4567"),
        ] {
            let found = read(written, country).unwrap_or_else(|why| panic!("{written}: {why}"));
            assert_eq!((found.as_str(), found.to_string().as_str()), (number, shown), "{written}");
            assert_eq!(read(found.as_str(), None), Ok(found.clone()), "its own form is read as itself");
            assert_eq!(format!("+{}", found.digits()), number);
        }
    }

    #[test]
    fn what_cannot_be_a_number_is_told_so() {
        for (written, country, why) in [
            ("600 12 34 56", None, "in which country"),
            ("600 12", Some("ES"), "digits"),
            ("+34 600 12 34 56 78 90", None, "no phone number"),
            ("+34 600 12 34 56 ext. 7", None, "extension"),
            ("call me", Some("ES"), "no phone number"),
            ("", Some("ES"), "no phone number"),
            ("+999 123456789", None, "no phone number"),
            (&"1".repeat(51), Some("ES"), "too long"),
        ] {
            let refusal = read(written, country).unwrap_err();
            assert!(refusal.contains(why), "{written}: {refusal}");
        }
        assert!(is_country("ES") && is_country("GB") && !is_country("es") && !is_country("XX") && !is_country("ESP"));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(written in "[+0-9 ()/.x#*;=a-z٠-٩-]{0,60}", abroad in any::<bool>()) {
            if let Ok(number) = read(&written, abroad.then_some("ES")) {
                prop_assert!(number.as_str().starts_with('+'));
                prop_assert!(number.digits().bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!((3..=15).contains(&number.digits().len()), "{}", number.as_str());
            }
        }
    }
}
