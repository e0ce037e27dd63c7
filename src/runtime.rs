//! The shell around the core: actors that hold entities, and what wakes and empties them. The only module that knows
//! actix actors; everything outside sees [`engine::Engine`].

pub mod engine;
pub mod entity;
mod governing;
pub mod keyring;
pub mod message;
pub mod outbox;
pub mod shard;
pub mod standing;
pub mod start;
pub mod timer;
pub mod watch;
pub mod work_lists;
