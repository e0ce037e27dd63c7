//! Grades: letters for scores, with limits that the organisation sets (W-50, W-54).

use serde::{Deserialize, Serialize};

/// How promising a record is, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// The best.
    A,
    /// Good.
    B,
    /// Fair.
    C,
    /// All that is below.
    D,
}

impl Grade {
    /// Its letter.
    pub fn name(self) -> &'static str {
        match self {
            Grade::A => "A",
            Grade::B => "B",
            Grade::C => "C",
            Grade::D => "D",
        }
    }
}

/// The lowest score, 1–100, of each grade but the last; falling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeLimits {
    /// Of an A.
    pub a: u8,
    /// Of a B.
    pub b: u8,
    /// Of a C.
    pub c: u8,
}

impl Default for GradeLimits {
    fn default() -> GradeLimits {
        GradeLimits { a: 75, b: 50, c: 25 }
    }
}

impl GradeLimits {
    /// The grade of a score of 0–100.
    pub fn grade(&self, score: u8) -> Grade {
        match score {
            score if score >= self.a => Grade::A,
            score if score >= self.b => Grade::B,
            score if score >= self.c => Grade::C,
            _ => Grade::D,
        }
    }

    /// Whether every grade has a score of its own.
    pub fn fits(&self) -> bool {
        100 >= self.a && self.a > self.b && self.b > self.c && self.c >= 1
    }
}
