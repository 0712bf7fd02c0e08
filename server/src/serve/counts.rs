//! What accept loops have refused and ended, those of the whole process together: a server has one, and no other knows of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection or a request did not go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Why {
    /// No HTTP, or such that two servers could read it differently: 400.
    BadRequest,
    /// No place was free: the next waits.
    Full,
    /// A head with too many fields, or too large: 431.
    Head,
    /// A handshake of TLS that failed, was late or gave way.
    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "there is none"))]
    Handshake,
    /// Too many of one address: 429.
    Rate,
    /// A target that is too long: 414.
    Target,
    /// A head that did not come in time: 408.
    Timeout,
    /// An answer of which nobody took a byte.
    Unread,
}

pub(crate) const NAMES: [&str; 8] =
    ["bad_request", "full", "head", "handshake", "rate", "target", "timeout", "unread"];

static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];

pub(super) fn count(why: Why) {
    COUNTS[why as usize].fetch_add(1, Ordering::Relaxed);
}

/// Those that have counted anything.
pub(crate) fn all() -> BTreeMap<&'static str, u64> {
    let counts = COUNTS.iter().map(|count| count.load(Ordering::Relaxed));
    NAMES.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_name() {
        let names = [
            Why::BadRequest,
            Why::Full,
            Why::Head,
            Why::Handshake,
            Why::Rate,
            Why::Target,
            Why::Timeout,
            Why::Unread,
        ];
        for (at, why) in names.into_iter().enumerate() {
            assert_eq!(at, why as usize);
            count(why);
        }
        assert!(NAMES.iter().all(|name| all()[name] > 0));
    }
}
