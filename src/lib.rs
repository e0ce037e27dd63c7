//! relance runs sales sequences: every connected record and every active sequence is an actor that holds its state,
//! durable in a log, woken by stored timers.
//!
//! The modules in reading order; knowledge points one way, from the last to the first.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![forbid(unsafe_code)]

pub mod limits;
pub mod sabotage;
pub mod time;
pub mod id;

pub mod domain;
pub mod store;
pub mod connector;
pub mod runtime;

pub mod file;
pub mod sheet;
pub mod lookup;
pub mod import;
pub mod inbound;
pub mod web;
pub mod courier;

pub mod config;
pub mod serve;
pub mod cli;
