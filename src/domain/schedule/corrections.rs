//! What an organisation says of holidays against the table: days of a country that are or are not any, and days of its own.
//! Stored in events, so no type here ever gains a member.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::calendar::Day;
use super::holidays;
use crate::domain::record::Problem;
use crate::domain::record::schema::text_fault;
use crate::limits;

/// One day, corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayCorrection {
    /// Whose calendars and windows it is for, by the country that they follow; without one it is for everybody who works here.
    pub country: Option<String>,
    /// The day.
    pub day: Day,
    /// Whether it is a holiday, as against one that is worked on.
    pub is_holiday: bool,
    /// What people call it.
    pub name: Option<String>,
}

type Days = BTreeMap<Day, (bool, Option<String>)>;

/// Every correction that holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrections {
    own: Days,
    of_countries: BTreeMap<String, Days>,
}

impl HolidayCorrection {
    fn problems(&self, pointer: &str) -> Vec<Problem> {
        let at = |member: &str, code, detail| Problem { pointer: format!("{pointer}/{member}"), code, detail };
        let unknown = self.country.as_deref().filter(|country| !holidays::knows(country));
        let unknown = unknown.map(|country| {
            let detail = format!("no holidays are known of `{country}`; a country is two capital letters, such as FR");
            at("country", "country_unknown", detail)
        });
        let name = self.name.as_deref().and_then(|name| text_fault(name, limits::CALENDAR_TEXT_MAX, false));
        unknown.into_iter().chain(name.map(|(code, detail)| at("name", code, detail))).collect()
    }
}

/// Everything that does not fit in a list of corrections.
pub fn problems(all: &[HolidayCorrection]) -> Vec<Problem> {
    if all.len() > limits::HOLIDAY_CORRECTIONS_MAX {
        let detail = format!("at most {} holidays are corrected", limits::HOLIDAY_CORRECTIONS_MAX);
        return vec![Problem { pointer: "/items".into(), code: "too_long", detail }];
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut problems = Vec::new();
    for (place, one) in all.iter().enumerate() {
        problems.extend(one.problems(&format!("/items/{place}")));
        if !seen.insert((&one.country, one.day)) {
            let (pointer, detail) = (format!("/items/{place}/day"), format!("{} is corrected twice", one.day));
            problems.push(Problem { pointer, code: "duplicate", detail });
        }
    }
    problems
}

impl Corrections {
    /// All of them: the organisation's own first, then by country; by day.
    pub fn all(&self) -> impl Iterator<Item = HolidayCorrection> {
        let countries = self.of_countries.iter().map(|(country, days)| (Some(country.clone()), days));
        let scopes = std::iter::once((None, &self.own)).chain(countries);
        scopes.flat_map(|(country, days)| {
            days.iter().map(move |(day, (is_holiday, name))| {
                let (country, name) = (country.clone(), name.clone());
                HolidayCorrection { country, day: *day, is_holiday: *is_holiday, name }
            })
        })
    }

    /// One holds from now on.
    pub fn set(&mut self, one: &HolidayCorrection) {
        let days = match &one.country {
            None => &mut self.own,
            Some(country) => self.of_countries.entry(country.clone()).or_default(),
        };
        days.insert(one.day, (one.is_holiday, one.name.clone()));
    }

    /// One does not hold any more.
    pub fn lift(&mut self, one: &HolidayCorrection) {
        match &one.country {
            None => _ = self.own.remove(&one.day),
            Some(country) => {
                let Some(days) = self.of_countries.get_mut(country) else { return };
                days.remove(&one.day);
                if days.is_empty() {
                    self.of_countries.remove(country);
                }
            }
        }
    }

    /// What is said of a day for everybody who works here.
    pub fn own(&self, day: Day) -> Option<bool> {
        self.own.get(&day).map(|(is_holiday, _)| *is_holiday)
    }

    /// Whether a day is a holiday of a country: as it was corrected, else as the table has it.
    pub fn is_holiday(&self, country: &str, day: NaiveDate) -> bool {
        let corrected = self.of_countries.get(country).and_then(|days| days.get(&Day::from(day)));
        corrected.map_or_else(|| holidays::is_holiday(country, day), |(is_holiday, _)| *is_holiday)
    }
}
