//! Which key and tokens prove a session (protocol.md, section 5).

use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::wire::Secret;

/// A secret dies when its successor is first used, not when that is issued: else one lost answer locks the client out.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// Proves the session until a token is first used. It is remembered longer: a late open with it must not make a second session.
    key: Secret,
    key_proves: bool,
    previous: Option<Secret>,
    current: Secret,
    /// Issued, not yet used.
    next: Option<Secret>,
}

impl Secrets {
    pub(crate) fn new(key: Secret, first: Secret) -> Self {
        Self { key, key_proves: true, previous: None, current: first, next: None }
    }

    /// Checks a token, and notes that it was used.
    pub(crate) fn prove(&mut self, token: &Secret) -> Result<(), Code> {
        if self.next.as_ref() == Some(token) {
            let former = std::mem::replace(&mut self.current, token.clone());
            self.previous = Some(former);
            self.next = None;
            self.key_proves &= planted(Mutant::KeyLivesOn);
        } else if self.current == *token {
            self.key_proves &= planted(Mutant::KeyLivesOn);
        } else if self.previous.as_ref() == Some(token) {
            return if planted(Mutant::OldTokenLives) { Ok(()) } else { Err(Code::StaleToken) };
        } else if !planted(Mutant::AnyTokenProves) {
            return Err(Code::UnknownSession);
        }
        Ok(())
    }

    /// Checks the key of an open that is repeated.
    pub(crate) fn prove_key(&self, key: &Secret) -> Result<(), Code> {
        match (self.key == *key, self.key_proves) {
            (true, true) => Ok(()),
            (true, false) => Err(Code::StaleToken),
            (false, _) => Err(Code::UnknownSession),
        }
    }

    /// The token for the answer to an attach: after a key the first one, after a token its successor.
    pub(crate) fn issue(&mut self, fresh: Secret) -> Secret {
        if self.key_proves || planted(Mutant::TokenNeverRenewed) {
            self.key_proves &= !planted(Mutant::KeyDiesEarly);
            return self.current.clone();
        }
        if planted(Mutant::TokenRedrawn) {
            self.next = None;
        }
        if planted(Mutant::TokenDiesEarly) {
            self.previous = Some(std::mem::replace(&mut self.current, fresh.clone()));
        }
        self.next.get_or_insert(fresh).clone()
    }
}
