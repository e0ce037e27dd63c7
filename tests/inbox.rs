//! What comes back by mail: a corpus in the shapes of the common programs and servers.

mod inbox {
    pub mod corpus;
    pub mod letters;
    pub mod machines;
    pub mod programs;
    pub mod reports;
    pub mod telling;
}
