//! One WebSocket.

use std::io;

use super::{Place, Side, Talk, Way};
use crate::connection::Connection;
use crate::dialect::Hear;
use crate::{frames, http};

pub struct WebSocket {
    connection: Connection,
    stage: Stage,
    host: String,
}

#[derive(PartialEq)]
enum Stage {
    New,
    Open,
    Upgrading,
}

impl WebSocket {
    pub fn open(place: &Place) -> io::Result<Self> {
        let connection = place.connect(Side::Down)?;
        Ok(Self { connection, stage: Stage::New, host: place.reactor.address.to_string() })
    }

    fn upgrade(&mut self, path: &str) {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.host
        );
        self.connection.out.extend_from_slice(head.as_bytes());
        self.stage = Stage::Upgrading;
    }
}

impl Way for WebSocket {
    fn ready(&mut self, _side: Side, talk: &mut Talk<'_>, hear: &mut Hear<'_>) -> io::Result<()> {
        let Self { connection, stage, .. } = self;
        connection.flush()?;
        let Talk { dialect, queue, scratch } = talk;
        connection.read(scratch, |input| {
            let mut at = 0;
            if *stage == Stage::Upgrading {
                let Some(end) = http::find(input, b"\r\n\r\n") else { return 0 };
                assert!(
                    input.starts_with(b"HTTP/1.1 101"),
                    "refused: {}",
                    String::from_utf8_lossy(&input[..end])
                );
                at = end + 4;
                *stage = Stage::Open;
                dialect.upgraded(queue, hear);
            }
            while let Some((payload, used)) = frames::next(&input[at..]) {
                dialect.packet(payload, queue, hear);
                at += used;
            }
            at
        })?;
        dialect.heard_all(queue);
        Ok(())
    }

    fn flush(&mut self, talk: &mut Talk<'_>) -> io::Result<()> {
        match self.stage {
            Stage::New => self.upgrade(&talk.dialect.websocket()),
            Stage::Open => {
                talk.queue.iter().for_each(|packet| frames::write_text(&mut self.connection.out, packet));
                talk.queue.clear();
            }
            Stage::Upgrading => {}
        }
        self.connection.flush()
    }
}
