//! Which pages may connect. CORS does not cover WebSocket, EventSource or form posts, so the server looks
//! at `Origin` itself, on every request.

use std::fmt;

use http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};

/// Which pages may connect, by the origin that their browser tells.
///
/// A request without `Origin` does not come from a foreign page and is always allowed: nothing that a browser
/// would add by itself proves a session. `null`, the origin of sandboxed frames and files, is allowed only
/// by [`OriginPolicy::Any`].
///
/// ```
/// # use everwire::OriginPolicy;
/// let policy = OriginPolicy::list(["https://example.com", "https://*.example.com"])?;
/// # Ok::<(), everwire::InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum OriginPolicy {
    /// Pages of any origin.
    Any,
    /// Pages of these origins and no other; the server's own too only if it is listed.
    List(Vec<OriginPattern>),
    /// Pages whose origin is the host and port that they send the request to. The default, because any
    /// other could let a foreign page act for a user.
    #[default]
    SameOrigin,
}

/// One origin, or a family of them, in a [`OriginPolicy::List`].
///
/// Written as `scheme://host` or `scheme://host:port`. The first label of the host may be `*`, which stands
/// for one or more whole labels: `https://*.example.com` is `https://a.example.com` and
/// `https://b.a.example.com`, but not `https://example.com`. The port may be `*`. Without a port it is the
/// scheme's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OriginPattern {
    scheme: String,
    host: String,
    /// The host stands for those that end with `.` and it.
    subdomains: bool,
    port: Port,
}

/// A text that is no origin and no pattern of origins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidOrigin(String);

/// What the policy says to a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// No origin was told: allowed, and there is nobody to send CORS headers to.
    Absent,
    /// Allowed; the header to echo.
    Allowed(HeaderValue),
    /// To be refused with `origin`.
    Foreign,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Port {
    Any,
    /// None only for a scheme without a port of its own.
    Exact(Option<u16>),
}

/// An origin taken to pieces, its port made explicit. Letters keep their case.
#[derive(Clone, Copy)]
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl OriginPolicy {
    /// A policy that allows these origins, or families of them.
    ///
    /// # Errors
    /// The first text that is not of the form told at [`OriginPattern`].
    pub fn list<I>(origins: I) -> Result<Self, InvalidOrigin>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        origins.into_iter().map(|origin| origin.as_ref().parse()).collect::<Result<_, _>>().map(Self::List)
    }

    /// Judges a request. `scheme` is the one that it came by, if that is known: behind a proxy it is not.
    pub(crate) fn judge(&self, request: &HeaderMap, scheme: Option<&str>) -> Verdict {
        let mut origins = request.get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (None, _) => return Verdict::Absent,
            (Some(origin), None) => origin,
            (Some(_), Some(_)) => return Verdict::Foreign,
        };
        let parts = origin.to_str().ok().and_then(Parts::parse);
        let allowed = match (self, parts) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::List(patterns), Some(parts)) => patterns.iter().any(|pattern| pattern.matches(parts)),
            (Self::SameOrigin, Some(parts)) => {
                only_host(request).is_some_and(|host| parts.is_at(host, scheme))
            }
        };
        // Not a clone: that keeps the request's buffer for as long as the answer hangs.
        let echo = HeaderValue::from_bytes(origin.as_bytes()).ok().filter(|_| allowed);
        echo.map_or(Verdict::Foreign, Verdict::Allowed)
    }
}

impl OriginPattern {
    fn matches(&self, origin: Parts<'_>) -> bool {
        let port_matches = match self.port {
            Port::Any => true,
            Port::Exact(port) => port == origin.port,
        };
        port_matches && self.scheme.eq_ignore_ascii_case(origin.scheme) && self.host_matches(origin.host)
    }

    fn host_matches(&self, host: &str) -> bool {
        if !self.subdomains {
            return self.host.eq_ignore_ascii_case(host);
        }
        // Hosts have been checked to be ASCII without empty labels, so what stands before the dot is at
        // least one whole label.
        host.len().checked_sub(self.host.len() + 1).is_some_and(|dot| {
            dot > 0 && host.as_bytes()[dot] == b'.' && host[dot + 1..].eq_ignore_ascii_case(&self.host)
        })
    }
}

impl std::str::FromStr for OriginPattern {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(text.to_owned());
        let (scheme, authority) = text.split_once("://").ok_or_else(invalid)?;
        let (subdomains, authority) = match authority.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, authority),
        };
        let (authority, any_port) = match authority.strip_suffix(":*") {
            Some(rest) => (rest, true),
            None => (authority, false),
        };
        let origin = format!("{scheme}://{authority}");
        let parts = Parts::parse(&origin).ok_or_else(invalid)?;
        if subdomains && parts.host.starts_with('[') {
            return Err(invalid());
        }
        Ok(Self {
            scheme: parts.scheme.to_owned(),
            host: parts.host.to_owned(),
            subdomains,
            port: if any_port { Port::Any } else { Port::Exact(parts.port) },
        })
    }
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no origin such as `https://example.com` or `https://*.example.com:8443`", self.0)
    }
}

impl std::error::Error for InvalidOrigin {}

impl<'a> Parts<'a> {
    /// `scheme://host[:port]` and nothing else: no user, no path, not even a slash at the end.
    fn parse(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        if !is_scheme(scheme) {
            return None;
        }
        let (host, port) = split_port(authority)?;
        Some(Self { scheme, host, port: port.or_else(|| default_port(scheme)) })
    }

    /// Whether a request sent to `host`, by `scheme` if that is known, was sent to this origin.
    fn is_at(self, host: &str, scheme: Option<&str>) -> bool {
        let Some(default) = default_port(self.scheme) else {
            return false;
        };
        let Some((host, port)) = split_port(host) else {
            return false;
        };
        scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case(self.scheme))
            && self.host.eq_ignore_ascii_case(host)
            && self.port == Some(port.unwrap_or(default))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(443)
    } else if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else {
        None
    }
}

fn only_host(request: &HeaderMap) -> Option<&str> {
    let mut hosts = request.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Host and port, when both are well-formed.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => (&authority[..colon], Some(&authority[colon + 1..])),
        _ => (authority, None),
    };
    let port = match port {
        None => None,
        Some(digits) if is_port(digits) => Some(digits.parse().ok()?),
        Some(_) => return None,
    };
    is_host(host).then_some((host, port))
}

/// As browsers write it: `parse` alone would take `+80` and `0080`.
fn is_port(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.split('.').all(is_label)
}

#[cfg(test)]
#[path = "origin_tests.rs"]
mod tests;
