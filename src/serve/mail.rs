//! From `[mail]` of the configuration to whoever carries messages.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use super::named;
use crate::config::{Mail, Smtp};
use crate::connector::mail::links::Links;
use crate::connector::mail::pool::{Carrier, PASSWORD};
use crate::connector::mail::postman::Postman;
use crate::connector::mail::smtp::Patience;
use crate::connector::seal::Seal;
use crate::connector::secret::Secret;
use crate::connector::text;
use crate::domain::channels::Channels;
use crate::domain::channels::command::ChannelsCommand;
use crate::domain::channels::gateway::GatewayPart;
use crate::domain::channels::mailbox::{Mailbox, MailboxPart, Sealed, Server, ServerPart};
use crate::id::ChannelsId;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;

/// A sandbox writes every message into the spool. No server is asked before there is something to send.
pub fn postman(config: &Mail, data: &Path, seal: &Arc<Seal>, sandbox: bool) -> anyhow::Result<Postman> {
    let postman = Postman::open(&data.join(&config.spool), &config.from).map_err(anyhow::Error::msg)?;
    let postman = postman.with_links(Links::new(seal.clone()));
    let house = house(config, seal).context("[mail.smtp] cannot be used")?;
    let seconds = |seconds: u64| Duration::from_secs(seconds.max(1));
    let patience = Patience { reply: seconds(config.reply_seconds), end_of_data: seconds(config.end_of_data_seconds) };
    let carrier = Carrier::new(seal.clone(), patience, named(&config.ca_file));
    let carrier = carrier.map_err(|why| anyhow!("`mail.ca_file` cannot be used: {why}"))?;
    Ok(if sandbox { postman } else { postman.with_servers(carrier, house) })
}

/// The mailbox of the configuration, checked like any other.
fn house(config: &Mail, seal: &Seal) -> anyhow::Result<Option<Mailbox>> {
    let Smtp { host, port, security, username, .. } = &config.smtp;
    if host.is_empty() {
        return Ok(None);
    }
    let password = match password(&config.smtp)? {
        Some(password) => Some(Sealed(seal.seal(PASSWORD, &password)?)),
        None => None,
    };
    let username = Some(username.clone()).filter(|name| !name.is_empty());
    let smtp = Server { host: host.clone(), port: *port, security: *security, username, password };
    if let Some(problem) = smtp.faults("").first() {
        bail!("{}: {}", problem.pointer.trim_start_matches('/'), problem.detail);
    }
    Ok(Some(Mailbox { address: config.from.clone(), smtp, ..Mailbox::default() }))
}

fn password(config: &Smtp) -> anyhow::Result<Option<Secret>> {
    let Some(file) = named(&config.password_file) else { return Ok(config.password.clone()) };
    if config.password.is_some() {
        bail!("`password_file` and RELANCE__MAIL__SMTP__PASSWORD name two passwords; take one away");
    }
    let text = std::fs::read_to_string(file).context("`password_file` cannot be read")?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => bail!("`password_file` is empty"),
        password => Ok(Some(Secret::new(password))),
    }
}

/// Seals passwords of mailboxes anew that were sealed under an older key, so that it can go; tells of those that cannot be
/// opened.
pub async fn seal_anew(engine: &Engine, seal: &Seal) {
    let given = engine.given();
    for (mailbox, found) in &given.channels.mailboxes {
        let servers = [
            Some((MailboxPart::Smtp as Of, &found.smtp)),
            found.imap.as_ref().map(|imap| (MailboxPart::Imap as Of, imap)),
        ];
        let mut parts = Vec::new();
        for (of, sealed) in
            servers.into_iter().flatten().filter_map(|(of, server)| Some((of, server.password.as_ref()?)))
        {
            match seal.open(PASSWORD, &sealed.0).and_then(|password| seal.seal(PASSWORD, &password)) {
                Ok(_) if seal.is_current(&sealed.0) => {}
                Ok(anew) => parts.push(of(ServerPart::Password(Some(Sealed(anew))))),
                Err(error) => tracing::warn!(%mailbox, %error, "nothing can be sent from a mailbox"),
            }
        }
        if parts.is_empty() {
            continue;
        }
        let command = ChannelsCommand::ChangeMailbox { mailbox: *mailbox, parts, expected: Some(found.version) };
        if let Err(error) = engine.submit::<Channels, _>(ChannelsId::THE, command, Caller::SYSTEM, |_| ()).await {
            tracing::warn!(%mailbox, ?error, "a password is not sealed anew yet");
        }
    }
}

