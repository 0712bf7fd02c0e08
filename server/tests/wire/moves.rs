//! A client that changes its transport all the time, while several threads emit to it.

use std::sync::atomic::{AtomicBool, Ordering};

use everwire::Everwire;

use super::*;

/// What a client knows of its session. Messages are taken by their place, as the protocol has it.
struct Client {
    address: SocketAddr,
    session: String,
    token: String,
    attach: u64,
    received: u64,
    events: Vec<String>,
}

impl Client {
    fn head(&mut self) -> String {
        self.attach += 1;
        let proof = match &*self.session {
            "" => format!(r#""key":"{}""#, key('m')),
            session => format!(r#""session":"{session}","token":"{}""#, self.token),
        };
        let (attach, received) = (self.attach, self.received);
        // Credit enough: what is consumed need not be counted.
        format!(
            r#"A{{"v":1,"attach":{attach},{proof},"received":{received},"consumed":0,"window":1000000000,"first":1,"serial":1}}"#
        )
    }

    /// A body, or a carrier as far as it was read: its first line is a welcome.
    fn take<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        let mut position = 0;
        for line in lines {
            match line.as_bytes()[0] {
                b'W' => {
                    position = value(line, "first").parse().unwrap();
                    if line.contains("\"token\"") {
                        (self.session, self.token) = (value(line, "session"), value(line, "token"));
                    }
                }
                b'e' | b'o' => {
                    assert!(position <= self.received + 1, "a gap before {line}");
                    if position == self.received + 1 {
                        self.received = position;
                        self.events.push(line.to_owned());
                    }
                    position += 1;
                }
                _ => {}
            }
        }
    }

    /// Attaches, reads a little, and forgets the connection without a word.
    async fn websocket(&mut self) {
        let mut ws = Ws::connect(self.address).await;
        ws.send(self.head()).await;
        let mut lines = vec![ws.next().await];
        while lines.len() < 40 {
            match tokio::time::timeout(Duration::from_millis(5), ws.next()).await {
                Ok(line) => lines.push(line),
                Err(_) => break,
            }
        }
        self.take(lines.iter().map(|line| &**line));
    }

    async fn long_polling(&mut self, more: &str) {
        let head = self.head() + more;
        let body = post(self.address, "long_polling", &head).await.body;
        self.take(body.lines());
        for poll in 1..4 {
            let (session, token, received, attach) = (&self.session, &self.token, self.received, self.attach);
            let poll = format!(
                r#"P{{"session":"{session}","token":"{token}","received":{received},"consumed":0,"attach":{attach},"poll":{poll}}}"#
            );
            let body = post(self.address, "long_polling", &poll).await.body;
            self.take(body.lines());
        }
    }

    /// Reads the beginning of a stream, and cuts it somewhere.
    async fn streaming(&mut self) {
        let mut tcp = TcpStream::connect(self.address).await.unwrap();
        let request = posting("streaming", &self.head(), "").replace("HTTP/1.1", "HTTP/1.0");
        tcp.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = vec![0; 5_000];
        let mut filled = 0;
        while filled < bytes.len() {
            match tokio::time::timeout(Duration::from_millis(5), tcp.read(&mut bytes[filled..])).await {
                Ok(read) => filled += read.unwrap(),
                Err(_) if filled > 0 => break,
                Err(_) => {}
            }
        }
        let text = String::from_utf8_lossy(&bytes[..filled]).into_owned();
        let Some((_, body)) = text.split_once("\r\n\r\n") else { return };
        // A line without its end was cut off.
        let Some((whole, _)) = body.rsplit_once('\n') else { return };
        self.take(whole.lines());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_arrives_once_and_in_order() {
    const EVENTS: usize = 1_500;
    const PUBLISHERS: usize = 3;
    let mut config = timeless();
    // So that polls that have nothing to say do not hang.
    config.ping = Duration::from_millis(30);
    config.timeout = Duration::from_secs(3600);
    let wire = Everwire::with_config(config);
    let address = start(&wire, Host::Own).await;
    let mut client = Client {
        address,
        session: String::new(),
        token: String::new(),
        attach: 0,
        received: 0,
        events: Vec::new(),
    };
    client.long_polling("\nc").await;
    let done = std::sync::Arc::new(AtomicBool::new(false));
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|publisher| {
            let wire = wire.clone();
            tokio::spawn(async move {
                for number in 0..EVENTS {
                    wire.emit("n", (publisher, number)).await;
                    if number % 7 == publisher {
                        tokio::time::sleep(Duration::from_micros(300)).await;
                    }
                }
            })
        })
        .collect();
    tokio::spawn({
        let done = done.clone();
        async move {
            for publisher in publishers {
                publisher.await.unwrap();
            }
            done.store(true, Ordering::Release);
        }
    });
    let all = 1 + EVENTS * PUBLISHERS;
    soon(async {
        while !done.load(Ordering::Acquire) || client.events.len() < all {
            client.websocket().await;
            client.streaming().await;
            client.long_polling("").await;
        }
    })
    .await;
    assert_eq!(client.events.len(), all);
    for publisher in 0..PUBLISHERS {
        let prefix = format!(r#"e["n",{publisher},"#);
        let own: Vec<_> = client.events.iter().filter_map(|event| event.strip_prefix(&prefix)).collect();
        let expected: Vec<_> = (0..EVENTS).map(|number| format!("{number}]")).collect();
        assert_eq!(own, expected);
    }
}
