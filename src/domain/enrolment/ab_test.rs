//! Which version of an A/B test an enrolment gets (AB-12).

use xxhash_rust::xxh3::xxh3_64;

use super::Ordinal;
use super::advance::Turn;
use crate::domain::plan::{AbTest, AbVersion};
use crate::id::TemplateId;

impl Turn<'_> {
    /// The version and its template: always the same for the same enrolment and test, however often it is asked.
    pub fn allocate(&self, enrolment: Ordinal, node: &str, test: &AbTest) -> (AbVersion, TemplateId) {
        let sequence = self.record.enrolment(enrolment).map_or(0, |enrolment| enrolment.sequence.0);
        let mut key = [sequence.to_be_bytes(), self.id.0.to_be_bytes()].concat();
        key.extend_from_slice(&enrolment.to_be_bytes());
        key.extend_from_slice(node.as_bytes());
        match xxh3_64(&key) % 100 < u64::from(test.share_a) {
            true => (AbVersion::A, test.templates[0]),
            false => (AbVersion::B, test.templates[1]),
        }
    }
}
