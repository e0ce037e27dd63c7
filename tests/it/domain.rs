//! The pure core: every rule of the specification that a record or a sequence decides by itself.

mod closing;
mod commands;
mod conditions;
mod connecting;
mod draw;
mod exit;
mod ledger;
mod messages;
mod own_settings;
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
mod validation;
mod world;
