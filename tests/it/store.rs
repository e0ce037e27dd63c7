//! What every store promises, what sled's directory may look like, and which bytes are a contract.

mod compaction;
#[macro_use]
mod conformance;
mod copies;
mod erasure;
mod faults;
mod fixture;
mod formats;
mod golden;
mod maintenance;
mod model;
mod population;
mod rot;
mod sled_directory;
mod trail;
