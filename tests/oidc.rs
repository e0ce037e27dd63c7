//! Signing in with OpenID Connect: before a real provider as a person's browser does it, and before one that lies.

mod oidc {
    pub mod browser;
    pub mod forged;
    pub mod provider;
    pub mod real;
    pub mod scripted;
    pub mod server;
    pub mod whole;
}
