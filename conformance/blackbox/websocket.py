"""`websocket` (protocol.md 12.1) and what RFC 6455 asks of it."""
import http.client
import socket
import time

from frames import Ws, WsClosed
from harness import raises, test
from packets import Refused, event
from wire import Client


@test()
def the_handshake_takes_no_extension_and_no_subprotocol(server):
    request = (f"GET /everwire/websocket HTTP/1.1\r\nHost: localhost:{server.port}\r\nupgrade: WebSocket\r\n"
               "connection: keep-alive, UPGRADE\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection, connection.makefile("rb") as file:
        connection.sendall(request.encode())
        assert file.readline().startswith(b"HTTP/1.1 101 ")
        headers = http.client.parse_headers(file)
    assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert headers["upgrade"].lower() == "websocket" and headers["connection"].lower() == "upgrade"
    assert headers["sec-websocket-extensions"] is None and headers["sec-websocket-protocol"] is None


@test()
def everything_may_come_byte_by_byte(server):
    client = Client(server, "websocket").opened()
    ws = client.carrier.ws
    client.number([event("echo", "ü")])
    for byte in ws.frame(1, event("echo", "ü").encode()):
        ws.send_bytes(bytes([byte]))
    client.expect(event("echo", "ü"))


@test()
def a_message_may_come_in_fragments_with_pings_between(server):
    client = Client(server, "websocket").opened()
    ws = client.carrier.ws
    packet = event("echo", "€" * 300)
    client.number([packet])
    data = packet.encode()
    pieces = [data[i:i + 1] for i in range(0, 500)] + [data[500:]]
    for number, piece in enumerate(pieces):
        ws.send_bytes(ws.frame(1 if number == 0 else 0, piece, fin=number == len(pieces) - 1))
        if number % 100 == 50:
            ws.send_bytes(ws.frame(9, b"%d" % number))
            assert ws.read_frame() == (10, b"%d" % number)
    client.expect(packet)


@test()
def a_ping_is_answered_with_its_payload(server):
    client = Client(server, "websocket").opened()
    ws = client.carrier.ws
    for payload in (b"", b"x", bytes(range(125))):
        ws.send_bytes(ws.frame(9, payload))
        assert ws.read_frame() == (10, payload)
    ws.send_bytes(ws.frame(10, b"nobody asked"))
    client.works()


@test()
def a_closed_websocket_leaves_a_session_to_be_resumed(server):
    client = Client(server, "websocket").opened()
    for payload, number in ((b"", 1000), (b"\x03\xe8", 1000), (b"\x03\xe9bye", 1001), (b"\x0f\xa0", 4000)):
        ws = client.carrier.ws
        ws.send_bytes(ws.frame(8, payload))
        close = raises(WsClosed, client.receive)
        assert close.number in (number, 1005), close
        assert ws.file.read() == b"", "the server closes the connection"
        client.attach("websocket").works()


@test()
def a_message_may_be_as_large_as_said_and_not_larger(server):
    client = Client(server, "websocket").opened()
    largest = client.welcome["max"]
    packet = event("echo", "x" * (largest - len(event("echo", ""))))
    client.send(packet)
    client.expect(packet)
    ws = client.carrier.ws
    ws.send_bytes(ws.frame(1, packet.encode() + b" "))
    close = raises(WsClosed, client.receive)
    assert close.number == 1009, close
    client.attach("long_polling").works()


@test()
def what_is_behind_the_attach_in_the_same_segment_counts(server):
    client = Client(server)
    ws = Ws(server)
    head = client.attach_head(first=1)
    ws.send_bytes(b"".join(ws.frame(1, text.encode()) for text in (head, "c", event("echo", 1))) + ws.frame(9, b"p"))
    frames = [ws.read_frame() for _ in range(5)]
    assert (10, b"p") in frames and (1, event("echo", 1).encode()) in frames, frames
    ws.close()


@test()
def a_violation_behind_the_attach_in_the_same_segment_is_seen(server):
    client = Client(server)
    ws = Ws(server)
    head = client.attach_head(first=1)
    ws.send_bytes(ws.frame(1, head.encode()) + ws.frame(1, b"c") + ws.frame(3, b"reserved"))
    try:
        while True:
            ws.receive()
    except WsClosed as close:
        assert close.number == 1002, close
    ws.close()


@test()
def the_attach_must_come_within_10_s(server):
    ws = Ws(server)
    started = time.monotonic()
    refusal = ws.receive()
    assert refusal.startswith('r{"error":"timeout"'), refusal
    assert time.monotonic() - started > 9
    assert raises(WsClosed, ws.receive).number == 4004


@test(max_payload=10_000)
def a_small_maximum_holds_too(server):
    client = Client(server, "websocket").opened()
    assert client.welcome["max"] == 10_000
    ws = client.carrier.ws
    ws.send_bytes(ws.frame(2, b"x" * 10_001))
    assert raises(WsClosed, client.receive).number == 1009
    refusal = raises(Refused, lambda: client.attach("long_polling", event("echo", "x" * 10_000)).welcomed())
    assert (refusal.status, refusal.code) == (413, "too_large"), refusal
