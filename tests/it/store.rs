//! What every store promises, what sled's directory may look like, and which bytes are a contract.

mod conformance;
mod fixture;
mod sled_directory;
