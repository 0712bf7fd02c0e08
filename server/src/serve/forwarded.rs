//! Where a request came from, as the proxies in front tell (`X-Forwarded-For`, and `Forwarded` of RFC 7239).

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HeaderMap, HeaderName};

use super::network::Networks;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The last address on the request's way that is not one of ours: each proxy writes down whom it heard it from, and what stands further
/// left than the first stranger is whatever that one liked to write.
pub(super) fn origin(peer: IpAddr, headers: &HeaderMap, proxies: &Networks) -> IpAddr {
    if !proxies.contains(peer) {
        return peer;
    }
    let walk = |name: &HeaderName, hop: fn(&str) -> Option<IpAddr>| {
        headers.contains_key(name).then(|| walk(peer, headers, name, hop, proxies))
    };
    match (walk(&X_FORWARDED_FOR, address), walk(&FORWARDED, forwarded_for)) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(origin), _) | (None, Some(origin)) => origin,
        (None, None) => peer,
    }
}

fn walk(
    peer: IpAddr,
    headers: &HeaderMap,
    name: &HeaderName,
    hop: fn(&str) -> Option<IpAddr>,
    proxies: &Networks,
) -> IpAddr {
    let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("")).collect();
    let mut nearest = peer;
    for text in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(address) = hop(text.trim()) else { break };
        nearest = address;
        if !proxies.contains(address) {
            break;
        }
    }
    nearest
}

/// One of `for=192.0.2.1;proto=https`, `For="[2001:db8::1]:4711"`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim().trim_matches('"'))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip())).ok()?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies = Networks::list(["10.0.0.0/8", "::1"]).unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        origin(peer.parse().unwrap(), &map, &proxies).to_string()
    }

    #[test]
    fn only_proxies_of_ours_are_believed() {
        let x = "x-forwarded-for";
        for (peer, headers, expected) in [
            ("192.0.2.1", &[(x, "198.51.100.1")][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[(x, "198.51.100.1")], "198.51.100.1"),
            ("::1", &[(x, "2001:db8::1")], "2001:db8::1"),
            // What the stranger wrote stands left of it.
            ("10.0.0.1", &[(x, "203.0.113.9, 198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[(x, "203.0.113.9"), (x, "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[(x, "203.0.113.9, 198.51.100.1, 10.9.9.9")], "198.51.100.1"),
            ("10.0.0.1", &[(x, "10.0.0.3,10.0.0.2")], "10.0.0.3"),
            ("10.0.0.1", &[(x, "198.51.100.1, unknown")], "10.0.0.1"),
            ("10.0.0.1", &[(x, "198.51.100.1, unknown, 10.0.0.2")], "10.0.0.2"),
            ("10.0.0.1", &[(x, "198.51.100.1:4711")], "198.51.100.1"),
            ("10.0.0.1", &[(x, "[2001:db8::1]:4711")], "2001:db8::1"),
            ("10.0.0.1", &[(x, "::ffff:198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[(x, "")], "10.0.0.1"),
            (
                "10.0.0.1",
                &[("forwarded", "for=203.0.113.9, For=\"198.51.100.1:1\";proto=https")],
                "198.51.100.1",
            ),
            ("10.0.0.1", &[("forwarded", "for=\"[2001:db8::1]\"")], "2001:db8::1"),
            ("10.0.0.1", &[("forwarded", "for=_hidden")], "10.0.0.1"),
            ("10.0.0.1", &[("forwarded", "proto=https")], "10.0.0.1"),
            // One of the two was left as the stranger sent it.
            ("10.0.0.1", &[("forwarded", "for=203.0.113.9"), (x, "198.51.100.1")], "10.0.0.1"),
            ("10.0.0.1", &[("forwarded", "for=198.51.100.1"), (x, "198.51.100.1")], "198.51.100.1"),
        ] {
            assert_eq!(judge(peer, headers), expected, "{peer} {headers:?}");
        }
    }
}
