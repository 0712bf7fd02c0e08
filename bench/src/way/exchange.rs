//! Requests on one connection, at most one of them on its way.

use std::io;

use super::{Place, Side};
use crate::connection::Connection;
use crate::http::{Answers, Piece, Request};

pub struct Exchange {
    side: Side,
    /// Made for the first request, and again if the server has closed it between two.
    connection: Option<Connection>,
    answers: Answers,
    body: Vec<u8>,
    /// A request is on its way.
    pub waits: bool,
}

impl Exchange {
    pub fn new(side: Side) -> Self {
        Self { side, connection: None, answers: Answers::new(), body: Vec::new(), waits: false }
    }

    pub fn ask(&mut self, place: &Place, request: &Request) -> io::Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(place.connect(self.side)?),
        };
        self.waits = true;
        place.ask(connection, request)
    }

    /// Shows the bodies of answers that have come as a whole.
    pub fn read(&mut self, scratch: &mut [u8], mut whole: impl FnMut(&[u8])) -> io::Result<()> {
        let Self { connection: Some(connection), answers, body, waits, .. } = self else { return Ok(()) };
        connection.flush()?;
        let read = connection.read(scratch, |input| {
            let mut at = 0;
            while let Some((piece, used)) = answers.next(&input[at..]) {
                at += used;
                match piece {
                    Piece::Data(data) => body.extend_from_slice(data),
                    Piece::Frame => {}
                    Piece::End => {
                        whole(body);
                        body.clear();
                        *waits = false;
                    }
                }
            }
            at
        });
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && !*waits => {
                self.connection = None;
                Ok(())
            }
            read => read,
        }
    }
}
