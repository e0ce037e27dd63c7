//! What an operator may set: compiled-in defaults, then a file, then the environment; a key that nobody knows is an
//! error, because a misspelt one would otherwise be a default in disguise.

use std::path::{Path, PathBuf};

use ::config::{Environment, File, FileFormat};
use serde::{Deserialize, Deserializer};

use crate::connector::secret::Secret;
use crate::domain::channels::mailbox::Security;

/// Every key with its unit and reason.
const DEFAULTS: &str = include_str!("../config/default.toml");

/// The whole configuration; one small struct per section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// HTTP.
    pub server: Server,
    /// How often somebody may ask.
    pub rates: Rates,
    /// Threads and memory of the entities.
    pub engine: Engine,
    /// The database.
    pub store: Store,
    /// Automated e-mail.
    pub mail: Mail,
    /// Where the server may send to.
    pub egress: Egress,
    /// Text messages.
    pub texts: Texts,
    /// Outgoing webhooks.
    pub webhooks: Webhooks,
    /// Sessions and invitations.
    pub sign_in: SignIn,
    /// Signing in with OpenID Connect.
    pub oidc: Oidc,
    /// What is logged.
    pub log: Log,
}

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// HTTP threads; 0 is one per core.
    pub workers: usize,
    /// Seconds that requests under way get at a stop.
    pub shutdown_seconds: u64,
    /// Scheme and host as browsers see them; empty for none.
    pub public_url: String,
    /// Addresses and networks of trusted reverse proxies; in the environment with commas between.
    #[serde(deserialize_with = "list")]
    pub proxies: Vec<String>,
    /// Connections open at once.
    pub connections_max: usize,
    /// Seconds for the first head of a connection.
    pub head_seconds: u64,
    /// Seconds that a connection may be silent between requests.
    pub keep_alive_seconds: u64,
    /// Seconds for a request's body, whatever its size.
    pub body_seconds: u64,
    /// Bytes of a body that earn it a second more.
    pub body_bytes_per_second: u64,
    /// Seconds from the end of a request to the beginning of its answer.
    pub request_seconds: u64,
    /// Seconds for which a client may take nothing of an answer.
    pub unread_seconds: u64,
    /// Seconds after which something is sent to whoever follows, whatever happens.
    pub heartbeat_seconds: u64,
}

/// `[rates]`; a rate of 0 is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Requests without a credential, per address.
    pub anonymous_per_second: u32,
    /// That many at once.
    pub anonymous_burst: u32,
    /// Requests per session or API token.
    pub credential_per_second: u32,
    /// That many at once.
    pub credential_burst: u32,
    /// Attempts to sign in, per address.
    pub sign_in_per_minute: u32,
    /// That many at once.
    pub sign_in_burst: u32,
    /// Attempts to sign in, per account name.
    pub account_per_minute: u32,
    /// That many at once.
    pub account_burst: u32,
    /// Requests with a bad credential, per address.
    pub bad_credential_per_minute: u32,
    /// That many at once.
    pub bad_credential_burst: u32,
}

/// `[engine]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Threads that hold entities; 0 is one per core.
    pub threads: usize,
    /// Actors that one thread keeps per kind.
    pub resident_max: usize,
    /// Seconds that an actor stays without a message.
    pub idle_seconds: u64,
}

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Pages in memory, in mebibytes.
    pub cache_mib: u32,
    /// Free space below which nothing is accepted, in mebibytes.
    pub reserve_mib: u32,
}

/// `[mail]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Folder of the messages, relative to the data directory unless it is absolute.
    pub spool: PathBuf,
    /// The sender: an address with an optional name.
    pub from: String,
    /// Seconds for a connection to a mail server, and for each of its answers but the last.
    pub reply_seconds: u64,
    /// Seconds for its answer to the end of a message.
    pub end_of_data_seconds: u64,
    /// Authorities that mail servers may have besides the public ones, as PEM; empty is none.
    pub ca_file: PathBuf,
    /// The server of messages that no mailbox is chosen for.
    pub smtp: Smtp,
}

/// `[mail.smtp]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// A name or an address; empty is the spool.
    pub host: String,
    /// 1–65535.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whom to sign in as; empty is nobody.
    pub username: String,
    /// What proves it; only from the environment.
    pub password: Option<Secret>,
    /// A file that holds it; empty is none.
    pub password_file: PathBuf,
}

/// `[egress]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// Addresses and networks that may be sent to although they are not public; in the environment with commas between.
    #[serde(deserialize_with = "list")]
    pub allow: Vec<String>,
}

/// `[texts]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Seconds for handing one to its gateway.
    pub timeout_seconds: u64,
}

/// `[webhooks]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Seconds for one delivery.
    pub timeout_seconds: u64,
    /// Milliseconds before the second attempt.
    pub retry_initial_ms: u64,
}

/// `[sign_in]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Hours without a request after which a session ends.
    pub session_idle_hours: i64,
    /// Days after which a session ends, used or not.
    pub session_days: i64,
    /// Days for which an invitation can be used.
    pub invitation_days: i64,
}

/// `[oidc]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The provider's address; empty is off.
    pub issuer: String,
    /// Our name at the provider.
    pub client_id: String,
    /// What proves it; only from the environment.
    pub client_secret: Option<Secret>,
    /// A file that holds it; empty is none.
    pub client_secret_file: PathBuf,
    /// What is written on the button.
    pub label: String,
    /// What is asked for, separated by spaces.
    pub scopes: String,
    /// Authorities to trust besides the public ones, as PEM; empty is none.
    pub ca_file: PathBuf,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or directives of `tracing-subscriber`.
    pub filter: String,
}

