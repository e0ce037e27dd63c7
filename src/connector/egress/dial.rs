//! Where a connection may go (SSRF): the name is looked up here, what it stands for is judged, and the address that was judged is
//! the one that is called. So a name that stands for another address a moment later leads nowhere else, and no way to write
//! an address goes around it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_util::rt::TokioIo;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use tokio::net::TcpStream;
use tower_service::Service;

/// Looks up what a host and port stand for.
pub type Lookup = Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// What may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Whatever the operator has written into the configuration.
    Anywhere,
    /// Addresses of the public internet, and these.
    PublicAnd(Vec<IpNet>),
    /// Of these, those on this very machine: a sandbox sends nothing outside.
    Loopback(Vec<IpNet>),
}

/// Networks of IPv4 that are not the public internet (IANA special-purpose registry), among them every cloud's metadata.
const PRIVATE_V4: [([u8; 4], u8); 17] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// Parts of 2000::/3 that are not, or that lead to an address of IPv4. Outside of it nothing is public.
const PRIVATE_V6: [(u16, u16, u8); 5] =
    [(0x2001, 0, 23), (0x2001, 0x0db8, 32), (0x2002, 0, 16), (0x2620, 0x004f, 32), (0x3fff, 0, 20)];

/// Whether an address is one of the public internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !PRIVATE_V4
            .iter()
            .any(|(net, bits)| Ipv4Net::new((*net).into(), *bits).is_ok_and(|net| net.contains(&address))),
        IpAddr::V6(address) => {
            let within = |(first, second, bits): &(u16, u16, u8)| {
                let net = Ipv6Addr::new(*first, *second, 0, 0, 0, 0, 0, 0);
                Ipv6Net::new(net, *bits).is_ok_and(|net| net.contains(&address))
            };
            within(&(0x2000, 0, 3)) && !PRIVATE_V6.iter().any(within)
        }
    }
}

impl Reach {
    /// Whether an address may be called.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Reach::Anywhere => true,
            Reach::PublicAnd(_) => is_public(address) || self.names(address),
            Reach::Loopback(_) => address.is_loopback() && self.names(address),
        }
    }

    /// Whether the operator has named an address.
    pub fn names(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Reach::Anywhere => false,
            Reach::PublicAnd(nets) | Reach::Loopback(nets) => nets.iter().any(|net| net.contains(&address)),
        }
    }
}

/// Makes connections.

#[derive(Clone)]
pub struct Dial {
    reach: Reach,
    lookup: Lookup,
}

impl Dial {
    /// Calls what is within reach, by the system's names.
    pub fn new(reach: Reach) -> Dial {
        let lookup = |host: String, port: u16| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), port)).await?.collect()) })
        };
        Dial { reach, lookup: Arc::new(lookup) }
    }

    /// The same with other names.
    #[must_use]
    pub fn with_lookup(self, lookup: Lookup) -> Dial {
        Dial { lookup, ..self }
    }

    async fn call(self, uri: Uri) -> io::Result<TokioIo<TcpStream>> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            // A sandbox asks nobody outside what a name stands for.
            Err(_) if matches!(self.reach, Reach::Loopback(_)) && host != "localhost" => Vec::new(),
            Err(_) => (self.lookup)(host, port).await?,
        };
        let refused = || io::Error::new(io::ErrorKind::PermissionDenied, "the address is not within reach");
        let mut failed = refused();
        for address in found.into_iter().filter(|address| self.reach.allows(address.ip())) {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(TokioIo::new(stream));
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(Dial::call(self.clone(), uri))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_public_internet_is_out_of_reach_however_it_is_written() {
        let public = Reach::PublicAnd(vec![]);
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!public.allows(address.parse().unwrap()), "{address}");
        }
        for address in
            ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "2a00::1"]
        {
            assert!(public.allows(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_is_named_is_within_reach_and_of_a_sandbox_only_what_is_on_this_machine() {
        let nets: Vec<IpNet> = ["127.0.0.1/32", "10.1.0.0/16", "fd00::/8"].map(|net| net.parse().unwrap()).to_vec();
        let (open, sandbox) = (Reach::PublicAnd(nets.clone()), Reach::Loopback(nets));
        for (address, by_open, by_sandbox) in [
            ("127.0.0.1", true, true),
            ("::ffff:127.0.0.1", true, true),
            ("127.0.0.2", false, false),
            ("::1", false, false),
            ("10.1.2.3", true, false),
            ("10.2.2.3", false, false),
            ("fd00::1", true, false),
            ("1.1.1.1", true, false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!((open.allows(address), sandbox.allows(address)), (by_open, by_sandbox), "{address}");
        }
    }
}
