//! Ids, tokens and tickets: 128 bits from the operating system.

use std::cell::RefCell;

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
    STOCK.with_borrow_mut(Stock::take).expect("the operating system gives random bytes")
}

/// The same, where it can be told that the operating system has none.
pub(crate) fn try_random() -> Result<String, getrandom::Error> {
    STOCK.with_borrow_mut(Stock::take::<16>).map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; STOCKED], left: 0 }) };
}

/// Opening a session takes four ids, and asking the operating system for each was a tenth of what that costs.
const STOCKED: usize = 512;

/// Bytes from the operating system, each given out once and then forgotten.
struct Stock {
    bytes: [u8; STOCKED],
    left: usize,
}

impl Stock {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], getrandom::Error> {
        const { assert!(N <= STOCKED) };
        if self.left < N {
            getrandom::fill(&mut self.bytes)?;
            self.left = STOCKED;
        }
        let place = &mut self.bytes[self.left - N..self.left];
        let mut taken = [0; N];
        taken.copy_from_slice(place);
        place.fill(0);
        self.left -= N;
        Ok(taken)
    }
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
