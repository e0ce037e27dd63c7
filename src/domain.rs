//! The pure core: what a record or a sequence answers to a command, without clock, IO, or chance.

pub mod ab_test;
pub mod access;
pub mod account;
pub mod activity;
pub mod audit;
pub mod catalogue;
pub mod condition;
pub mod effect;
pub mod enrolment;
pub mod entity;
pub mod explain;
pub mod given;
pub mod import;
pub mod json;
pub mod language;
pub mod message_template;
pub mod organisation;
pub mod permission;
pub mod plan;
pub mod policy;
pub mod record;
pub mod schedule;
pub mod sequence;
pub mod simulation;
pub mod template;
pub mod trial;