/// Which server a part is of.
type Of = fn(ServerPart) -> MailboxPart;

/// The same for secrets of text gateways.
pub async fn seal_gateways_anew(engine: &Engine, seal: &Seal) {
    let given = engine.given();
    for (gateway, found) in &given.channels.gateways {
        let secrets = [
            (text::SECRET, GatewayPart::Secret as Secrets, &found.secret),
            (text::CALLBACK, GatewayPart::CallbackSecret as Secrets, &found.callback_secret),
        ];
        let mut parts = Vec::new();
        for (purpose, of, sealed) in
            secrets.into_iter().filter_map(|(purpose, of, sealed)| Some((purpose, of, sealed.as_ref()?)))
        {
            match seal.open(purpose, &sealed.0).and_then(|secret| seal.seal(purpose, &secret)) {
                Ok(_) if seal.is_current(&sealed.0) => {}
                Ok(anew) => parts.push(of(Some(Sealed(anew)))),
                Err(error) => tracing::warn!(%gateway, %error, "a secret of a text gateway cannot be used"),
            }
        }
        if parts.is_empty() {
            continue;
        }
        let command = ChannelsCommand::ChangeGateway { gateway: *gateway, parts, expected: Some(found.version) };
        if let Err(error) = engine.submit::<Channels, _>(ChannelsId::THE, command, Caller::SYSTEM, |_| ()).await {
            tracing::warn!(%gateway, ?error, "a secret is not sealed anew yet");
        }
    }
}

/// Which secret a part is.
type Secrets = fn(Option<Sealed>) -> GatewayPart;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::channels::mailbox::Security;

    fn refusal(smtp: Smtp) -> String {
        let seal = Seal::new(&Seal::fresh_key().unwrap()).unwrap();
        let mail = Mail { smtp, ..Config::load(None).unwrap().mail };
        house(&mail, &seal).unwrap_err().to_string()
    }

    fn smtp() -> Smtp {
        Smtp { host: "mail.example.com".into(), username: "me".into(), ..Config::load(None).unwrap().mail.smtp }
    }

    #[test]
    fn a_server_that_does_not_fit_is_told_of_by_its_member() {
        let password = Some(Secret::new("tell nobody"));
        for (smtp, member) in [
            (Smtp { host: "mail example".into(), ..smtp() }, "host"),
            (Smtp { port: 0, ..smtp() }, "port"),
            (Smtp { username: "me\n".into(), ..smtp() }, "username"),
            (Smtp { username: String::new(), password: password.clone(), ..smtp() }, "username"),
            (Smtp { security: Security::None, password: password.clone(), ..smtp() }, "password"),
            (Smtp { password_file: "no/such".into(), ..smtp() }, "password_file"),
            (Smtp { password_file: "no/such".into(), password, ..smtp() }, "RELANCE__MAIL__SMTP__PASSWORD"),
        ] {
            let refusal = refusal(smtp);
            assert!(refusal.contains(member) && !refusal.contains("tell nobody"), "{member}: {refusal}");
        }
    }

    #[test]
    fn without_a_host_messages_go_into_the_spool() {
        let seal = Arc::new(Seal::new(&Seal::fresh_key().unwrap()).unwrap());
        assert_eq!(house(&Config::load(None).unwrap().mail, &seal).unwrap(), None);
        let folder = tempfile::tempdir().unwrap();
        postman(&Config::load(None).unwrap().mail, folder.path(), &seal, false).unwrap();
        assert!(folder.path().join("spool").is_dir());
    }
}
