//! The far side of every connector: it takes messages, loses them, takes them twice, and counts what it has taken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt};
use relance::connector::mail::Mail;
use relance::connector::text::Text;
use relance::connector::{DeliveryError, Mailer};
use relance::domain::channels::mailbox::Mailbox;
use relance::domain::delivery::Class;
use relance::id::{RecordId, StepId};
use tokio::sync::oneshot;

/// What the far side makes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Taken,
    Lost,
    Unanswered,
    Doubled,
    Refused,
}

struct Attempt {
    /// Which server made it.
    process: u32,
    step: StepId,
    answer: oneshot::Sender<Result<String, DeliveryError>>,
}

#[derive(Default)]
struct Message {
    taken: u32,
    /// Something happened since it was taken that the server cannot know it by: it may come once more.
    may_come_again: bool,
}

#[derive(Default)]
struct Books {
    attempts: Vec<Attempt>,
    messages: BTreeMap<StepId, Message>,
    broken: Vec<String>,
    /// Two servers send at the same time, each what it thinks is owed.
    crowded: bool,
    /// The same message twice is two messages: nothing is a cause to send one again.
    blind: bool,
}

/// See the module. Clones are the same far side.
#[derive(Clone, Default)]
pub struct FarSide(Arc<Mutex<Books>>);

/// The way of one server to the far side.
pub struct Line {
    pub process: u32,
    pub far: FarSide,
}

impl FarSide {
    /// A far side for which the same message twice is two messages, or one.
    pub fn new(blind: bool) -> FarSide {
        FarSide(Arc::new(Mutex::new(Books { blind, ..Books::default() })))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Attempts that nothing was decided about.
    pub fn waiting(&self) -> usize {
        self.books().attempts.len()
    }

    /// An attempt that a server has made and nothing was decided about.
    pub fn waiting_of(&self, process: u32) -> Option<usize> {
        self.books().attempts.iter().position(|attempt| attempt.process == process)
    }

    /// Decides about one attempt; which, and what became of it.
    pub fn decide(&self, place: usize, fate: Fate) -> StepId {
        let mut books = self.books();
        let Attempt { step, answer, .. } = books.attempts.remove(place);
        let taken = match fate {
            Fate::Taken | Fate::Unanswered => 1,
            Fate::Doubled => 2,
            Fate::Lost | Fate::Refused => 0,
        };
        let (crowded, blind) = (books.crowded, books.blind);
        let message = books.messages.entry(step).or_default();
        let unasked = taken > 0 && message.taken > 0 && (blind || !message.may_come_again);
        message.taken += taken;
        if taken > 0 {
            message.may_come_again = crowded || fate == Fate::Unanswered;
        }
        if unasked {
            books.broken.push(format!("the message of step {step} was sent again without a cause"));
        }
        // Whoever asked may have crashed since.
        let _ = answer.send(match fate {
            Fate::Taken | Fate::Doubled => Ok(format!("{step}@far.example")),
            Fate::Unanswered if blind => Err(DeliveryError::Unknown("no answer".into())),
            Fate::Lost | Fate::Unanswered => Err(DeliveryError::Temporary("no answer".into())),
            Fate::Refused => Err(DeliveryError::Refused("no such address".into())),
        });
        step
    }

    /// How often a step's message was taken.
    pub fn taken(&self, step: StepId) -> u32 {
        self.books().messages.get(&step).map_or(0, |message| message.taken)
    }

    /// The messages of a record may come again: what was noted about one was lost.
    pub fn excuse(&self, record: RecordId) {
        let mut books = self.books();
        let of_record = books.messages.iter_mut().filter(|(step, _)| step.record() == record);
        of_record.for_each(|(_, message)| message.may_come_again = true);
    }

    /// Every message may come again: a server has crashed, or another began. While two run, each may send.
    pub fn excuse_all(&self, crowded: bool) {
        let mut books = self.books();
        books.crowded = crowded;
        books.messages.values_mut().for_each(|message| message.may_come_again = true);
    }

    pub fn broken(&self) -> Vec<String> {
        std::mem::take(&mut self.books().broken)
    }
}

impl Mailer for Line {
    fn class(&self) -> Class {
        if self.far.books().blind { Class::Blind } else { Class::Idempotent }
    }

    fn carries(&self) -> bool {
        self.far.books().blind
    }

    fn message_id(&self, id: &str, _: Option<&Mailbox>) -> String {
        format!("{id}@far.example")
    }

    fn deliver(&self, mail: Mail) -> BoxFuture<'static, Result<String, DeliveryError>> {
        let (answer, answered) = oneshot::channel();
        match StepId::parse(&mail.id) {
            Some(step) => self.far.books().attempts.push(Attempt { process: self.process, step, answer }),
            None => self.far.books().broken.push(format!("a message is called {}", mail.id)),
        }
        let silent = |_| Err(DeliveryError::Temporary("silence".into()));
        answered.map(move |answer| answer.unwrap_or_else(silent)).boxed()
    }

    /// Nothing in a simulation sends one.
    fn deliver_text(&self, text: Text) -> BoxFuture<'static, Result<String, DeliveryError>> {
        self.far.books().broken.push(format!("a text left: {}", text.id));
        async { Err(DeliveryError::Permanent("there is no such line".into())) }.boxed()
    }

    fn forget(&self, _: Vec<String>) -> BoxFuture<'static, Result<(), DeliveryError>> {
        async { Ok(()) }.boxed()
    }
}
