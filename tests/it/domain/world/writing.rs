//! What is written on the record, and on others beside it, which its decisions look at as they are then.

use std::borrow::Cow;
use std::sync::Arc;

use relance::domain::effect::Effects;
use relance::domain::entity::Stamp;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::profile::Profile;
use relance::domain::record::schema::{Change, RecordType, Value};
use relance::domain::record::{Record, RecordRejection};
use relance::id::RecordId;

use super::World;

impl World {
    /// Decides as the runtime does: what has to be seen of other records is shown.
    pub(super) fn decide(
        &mut self,
        command: RecordCommand,
        stamp: Stamp,
    ) -> Result<(Vec<RecordEvent>, Effects), RecordRejection> {
        let mut given = Cow::Borrowed(&self.given);
        loop {
            match self.record.decide(self.id, &given, command.clone(), stamp) {
                Err(RecordRejection::Unseen(other)) => {
                    let found = self.others.get(&other).cloned();
                    given = Cow::Owned(given.with_related(other, found.map(Arc::new)));
                }
                decided => return decided,
            }
        }
    }

    /// Writes a field of the record.
    pub fn write(&mut self, field: &str, value: &str) {
        self.ask(RecordCommand::Change(vec![Change::Field(field.into(), Some(Value::Text(value.into())))]));
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.record().profile.fields.get(name).and_then(Value::text)
    }

    /// Another record, as it is from now on.
    pub fn beside(&mut self, id: RecordId, kind: RecordType, changes: &[Change]) {
        let mut profile = Profile::default();
        changes.iter().for_each(|change| profile.set(change));
        let record = Record { exists: true, kind, profile: Arc::new(profile), ..Record::default() };
        self.others.insert(id, record);
    }
}
