//! The real provider of provider.mjs, and what we are to it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Once;

use relance::connector::egress::Egress;
use relance::connector::oidc::{Provider, Settings};
use relance::connector::secret::Secret;

pub const CLIENT: &str = "relance";
/// With characters that a careless client does not encode.
pub const SECRET: &str = r#"a secret of: 100% "tests""#;

/// A running provider; it is killed when it is dropped.
pub struct Running {
    child: Child,
    pub issuer: String,
    // It writes more than its first line; a closed pipe would end it.
    _stdout: BufReader<ChildStdout>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc")
}

impl Running {
    pub fn start() -> Running {
        Running::with(&[])
    }

    /// With more in the environment.
    pub fn with(environment: &[(&str, &Path)]) -> Running {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let installed = Command::new(folder().join("install")).status().unwrap();
            assert!(installed.success(), "tests/oidc/install failed");
        });
        let mut command = Command::new("node");
        command.arg("provider.mjs").current_dir(folder()).envs(environment.iter().copied());
        // Its warnings say that it is meant for tests.
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert!(line.starts_with("http"), "the provider did not start: {line}");
        Running { child, issuer: line.trim().to_owned(), _stdout: stdout }
    }

    pub fn provider(&self) -> Provider {
        provider(&self.issuer, None)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Us, before a provider at that address.
pub fn provider(issuer: &str, ca_file: Option<&Path>) -> Provider {
    let settings = Settings {
        issuer: issuer.to_owned(),
        client_id: CLIENT.into(),
        client_secret: Some(Secret::new(SECRET)),
        scopes: "openid email profile".into(),
    };
    Provider::new(settings, Egress::new(ca_file).unwrap()).unwrap()
}
