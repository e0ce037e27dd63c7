//! The pure core: every rule of the specification that a record or a sequence decides by itself.

mod catalogue;
mod closing;
mod commands;
mod comparing;
mod conditions;
mod connecting;
mod draw;
mod exit;
mod graphs;
mod holding;
mod ledger;
mod paths;
mod people;
mod random;
mod reach;
mod records;
mod rights;
mod rules;
mod sequence;
mod settings;
mod steps;
mod templates;
mod totals;
mod trials;
mod validation;
mod world;
