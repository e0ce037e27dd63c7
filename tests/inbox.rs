//! What comes back by mail: a corpus in the shapes of the common programs and servers, a real mail server's bounces, and the
//! inboxes and addresses by which it comes in.

mod inbox {
    pub mod corpus;
    pub mod dovecot;
    pub mod following;
    pub mod handing_over;
    pub mod letters;
    pub mod looking_up;
    pub mod machines;
    pub mod postfix;
    pub mod programs;
    pub mod reports;
    pub mod server;
    #[allow(dead_code, reason = "the tests of sending use the rest")]
    #[path = "../mail/server.rs"]
    pub mod smtp;
    pub mod telling;
}
