//! Looks at request heads as they come, for what hyper lets pass and what two servers in a row could read
//! differently. Everything else about HTTP stays hyper's.

/// Follows the bytes of a connection from head to head, for as long as that is simple.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Bytes of a body that are still to come.
    body: u64,
    line: Line,
    head: Head,
}

/// What has been seen of the head under way.
#[derive(Debug, Default)]
struct Head {
    begun: bool,
    length: Option<u64>,
    transfer_encoding: bool,
    /// The bytes behind this head may be another protocol's.
    may_switch: bool,
}

/// The line under way: its beginning, which is all that is needed of a long one, and its last byte.
#[derive(Debug)]
struct Line {
    start: [u8; 64],
    len: usize,
    last: u8,
}

impl Default for Line {
    fn default() -> Self {
        Self { start: [0; 64], len: 0, last: 0 }
    }
}

impl Scanner {
    /// Takes the next bytes. Says whether to go on: not behind a request that asks for another protocol, or
    /// whose body is chunked.
    ///
    /// # Errors
    /// The rule that was broken.
    pub(crate) fn scan(&mut self, mut bytes: &[u8]) -> Result<bool, &'static str> {
        loop {
            let skipped = usize::try_from(self.body).unwrap_or(usize::MAX).min(bytes.len());
            self.body -= skipped as u64;
            bytes = &bytes[skipped..];
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.line.push(bytes);
                return Ok(true);
            };
            self.line.push(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            if line.last != b'\r' {
                return Err("A line of the head does not end with CR and LF.");
            }
            if !self.head.take_line(line.text())? {
                continue;
            }
            let head = std::mem::take(&mut self.head);
            if head.may_switch || head.transfer_encoding {
                return Ok(false);
            }
            self.body = head.length.unwrap_or(0);
        }
    }
}

impl Head {
    /// Takes a line and says whether it ended the head.
    fn take_line(&mut self, line: &[u8]) -> Result<bool, &'static str> {
        if !self.begun {
            // Empty lines in front of a request are allowed.
            self.begun = !line.is_empty();
            self.may_switch = line.starts_with(b"CONNECT ");
            return Ok(false);
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return Ok(line.is_empty()); // anything else is not a field, and hyper says so
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.is_some() {
                return Err("Two lengths.");
            }
            self.length = Some(length(value).ok_or("The length is not a number.")?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.transfer_encoding = true;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.may_switch = true;
        }
        if self.transfer_encoding && self.length.is_some() {
            return Err("A length beside a transfer encoding.");
        }
        Ok(false)
    }
}

fn length(value: &[u8]) -> Option<u64> {
    let value = value.trim_ascii();
    // `parse` alone would take a sign.
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl Line {
    fn push(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else {
            return;
        };
        self.last = *last;
        let kept = self.len.min(self.start.len());
        let more = bytes.len().min(self.start.len() - kept);
        self.start[kept..kept + more].copy_from_slice(&bytes[..more]);
        self.len += bytes.len();
    }

    /// The line without the CR at its end, or what was kept of it.
    fn text(&self) -> &[u8] {
        &self.start[..(self.len - 1).min(self.start.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans `text` whole and byte by byte, which must come to the same.
    fn scan(text: &str) -> Result<bool, &'static str> {
        let whole = Scanner::default().scan(text.as_bytes());
        let mut scanner = Scanner::default();
        let mut pieces = Ok(true);
        for byte in text.as_bytes().chunks(1) {
            if pieces == Ok(true) {
                pieces = scanner.scan(byte);
            }
        }
        assert_eq!(whole, pieces, "{text:?}");
        whole
    }

    #[test]
    fn requests_with_and_without_a_body_are_followed() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let post = "POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:  12 \r\n\r\n\n1 \n no head";
        assert_eq!(scan(&[get, post, "\r\n", get, post].concat()), Ok(true));
        assert!(scan(&[post, "GET / HTTP/1.1\n"].concat()).is_err(), "found where the body ends");
    }

    #[test]
    fn nothing_is_looked_at_behind_a_switch_or_a_chunked_body() {
        for head in [
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
            "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(scan(head), Ok(false), "{head:?}");
        }
    }

    #[test]
    fn what_two_servers_could_read_differently_is_refused() {
        for head in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: identity\r\ncontent-length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ] {
            assert!(scan(head).is_err(), "{head:?}");
        }
    }

    #[test]
    fn a_long_line_is_followed_without_being_kept() {
        let long = format!("GET /{} HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(100_000), "\r".repeat(70));
        assert_eq!(scan(&[&long[..], &long].concat()), Ok(true));
        let padded = format!("POST / HTTP/1.1\r\nContent-Length: {}5\r\n\r\n", " ".repeat(64));
        assert!(scan(&padded).is_err(), "a length out of sight");
    }
}
