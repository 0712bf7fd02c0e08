//! What a client heaps up on the server is bounded.

use everwire::{AckError, EmitError, Everwire, Socket};

use super::*;

/// A client's frame; its mask is zero, so that the payload stands as it is.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    let mut frame = vec![0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn pings_of_a_client_that_reads_nothing_are_not_all_answered() {
    const PINGS: usize = 100_000;
    let wire = Everwire::with_config(timeless());
    wire.on_connect(|socket: Socket| async move { socket.on("end", || async {}) });
    let address = start(&wire, Host::Own).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    let tcp = socket.connect(address).await.unwrap();
    let url = format!("ws://{address}/everwire/websocket");
    let (ws, _) = tokio_tungstenite::client_async(url, tcp).await.unwrap();
    let mut tcp = ws.into_inner();
    let opening = [frame(1, open('p', 1 << 20).as_bytes()), frame(1, b"c")].concat();
    tcp.write_all(&opening).await.unwrap();
    let pings = frame(9, &[b'p'; 120]).repeat(1_000);
    for _ in 0..PINGS / 1_000 {
        soon(tcp.write_all(&pings)).await.unwrap();
    }
    tcp.write_all(&frame(1, b"e1[\"end\"]")).await.unwrap();
    let (mut seen, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    let mut bytes = 0;
    while !seen.windows(4).any(|window| window == b"a1[]") {
        let read = soon(tcp.read(&mut buffer)).await.unwrap();
        assert!(read > 0, "the server goes on");
        bytes += read;
        seen = buffer[..read].to_vec();
    }
    assert!(bytes < PINGS * 122 * 3 / 4, "{bytes} bytes of pongs: all were kept");
}

#[tokio::test]
async fn a_number_beyond_what_json_can_say_is_refused() {
    let wire = Everwire::with_config(timeless());
    let address = start(&wire, Host::Own).await;
    let mut ws = Ws::connect(address).await;
    ws.send(open('w', u64::MAX)).await;
    let refusal = ws.next().await;
    assert!(refusal.contains("bad_packet"), "{refusal}");
}

#[tokio::test]
async fn as_many_acks_may_be_pending_as_the_config_says() {
    let mut config = timeless();
    config.pending_acks = 1;
    let wire = Everwire::with_config(config);
    let address = start(&wire, Host::Own).await;
    let mut ws = Ws::open(address, 'a', 1 << 20).await;
    let socket = wire.fetch_sockets().await.remove(0);
    let first = socket.emit_with_ack::<()>("ask", ());
    let second = socket.emit_with_ack::<()>("ask", ());
    assert_eq!(second.await, Err(AckError::Emit(EmitError::PendingAcks)));
    let asked = ws.next().await;
    let id = asked.trim_start_matches('e').split('[').next().unwrap();
    ws.send(format!("a{id}[null]")).await;
    soon(first).await.unwrap();
}
