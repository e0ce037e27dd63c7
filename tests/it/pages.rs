//! The parts of pages that are functions.

mod edit;
mod words;
