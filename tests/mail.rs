//! Messages through a real SMTP server: that all arrive once, and what is known when it fails, in every state of the protocol.

mod mail {
    pub mod caps;
    pub mod carrying;
    pub mod faults;
    pub mod relance;
    pub mod server;
    pub mod through;
}
