"""Attaches, secrets, counts, replay, moves (protocol.md 3 to 5)."""
import json
import select

from carriers import CARRIERS
from exchange import body_of, lines_of
from frames import WsClosed
from harness import raises, test
from packets import Refused, event, random_key, split
from wire import Client

ALL = list(CARRIERS)
READABLE = ["websocket", "event_source", "streaming", "long_polling", "forever_iframe"]


def post(client, packets, path="/send", **head):
    """A post whose head can say anything; gives the packets of its answer."""
    return lines_of(client.http.post(path, body_of(client.post_head(packets, **head), packets)))


def code(function, *args, **more):
    return raises(Refused, lambda: function(*args, **more)).code


# ---- opening -------------------------------------------------------------------------------------------------------------


@test(ALL)
def an_open_whose_answer_was_lost_is_repeated_with_its_key(server, transport):
    client = Client(server)
    client.attach(transport, "c", event("seq", 0), event("seq", 1), event("echo", "x"))
    carrier = client.carrier
    if transport == "websocket":
        select.select([carrier.ws.socket], [], [], 10)
    elif transport in ("streaming", "long_polling"):
        select.select([(carrier.stream if transport == "streaming" else carrier.waiting).sock], [], [], 10)
    carrier.cut()
    if hasattr(carrier, "pending"):
        carrier.pending.clear()
    client.attach("long_polling").opened().expect(event("echo", "x"))
    assert client.token and client.ask("seq-report") == [{"received": 2, "duplicates": 0, "reordered": 0, "missing": 0}]


@test()
def racing_opens_make_one_session(server):
    client = Client(server)
    client.attach("websocket", "c")
    first = client.carrier
    client.attach("long_polling").opened()
    client.works()
    client.carrier, client.position = first, None
    # The WebSocket has been welcomed and taken over, or was late.
    ends = []
    try:
        while True:
            packet = first.ws.receive()
            if packet[0] == "W":
                assert json.loads(packet[1:])["session"] == client.session
            if packet[0] == "r":
                ends.append(json.loads(packet[1:])["error"])
    except WsClosed as close:
        ends.append((close.number, close.reason))
    assert ends in (["taken_over", (4002, "taken_over")], ["stale", (4003, "stale")]), ends


@test()
def the_higher_attach_wins_though_it_comes_first(server):
    client = Client(server)
    client.attach_number = 1
    client.attach("long_polling", "c").opened()
    client.attach_number = 0
    client.carrier = None
    assert code(lambda: client.attach("streaming").welcomed()) == "stale"
    client.attach_number = 2
    client.attach("long_polling").works()


@test()
def many_opens_at_once_with_one_key_make_one_session(server):
    clients = [Client(server) for _ in range(8)]
    key = random_key()
    requests = []
    for number, client in enumerate(clients, 1):
        client.key, client.attach_number = key, number - 1
        requests.append(client.http.start("POST", "/long_polling", body_of(client.attach_head(first=1, serial=1), ["c"]),
                                          {"Content-Type": "text/plain"}))
    sessions = set()
    for client, request in zip(clients, requests):
        answer = client.http.finish(request)
        if answer.status == 200:
            sessions.add(json.loads(answer.text().split("\n")[0][1:])["session"])
        else:
            assert answer.refusal()["error"] in ("stale", "taken_over")
    assert len(sessions) == 1, sessions


# ---- numbers of attaches and polls ---------------------------------------------------------------------------------------


@test(READABLE)
def an_attach_that_is_not_higher_is_stale(server, transport):
    client = Client(server, "websocket").opened()
    client.attach("websocket").attach("websocket").works()
    current = client.carrier
    for number in (1, 2, 3):
        client.attach_number, client.welcome = number - 1, None
        assert code(lambda: client.attach(transport).welcomed()) == "stale"
        if transport == "websocket":
            close = raises(WsClosed, client.carrier.ws.receive)
            assert (close.number, close.reason) == (4003, "stale"), close
    client.carrier, client.position = current, client.received + 1
    client.works()


@test()
def a_poll_number_that_is_not_higher_is_stale(server):
    client = Client(server, "long_polling").opened().works()
    last = client.carrier.poll
    for number in (last, last - 1, 0):
        assert code(post, client, [], "/long_polling", attach=1, poll=number) == "stale_poll"
    client.works()


