#!/usr/bin/env python3
"""python-socketio's client against a testbed, over each transport: `python.py PATH_OF_TESTBED`."""
import pathlib
import queue
import sys

import socketio

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "blackbox"))
import harness

PATIENCE = 20  # seconds


class Heard(queue.Queue):
    """What a client has received, in order."""

    def next(self):
        return self.get(timeout=PATIENCE)


def connected(url, transports, namespaces=("/",), auth=None):
    client, heard = socketio.Client(reconnection=False), Heard()
    for namespace in namespaces:
        client.on("*", lambda event, *args: heard.put((event, *args)), namespace=namespace)
        client.on("connect_error", lambda why: heard.put(("connect_error", why)), namespace=namespace)
        client.on("disconnect", lambda reason: heard.put(("disconnect", reason)), namespace=namespace)
    client.connect(url, auth=auth, namespaces=list(namespaces), transports=transports, wait_timeout=PATIENCE)
    return client, heard


def exchange(url, transports):
    client, heard = connected(url, transports, auth={"token": "x"})
    assert heard.next() == ("auth", {"token": "x"})
    for args in ((1, "é😀", {"a": [None]}), (b"\x00\xff", {"deep": [b""]})):
        client.emit("message", args)
        assert heard.next() == ("message-back", *args)
        assert client.call("message-with-ack", args, timeout=PATIENCE) == args
    client.on("emit-with-ack", lambda *args: (*args, b"\x01") if args == ("asked",) else heard.put(args))
    client.emit("emit-with-ack", "asked")
    assert heard.next() == ("asked", b"\x01")
    client.emit("bye")
    assert heard.next()[0] == "disconnect"
    client.disconnect()


def namespaces_and_rooms(url, transports):
    one, _ = connected(url, transports, ["/", "/custom"])
    two, heard = connected(url, transports, ["/custom"])
    assert heard.next() == ("auth", {})
    for client in one, two:
        assert client.call("join", "room", namespace="/custom", timeout=PATIENCE) is True
    one.emit("say", ("room", "hello"), namespace="/custom")
    assert heard.next() == ("said", "room", "hello")
    assert one.call("message-with-ack", "main", timeout=PATIENCE) == "main"
    one.disconnect()
    two.disconnect()


def refusals(url, transports):
    for auth, namespace, message in (({"deny": True}, "/", "denied"), (None, "/nowhere", "Invalid namespace")):
        client, heard = socketio.Client(reconnection=False), Heard()
        client.on("connect_error", heard.put, namespace=namespace)
        harness.raises(
            socketio.exceptions.ConnectionError,
            lambda: client.connect(url, auth=auth, namespaces=[namespace], transports=transports, wait_timeout=PATIENCE),
        )
        assert heard.next()["message"] == message


def main():
    process = harness.Process(sys.argv[1], {})
    server = harness.Server(process)
    try:
        for transports in (["polling"], ["websocket"], ["polling", "websocket"]):
            for scenario in (exchange, namespaces_and_rooms, refusals):
                scenario(f"http://127.0.0.1:{process.port}", transports)
                print(f"{' '.join(transports)}: {scenario.__name__}", flush=True)
        server.until(lambda: server.stats()["sessions"] == 0, PATIENCE)
    finally:
        process.stop()


main()
