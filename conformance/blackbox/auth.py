"""Fresh auth, its end, and sessions that nobody was let in (protocol.md 8.1, 9, 13)."""
import time

from carriers import CARRIERS
from harness import raises, test
from packets import Refused, event, split
from wire import Client

ALL = list(CARRIERS)


def received(client, kind, namespace="/"):
    """The body of the next packet, which must be of this kind and for this namespace."""
    got = split(client.receive())
    assert got[:2] == (kind, namespace), got
    return got[3]


def connected(client, transport, auth):
    """Opens a session with this auth, and gives the socket's id."""
    client.attach(transport, "c" + auth)
    socket = received(client, "o")["id"]
    assert received(client, "e")[0] == "auth"
    return socket


@test(ALL)
def fresh_auth_is_judged_and_the_socket_stays(server, transport):
    client = Client(server)
    socket = connected(client, transport, '{"n":1}')
    client.ask("join", "fresh")
    client.emit("reauthenticate")
    assert 59_000 <= received(client, "q")["within"] <= 60_000
    client.send('c{"n":2}')
    assert received(client, "o") == {"id": socket}
    assert client.ask("auth") == [{"n": 2}]
    # Unasked, and what stands behind it is handled with it.
    client.send('c{"n":3}', event("auth", id=7))
    assert received(client, "o") == {"id": socket}
    assert split(client.receive())[2:] == (7, [{"n": 3}])
    client.send('c{"deny":true}')
    assert received(client, "d") == {"message": "denied"}
    client.send(event("auth", id=8))
    assert received(client, "x")["code"] == "unknown_namespace"


@test(ALL)
def auth_that_has_ended_ends_the_session(server, transport):
    client = Client(server)
    began = time.monotonic()
    connected(client, transport, '{"good":600}')
    assert received(client, "q")["within"] <= 300
    assert client.ended() == "auth_expired"
    assert time.monotonic() - began >= 0.6
    again = raises(Refused, lambda: client.attach("long_polling").welcomed())
    assert again.code == "auth_expired", again


@test()
def fresh_auth_in_time_puts_the_end_off(server):
    client = Client(server)
    socket = connected(client, "websocket", '{"good":400}')
    received(client, "q")
    client.send('c{"good":60000}')
    assert received(client, "o") == {"id": socket}
    client.ask("sleep", 600)
    client.works()


@test()
def only_the_namespace_ends_if_there_are_others(server):
    client = Client(server, "websocket").opened()
    client.send('c/custom,{"good":200}')
    received(client, "o", "/custom")
    assert received(client, "e", "/custom")[0] == "auth"
    received(client, "q", "/custom")
    assert received(client, "l", "/custom") == {"code": "auth_expired"}
    client.send("c/custom,")
    received(client, "o", "/custom")
    assert received(client, "e", "/custom")[0] == "auth"
    client.send('e/custom,["revoke"]')
    assert received(client, "l", "/custom") == {"code": "revoked"}
    client.works()


@test(ALL)
def a_revoked_session_is_over_and_no_token_resumes_it(server, transport):
    client = Client(server, transport).opened()
    client.emit("revoke")
    # A stream that did not stand yet cannot prove whose it was.
    assert client.ended() in ("revoked", "unknown_session")
    again = raises(Refused, lambda: client.attach("long_polling").welcomed())
    assert again.code == "revoked", again


@test(ALL, own=True, unauthenticated=1)
def new_sessions_are_refused_while_too_many_are_without_namespace(server, transport):
    first = Client(server)
    first.attach("long_polling").welcomed()
    assert server.stats()["unauthenticated"] == 1
    refusal = raises(Refused, lambda: Client(server).attach(transport, "c").welcomed())
    assert refusal.code == "full", refusal
    first.send("c")
    first.opened()
    Client(server, transport).opened().works()
    assert server.stats()["unauthenticated"] == 0
