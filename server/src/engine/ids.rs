//! Ids, tokens and tickets: 128 bits from the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 22 characters of base64url.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done then.
pub(crate) fn random() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<16>())
}

/// Random bytes.
///
/// # Panics
/// As [`random`].
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_differ_and_have_the_form_of_keys() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|_| super::random()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| crate::dialect::native::is_key(id)));
    }
}
