//! What the configuration says of webhooks and text gateways: where they may lead, and how long they are tried.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use ipnet::IpNet;

use crate::config::{Config, Webhooks};
use crate::connector::egress::Reach;
use crate::connector::seal::Seal;
use crate::connector::text::Texter;
use crate::courier::{Patience, Sender};

/// The longest pause between two attempts.
const PAUSE_MOST: Duration = Duration::from_secs(600);

/// What sends them; of a sandbox nothing leaves the machine.
pub fn sender(config: &Config, sandbox: bool, seal: Arc<Seal>) -> anyhow::Result<Sender> {
    let reach = if sandbox { Reach::Loopback(allow(config)?) } else { Reach::PublicAnd(allow(config)?) };
    let timeout = Duration::from_secs(config.webhooks.timeout_seconds.max(1));
    Sender::new(reach, timeout, seal).context("webhooks cannot be sent")
}

/// What hands text messages to their gateways; nothing in a sandbox does.
pub fn texter(config: &Config, seal: Arc<Seal>) -> anyhow::Result<Texter> {
    let timeout = Duration::from_secs(config.texts.timeout_seconds.max(1));
    Texter::new(Reach::PublicAnd(allow(config)?), timeout, seal).context("text messages cannot be sent")
}

fn allow(config: &Config) -> anyhow::Result<Vec<IpNet>> {
    config.egress.allow.iter().map(|text| net(text)).collect()
}

fn net(text: &str) -> anyhow::Result<IpNet> {
    match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
        (Ok(net), _) => Ok(net),
        (_, Ok(address)) => Ok(address.into()),
        _ => bail!("`egress.allow` holds `{text}`, which is neither an address nor a network such as 10.1.0.0/16"),
    }
}

/// How long they are tried.
pub fn patience(config: &Webhooks) -> Patience {
    Patience { first: Duration::from_millis(config.retry_initial_ms.max(1)), most: PAUSE_MOST }
}
