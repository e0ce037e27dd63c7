//! Civil time: who works when, when a wait is over that counts working time only, and where a day begins (§12). Everything
//! else in the domain knows instants alone; zones, daylight saving and holidays are known here and nowhere else.

pub mod calendar;
pub mod civil;
pub mod corrections;
pub mod holidays;
pub mod icalendar;
pub mod working;

pub use self::calendar::{Calendar, Day, Entry, Repeat, Span, TimeOfDay, Weekday, Weekdays};
pub use self::civil::day_bounds;
pub use self::corrections::{Corrections, HolidayCorrection};
pub use self::working::Working;
