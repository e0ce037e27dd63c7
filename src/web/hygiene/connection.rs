//! What the HTTP library does not bound about a connection: a client that drips the head of a second request, goes on with
//! a body after it was refused, or takes nothing of its answer.

use std::any::Any;
use std::cell::Cell;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;

/// How long a connection that is being closed may take for it: what the client still sends is read and dropped, so that
/// it gets to see the answer.
pub const LEAVE: Duration = Duration::from_secs(5);

/// A connection, as far as it is watched.
pub struct Connection {
    /// A second handle; the first belongs to the library.
    socket: OwnedFd,
    /// Requests that are not answered whole.
    under_way: Cell<usize>,
    /// Requests that are.
    answered: Cell<u64>,
}

/// To be called for each new connection: ends it when `silence` or more has passed without a request under way, and when
/// the client has taken nothing of what was sent for the time of `unread`.
pub fn attend(silence: Duration, unread: Duration) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    let unread = u32::try_from(unread.as_millis()).unwrap_or(u32::MAX);
    move |stream, carried| {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, unread) {
            tracing::debug!(%error, "a client may leave its answer unread");
        }
        // Without a free file descriptor the connection goes on unwatched.
        let Ok(socket) = stream.as_fd().try_clone_to_owned() else { return };
        let connection = Rc::new(Connection { socket, under_way: Cell::new(0), answered: Cell::new(0) });
        let watched = Rc::downgrade(&connection);
        carried.insert(connection);
        actix_web::rt::spawn(async move {
            let mut seen = None;
            loop {
                tokio::time::sleep(silence).await;
                let Some(connection) = watched.upgrade() else { return };
                let answered = Some(connection.answered.get());
                if connection.under_way.get() == 0 && seen == answered {
                    return connection.cut();
                }
                seen = answered;
            }
        });
    }
}

impl Connection {
    fn cut(&self) {
        // It may be gone already.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
    }

    /// Ends it in a while, whatever the client does.
    pub fn leave(self: &Rc<Connection>) {
        let leaving = Rc::downgrade(self);
        actix_web::rt::spawn(async move {
            tokio::time::sleep(LEAVE).await;
            if let Some(connection) = leaving.upgrade() {
                connection.cut();
            }
        });
    }
}

/// A request under way on a connection, until it is dropped.
pub struct Turn(Rc<Connection>);

impl Turn {
    /// Begins with a request.
    pub fn begin(connection: Rc<Connection>) -> Turn {
        connection.under_way.set(connection.under_way.get() + 1);
        Turn(connection)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get() - 1);
        self.0.answered.set(self.0.answered.get() + 1);
    }
}

/// The body of an answer, whose request is under way until the last of it is handed over.
pub struct Answer {
    /// What is sent.
    pub body: BoxBody,
    /// Ends with it.
    pub turn: Option<Turn>,
}

impl MessageBody for Answer {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Box<dyn std::error::Error>>>> {
        Pin::new(&mut self.body).poll_next(context)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Answer { body, turn } = self;
        body.try_into_bytes().map_err(|body| Answer { body, turn })
    }
}
