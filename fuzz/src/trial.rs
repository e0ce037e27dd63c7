//! Tests of sequences as files and requests bring them: read, written, and run on each template.

use relance::domain::given::Given;
use relance::domain::json::{Object, objects};
use relance::domain::language::Language;
use relance::domain::sequence::Sequence;
use relance::domain::template::sequence_templates;
use relance::domain::trial::script::{Test, problems};
use relance::id::SequenceId;

#[derive(serde::Deserialize)]
struct Body {
    #[serde(deserialize_with = "objects")]
    tests: Vec<Test>,
}

/// The body of a request.
pub fn run(bytes: &[u8]) {
    let Ok(Object(Body { tests })) = serde_json::from_slice(bytes) else { return };
    let written = serde_json::to_string(&tests).expect("tests are written");
    assert_eq!(serde_json::from_str::<Vec<Test>>(&written).expect("and read"), tests);
    let is_sound = problems(&tests).is_empty();
    for template in sequence_templates() {
        let draft = serde_json::to_string(&template.graph(Language::En)).expect("a graph is written");
        let record_type = template.record_type;
        let sequence = Sequence { exists: true, version: 1, record_type, draft, ..Sequence::default() };
        let tried = sequence.try_tests(SequenceId(1), &Given::default(), &tests);
        assert_eq!(tried.is_ok(), is_sound, "only tests that make no sense are refused");
        let Ok(report) = tried else { continue };
        assert_eq!(report.verdicts.len(), tests.len());
        assert!(
            report.verdicts.iter().all(|verdict| verdict.detail.as_deref() != Some("")),
            "a failure says something"
        );
        assert_eq!(sequence.try_tests(SequenceId(1), &Given::default(), &tests), Ok(report), "the same each time");
    }
}
