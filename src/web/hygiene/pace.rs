//! How long a request may take: its body has to arrive at some speed, and its answer has to begin by a deadline.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::sync::oneshot;

use crate::web::problem::Problem;

/// What every request is given.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For the whole body, whatever its size.
    pub body: Duration,
    /// Each so many bytes that have arrived give the body a second more.
    pub body_bytes_per_second: u64,
    /// From the end of the body to the beginning of the answer.
    pub answer: Duration,
}

/// How far a body has arrived.
pub struct Arrival {
    bytes: Rc<Cell<u64>>,
    /// Ends with the body, or when nobody reads it any more.
    over: oneshot::Receiver<()>,
}

struct Watched {
    payload: Payload,
    bytes: Rc<Cell<u64>>,
    arriving: Option<oneshot::Sender<()>>,
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.payload).poll_next(context);
        match &next {
            Poll::Ready(Some(Ok(chunk))) => self.bytes.set(self.bytes.get() + chunk.len() as u64),
            Poll::Ready(_) => self.arriving = None,
            Poll::Pending => {}
        }
        next
    }
}

/// Puts an ear to a request's body; a request without one has arrived.
pub fn watch(request: &mut ServiceRequest) -> Option<Arrival> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let (arriving, over) = oneshot::channel();
    let bytes = Rc::new(Cell::new(0));
    let watched = Watched { payload, bytes: bytes.clone(), arriving: Some(arriving) };
    request.set_payload(Payload::Stream { payload: Box::pin(watched) });
    Some(Arrival { bytes, over })
}

impl Pace {
    /// Gives what `answering` gives, or says what took too long; then `answering` is dropped, and what it has admitted
    /// goes on without it. With `has_deadline` false only the body has to keep pace.
    pub async fn keep<T>(
        self,
        arrival: Option<Arrival>,
        has_deadline: bool,
        answering: impl Future<Output = T>,
    ) -> Result<T, Problem> {
        tokio::select! {
            biased;
            answer = answering => Ok(answer),
            problem = self.exceeded(arrival, has_deadline) => Err(problem),
        }
    }

    async fn exceeded(self, arrival: Option<Arrival>, has_deadline: bool) -> Problem {
        if let Some(arrival) = arrival
            && !self.arrives(arrival).await
        {
            return Problem::new("body_too_slow", "the request's body did not arrive in time");
        }
        if !has_deadline {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.answer).await;
        let detail = format!("there was no answer within {} seconds", self.answer.as_secs());
        Problem::new("timed_out", detail)
    }

    /// Whether the whole body comes in the time that its size gives it.
    async fn arrives(self, mut arrival: Arrival) -> bool {
        let (mut waited, mut step) = (Duration::ZERO, self.body);
        loop {
            if tokio::time::timeout(step, &mut arrival.over).await.is_ok() {
                return true;
            }
            waited += step;
            let earned = Duration::from_secs(arrival.bytes.get() / self.body_bytes_per_second.max(1));
            step = (self.body + earned).saturating_sub(waited);
            if step.is_zero() {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use futures_util::StreamExt;

    use super::*;

    const PACE: Pace =
        Pace { body: Duration::from_secs(20), body_bytes_per_second: 100, answer: Duration::from_secs(30) };

    /// A body of `chunks` that come every so many seconds, and then a handler that thinks; in paused time.
    async fn judge(
        chunks: usize,
        bytes: usize,
        every: u64,
        thinks: u64,
        has_deadline: bool,
    ) -> Result<usize, &'static str> {
        let mut request = TestRequest::post().to_srv_request();
        let coming = futures_util::stream::iter(0..chunks).then(move |_| async move {
            tokio::time::sleep(Duration::from_secs(every)).await;
            Ok(Bytes::from(vec![b'x'; bytes]))
        });
        request.set_payload(Payload::Stream { payload: Box::pin(coming) });
        let arrival = watch(&mut request);
        let mut payload = request.take_payload();
        let answering = async move {
            let mut length = 0;
            while let Some(chunk) = payload.next().await {
                length += chunk.unwrap().len();
            }
            tokio::time::sleep(Duration::from_secs(thinks)).await;
            length
        };
        PACE.keep(arrival, has_deadline, answering).await.map_err(|problem| problem.code)
    }

    #[actix_web::test]
    async fn a_body_keeps_pace_and_an_answer_its_deadline() {
        tokio::time::pause();
        for ((chunks, bytes, every, thinks), outcome) in [
            ((0, 0, 0, 0), Ok(0)),
            ((0, 0, 0, 29), Ok(0)),
            ((0, 0, 0, 31), Err("timed_out")),
            // Nothing comes for too long, or one byte now and then.
            ((1, 10, 21, 0), Err("body_too_slow")),
            ((1, 10, 19, 29), Ok(10)),
            ((30, 1, 1, 0), Err("body_too_slow")),
            // What comes fast enough may be long, and does not count towards the deadline.
            ((600, 100, 1, 29), Ok(60_000)),
            ((600, 100, 1, 31), Err("timed_out")),
            ((600, 50, 1, 0), Err("body_too_slow")),
        ] {
            assert_eq!(judge(chunks, bytes, every, thinks, true).await, outcome, "{chunks} × {bytes} every {every} s");
        }
        assert_eq!(judge(1, 10, 1, 3_600, false).await, Ok(10), "a long one has no deadline");
        assert_eq!(judge(1, 10, 30, 0, false).await, Err("body_too_slow"), "but its body keeps pace as well");
    }

    #[actix_web::test]
    async fn a_body_that_nobody_reads_has_arrived() {
        tokio::time::pause();
        let mut request = TestRequest::post().set_payload("unread").to_srv_request();
        let arrival = watch(&mut request);
        drop(request);
        let thinks = tokio::time::sleep(Duration::from_secs(25));
        assert_eq!(PACE.keep(arrival, true, thinks).await, Ok(()));
    }
}
