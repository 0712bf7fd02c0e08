//! Answers that the loop takes over from hyper.

use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc;

use super::takeover::Streamed;
use super::*;

type Pieces = mpsc::UnboundedSender<Bytes>;

/// Streams what the test says, one request after the other.
fn streaming() -> (Router, mpsc::UnboundedReceiver<Pieces>) {
    let (asked, streams) = mpsc::unbounded_channel();
    let stream = move || {
        let (pieces, said) = mpsc::unbounded_channel();
        asked.send(pieces).unwrap();
        async {
            let frames = stream::unfold(said, async |mut said: mpsc::UnboundedReceiver<Bytes>| {
                Some((Ok::<_, io::Error>(Frame::data(said.recv().await?)), said))
            });
            let mut response = Response::new(axum::body::Body::new(StreamBody::new(frames)));
            response.extensions_mut().insert(Streamed);
            response
        }
    };
    (app().route("/stream", get(stream)), streams)
}

/// A stream that has begun.
struct Begun {
    server: Server,
    stream: TcpStream,
    pieces: Option<Pieces>,
    streams: mpsc::UnboundedReceiver<Pieces>,
}

impl Begun {
    async fn new(config: ServeConfig, head: &str) -> Self {
        Self::asked(LONGEST, config, head).await.begin().await
    }

    async fn begin(mut self) -> Self {
        self.say("one");
        assert_eq!(status(&self.hear("one\r\n").await), 200);
        self
    }

    async fn asked(limits: Limits, config: ServeConfig, head: &str) -> Self {
        let (app, mut streams) = streaming();
        let server = Server::with(limits, config, app).await;
        let mut stream = server.connect().await;
        stream.write_all(format!("GET /stream {head}\r\n\r\n").as_bytes()).await.unwrap();
        let pieces = streams.recv().await.unwrap();
        Self { server, stream, pieces: Some(pieces), streams }
    }

    fn say(&self, piece: impl Into<Bytes>) {
        self.pieces.as_ref().unwrap().send(piece.into()).unwrap();
    }

    fn end(&mut self) {
        self.pieces = None;
    }

    async fn hear(&mut self, end: &str) -> String {
        soon(read_until(&mut self.stream, end)).await
    }

    async fn hear_the_end(&mut self) -> String {
        soon(read_to_end(&mut self.stream)).await
    }
}

const HEAD: &str = "HTTP/1.1\r\nHost: a";

#[tokio::test]
async fn a_stream_arrives_as_it_is_said_and_requests_follow_it() {
    let mut begun = Begun::new(ServeConfig::default(), HEAD).await;
    for _ in 0..2 {
        begun.say("two");
        assert_eq!(begun.hear("two\r\n").await, "3\r\ntwo\r\n");
        // Nothing to say is no end.
        begun.say("");
        begun.say("three");
        assert_eq!(begun.hear("three\r\n").await, "5\r\nthree\r\n");
        begun.end();
        assert_eq!(begun.hear("0\r\n\r\n").await, "0\r\n\r\n");

        begun.stream.write_all(format!("GET / {HEAD}\r\n\r\n").as_bytes()).await.unwrap();
        assert_eq!(status(&begun.hear("hello").await), 200);
        begun.stream.write_all(format!("GET /stream {HEAD}\r\n\r\n").as_bytes()).await.unwrap();
        begun.pieces = begun.streams.recv().await;
        begun.say("one");
        assert_eq!(status(&begun.hear("one\r\n").await), 200);
    }
}

#[tokio::test]
async fn pieces_may_be_larger_than_what_the_socket_takes() {
    let mut begun = Begun::new(ServeConfig::default(), HEAD).await;
    let large = "x".repeat(8 << 20);
    for size in [large.len(), 1, 20_000, 3] {
        begun.say(large[..size].to_owned());
    }
    begun.say("end");
    let heard = begun.hear("end\r\n").await;
    let expected: String =
        [large.len(), 1, 20_000, 3].map(|size| format!("{size:x}\r\n{}\r\n", &large[..size])).concat();
    assert!(heard == expected + "3\r\nend\r\n", "{} bytes", heard.len());
}

