//! What the parts promise each other, tested from outside the crate: one binary, so that it links once.

mod domain;
mod pages;
mod runtime;
mod store;
