//! Where a request comes from: the peer, or, behind a reverse proxy that is trusted, whoever that proxy names.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use actix_web::web::Data;
use ipnet::IpNet;

use crate::web::App;

/// The networks of `server.proxies`: addresses, or networks as `10.0.0.0/8`.
pub fn proxies(listed: &[String]) -> Result<Vec<IpNet>, String> {
    let read = |text: &String| {
        let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let net = address.or_else(|_| text.parse::<IpNet>());
        net.map_err(|_| format!("`server.proxies` has `{text}`, which is neither an address nor a network"))
    };
    listed.iter().map(read).collect()
}

/// The client's address: the peer's, or, if that is a trusted proxy's, the right-most in `X-Forwarded-For` that is not
/// one. What stands further to the left anybody may have written. `None` where the server knows no peer.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let app = request.app_data::<Data<App>>()?;
    Some(behind(&app.hygiene.proxies, request.peer_addr()?.ip(), request.headers()))
}

pub(super) fn behind(proxies: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|net| net.contains(&address));
    let mut client = peer.to_canonical();
    if !is_proxy(client) {
        return client;
    }
    let lines: Vec<&str> = headers.get_all(X_FORWARDED_FOR).map(|line| line.to_str().unwrap_or_default()).collect();
    for hop in lines.into_iter().rev().flat_map(|line| line.rsplit(',')) {
        // A hop that cannot be read: the proxy that passed it on is the last one that is known.
        let Some(address) = hop_address(hop.trim()) else { return client };
        client = address;
        if !is_proxy(client) {
            return client;
        }
    }
    client
}

/// An address, perhaps in brackets or with a port, as some proxies write it.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_client_is_who_the_last_trusted_hop_names() {
        let trusted = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"];
        let trusted = proxies(&trusted.map(str::to_owned)).unwrap();
        for (peer, forwarded, client) in [
            // No proxy: what it claims is nothing.
            ("203.0.113.9", &[][..], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("203.0.113.9", &["10.0.0.1"], "203.0.113.9"),
            // One proxy.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.7", &["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.8", &["198.51.100.1"], "192.0.2.8"),
            // What the client itself had written stands to the left.
            ("10.0.0.1", &["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.9,198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["127.0.0.1", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["garbage, 198.51.100.1"], "198.51.100.1"),
            // Several proxies.
            ("10.0.0.1", &["203.0.113.5, 198.51.100.1, 10.0.0.3 , 192.0.2.7"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.1", "10.0.0.3", "192.0.2.7"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
            // What cannot be read ends the search.
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.3"], "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.1,"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.256"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1; 10.0.0.2"], "10.0.0.1"),
            ("10.0.0.1", &["\u{ff}"], "10.0.0.1"),
            // Ports, IPv6, and IPv4 in IPv6.
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("fd00::1", &["2001:db8::1, fd00::2"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("::ffff:203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1, ::ffff:10.0.0.2"], "198.51.100.1"),
            ("2001:db8::9", &["198.51.100.1"], "2001:db8::9"),
        ] {
            let mut request = TestRequest::default();
            for line in forwarded {
                let line = actix_web::http::header::HeaderValue::from_bytes(line.as_bytes()).unwrap();
                request = request.append_header((X_FORWARDED_FOR, line));
            }
            let found = behind(&trusted, peer.parse().unwrap(), request.to_http_request().headers());
            assert_eq!(found.to_string(), client, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let read = |text: &str| proxies(&[text.to_owned()]);
        assert_eq!(read("::ffff:10.1.2.3").unwrap()[0].to_string(), "10.1.2.3/32");
        assert_eq!(read("2001:db8::/32").unwrap()[0].to_string(), "2001:db8::/32");
        for text in ["", "10.0.0.0/33", "10.0.0", "localhost", "*"] {
            assert!(read(text).unwrap_err().contains(&format!("`{text}`")), "{text}");
        }
    }
}
