//! What one record does, one command after the other: the specification that every history is held against.

use todc_utils::specifications::Specification;

/// Nodes of the sequence that every record goes through: tasks in a row.
pub const TASKS: u8 = 3;

/// A request to the record. Steps and enrolments are named by their ordinals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `GET /records/{id}`.
    Read,
    /// `GET /records/{id}/up-next`.
    UpNext,
    /// `PATCH /records/{id}` with a value that nobody else writes, perhaps with `If-Match`.
    Write { value: u32, expected: Option<u32> },
    /// Into the sequence.
    Connect,
    /// Out of it.
    Disconnect { enrolment: u32 },
    /// The seller's step is done.
    Complete { step: u32 },
    /// It is passed over.
    Skip { step: u32 },
    /// It is put off.
    Snooze { step: u32 },
}

impl Asked {
    /// Whether it changes nothing, whatever becomes of it.
    pub fn is_read(&self) -> bool {
        matches!(self, Asked::Read | Asked::UpNext)
    }
}

/// The step that somebody has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Open {
    pub enrolment: u32,
    pub step: u32,
    pub snoozes: u32,
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The version and the value written last; 0 where none was.
    Record { version: u32, value: u32 },
    /// The version, what is open, and how many steps are closed.
    UpNext { version: u32, open: Option<Open>, closed: usize },
    /// The enrolment and its first step.
    Connected { enrolment: u32, step: u32 },
    /// The version after.
    Disconnected { version: u32 },
    /// The version after, and the step that is open now.
    Moved { version: u32, next: Option<u32> },
    /// The version after, and how often the step has been put off.
    Snoozed { version: u32, snoozes: u32 },
    /// Nothing changed; the code of the problem.
    Refused(String),
}

/// The record as far as these requests see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    version: u32,
    value: u32,
    /// The last number given to an enrolment or a step.
    ordinal: u32,
    /// The open step and its place in the row.
    open: Option<(Open, u8)>,
    closed: usize,
}

impl Default for Model {
    /// Just created.
    fn default() -> Model {
        Model { version: 1, value: 0, ordinal: 0, open: None, closed: 0 }
    }
}

impl Model {
    /// The only right answer, and the record after it.
    fn ask(&self, asked: &Asked) -> (Answered, Model) {
        let mut next = self.clone();
        match self.answer(asked, &mut next) {
            Ok(answered) => (answered, next),
            Err(code) => (Answered::Refused(code.into()), self.clone()),
        }
    }

    fn answer(&self, asked: &Asked, next: &mut Model) -> Result<Answered, &'static str> {
        let open = self.open.map(|(open, _)| open);
        match *asked {
            Asked::Read => return Ok(Answered::Record { version: self.version, value: self.value }),
            Asked::UpNext => return Ok(Answered::UpNext { version: self.version, open, closed: self.closed }),
            Asked::Write { expected: Some(expected), .. } if expected != self.version => {
                return Err("version_mismatch");
            }
            Asked::Connect if open.is_some() => return Err("already_connected"),
            Asked::Disconnect { enrolment } if open.is_none_or(|open| open.enrolment != enrolment) => {
                return Err("enrolment_ended");
            }
            Asked::Complete { step } | Asked::Skip { step } | Asked::Snooze { step }
                if open.is_none_or(|open| open.step != step) =>
            {
                return Err("step_not_open");
            }
            _ => {}
        }
        next.version += 1;
        let version = next.version;
        Ok(match *asked {
            Asked::Read | Asked::UpNext => unreachable!("reads are answered above"),
            Asked::Write { value, .. } => {
                next.value = value;
                Answered::Record { version, value }
            }
            Asked::Connect => {
                let (enrolment, step) = (self.ordinal + 1, self.ordinal + 2);
                next.ordinal = step;
                next.open = Some((Open { enrolment, step, snoozes: 0 }, 1));
                Answered::Connected { enrolment, step }
            }
            Asked::Disconnect { .. } => {
                next.open = None;
                Answered::Disconnected { version }
            }
            Asked::Complete { .. } | Asked::Skip { .. } => {
                next.closed += 1;
                next.open = self.open.filter(|(_, place)| *place < TASKS).map(|(open, place)| {
                    next.ordinal += 1;
                    (Open { step: next.ordinal, snoozes: 0, ..open }, place + 1)
                });
                Answered::Moved { version, next: next.open.map(|(open, _)| open.step) }
            }
            Asked::Snooze { .. } => {
                let snoozes = next.open.as_mut().map_or(0, |(open, _)| {
                    open.snoozes += 1;
                    open.snoozes
                });
                Answered::Snoozed { version, snoozes }
            }
        })
    }
}

/// A request with its answer; `None` where the answer was lost for good and nobody knows whether it was taken.
#[derive(Clone, Debug)]
pub struct Operation {
    pub asked: Asked,
    pub answered: Option<Answered>,
}

/// See [`Model`].
pub struct OneRecord;

impl Specification for OneRecord {
    type State = Model;
    type Operation = Operation;

    fn init() -> Model {
        Model::default()
    }

    fn apply(operation: &Operation, state: &Model) -> (bool, Model) {
        let (right, next) = state.ask(&operation.asked);
        match operation.answered.as_ref().is_none_or(|answered| *answered == right) {
            true => (true, next),
            false => (false, state.clone()),
        }
    }
}
