//! Text messages on their way out and back, through gateways that are described and not programmed.

/// What the secrets of gateways are sealed for.
pub const SECRET: &str = "text gateway";
/// What those are sealed for that gateways sign with.
pub const CALLBACK: &str = "text gateway callback";
