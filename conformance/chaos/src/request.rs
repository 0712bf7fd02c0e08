//! Just enough of HTTP/1.1 to know where a request ends.

use bytes::{Bytes, BytesMut};

/// Longer heads and bodies than a server of this kind takes: such bytes are passed on as they are.
const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 8 << 20;

/// What goes up.
#[derive(Debug, PartialEq)]
pub(crate) enum Up {
    /// A whole request; none that asks for an upgrade.
    Request(Bytes),
    /// After it nothing is looked at any more.
    Upgrade(Bytes),
    /// No HTTP that can be read, or what follows an upgrade.
    Raw(Bytes),
}

/// Finds requests in bytes that come in pieces.
#[derive(Default)]
pub(crate) struct Requests {
    buffer: BytesMut,
    raw: bool,
}

impl Requests {
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next thing that is whole.
    pub(crate) fn next(&mut self) -> Option<Up> {
        if self.buffer.is_empty() {
            return None;
        }
        if self.raw {
            return Some(Up::Raw(self.buffer.split().freeze()));
        }
        match measure(&self.buffer) {
            Length::Unknown => None,
            Length::NotHttp => {
                self.raw = true;
                self.next()
            }
            Length::Request(length) => Some(Up::Request(self.buffer.split_to(length).freeze())),
            Length::Upgrade(length) => {
                self.raw = true;
                Some(Up::Upgrade(self.buffer.split_to(length).freeze()))
            }
        }
    }

    /// What never became whole.
    pub(crate) fn rest(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }
}

#[derive(Debug, PartialEq)]
enum Length {
    Unknown,
    NotHttp,
    Request(usize),
    Upgrade(usize),
}

fn measure(bytes: &[u8]) -> Length {
    let Some(head) = head_length(bytes) else {
        return if bytes.len() > MAX_HEAD { Length::NotHttp } else { Length::Unknown };
    };
    let (mut length, mut chunked, mut upgrade) = (0, false, false);
    let text = String::from_utf8_lossy(&bytes[..head]);
    for line in text.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim().to_ascii_lowercase();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => match value.parse::<usize>() {
                Ok(number) if number <= MAX_BODY => length = number,
                _ => return Length::NotHttp,
            },
            "transfer-encoding" => chunked = value.contains("chunked"),
            "upgrade" => upgrade = true,
            _ => {}
        }
    }
    if upgrade {
        return Length::Upgrade(head);
    }
    if chunked {
        return match chunks_length(&bytes[head..]) {
            Ok(Some(body)) => Length::Request(head + body),
            Ok(None) => Length::Unknown,
            Err(()) => Length::NotHttp,
        };
    }
    if bytes.len() < head + length { Length::Unknown } else { Length::Request(head + length) }
}

/// Bytes of the head with its empty line.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Bytes of a chunked body with its trailer; none if it is not whole.
fn chunks_length(body: &[u8]) -> Result<Option<usize>, ()> {
    let mut at = 0;
    loop {
        let Some(line) = body[at..].windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&body[at..at + line]).map_err(|_| ())?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| ())?;
        if size > MAX_BODY || at > MAX_BODY {
            return Err(());
        }
        at += line + 2;
        if size == 0 {
            // The trailer, whose last line is empty.
            let trailer = &body[at..];
            return Ok(if trailer.starts_with(b"\r\n") {
                Some(at + 2)
            } else {
                head_length(trailer).map(|length| at + length)
            });
        }
        at += size + 2;
        if body.len() < at {
            return Ok(None);
        }
    }
}

/// The request without its first event, if there is another one behind it: what no network does.
pub(crate) fn without_an_event(request: &Bytes) -> Option<Bytes> {
    let head = head_length(request)?;
    let body = std::str::from_utf8(&request[head..]).ok()?;
    let events: Vec<&str> = body.lines().filter(|line| line.starts_with("e[")).collect();
    let taken = *events.first().filter(|_| events.len() > 1)?;
    let kept = body.replacen(&format!("{taken}\n"), "", 1);
    let head = String::from_utf8_lossy(&request[..head]).into_owned();
    let length = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-length:"))?;
    let head = head.replacen(length, &format!("Content-Length: {}", kept.len()), 1);
    Some(Bytes::from(head + &kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    const POST: &str = "POST /a HTTP/1.1\r\ncontent-LENGTH: 5\r\n\r\nhello";
    const CHUNKED: &str = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\na\r\n0123456789\r\n0\r\n\r\n";
    const TRAILER: &str =
        "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n";

    #[test]
    fn requests_are_found_however_they_are_cut() {
        let all = [GET, POST, CHUNKED, GET, TRAILER, POST].concat();
        for size in [1, 2, 7, 60, all.len()] {
            let (mut requests, mut found) = (Requests::default(), Vec::new());
            for piece in all.as_bytes().chunks(size) {
                requests.buffer().extend_from_slice(piece);
                while let Some(Up::Request(request)) = requests.next() {
                    found.push(String::from_utf8(request.to_vec()).unwrap());
                }
            }
            assert_eq!(found, [GET, POST, CHUNKED, GET, TRAILER, POST], "in pieces of {size}");
            assert!(requests.rest().is_empty());
        }
    }

    #[test]
    fn after_an_upgrade_and_without_http_bytes_are_bytes() {
        let upgrade = "GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        let mut requests = Requests::default();
        requests.buffer().extend_from_slice(format!("{upgrade}\u{1}{GET}").as_bytes());
        assert_eq!(requests.next(), Some(Up::Upgrade(Bytes::from(upgrade))));
        assert_eq!(requests.next(), Some(Up::Raw(Bytes::from(format!("\u{1}{GET}")))));
        for odd in
            ["POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "A\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n"]
        {
            let mut requests = Requests::default();
            requests.buffer().extend_from_slice(odd.as_bytes());
            assert_eq!(requests.next(), Some(Up::Raw(Bytes::from(odd))));
        }
    }

    #[test]
    fn a_lie_takes_one_event_of_several() {
        let body = "P{}\ne[\"a\",1]\ne[\"a\",2]\n";
        let request = Bytes::from(format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let lie = without_an_event(&request).unwrap();
        assert_eq!(&lie[..], b"POST / HTTP/1.1\r\nContent-Length: 13\r\n\r\nP{}\ne[\"a\",2]\n");
        assert_eq!(without_an_event(&lie), None);
    }
}