@test()
def a_poll_of_another_carrier_is_stale_and_what_it_brings_is_taken(server):
    client = Client(server, "long_polling").opened()
    client.attach("long_polling").works()
    packets = [event("seq", 0)]
    client.number(packets)
    assert code(post, client, packets, "/long_polling", attach=1, poll=99) == "stale"
    assert client.ask("seq-report")[0]["received"] == 1


@test(ALL)
def the_former_carrier_is_told_that_it_was_taken_over(server, transport):
    client = Client(server, transport).opened()
    former = client.carrier
    client.works()
    if hasattr(former, "start_poll"):
        former.start_poll()
    elif getattr(former, "response", 0) is None:
        former.begin()
    client.attach("websocket").works()
    reader, client.carrier, client.position = client.carrier, former, client.received + 1
    assert client.refused() == "taken_over"
    if transport == "websocket":
        close = raises(WsClosed, former.ws.receive)
        assert (close.number, close.reason) == (4002, "taken_over"), close
    client.carrier, client.position = reader, client.received + 1
    client.works()


# ---- counts and replay ---------------------------------------------------------------------------------------------------


@test()
def a_post_that_is_repeated_is_taken_once(server):
    client = Client(server, "streaming").opened()
    packets = [event("seq", 0), 'v["echo","volatile"]', event("seq", 1)]
    client.number(packets)
    for _ in range(3):
        post(client, packets, serial=7, first=2)
    client.serial = 7
    assert client.ask("seq-report") == [{"received": 2, "duplicates": 0, "reordered": 0, "missing": 0}]
    client.works()
    assert client.inbox == []


@test()
def a_volatile_event_of_a_repeated_post_is_dropped(server):
    client = Client(server, "streaming").opened()
    for _ in range(3):
        post(client, ['v["echo","volatile"]'], serial=7)
    client.serial = 7
    client.expect(event("echo", "volatile"))
    client.works()


@test()
def a_post_may_grow_when_it_is_repeated(server):
    client = Client(server, "streaming").opened()
    packets = [event("seq", i) for i in range(6)]
    client.number(packets)
    post(client, packets[:2], serial=5, first=2)
    post(client, packets, serial=5, first=2)
    client.serial = 5
    assert client.ask("seq-report") == [{"received": 6, "duplicates": 0, "reordered": 0, "missing": 0}]


@test(["websocket", "streaming", "long_polling"])
def a_gap_says_what_was_expected(server, transport):
    client = Client(server, transport).opened()
    if transport == "websocket":
        client.carrier.cut()
        refusal = raises(Refused, lambda: client.attach("websocket", first=5).welcomed())
    elif transport == "streaming":
        refusal = raises(Refused, lambda: post(client, [event("seq", 9)], first=5))
        assert refusal.status == 409
    else:
        refusal = raises(Refused, lambda: post(client, [event("seq", 9)], "/long_polling", attach=1, poll=50, first=5))
        assert refusal.status == 409
    assert (refusal.code, refusal.body["expected"]) == ("gap", 2), refusal
    if transport == "websocket":
        close = raises(WsClosed, client.carrier.ws.receive)
        assert (close.number, close.reason) == (4009, "gap"), close
    client.attach(transport).works()
    assert client.ask("seq-report")[0]["received"] == 0


@test()
def a_count_of_messages_never_sent_ends_the_session(server):
    client = Client(server, "streaming").opened()
    refusal = raises(Refused, lambda: post(client, [], received=1000))
    assert (refusal.status, refusal.code) == (400, "bad_ack")
    assert code(lambda: client.attach("long_polling").welcomed()) == "bad_ack"


@test()
def a_count_that_goes_back_is_ignored(server):
    client = Client(server, "streaming").opened()
    post(client, [], received=0, consumed=0)
    client.works()


@test()
def a_poll_that_was_aborted_loses_nothing(server):
    client = Client(server, "long_polling").opened()
    other = Client(server, "websocket").opened()
    assert client.ask("join", "aborted") == [True]
    for number in range(20):
        client.carrier.start_poll()
        client.carrier.cut()
        other.emit("say", "aborted", number)
        other.works()
    client.expect(*(event("said", "aborted", number) for number in range(20)))
    client.works()


@test()
def an_answer_that_was_lost_is_given_again(server):
    client = Client(server, "long_polling").opened()
    for number in range(10):
        client.emit("echo", number)
        poll = client.carrier.start_poll()
        select.select([poll.sock], [], [], 10)  # the answer is here, and thrown away
        client.carrier.cut()
    client.expect(*(event("echo", number) for number in range(10)))


