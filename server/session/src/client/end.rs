//! A session closes, or is closed (protocol.md, section 9).

use super::{Kind, Output, Session, State};
use crate::code::Code;
use crate::mutant::{Mutant, planted};
use crate::send::Message;
use crate::server::{Instant, Up};
use crate::wire::Close;

impl<M: Message, U: Message> Session<M, U> {
    pub(super) fn close(&mut self, now: Instant, code: Code) {
        if self.state == State::Closing {
            return;
        }
        self.closing = Some(code);
        self.closing_until = Some(now + self.config.close);
        self.state = State::Closing;
        if self.attach == 0 && self.send.unconfirmed() == 0 {
            self.end(code, None, None);
        }
    }

    pub(super) fn must_close(&self) -> bool {
        let sent = self.send.sent() == self.send.total() || planted(Mutant::ClientClosesEarly);
        self.state == State::Closing && !self.said_close && sent
    }

    /// Our `z`, if it is to be said now.
    pub(super) fn closes(&mut self) -> Option<Close> {
        let code = self.closing.filter(|_| self.must_close())?;
        self.said_close = true;
        Some(self.close_packet(code))
    }

    pub(super) fn close_packet(&self, code: Code) -> Close {
        let last = self.send.sent().saturating_sub(u64::from(planted(Mutant::ClientFinalWrong)));
        Close { code: code.as_str().to_owned(), reason: None, last, retry: None }
    }

    pub(super) fn closed(&mut self, now: Instant, close: Close) {
        if let Some(code) = self.closing {
            if self.said_close && close.code == code.as_str() || planted(Mutant::AnyServerCloseConfirms) {
                // An answer: everything has arrived.
                let _ = self.send.confirm(self.send.sent());
            }
            return self.end(code, None, None);
        }
        self.closing_until = Some(now + self.config.close);
        self.farewell = Some(close);
        self.finish_close();
    }

    /// Answers the server's `z` once everything before it is here.
    pub(super) fn finish_close(&mut self) {
        let Some(close) = self
            .farewell
            .take_if(|close| self.receive.received() >= close.last || planted(Mutant::FarewellEarly))
        else {
            return;
        };
        let code = close.code.parse().unwrap_or(Code::ServerDisconnect);
        let answer = self.close_packet(code);
        match self.current.filter(|carrier| {
            self.roads.iter().any(|road| road.carrier == *carrier && road.kind == Kind::Duplex)
        }) {
            Some(carrier) => self.outputs.push_back(Output::Write(carrier, Up::Close(answer))),
            None if planted(Mutant::FarewellUnsaid) => {}
            None => self.say_farewell(answer),
        }
        self.end(code, close.reason, close.retry);
    }

    pub(super) fn say_farewell(&mut self, close: Close) {
        self.serial += 1;
        if let Some(post) = self.post(None, Some(self.serial), None) {
            self.outputs.push_back(Output::Farewell(Box::new(post), close));
        }
    }

    pub(super) fn give_up_close(&mut self) {
        match self.farewell.take() {
            Some(close) => {
                let code = close.code.parse().unwrap_or(Code::ServerDisconnect);
                self.end(code, close.reason, close.retry);
            }
            None => self.end(self.closing.unwrap_or(Code::ClientDisconnect), None, None),
        }
    }

    pub(super) fn end(&mut self, code: Code, reason: Option<String>, retry: Option<u64>) {
        if self.state == State::Ended {
            return;
        }
        let code = self.closing.unwrap_or(code);
        self.state = State::Ended;
        while let Some(road) = self.roads.first() {
            self.let_go(road.carrier);
        }
        self.current = None;
        self.batch = None;
        let unconfirmed = self.send.clear();
        if !planted(Mutant::ClientEndUntold) {
            self.outputs.push_back(Output::Ended { code, reason, retry, unconfirmed });
        }
    }
}
