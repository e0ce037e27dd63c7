//! The HTTP API as a client sees it: the real binary, a real socket, nothing but requests and answers.

mod audit;
mod batches;
mod bench;
mod clock;
mod conventions;
mod erasure;
mod events;
mod external;
mod fixtures;
mod hygiene;
mod imports;
mod lists;
mod malformed;
mod matrix;
mod people;
mod records;
mod repeats;
mod revocation;
mod running;
mod sequence_tests;
mod sequences;
mod server;
mod settings;
mod steps;
mod strangers;
mod templates;