@test(ALL)
def resumes_after_a_cut_with_nothing_lost(server, transport):
    client = Client(server, transport).opened()
    other = Client(server, "websocket").opened()
    room = f"cut {transport}"
    assert client.ask("join", room) == [True]
    expected = 0
    for turn in range(4):
        client.send(*(event("seq", i) for i in range(turn * 10, turn * 10 + 10)))
        client.carrier.cut()
        for number in range(10):
            other.emit("say", room, turn * 10 + number)
        other.works()
        client.attach(transport)
        client.expect(*(event("said", room, expected + number) for number in range(10)))
        expected += 10
    assert client.ask("seq-report") == [{"received": 40, "duplicates": 0, "reordered": 0, "missing": 0}]


@test()
def moves_between_all_transports_with_nothing_lost(server):
    client = Client(server, "websocket").opened()
    number = 0
    way = ["long_polling", "streaming", "event_source", "forever_iframe", "jsonp", "websocket", "streaming", "websocket",
           "event_source", "long_polling", "websocket"]
    for transport in way:
        for _ in range(3):
            client.send(*(packet for i in range(number, number + 5) for packet in (event("seq", i), event("echo", i))))
            number += 5
        # What is still on its way down comes again, over the next one.
        client.attach(transport).welcomed()
    client.expect(*(event("echo", i) for i in range(number)))
    assert client.ask("seq-report") == [{"received": number, "duplicates": 0, "reordered": 0, "missing": 0}]


@test(ALL)
def moves_to_a_websocket_and_back_in_mid_flow(server, transport):
    client = Client(server, transport).opened()
    client.emit("count", 300, id=1)
    for turn in range(6):
        while client.received < turn * 50:
            client.step()
        client.attach("websocket" if turn % 2 == 0 else transport)
    client.expect(*(event("tick", i) for i in range(300)), "a1[300]")


# ---- secrets -------------------------------------------------------------------------------------------------------------


@test()
def the_old_token_is_good_until_the_new_one_is_used(server):
    client = Client(server, "long_polling").opened().works()
    first = client.token
    client.attach("streaming").welcomed()
    second = client.token
    assert first != second
    post(client, [], token=first)
    # The answer to an attach that was lost: its successor comes again.
    client.token = first
    client.attach("streaming").welcomed()
    assert client.token == second
    post(client, [], token=first)
    post(client, [], token=second)
    refusal = raises(Refused, lambda: post(client, [], token=first))
    assert (refusal.status, refusal.code) == (409, "stale_token"), refusal
    refusal = raises(Refused, lambda: client.attach("long_polling", token=first).welcomed())
    assert (refusal.status, refusal.code) == (409, "stale_token"), refusal
    assert code(lambda: client.attach("websocket", token=first).welcomed()) == "stale_token"
    close = raises(WsClosed, client.carrier.ws.receive)
    assert (close.number, close.reason) == (4001, "stale_token"), close
    client.attach("streaming").welcomed()


@test()
def a_key_proves_nothing_once_the_token_was_used(server):
    client = Client(server, "long_polling").opened().works()
    refusal = raises(Refused, lambda: client.attach("long_polling", key=client.key, session=None, token=None).welcomed())
    assert (refusal.status, refusal.code) == (409, "stale_token"), refusal
    client.attach("long_polling").works()


@test()
def a_wrong_token_is_answered_like_an_unknown_session(server):
    client = Client(server, "long_polling").opened()
    answers = set()
    for head in ({"token": random_key()}, {"session": random_key()}, {"session": "../x"}, {"token": ""}, {"session": ""}):
        for path in ("/send", "/long_polling"):
            more = {"attach": 1, "poll": 50} if path == "/long_polling" else {}
            for packets in ([], [event("seq", 1)], ["e["]):
                answer = client.http.post(path, body_of(client.post_head(packets, **head, **more), packets))
                answers.add((answer.status, answer.body))
            client.serial = 1
    assert len(answers) == 1 and next(iter(answers))[0] == 404, answers
    assert json.loads(next(iter(answers))[1])["error"] == "unknown_session"
    client.works()


