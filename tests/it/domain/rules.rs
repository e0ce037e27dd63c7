//! That no rule which is built goes without a test that names it.

use std::fs;
use std::path::Path;

/// The rules of the specification that are to be built by now, section by section; `A-1-5` is all of `A-1` to `A-5`.
const RULES: &str = "
    §2   P-1-8 P-12 P-19 P-20 P-21 P-22 P-30 P-31 P-32
    §2   P-9 P-10 P-11 P-13 P-14 P-15 P-18
    §3   Q-1-8 Q-10-13 Q-20-31 Q-40-44 Q-50-58 Q-60 Q-70 Q-71 Q-73 Q-74 Q-80-85 Q-90-94 Q-100-103
    §4   ST-1-8 ST-20 ST-21 ST-22 ST-23 ST-24 ST-25
    §5   CO-1-5 CO-10-19 CO-30-35 CO-40 CO-41
    §6   CM-1-4 CM-10-17
    §7   LI-1-4 LI-10-12
    §8   AB-1-20
    §10  K-1-3 K-5-16
    §11  R-1-5 R-10-16 R-20-23 R-30-34 R-40-45 R-50 R-51 R-53
    §12  TM-1-14
    §13  U-1-10
    §14  W-1-13 W-20-31 W-40-44 W-50-54 W-60-65 W-70-72 W-80-90 W-92 W-93
    §17  A-1-15
    §18  L-1-13 L-18 L-19
    §20  TC-1-8
    §23  D-9 D-17-21 D-25 D-32-48 D-56 D-59-71
";

/// What the same sections say of things that are not built yet, and with what they come.
const LATER: &str = "
    Q-14       reports
    Q-59 Q-72  segments
    K-4  pages
    R-52  assignment rules
    L-14-17  segments
";

/// The codes of §9 and D-33.
const DIAGNOSTICS: &str = "
    empty_sequence trailing_wait wait_out_of_range condition_misplaced condition_empty condition_dead advance_first
    advance_not_last advance_target_invalid update_field_unsupported template_missing ab_split_out_of_range ab_incomplete
    engagement_disabled stage_flow_missing unreachable_node cycle dangling_edge too_many_steps active_limit_reached
    record_type_disabled auto_without_wait wait_after_wait reply_exit_without_email limit_out_of_range too_many_ab_tests
    name_missing name_too_long template_unknown assign_to_invalid duplicate_node
";

/// `A-1-3` as `A-1`, `A-2`, `A-3`.
fn ids(list: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for word in list.split_whitespace() {
        let mut parts = word.split('-');
        let (Some(letters), Some(first)) = (parts.next(), parts.next()) else { continue };
        let Ok(first) = first.parse::<u16>() else { continue };
        let last = parts.next().map_or(first, |last| last.parse().expect("a number"));
        ids.extend((first..=last).map(|number| format!("{letters}-{number}")));
    }
    ids
}

/// Every text in which a test may name a rule.
fn texts() -> Vec<String> {
    let (mut texts, mut sources) = (Vec::new(), Vec::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    collect(&root.join("tests"), &mut texts);
    collect(&root.join("src"), &mut sources);
    texts.extend(sources.iter().filter_map(|text| Some(text.split_once("#[cfg(test)]")?.1.to_owned())));
    texts
}

#[test]
fn every_rule_that_is_built_is_named_by_a_test() {
    let texts = texts();
    let missing: Vec<_> = ids(RULES).into_iter().filter(|rule| !texts.iter().any(|text| names(text, rule))).collect();
    println!("rules without a test: {}", missing.join(" "));
    assert_eq!(missing, [""; 0], "no test names these rules");
}

#[test]
fn every_diagnostic_is_met_by_a_test() {
    let texts = texts();
    let met = |code: &&str| texts.iter().any(|text| names(text, code));
    let missing: Vec<_> = DIAGNOSTICS.split_whitespace().filter(|code| !met(code)).collect();
    assert_eq!(missing, [""; 0], "no test meets these diagnostics");
}

#[test]
fn no_rule_of_authoring_and_running_is_forgotten() {
    let (built, later) = (ids(RULES), ids(LATER));
    let all = "Q-1-8 Q-10-14 Q-20-31 Q-40-44 Q-50-60 Q-70-74 Q-80-85 Q-90-94 Q-100-103 ST-1-8 ST-20-25 CO-1-5 CO-10-19
        CO-30-35 CO-40-41 CM-1-4 CM-10-17 LI-1-4 LI-10 LI-11 AB-1-20 A-1-15 L-1-19 TC-1-8
        K-1-16 R-1-5 R-10-16 R-20-23 R-30-34 R-40-45 R-50-53 TM-1-14 U-1-10";
    let forgotten: Vec<_> = ids(all).into_iter().filter(|id| built.contains(id) == later.contains(id)).collect();
    assert_eq!(forgotten, [""; 0], "these rules are in none or both of the lists");
}

#[test]
fn a_rule_is_named_by_its_whole_id() {
    let table = [
        ("// CO-11", true),
        ("fn co_11_waits()", true),
        ("fn d_1_co_11()", true),
        ("CO-110", false),
        ("XCO-11", false),
        ("co_1 1", false),
        ("(CO-11, CO-12)", true),
    ];
    for (text, expected) in table {
        assert_eq!(names(text, "CO-11"), expected, "{text}");
    }
}

/// The texts of every Rust file below `folder` but this one.
fn collect(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("node_modules") {
            collect(&path, texts);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "mjs") && !path.ends_with("domain/rules.rs")
        {
            texts.push(fs::read_to_string(&path).expect("a text"));
        }
    }
}

/// Whether `text` holds `rule` as `CO-11` or as part of a name, `co_11`.
fn names(text: &str, rule: &str) -> bool {
    let text = text.to_ascii_lowercase().replace('-', "_");
    let rule = rule.to_ascii_lowercase().replace('-', "_");
    text.match_indices(&rule).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        let after = text[place + rule.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(|next| next.is_ascii_digit())
    })
}
