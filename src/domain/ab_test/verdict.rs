//! What the tallies of an A/B test say: the fixed-horizon verdict that ends tests (AB-15), and one that may be looked at
//! as often as one likes.
//!
//! Whoever looks at the first every day and stops at the first significant look is wrong far more often than one time in
//! twenty. The second is not: each participant who meets the metric got A with the chance of the split, so under no
//! difference the letters of those who met it, one after the other, are throws of one coin that is known exactly, whatever
//! share meets the metric, however late, and however that share changes over time. Against that coin stands a mixture of
//! all others; the ratio of the two likelihoods is a test martingale, and by Ville's inequality it ever reaches 20 with a
//! chance of at most one in twenty (Robbins 1970; for counts, Lindon and Malek 2022). It leaves out who did not meet the
//! metric, and so needs about 1/(1 − share) times the participants that a test which knew the end of each would need.

use serde::{Deserialize, Serialize};
use statrs::function::beta::ln_beta;
use statrs::function::erf::erfc;

use crate::domain::plan::AbVersion;
use crate::limits;

/// Counts of one version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Participants whom its message was sent to.
    pub exposed: u64,
    /// Those of them with at least one event of the metric (AB-13).
    pub met: u64,
}

impl Tally {
    /// AB-13; none without participants.
    pub fn rate(self) -> Option<f64> {
        (self.exposed > 0).then(|| self.met as f64 / self.exposed as f64)
    }
}

/// Counts of both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tallies {
    /// Of the control.
    pub a: Tally,
    /// Of the variant.
    pub b: Tally,
}

/// The two-sided z-test for two proportions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed {
    /// AB-15's z; above nothing where A does better.
    pub z: f64,
    /// How often chance alone leads as far from nothing.
    pub p: f64,
    /// The version that does better, where that is significant and enough participants got each (AB-15).
    pub winner: Option<AbVersion>,
}

/// The sequential test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anytime {
    /// How much better a difference explains the counts than none does; at least 20 is significant.
    pub e_value: f64,
    /// At most so often chance alone ever leads to such a value.
    pub p: f64,
    /// The version that does better, where that is significant.
    pub winner: Option<AbVersion>,
}

/// As many throws as the mixture weighs before the first: it expects differences in the rates of about a fifth.
const MIXTURE_WEIGHT: f64 = 100.0;

/// AB-15.
pub fn fixed(Tallies { a, b }: Tallies) -> Fixed {
    let (of_a, of_b) = (a.exposed as f64, b.exposed as f64);
    let pooled = (a.met + b.met) as f64 / (of_a + of_b);
    let deviation = (pooled * (1.0 - pooled) * (1.0 / of_a + 1.0 / of_b)).sqrt();
    let z = match (a.rate(), b.rate()) {
        (Some(rate_a), Some(rate_b)) if deviation > 0.0 => (rate_a - rate_b) / deviation,
        _ => 0.0,
    };
    let enough = a.exposed.min(b.exposed) >= limits::AB_EXPOSURES_MIN;
    let significant = enough && z.abs() >= limits::AB_Z_SIGNIFICANT;
    let better = if z > 0.0 { AbVersion::A } else { AbVersion::B };
    Fixed { z, p: erfc(z.abs() / std::f64::consts::SQRT_2), winner: significant.then_some(better) }
}

/// The verdict that holds however often it is asked for; `share_a` is the split, from 1 to 99 of a hundred.
pub fn anytime(tallies: Tallies, share_a: u8) -> Anytime {
    let share_a = f64::from(share_a.clamp(1, 99)) / 100.0;
    let (met_a, met_b) = (tallies.a.met as f64, tallies.b.met as f64);
    let (alpha, beta) = (MIXTURE_WEIGHT * share_a, MIXTURE_WEIGHT * (1.0 - share_a));
    let mixture = ln_beta(alpha + met_a, beta + met_b) - ln_beta(alpha, beta);
    let no_difference = met_a * share_a.ln() + met_b * (1.0 - share_a).ln();
    let e_value = (mixture - no_difference).min(f64::MAX.ln()).exp();
    let better = if met_a > share_a * (met_a + met_b) { AbVersion::A } else { AbVersion::B };
    let significant = e_value >= limits::AB_E_SIGNIFICANT;
    Anytime { e_value, p: (1.0 / e_value).min(1.0), winner: significant.then_some(better) }
}
