//! Every page, and what it answers to whom.

/// Every page: what somebody without a session gets, and somebody with one. `>` before an address: led there.
pub const PAGES: &[(&str, &str, &str)] = &[
    //                                    signed out      signed in
    ("GET /", /*                      */ ">/sign-in", ">/account"),
    ("GET /sign-in", /*               */ "200", ">/"),
    ("POST /sign-in", /*              */ "401", "401"),
    // No provider is configured.
    ("GET /sign-in/oidc", /*          */ "404", "404"),
    ("GET /sign-in/oidc/callback", /* */ "404", "404"),
    ("POST /sign-out", /*             */ ">/sign-in", ">/sign-in"),
    ("GET /welcome/{secret}", /*      */ "404", "404"),
    ("POST /welcome/{secret}", /*     */ "404", "404"),
    ("GET /invitation/{link}", /*     */ "404", "404"),
    ("POST /invitation/{link}", /*    */ "404", "404"),
    ("GET /account", /*               */ ">/sign-in", "200"),
    ("POST /account/password", /*     */ ">/sign-in", "422"),
    ("POST /account/sign-out-everywhere", ">/sign-in", ">/sign-in"),
    ("POST /account/tokens", /*       */ ">/sign-in", "200"),
    ("POST /account/keys/{id}/close", /**/ ">/sign-in", ">/account"),
    ("GET /assets/relance.css", /*    */ "200", "200"),
    ("GET /docs", /*                  */ ">/docs/", ">/docs/"),
    ("GET /docs/{file:.*}", /*        */ "200", "200"),
    ("GET /openapi.json", /*          */ "200", "200"),
    ("GET /t/o/{id}", /*              */ "404", "404"),
    ("GET /t/c/{id}", /*              */ "404", "404"),
    ("GET /t/a/{id}", /*              */ "404", "404"),
    ("GET /u/{id}", /*                */ "404", "404"),
    ("POST /u/{id}", /*               */ "404", "404"),
    ("GET /problems/{code}", /*       */ "200", "200"),
];
