//! relance runs sales sequences: every connected record and every active sequence is an actor that holds its state,
//! durable in a log, woken by stored timers.
//!
//! The modules in reading order; knowledge points one way, from the last to the first.

pub mod id;
pub mod limits;
pub mod time;

pub mod connector;
pub mod domain;
pub mod runtime;
pub mod store;

pub mod import;
pub mod sheet;
pub mod web;

pub mod config;
pub mod serve;
