//! Networks, and what is one client among addresses.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Networks of IP addresses, such as those of the proxies in front.
///
/// ```
/// # use everwire::Networks;
/// let proxies = Networks::list(["127.0.0.1", "10.0.0.0/8", "fd00::/8"])?;
/// # Ok::<(), everwire::InvalidNetwork>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// A text that is neither an address nor a network, such as `10.0.0.0/8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidNetwork(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    /// An address of IPv4 as IPv6 maps it, so that there is one way to compare.
    base: u128,
    bits: u32,
}

impl Networks {
    /// These addresses and networks.
    ///
    /// # Errors
    /// The first text that is none.
    pub fn list<I>(networks: I) -> Result<Self, InvalidNetwork>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        networks.into_iter().map(|network| network.as_ref().parse()).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| (number(address) ^ network.base) & mask(network.bits) == 0)
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, bits) = match text.trim().split_once('/') {
            None => (text.trim(), None),
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| invalid())?)),
        };
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let (width, skipped) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let bits = bits.unwrap_or(width);
        if bits > width {
            return Err(invalid());
        }
        Ok(Self { base: number(address), bits: bits + skipped })
    }
}

impl fmt::Display for InvalidNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no address and no network", self.0)
    }
}

impl std::error::Error for InvalidNetwork {}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits).unwrap_or(0)
}

/// Whom an address is counted for: in IPv6 one customer has a whole /64.
pub(crate) fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & mask(64)).into(),
        IpAddr::V4(address) => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses_and_no_other() {
        let networks =
            Networks::list(["127.0.0.1", "10.0.0.0/8", "192.0.2.128/25", "fd00::/8", "2001:db8::1"]).unwrap();
        let inside = ["127.0.0.1", "10.255.0.1", "192.0.2.200", "fdff::1", "2001:db8::1", "::ffff:10.1.2.3"];
        let outside = ["127.0.0.2", "11.0.0.1", "192.0.2.1", "fe00::1", "2001:db8::2", "::ffff:11.1.2.3"];
        for address in inside {
            assert!(networks.contains(address.parse().unwrap()), "{address}");
        }
        for address in outside {
            assert!(!networks.contains(address.parse().unwrap()), "{address}");
        }
        assert!(Networks::list(["0.0.0.0/0"]).unwrap().contains("192.0.2.1".parse().unwrap()));
        assert!(!Networks::list(["0.0.0.0/0"]).unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(Networks::list(["::/0"]).unwrap().contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert_eq!(Networks::list([text]).unwrap_err().0, text);
        }
    }

    #[test]
    fn a_client_is_an_address_or_a_64th() {
        let client = |address: &str| client(address.parse().unwrap()).to_string();
        assert_eq!(client("192.0.2.7"), "192.0.2.7");
        assert_eq!(client("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(client("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