/// A list of a file, or what the environment says with commas.
fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        Items(Vec<String>),
        Text(String),
    }
    Ok(match Listed::deserialize(from)? {
        Listed::Items(items) => items,
        Listed::Text(text) => {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        }
    })
}

/// Why a configuration cannot be used: one sentence that names the key or the file.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be used: {0}")]
pub struct ConfigError(String);

impl Config {
    /// Defaults, then `file`, then `RELANCE__SECTION__KEY` of the environment.
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        let file = file.map(|path| File::from(path).format(FileFormat::Toml).required(true));
        // The double underscore keeps RELANCE_TOKEN and RELANCE_ADMIN_TOKEN out.
        Self::read(file, Environment::with_prefix("RELANCE").separator("__"))
    }

    fn read<F: ::config::Source + Send + Sync + 'static>(
        file: Option<F>,
        environment: Environment,
    ) -> Result<Config, ConfigError> {
        let mut builder = ::config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(file);
        }
        let refused = |error: ::config::ConfigError| ConfigError(error.to_string());
        let of_file = builder.build_cloned().map_err(refused)?;
        for (key, variable, file) in [
            ("oidc.client_secret", "RELANCE__OIDC__CLIENT_SECRET", "client_secret_file"),
            ("mail.smtp.password", "RELANCE__MAIL__SMTP__PASSWORD", "password_file"),
        ] {
            if of_file.get_string(key).is_ok() {
                return Err(ConfigError(format!(
                    "`{key}` belongs into the environment ({variable}) or into a file of its own (`{file}`), not into this one"
                )));
            }
        }
        builder.add_source(environment).build().and_then(::config::Config::try_deserialize).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let environment = Environment::with_prefix("RELANCE").separator("__").source(Some(environment));
        Config::read(Some(File::from_str(file, FileFormat::Toml)), environment)
    }

    fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
        read(file, environment).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_complete() {
        let config = read("", &[]).unwrap();
        assert_eq!((config.server.workers, config.server.shutdown_seconds), (0, 10));
        assert_eq!((config.engine.threads, config.engine.resident_max, config.engine.idle_seconds), (0, 4096, 60));
        assert_eq!((config.store.cache_mib, config.store.reserve_mib), (48, 64));
        assert_eq!(
            (config.mail.spool.as_path(), &*config.mail.from),
            (Path::new("spool"), "relance <relance@localhost>")
        );
        assert!(config.log.filter.starts_with("info"), "{}", config.log.filter);
    }

    #[test]
    fn a_list_may_come_from_the_environment() {
        let of_file = read("[server]\nproxies = [\"10.0.0.0/8\", \"::1\"]", &[]).unwrap();
        let of_environment = read("", &[("RELANCE__SERVER__PROXIES", "10.0.0.0/8, ::1")]).unwrap();
        assert_eq!(of_file.server.proxies, ["10.0.0.0/8", "::1"]);
        assert_eq!(of_file, of_environment);
    }

    #[test]
    fn the_shipped_files_hold_only_known_keys() {
        for file in [include_str!("../config/development.toml"), include_str!("../config/production.toml")] {
            read(file, &[]).unwrap();
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_its_name() {
        for (file, environment, named) in [
            ("[engine]\nresident_maxx = 1", &[][..], "resident_maxx"),
            ("[engin]\nthreads = 1", &[][..], "engin"),
            ("", &[("RELANCE__STORE__CACHE_MB", "64")][..], "cache_mb"),
        ] {
            let refusal = refusal(file, environment);
            assert!(refusal.contains(&format!("`{named}`")), "{refusal}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_by_its_key() {
        for (file, environment) in
            [("[engine]\nthreads = \"many\"", &[][..]), ("", &[("RELANCE__ENGINE__THREADS", "many")][..])]
        {
            let refusal = refusal(file, environment);
            assert!(refusal.contains("threads") && refusal.contains("many"), "{refusal}");
        }
    }

    #[test]
    fn the_environment_lies_over_the_file_and_the_file_over_the_defaults() {
        let file = "[engine]\nthreads = 2\nresident_max = 8";
        let environment = [("RELANCE__ENGINE__RESIDENT_MAX", "16"), ("RELANCE_ADMIN_TOKEN", "no key at all")];
        let config = read(file, &environment).unwrap();
        assert_eq!((config.engine.threads, config.engine.resident_max, config.engine.idle_seconds), (2, 16, 60));
    }

    #[test]
    fn a_secret_is_taken_from_the_environment_only_and_never_shown() {
        let config = read("", &[("RELANCE__OIDC__CLIENT_SECRET", "tell nobody")]).unwrap();
        assert_eq!(config.oidc.client_secret.as_ref().map(Secret::expose), Some("tell nobody"));
        assert!(!format!("{config:?}").contains("tell nobody"));
        for (section, key, variable) in [
            ("oidc", "client_secret", "RELANCE__OIDC__CLIENT_SECRET"),
            ("mail.smtp", "password", "RELANCE__MAIL__SMTP__PASSWORD"),
        ] {
            let refusal = refusal(&format!("[{section}]\n{key} = \"tell nobody\""), &[]);
            assert!(refusal.contains(variable) && !refusal.contains("tell nobody"), "{refusal}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let refusal = Config::load(Some(Path::new("no/such.toml"))).unwrap_err().to_string();
        assert!(refusal.contains("no/such.toml"), "{refusal}");
    }
}