@test()
def who_knows_only_the_id_cannot_end_a_session(server):
    client = Client(server, "long_polling").opened()
    for _ in range(3):
        assert code(post, client, ["e["], token=random_key(), first=2) == "unknown_session"
    client.serial = 1
    client.works()


@test()
def no_secret_stands_in_a_header_or_an_error(server):
    client = Client(server, "long_polling").opened()
    answer = client.http.post("/send", body_of(client.post_head([], received=10**6), []))
    assert client.token not in answer.text() + str(answer.headers)


# ---- ends ----------------------------------------------------------------------------------------------------------------


@test(grace_ms=300)
def a_session_ends_when_its_grace_is_over(server):
    client = Client(server, "websocket").opened()
    assert client.welcome["grace"] == 300
    client.carrier.cut()
    refusal = server.until(lambda: ended_code(client))
    assert refusal in ("grace_over", "unknown_session"), refusal


def ended_code(client):
    """Looks at a session without attaching: a poll under a number that is none."""
    try:
        post(client, [], "/long_polling", attach=0, poll=1)
    except Refused as refusal:
        return refusal.code if refusal.code != "stale" else None
    raise AssertionError("a poll under attach 0 was answered")


@test(ALL)
def a_close_waits_for_what_it_counts(server, transport):
    client = Client(server, transport).opened()
    packets = [event("echo", i) for i in range(3)]
    client.carrier.send(['z{"code":"client_disconnect","final":4}'])
    client.send(*packets)
    assert client.ended() == "client_disconnect"


@test(ALL)
def bye_leaves_the_namespace_and_the_client_closes(server, transport):
    client = Client(server, transport).opened()
    client.emit("bye")
    kind, _, _, body = split(client.receive())
    assert (kind, body["code"]) == ("l", "server_disconnect"), body
    client.emit("echo", "too late", id=3)
    kind, _, id, body = split(client.receive())
    assert (kind, id, body["code"]) == ("x", 3, "unknown_namespace"), body
    client.send(f'z{{"code":"client_disconnect","final":{client.sent}}}')
    assert client.ended() == "client_disconnect"


@test(ALL)
def a_client_gives_up_over_a_message_that_does_not_pass(server, transport):
    client = Client(server, transport).opened()
    # One has been sent that the server has not got, and never will: it waits for it, 5 s at most.
    client.carrier.send([f'z{{"code":"undeliverable","final":{client.sent + 1}}}'])
    assert client.ended() == "undeliverable"
    refused = raises(Refused, lambda: client.attach("long_polling").welcomed())
    assert (refused.status, refused.code) == (400, "undeliverable"), refused


@test()
def a_client_cannot_end_with_any_code(server):
    for code in ("slow_consumer", "no such code", ""):
        client = Client(server, "websocket").opened()
        client.send("z" + json.dumps({"code": code, "final": client.sent}))
        assert client.ended() == "client_disconnect", code


@test()
def a_session_without_namespace_is_closed(server):
    client = Client(server)
    client.attach("long_polling").welcomed()
    assert client.ended() == "no_namespace"


@test()
def a_beacon_is_a_post_with_a_close(server):
    client = Client(server, "websocket").opened()
    former = client.token
    answer = client.http.request("POST", "/send", body_of(client.post_head(["z"]), ['z{"code":"client_disconnect","final":1}']))
    assert answer.status == 200 and former == client.token
    assert client.ended() == "client_disconnect"


# ---- limits --------------------------------------------------------------------------------------------------------------


@test()
def rooms_are_limited(server):
    client = Client(server, "websocket").opened()
    client.send(*(event("join", f"limit {i}", id=i) for i in range(1001)))
    client.expect(*(f"a{i}[true]" for i in range(1000)))
    kind, _, id, body = split(client.receive())
    assert (kind, id, body["code"]) == ("x", 1000, "handler_error"), body
    assert client.ask("leave", "limit 0") == [True]
    client.emit("join", "x" * 257, id=1)
    assert split(client.receive())[0] == "x"
    assert client.ask("join", "x" * 256) == [True]


@test()
def names_of_object_prototypes_are_names(server):
    client = Client(server, "websocket").opened()
    for name in ("__proto__", "constructor", "toString", "hasOwnProperty"):
        assert client.ask("join", name) == [True]
        client.emit(name, id=1)
        assert split(client.receive())[3]["code"] == "no_handler"
        client.send(f"c/{name},")
        assert split(client.receive())[3]["message"] == "Invalid namespace"
