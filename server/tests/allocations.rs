//! What a message and a session cost, counted in allocations: exact, whatever else the machine does. A count that has grown is a cost that somebody
//! should want; one that has shrunk is to be written down here.
#![allow(clippy::unwrap_used, reason = "a test's panic is its report, in its helpers too")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use everwire::{Config, Everwire, Payload, Socket};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

/// So often each thing is done: what happens now and then (a buffer that grows, one that is trimmed) does not show in the mean.
const TIMES: u64 = 200;
const RECEIVERS: u64 = 20;
/// 64 bytes, as in the bench.
const EVENT: &str = r#"e["echo","0123456789012345678901234567890123456789012345678901234567890123"]"#;

/// A client on a thread of its own, where nothing is counted.
struct Client(TcpStream);

impl Client {
    fn connect(address: SocketAddr, path: &str) -> Self {
        let mut tcp = TcpStream::connect(address).unwrap();
        tcp.set_nodelay(true).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        tcp.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.extend(take(&mut tcp, 1));
        }
        Self(tcp)
    }

    fn open(address: SocketAddr, number: u64) -> Self {
        let mut client = Self::connect(address, "/everwire/websocket");
        let attach = format!(
            r#"A{{"v":1,"attach":1,"key":"{number:022}","received":0,"consumed":0,"window":1048576,"first":1}}"#
        );
        client.send(&[&attach, "c"]);
        assert!(client.next().starts_with('W'));
        assert!(client.next().starts_with('o'));
        client
    }

    /// A client of Socket.IO.
    fn open_foreign(address: SocketAddr) -> Self {
        let mut client = Self::connect(address, "/socket.io/?EIO=4&transport=websocket");
        assert!(client.next().starts_with('0'));
        client.send(&["40"]);
        assert!(client.next().starts_with("40"));
        client
    }

    /// All of them in one system call.
    fn send(&mut self, packets: &[&str]) {
        let mut bytes = Vec::new();
        for packet in packets {
            let length = packet.len();
            match u8::try_from(length).ok().filter(|length| *length < 126) {
                Some(length) => bytes.extend([0x81, 0x80 | length]),
                None => bytes.extend([0x81, 0x80 | 126, (length >> 8) as u8, length as u8]),
            }
            bytes.extend([0; 4]);
            bytes.extend(packet.bytes());
        }
        self.0.write_all(&bytes).unwrap();
    }

    fn next(&mut self) -> String {
        let mut length = usize::from(take(&mut self.0, 2)[1]);
        if length == 126 {
            let long = take(&mut self.0, 2);
            length = usize::from(u16::from_be_bytes([long[0], long[1]]));
        }
        String::from_utf8(take(&mut self.0, length)).unwrap()
    }

    fn echo(&mut self, count: usize) {
        self.echo_of(EVENT, count);
    }

    fn echo_of(&mut self, event: &str, count: usize) {
        self.send(&vec![event; count]);
        (0..count).for_each(|_| assert_eq!(self.next(), event));
    }
}

fn take(from: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    from.read_exact(&mut bytes).unwrap();
    bytes
}

/// The server's allocations while `act` runs, behind `prepare`, in a thread beside it.
fn count<T: 'static>(
    prepare: impl FnOnce(SocketAddr) -> T + Send + 'static,
    act: impl FnOnce(SocketAddr, T) + Send + 'static,
) -> u64 {
    let server = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = start(&server);
    let (prepared, is_prepared) = oneshot::channel();
    let (done, is_done) = oneshot::channel();
    let (go, may_go) = mpsc::channel();
    let client = std::thread::spawn(move || {
        let with = prepare(address);
        prepared.send(()).unwrap();
        may_go.recv().unwrap();
        act(address, with);
        done.send(()).unwrap();
    });
    server.block_on(is_prepared).unwrap();
    let counted = allocation_counter::measure(|| {
        go.send(()).unwrap();
        server.block_on(is_done).unwrap();
    });
    client.join().unwrap();
    counted.count_total
}

fn start(server: &Runtime) -> SocketAddr {
    // No timer comes between.
    let mut config = Config::default();
    config.ping = Duration::from_secs(3600);
    let wire = Everwire::with_config(config);
    wire.on_connect(|socket: Socket| async move {
        socket.on("echo", |socket: Socket, args: Payload| async move { socket.emit("echo", args).await });
        socket.on("pub", |socket: Socket, args: Payload| async move {
            socket.namespace().emit("ev", args).await;
        });
    });
    let app = axum::Router::new()
        .nest_service("/everwire", wire.service())
        .nest_service("/socket.io", wire.socket_io());
    server.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(everwire::serve(listener, app, std::future::pending()));
        address
    })
}

fn mean(count: u64, times: u64) -> u64 {
    (count + times / 2) / times
}

/// One at a time: two for the message that came in, two for the one that goes out, one for the handler's future.
#[test]
fn an_echo() {
    let open = |address| {
        let mut client = Client::open(address, 0);
        client.echo(1);
        client
    };
    let counted = count(open, |_, mut client| (0..TIMES).for_each(|_| client.echo(1)));
    assert_eq!(mean(counted, TIMES), 5);
}

/// Sixteen that come together share memory on both ways.
#[test]
fn echoes_together() {
    let open = |address| {
        let mut client = Client::open(address, 0);
        client.echo(16);
        client
    };
    let counted = count(open, |_, mut client| (0..TIMES).for_each(|_| client.echo(16)));
    assert_eq!(mean(counted, TIMES), 26);
}

/// A client of Socket.IO costs as much, and the list of what it is to get, which is empty again when all is written.
#[test]
fn foreign_echoes() {
    let event = || format!("42{}", &EVENT[1..]);
    let open = move |address| {
        let mut client = Client::open_foreign(address);
        client.echo_of(&event(), 16);
        client
    };
    let alone = count(open, move |_, mut client| (0..TIMES).for_each(|_| client.echo_of(&event(), 1)));
    assert_eq!(mean(alone, TIMES), 6);
    let together = count(open, move |_, mut client| (0..TIMES).for_each(|_| client.echo_of(&event(), 16)));
    assert_eq!(mean(together, TIMES), 29);
}

/// A receiver more costs none, but that lists of them grow.
#[test]
fn a_broadcast() {
    let publish = |receivers: u64| {
        let open = move |address| (0..receivers).map(|number| Client::open(address, number)).collect();
        let counted = count(open, |_, mut clients: Vec<Client>| {
            for _ in 0..TIMES {
                clients[0].send(&[r#"e["pub","hello"]"#]);
                clients.iter_mut().for_each(|client| assert_eq!(client.next(), r#"e["ev","hello"]"#));
            }
        });
        mean(counted, TIMES)
    };
    assert_eq!(publish(1), 7);
    let many = publish(RECEIVERS);
    assert!(many < 7 + RECEIVERS / 2, "{many}");
}

/// From the connection to the first event, HTTP and the router included.
#[test]
fn an_attach() {
    let counted =
        count(|_| (), |address, ()| (0..TIMES).for_each(|number| drop(Client::open(address, number))));
    let each = mean(counted, TIMES);
    assert!(each <= 96, "{each}");
}
