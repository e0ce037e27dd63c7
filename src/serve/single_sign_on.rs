//! From `[oidc]` of the configuration to the provider that people may sign in with.

use anyhow::{Context, anyhow, bail};

use super::named;
use crate::config::Oidc;
use crate::connector::egress::Egress;
use crate::connector::oidc::{Provider, Settings, Waiting};
use crate::connector::secret::Secret;
use crate::web::ui::single_sign_on::SingleSignOn;

/// `None` where it is off, and in a sandbox, which reaches nobody outside.
pub fn single_sign_on(config: &Oidc, sandbox: bool) -> anyhow::Result<Option<SingleSignOn>> {
    let provider = provider(config)?;
    if sandbox && provider.is_some() {
        tracing::warn!("a sandbox sends nothing outside; nobody can sign in with the provider of [oidc]");
        return Ok(None);
    }
    let label = config.label.clone();
    Ok(provider.map(|provider| SingleSignOn { provider, waiting: Waiting::default(), label }))
}

/// Asks nobody yet: whether the provider answers is seen at the first sign-in.
fn provider(config: &Oidc) -> anyhow::Result<Option<Provider>> {
    if config.issuer.is_empty() {
        return Ok(None);
    }
    let settings = Settings {
        issuer: config.issuer.clone(),
        client_id: config.client_id.clone(),
        client_secret: secret(config)?,
        scopes: config.scopes.clone(),
    };
    let egress = Egress::new(named(&config.ca_file)).context("`oidc.ca_file` cannot be used")?;
    Provider::new(settings, egress).map(Some).map_err(|error| anyhow!("[oidc] cannot be used: {error}"))
}

fn secret(config: &Oidc) -> anyhow::Result<Option<Secret>> {
    let Some(file) = named(&config.client_secret_file) else { return Ok(config.client_secret.clone()) };
    if config.client_secret.is_some() {
        bail!("`oidc.client_secret_file` and RELANCE__OIDC__CLIENT_SECRET name two secrets; take one away");
    }
    let text = std::fs::read_to_string(file).context("`oidc.client_secret_file` cannot be read")?;
    match text.trim() {
        "" => bail!("`oidc.client_secret_file` is empty"),
        secret => Ok(Some(Secret::new(secret))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn oidc() -> Oidc {
        let config = Config::load(None).unwrap().oidc;
        Oidc { issuer: "https://id.example".into(), client_id: "relance".into(), ..config }
    }

    fn refusal(config: &Oidc) -> String {
        format!("{:#}", provider(config).unwrap_err())
    }

    #[test]
    fn nothing_configured_is_off() {
        assert!(provider(&Oidc { issuer: String::new(), ..oidc() }).unwrap().is_none());
        assert!(provider(&oidc()).unwrap().is_some());
        assert!(single_sign_on(&oidc(), false).unwrap().is_some());
        assert!(single_sign_on(&oidc(), true).unwrap().is_none());
    }

    #[test]
    fn what_cannot_work_is_said_at_the_start() {
        assert!(refusal(&Oidc { issuer: "http://id.example".into(), ..oidc() }).contains("https"));
        assert!(refusal(&Oidc { client_id: String::new(), ..oidc() }).contains("client_id"));
        assert!(refusal(&Oidc { ca_file: "no/such.pem".into(), ..oidc() }).contains("no/such.pem"));
    }

    #[test]
    fn the_secret_comes_from_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "tell nobody\n").unwrap();
        let filed = Oidc { client_secret_file: file.clone(), ..oidc() };
        assert_eq!(secret(&filed).unwrap(), Some(Secret::new("tell nobody")));
        let given = Oidc { client_secret: Some(Secret::new("from the environment")), ..oidc() };
        assert_eq!(secret(&given).unwrap(), Some(Secret::new("from the environment")));
        assert_eq!(secret(&oidc()).unwrap(), None);
        let both = Oidc { client_secret_file: file.clone(), ..given };
        assert!(refusal(&both).contains("two secrets") && !refusal(&both).contains("tell nobody"));
        std::fs::write(&file, "\n").unwrap();
        assert!(refusal(&filed).contains("empty"));
        std::fs::remove_file(&file).unwrap();
        assert!(refusal(&filed).contains("cannot be read"));
    }
}
