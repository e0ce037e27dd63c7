//! Text messages through a real gateway on this machine: that all arrive once, what is known when it fails, and what it tells.

mod texts {
    pub mod faults;
    pub mod gateway;
    pub mod relance;
    pub mod telling;
}
