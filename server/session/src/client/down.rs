//! What comes down, and what becomes of a request.

use super::carrier::QUIET;
use super::{Carrier, Down, Kind, Output, Pipe, Purpose, Request, Session};
use crate::code::{Code, Scope};
use crate::mutant::{Mutant, planted};
use crate::receive::Accept;
use crate::send::Message;
use crate::server::Instant;

impl<M: Message, U: Message> Session<M, U> {
    pub(super) fn packet(&mut self, now: Instant, pipe: Pipe, down: Down<U>) {
        let Some(carrier) = self.carrier(pipe) else { return };
        let by_post = self.pending(pipe).is_some_and(|pending| pending.purpose == Purpose::Post);
        let begun = self.position(pipe).is_some_and(|position| position.is_some());
        let mute = self.mute;
        if let Some(road) = self.road(carrier)
            && road.welcomed
            && (!by_post || planted(Mutant::PostAnswerIsLife))
        {
            // The answer to a post says nothing of the way down.
            road.deadline = now + mute;
        }
        match down {
            Down::Welcome(welcome) => self.welcome(now, pipe, carrier, &welcome),
            Down::Refusal(code) => self.refused(now, carrier, code),
            Down::Malformed(code) => self.malformed(carrier, code),
            _ if !begun => self.malformed(carrier, Code::BadPacket),
            Down::Message(message) => {
                self.brought(now, carrier);
                self.message(pipe, carrier, message);
            }
            Down::Volatile(message) => {
                self.brought(now, carrier);
                self.outputs.push_back(Output::Volatile(message));
            }
            Down::Heartbeat => self.heartbeat(now, carrier),
            Down::Counts(received, consumed) => self.counts(received, consumed),
            Down::Close(close) => self.closed(now, close),
        }
    }

    /// The next poll answers it anyway. A flood of them for nothing is not followed.
    fn heartbeat(&mut self, now: Instant, carrier: Carrier) {
        let fresh = self.receive.is_fresh();
        if let Some(road) = self.road(carrier)
            && road.kind != Kind::Poll
            && (fresh || road.rested <= now)
        {
            road.rested = now + QUIET;
            self.beat = !planted(Mutant::HeartbeatUnanswered);
        }
    }

    fn message(&mut self, pipe: Pipe, carrier: Carrier, message: U) {
        let Some(Some(mut position)) = self.position(pipe).map(|position| *position) else { return };
        let accepted = self.receive.accept(&mut position, &message);
        if let Some(place) = self.position(pipe) {
            *place = Some(position - u64::from(planted(Mutant::PlaceStands)));
        }
        match accepted {
            Ok(Accept::New) => {
                self.outputs.push_back(Output::Deliver(message));
                self.finish_close();
            }
            Ok(Accept::Seen) => {}
            // Answers may overtake each other: what stands behind a gap comes again with the next one.
            Err(Code::Gap) if self.is_poll(carrier) => {}
            Err(Code::Gap) => self.lose(carrier, Some(Code::Gap)),
            Err(code) => self.end(code, None, None),
        }
    }

    pub(super) fn counts(&mut self, received: u64, consumed: u64) {
        if self.send.confirm(received).is_err() {
            return self.end(Code::BadAck, None, None);
        }
        self.send.grant(consumed);
        let confirmed = self.send.confirmed();
        self.batch.take_if(|batch| batch.last > 0 && batch.last <= confirmed);
    }

    /// A carrier is given up for a packet that cannot be read; the session, if the same one cannot be read twice.
    pub(super) fn malformed(&mut self, carrier: Carrier, code: Code) {
        let welcomed = self.road(carrier).is_some_and(|road| road.welcomed);
        if welcomed && self.receive.malformed(self.receive.received()) {
            return self.end(code, None, None);
        }
        self.lose(carrier, Some(code));
    }

    pub(super) fn refused(&mut self, now: Instant, carrier: Carrier, code: Code) {
        let (newest, mute) = (self.named.as_ref().map(|(_, token)| token.clone()), self.mute);
        let Some(road) = self.road(carrier) else { return };
        let outdated = !road.welcomed && road.proof != newest;
        let ends = match code {
            // Said of a proof that has a successor, they are no news of the session.
            Code::UnknownSession if planted(Mutant::UnknownSessionKept) => false,
            Code::UnknownSession => !outdated || planted(Mutant::OldRefusalEnds),
            Code::StaleToken => road.proof == newest || planted(Mutant::OldRefusalEnds),
            // They end it by what the client does about them.
            Code::Callback | Code::Origin => true,
            _ => code.scope() == Scope::Session,
        };
        if ends {
            if self.closing == Some(code) && !planted(Mutant::CloseRefusalUnheard)
                || self.closing.is_some() && planted(Mutant::AnyRefusalConfirms)
            {
                // The answer to our close was overtaken or is lost: everything has arrived.
                let _ = self.send.confirm(self.send.sent());
            }
            self.end(code, None, None);
        } else if code == Code::StalePoll && road.kind == Kind::Poll && road.strikes == 0 {
            // The next poll has a higher number, and is made at once.
            road.strikes += 1;
            road.deadline = now + mute;
            self.brought(now, carrier);
        } else {
            self.lose(carrier, Some(code));
        }
    }

    /// The answer to a request is over.
    pub(super) fn answered(&mut self, request: Request) {
        let Some((carrier, pending)) = self.take_request(request) else { return };
        let Some(road) = self.road(carrier) else { return };
        road.strikes = 0;
        let (welcomed, ticketed, kind) = (road.welcomed, road.ticketed, road.kind);
        self.batch.take_if(|batch| batch.request == Some(request));
        // A stream without ticket is the answer to its attach; and an answer without welcome is no answer.
        let over = pending.purpose == Purpose::Attach && kind == Kind::Stream && !ticketed;
        if over || pending.position.is_none() || !welcomed {
            self.lose(carrier, None);
        }
    }

    pub(super) fn failed(&mut self, now: Instant, request: Request, code: Option<Code>) {
        let Some((carrier, pending)) = self.take_request(request) else { return };
        let welcomed = self.road(carrier).is_some_and(|road| road.welcomed);
        if let Some(batch) = &mut self.batch
            && batch.request == Some(request)
        {
            batch.request = None;
            let last = batch.last;
            self.said_close &= planted(Mutant::CloseSaidOnce);
            let too_much = matches!(code, None | Some(Code::TooLarge | Code::TooManyPackets));
            if too_much && self.narrow(last, welcomed) {
                self.say_farewell(self.close_packet(Code::Undeliverable));
                return self.end(Code::Undeliverable, None, None);
            }
        }
        if let Some(code) = code {
            return self.refused(now, carrier, code);
        }
        let Some(road) = self.road(carrier) else { return };
        if pending.purpose == Purpose::Post && road.strikes == 0 {
            road.strikes += 1;
            self.beat = true;
        } else {
            self.lose(carrier, None);
        }
    }
}
