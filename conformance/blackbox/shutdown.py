"""What SIGTERM does, and what is left when everybody has gone."""
import os
import signal
import time

from carriers import CARRIERS
from frames import Ws
from harness import Process, test
from wire import Client

SOON = 3  # 2 s, and one for a machine that is busy with other tests


@test(own=True)
def clients_are_told_of_a_shutdown(server):
    clients = {transport: Client(server, transport).opened() for transport in CARRIERS}
    mute = Ws(server)
    for transport, client in clients.items():
        client.works()
        if hasattr(client.carrier, "start_poll"):
            client.carrier.start_poll()
        elif hasattr(client.carrier, "begin") and client.carrier.response is None:
            client.carrier.begin()
    before = time.monotonic()
    os.kill(server.process.process.pid, signal.SIGTERM)
    for transport, client in clients.items():
        assert client.ended() == "shutdown", transport
    assert server.process.process.wait(10) == 0
    took = time.monotonic() - before
    assert took < SOON, f"{took:.1f} s"
    mute.close()
    again = Process(server.process.path, {}, server.port)
    try:
        assert again.port == server.port
    finally:
        again.stop()


@test(own=True)
def a_shutdown_does_not_wait_for_those_who_say_nothing(server):
    client = Client(server, "websocket", confirms=False).opened()
    client.emit("sleep", 60_000, id=1)
    idle = client.http.connect()
    half = client.http.connect()
    half.sock.sendall(b"POST /everwire/long_polling HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nA")
    before = time.monotonic()
    server.process.process.terminate()
    assert server.process.process.wait(10) == 0
    took = time.monotonic() - before
    assert took < SOON, f"{took:.1f} s"
    idle.close()


@test(own=True, grace_ms=200, ping_interval_ms=1000, ping_timeout_ms=500)
def nothing_is_left_when_all_have_gone(server):
    before = server.stats()
    for transport in CARRIERS:
        for end in ("close", "cut", "bye", "deny", "boom"):
            client = Client(server)
            client.attach(transport, 'c{"deny":true}' if end == "deny" else "c")
            client.receive()
            if end != "deny":
                client.ask("join", f"room {transport}")
                client.emit("message-with-ack", 1, id=1)
            if end == "boom":
                client.emit("boom")
            if end == "bye":
                client.emit("bye")
            if end in ("close", "bye"):
                client.send(f'z{{"code":"client_disconnect","final":{client.sent}}}')
                assert client.ended() == "client_disconnect", transport
            client.close()
    server.until(lambda: is_calm(server.stats()), 20)
    # The tasks of sessions that ended linger, to tell why; then they are gone too.
    server.until(lambda: server.stats()["tasks"] <= before["tasks"] + 1, 45)


def is_calm(stats):
    keys = ("sessions", "suspended", "rooms", "pending_acks", "queued_bytes", "replay_bytes", "open_requests")
    return all(stats[key] == 0 for key in keys) and not any(stats["carriers"].values())
