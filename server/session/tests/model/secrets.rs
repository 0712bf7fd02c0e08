//! Which proofs are valid (protocol.md, section 5). Tokens are numbered in the order of their issue.

use super::rules::Mutant;
use super::wire::{Code, KEY, Proof};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Secrets {
    key_proves: bool,
    current: Proof,
    /// The successor of `current` has been issued.
    next: bool,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        Self { key_proves: true, current: 1, next: false }
    }

    pub(crate) fn prove(&mut self, proof: Proof) -> Result<(), Code> {
        if proof == KEY {
            return if self.key_proves { Ok(()) } else { Err(Code::StaleToken) };
        }
        if self.next && proof == self.current + 1 {
            self.current = proof;
            self.next = false;
        }
        if proof == self.current {
            self.key_proves = false;
            Ok(())
        } else if proof + 1 == self.current {
            Err(Code::StaleToken)
        } else {
            Err(Code::UnknownSession)
        }
    }

    /// The token for the answer to an attach.
    pub(crate) fn issue(&mut self, mutant: Option<Mutant>) -> Proof {
        let fresh = if self.key_proves { self.current } else { self.current + 1 };
        self.next = !self.key_proves;
        if mutant == Some(Mutant::KillAtIssue) {
            *self = Self { key_proves: false, current: fresh, next: false };
        }
        fresh
    }
}
