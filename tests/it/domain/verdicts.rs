//! What tallies say of two versions: the z-test of AB-15 against values worked out elsewhere, and that the verdict for
//! frequent looks is seldom wrong however often it is looked at.

use fastrand::Rng;
use relance::domain::ab_test::verdict::{Tallies, Tally, anytime, fixed};
use relance::domain::plan::AbVersion;

fn tallies((met_a, exposed_a): (u64, u64), (met_b, exposed_b): (u64, u64)) -> Tallies {
    Tallies { a: Tally { exposed: exposed_a, met: met_a }, b: Tally { exposed: exposed_b, met: met_b } }
}

/// AB-15: z and p as any table of the normal distribution has them.
#[test]
fn ab_15_the_z_test_is_that_of_two_proportions() {
    let cases = [
        // (A, B), z, p, winner
        ((30, 100), (30, 100), 0.0, 1.0, None),
        ((40, 100), (25, 100), 2.264_554, 0.023_540, Some(AbVersion::A)),
        ((25, 100), (40, 100), -2.264_554, 0.023_540, Some(AbVersion::B)),
        ((120, 1_000), (150, 1_000), -1.963_050, 0.049_640, Some(AbVersion::B)),
        ((120, 1_000), (149, 1_000), -1.900_589, 0.057_356, None),
        // AB-15: at least 100 of each.
        ((60, 99), (10, 5_000), 53.0, 0.0, None),
        ((10, 5_000), (60, 100), -53.0, 0.0, Some(AbVersion::B)),
        // Nobody or everybody: z is 0.
        ((0, 500), (0, 500), 0.0, 1.0, None),
        ((500, 500), (200, 200), 0.0, 1.0, None),
        ((0, 0), (0, 0), 0.0, 1.0, None),
        ((5, 10), (0, 0), 0.0, 1.0, None),
    ];
    for (a, b, z, p, winner) in cases {
        let found = fixed(tallies(a, b));
        let near = |found: f64, wanted: f64, most: f64| (found - wanted).abs() <= most;
        let margin = if f64::abs(z) > 10.0 { 3.0 } else { 1e-5 };
        assert!(near(found.z, z, margin) && near(found.p, p, 1e-5), "{a:?} against {b:?}: {found:?}");
        assert_eq!(found.winner, winner, "{a:?} against {b:?}: {found:?}");
    }
}

#[test]
fn ab_13_a_rate_is_of_those_exposed() {
    assert_eq!(Tally { exposed: 8, met: 2 }.rate(), Some(0.25));
    assert_eq!(Tally::default().rate(), None);
}

/// Participants one after the other, each looked at as soon as it is there; after how many either verdict first names a
/// winner. What comes back comes late: a participant's event is known some participants later.
fn first_wrong(rng: &mut Rng, share_a: u8, rates: [f64; 2], participants: usize) -> [Option<(usize, AbVersion)>; 2] {
    const LATE: usize = 40;
    let mut counts = Tallies::default();
    let mut late: Vec<Option<AbVersion>> = vec![None; LATE];
    let mut first = [None, None];
    for place in 0..participants {
        let version = if rng.u8(0..100) < share_a { AbVersion::A } else { AbVersion::B };
        let (of, rate) = match version {
            AbVersion::A => (&mut counts.a, rates[0]),
            AbVersion::B => (&mut counts.b, rates[1]),
        };
        of.exposed += 1;
        let back = std::mem::replace(&mut late[place % LATE], (rng.f64() < rate).then_some(version));
        match back {
            Some(AbVersion::A) => counts.a.met += 1,
            Some(AbVersion::B) => counts.b.met += 1,
            None => {}
        }
        let winners = [anytime(counts, share_a).winner, fixed(counts).winner];
        for (first, winner) in first.iter_mut().zip(winners) {
            *first = first.or(winner.map(|winner| (place, winner)));
        }
    }
    first
}

/// Under no difference it names a winner in at most one of twenty tests, although it is asked after every participant; the
/// test with a fixed horizon, asked as often, is wrong far more often.
#[test]
fn looking_after_every_participant_does_not_make_the_sequential_verdict_wrong_more_often() {
    const RUNS: usize = 1_000;
    for (seed, share_a, rate) in [(1, 50, 0.05), (2, 50, 0.3), (3, 20, 0.1), (4, 90, 0.6)] {
        let mut rng = Rng::with_seed(seed);
        let mut wrong = [0; 2];
        for _ in 0..RUNS {
            let first = first_wrong(&mut rng, share_a, [rate, rate], 2_000);
            for (wrong, first) in wrong.iter_mut().zip(first) {
                *wrong += usize::from(first.is_some());
            }
        }
        let [sequential, fixed] = wrong;
        assert!(sequential * 20 <= RUNS, "share {share_a}, rate {rate}: {sequential} of {RUNS} are wrong");
        assert!(fixed * 10 > RUNS, "share {share_a}, rate {rate}: the other is wrong {fixed} of {RUNS} times");
    }
}

/// And where there is a difference, it is found, and the better version named.
#[test]
fn a_real_difference_is_found_and_the_better_version_named() {
    const RUNS: usize = 200;
    for (seed, share_a, rates, better, at_least) in [
        (5, 50, [0.10, 0.15], AbVersion::B, 160),
        (6, 50, [0.30, 0.20], AbVersion::A, 190),
        (7, 30, [0.05, 0.10], AbVersion::B, 190),
    ] {
        let mut rng = Rng::with_seed(seed);
        let found: Vec<_> = (0..RUNS).filter_map(|_| first_wrong(&mut rng, share_a, rates, 4_000)[0]).collect();
        assert!(found.len() >= at_least, "{rates:?}: found in {} of {RUNS}", found.len());
        let right = found.iter().filter(|(_, winner)| *winner == better).count();
        assert!(right * 100 >= found.len() * 98, "{rates:?}: {right} of {} name the better", found.len());
    }
}

/// Its value is that of the mixture, worked out by hand for small counts, and stays a number for large ones.
#[test]
fn the_e_value_is_the_ratio_of_the_mixture_to_no_difference() {
    assert_eq!(anytime(Tallies::default(), 50).e_value.round(), 1.0);
    // One participant: (50/100) / (1/2) = 1. Two of one version: (50·51)/(100·101) / (1/4).
    let one = anytime(tallies((1, 1), (0, 0)), 50).e_value;
    assert!((one - 1.0).abs() < 1e-9, "{one}");
    let two = anytime(tallies((2, 2), (0, 0)), 50).e_value;
    assert!((two - 4.0 * 50.0 * 51.0 / (100.0 * 101.0)).abs() < 1e-9, "{two}");
    for share_a in [10, 50, 90] {
        let found = anytime(tallies((1_000_000, 2_000_000), (10, 2_000_000)), share_a);
        assert!(found.e_value.is_finite() && found.p == found.p.clamp(0.0, 1e-9), "{found:?}");
        assert_eq!(found.winner, Some(AbVersion::A));
    }
    let even = anytime(tallies((500, 1_000), (500, 1_000)), 50);
    assert!(even.e_value < 1.0 && even.p == 1.0 && even.winner.is_none(), "{even:?}");
}