#[tokio::test]
async fn who_says_that_no_request_follows_is_closed_at_the_end() {
    let mut begun = Begun::new(ServeConfig::default(), &format!("{HEAD}\r\nConnection: x, Close")).await;
    begun.end();
    assert_eq!(begun.hear_the_end().await, "0\r\n\r\n");
}

#[tokio::test]
async fn before_http_1_1_a_stream_ends_with_its_connection() {
    let mut begun = Begun::asked(LONGEST, ServeConfig::default(), "HTTP/1.0\r\nConnection: keep-alive").await;
    begun.say("one");
    assert_eq!(status(&begun.hear("\r\n\r\none").await), 200);
    begun.say("two");
    begun.end();
    assert_eq!(begun.hear_the_end().await, "two");
}

#[tokio::test]
async fn a_request_during_a_stream_has_to_come_again() {
    let mut begun = Begun::new(ServeConfig::default(), HEAD).await;
    begun.stream.write_all(format!("GET / {HEAD}\r\n\r\n").as_bytes()).await.unwrap();
    begun.say("two");
    assert_eq!(begun.hear("two\r\n").await, "3\r\ntwo\r\n");
    begun.end();
    assert_eq!(begun.hear_the_end().await, "0\r\n\r\n");
}

#[tokio::test]
async fn a_stream_ends_when_its_client_leaves() {
    let Begun { stream, pieces, server: _server, .. } = Begun::new(ServeConfig::default(), HEAD).await;
    drop(stream);
    soon(pieces.unwrap().closed()).await;
}

#[tokio::test]
async fn a_stream_that_nobody_reads_is_given_up() {
    let config = ServeConfig { write: Duration::from_millis(50), ..ServeConfig::default() };
    let begun = Begun::new(config, HEAD).await;
    let pieces = begun.pieces.unwrap();
    soon(async {
        while pieces.send(Bytes::from_static(&[0; 100_000])).is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_may_end_before_the_server_does() {
    let Begun { server, mut stream, pieces, .. } = Begun::new(ServeConfig::default(), HEAD).await;
    server.stop.send(()).unwrap();
    let pieces = pieces.unwrap();
    pieces.send(Bytes::from_static(b"two")).unwrap();
    drop(pieces);
    assert_eq!(soon(read_to_end(&mut stream)).await, "3\r\ntwo\r\n0\r\n\r\n");
    drop(stream);
    soon(server.done).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_does_not_hold_a_shutdown_up() {
    let limits = Limits { drain: Duration::from_millis(50), ..LONGEST };
    let mut begun = Begun::asked(limits, ServeConfig::default(), HEAD).await.begin().await;
    begun.server.stop.send(()).unwrap();
    assert_eq!(soon(read_to_end(&mut begun.stream)).await, "");
    soon(begun.server.done).await.unwrap().unwrap();
}

#[tokio::test]
async fn hyper_is_left_when_the_socket_has_taken_all_it_wrote() {
    let (app, mut streams) = streaming();
    let (stage, stages) = watch::channel(Stage::Serving);
    let accepted = Accepted {
        rules: Arc::new(Rules::new(LONGEST, ServeConfig::default())),
        service: app,
        peer: ([127, 0, 0, 1], 1).into(),
        seat: Connection::new(Seats::new(1).take().await, None),
        stage: stages,
    };
    // Takes a part of the head at a time.
    let (ours, mut theirs) = tokio::io::duplex(16);
    tokio::spawn(accepted.http1(ours));
    theirs.write_all(format!("GET /stream {HEAD}\r\n\r\n").as_bytes()).await.unwrap();
    let pieces = streams.recv().await.unwrap();
    for piece in ["one", "two", "three"] {
        pieces.send(Bytes::from_static(piece.as_bytes())).unwrap();
    }
    drop(pieces);
    let mut heard = Vec::new();
    while !heard.ends_with(b"0\r\n\r\n") {
        assert_ne!(soon(theirs.read_buf(&mut heard)).await.unwrap(), 0);
    }
    let heard = String::from_utf8(heard).unwrap();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert_eq!(status(head), 200);
    assert_eq!(body, "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
    drop(stage);
}
