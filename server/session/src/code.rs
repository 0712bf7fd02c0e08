//! Why something was refused or ended: the codes of protocol.md, section 10.2.

/// What a client does after a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Resume at once, on a new carrier.
    Attach,
    /// Come back after a growing, jittered pause.
    Backoff,
    /// Report and stop.
    Never,
    /// Try another transport.
    Next,
    /// Open a new session at once.
    Open,
    /// Poll with a higher number; when that is refused too, resume on a new carrier.
    Poll,
}

/// Whether a code ends the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only this carrier.
    Carrier,
    /// Only this request, or this carrier.
    Request,
    /// The session.
    Session,
}

macro_rules! codes {
    ($($name:ident $text:literal $message:literal $http:literal $websocket:literal $scope:ident $reaction:ident;)*) => {
        /// A reason that both sides know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $message] $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status of a refusal; 400 for a code that is not answered on HTTP.
            pub fn http_status(self) -> u16 {
                match self { $(Self::$name => $http,)* }
            }

            /// The number of the WebSocket close frame; 4000 for a code that does not close one.
            pub fn websocket(self) -> u16 {
                match self { $(Self::$name => $websocket,)* }
            }

            /// What ends by it.
            pub fn scope(self) -> Scope {
                match self { $(Self::$name => Scope::$scope,)* }
            }

            /// What the client does next.
            pub fn reaction(self) -> Reaction {
                match self { $(Self::$name => Reaction::$reaction,)* }
            }

            /// What the client does next, as a refusal tells it (`then`, section 10.1): so that a client needs no table of codes.
            pub fn then(self) -> &'static str {
                match (self.reaction(), self.scope()) {
                    (Reaction::Attach | Reaction::Poll, _) => "attach",
                    (Reaction::Backoff, Scope::Session) => "later",
                    (Reaction::Backoff, _) => "backoff",
                    (Reaction::Never, _) => "never",
                    (Reaction::Next, _) => "next",
                    (Reaction::Open, _) => "open",
                }
            }

            /// In words, for people.
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }
        }

        impl std::str::FromStr for Code {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($text => Ok(Self::$name),)* _ => Err(()) }
            }
        }
    };
}

codes! {
    Attachments "attachments" "Attachments and placeholders do not fit together." 400 4007 Carrier Attach;
    AuthExpired "auth_expired" "The auth has ended, and no fresh one was accepted in time." 400 4014 Session Open;
    BadAck "bad_ack" "The peer confirmed messages that were never sent." 400 4009 Session Backoff;
    BadHandshake "bad_handshake" "Not a valid WebSocket handshake." 400 4000 Request Next;
    BadJson "bad_json" "A body is no JSON text, nests too deep, or holds a lone surrogate." 400 4007 Carrier Attach;
    BadPacket "bad_packet" "Not a packet of this protocol, or not one for this place." 400 4007 Carrier Attach;
    BadRequest "bad_request" "The request cannot be understood." 400 4000 Request Next;
    Callback "callback" "The name of the callback is missing or not allowed." 400 4000 Request Never;
    ClientDisconnect "client_disconnect" "The client left." 400 1000 Session Never;
    ContentType "content_type" "Only `text/plain`, or none." 415 4000 Request Next;
    Credit "credit" "The peer sent more than its credit." 400 4010 Session Backoff;
    Empty "empty" "The body holds no packet." 400 4000 Request Attach;
    Encoding "encoding" "Bodies must not be compressed." 415 4000 Request Next;
    Full "full" "The server takes no more sessions." 503 1013 Request Backoff;
    Gap "gap" "Messages are missing before the first one." 409 4009 Request Attach;
    GraceOver "grace_over" "The session was without carrier for longer than it is kept." 400 4000 Session Open;
    Heartbeat "heartbeat" "Nothing was heard in time." 400 4011 Carrier Attach;
    Method "method" "Another method is needed." 405 4000 Request Next;
    NoNamespace "no_namespace" "The session has no namespace." 400 4013 Session Never;
    NotFound "not_found" "Nothing stands at this path." 404 4000 Request Next;
    Origin "origin" "Pages of this origin may not connect." 403 4000 Request Never;
    Rate "rate" "Too much, too fast." 429 1008 Request Backoff;
    Revoked "revoked" "The server has revoked the auth." 400 4015 Session Never;
    ServerDisconnect "server_disconnect" "The server ended it." 400 4000 Session Never;
    Shutdown "shutdown" "The server is going down." 503 1012 Session Backoff;
    SlowConsumer "slow_consumer" "The client does not read fast enough: its queue is full." 400 4008 Session Backoff;
    Stale "stale" "A later attach has been accepted." 409 4003 Carrier Attach;
    StalePoll "stale_poll" "A later poll has been seen." 409 4000 Request Poll;
    StaleToken "stale_token" "The token's successor has been used." 409 4001 Request Attach;
    TakenOver "taken_over" "Another carrier of this session has taken over." 409 4002 Carrier Attach;
    Timeout "timeout" "It did not come in time." 408 4004 Request Attach;
    TooLarge "too_large" "Larger than allowed." 413 1009 Carrier Attach;
    TooManyPackets "too_many_packets" "Too many packets in one body." 413 1008 Request Attach;
    Transport "transport" "This transport is not enabled." 404 4000 Request Next;
    Undeliverable "undeliverable" "A message never passed, where others did." 400 4000 Session Open;
    UnknownSession "unknown_session" "There is no such session, or this does not prove it." 404 4001 Session Open;
    UpgradeRequired "upgrade_required" "This URL is for WebSocket." 426 4000 Request Next;
    Utf8 "utf8" "Not UTF-8." 400 1007 Carrier Attach;
    Version "version" "The server does not speak this version." 400 4012 Session Never;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_protocol_is_this_one() {
        let text = include_str!("../../../protocol.md");
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            let row = text
                .lines()
                .find(|line| line.starts_with(&format!("| `{code}` |")))
                .expect("a row for each code");
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            assert!(cells[2] == "–" || cells[2] == code.http_status().to_string(), "{row}");
            assert!(cells[3] == "–" || cells[3] == code.websocket().to_string(), "{row}");
            assert!(cells[4].contains(&format!("{:?}", code.scope()).to_lowercase()), "{row}");
            assert!(cells[5].contains(&format!("{:?}", code.reaction()).to_lowercase()), "{row}");
        }
    }
}
