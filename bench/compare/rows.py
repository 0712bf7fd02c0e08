"""What is measured: loads, who stands them, what is shown, and the goals."""

from dataclasses import dataclass, replace

from goals import beyond, tail, times, within
from servers import (
    EVERWIRE,
    EVERWIRE_MANY,
    EVERWIRE_SOCK_JS,
    EVERWIRE_SOCKET_IO,
    FLOOR,
    FLOOR_SOCKET_IO,
    HYPER,
    LOAD_CORE,
    SERVER_CORE,
    SOCK_JS,
    SOCKET_IO,
    SOCKETIOXIDE,
    TUNGSTENITE,
    WS,
    over,
)


@dataclass(frozen=True)
class Table:
    id: str
    title: str
    says: str
    # The first one is plotted.
    figures: tuple
    goals: tuple = ()
    # Beside whom the first figure is shown.
    beside: str = FLOOR.name


@dataclass(frozen=True)
class Row:
    """One load; most fill one table."""

    id: str
    load: dict
    contestants: tuple
    tables: tuple
    # Left out of a quick run.
    whole_only: tuple = ()
    # Are idle sessions looked at, for as long as each contestant's `idle` says?
    watched: bool = False


STEADY = ("cpu_us", "per_s", "p50_ms", "p99_ms")
SOCKETS = (
    EVERWIRE,
    EVERWIRE_SOCKET_IO,
    EVERWIRE_SOCK_JS,
    FLOOR,
    FLOOR_SOCKET_IO,
    TUNGSTENITE,
    WS,
    SOCKETIOXIDE,
    SOCKET_IO,
    SOCK_JS,
)


# What a quick run does without, wherever it is.
SECONDARY = (EVERWIRE_SOCK_JS, SOCK_JS, WS)


def one_table(id, title, says, load, contestants, goals, beside=FLOOR.name):
    return Row(id, load, contestants, (Table(id, title, says, STEADY, goals, beside),), SECONDARY)


ECHO_MANY = one_table(
    "echo-100x16",
    "Echo, 100 connections, 16 messages in flight on each",
    "64 bytes over WebSocket, sent back by a handler. Several messages arrive at once, so it shows what a message costs beside its system calls.",
    {"scenario": "echo", "connections": 100, "window": 16},
    SOCKETS,
    (
        times(EVERWIRE, 1.5, FLOOR),
        times(EVERWIRE, 0.25, SOCKETIOXIDE),
        times(EVERWIRE_SOCKET_IO, 1.6, FLOOR_SOCKET_IO),
    ),
)

ECHO_WIDE = one_table(
    "echo-1000x1",
    "Echo, 1,000 connections, 1 message in flight on each",
    "64 bytes over WebSocket. Each message is one read and one write.",
    {"scenario": "echo", "connections": 1000, "window": 1},
    SOCKETS,
    (
        times(EVERWIRE, 1.15, FLOOR),
        tail(EVERWIRE, 3),
        times(EVERWIRE_SOCKET_IO, 1.2, FLOOR_SOCKET_IO),
    ),
)

FAN_OUT_RATE = one_table(
    "fan-out-1000-rate",
    "Fan-out, 1,000 subscribers, 50 events a second",
    "128 bytes of JSON over WebSocket, per delivery. Each event is delivered before the next one comes.",
    {"scenario": "fan-out", "connections": 1000, "rate": 50},
    SOCKETS,
    (times(EVERWIRE, 1.2, FLOOR),),
)

FAN_OUT = one_table(
    "fan-out-1000",
    "Fan-out, 1,000 subscribers, 4 events in flight",
    "128 bytes of JSON over WebSocket, per delivery. Events overlap, so servers may write several at once.",
    {"scenario": "fan-out", "connections": 1000, "window": 4},
    SOCKETS,
    (times(EVERWIRE, 1.25, FLOOR), times(EVERWIRE, 1, SOCKETIOXIDE)),
)

FAN_OUT_WIDE = one_table(
    "fan-out-10000",
    "Fan-out, 10,000 subscribers, 2 events in flight",
    "128 bytes of JSON over WebSocket, per delivery.",
    {"scenario": "fan-out", "connections": 10_000, "window": 2},
    (EVERWIRE, EVERWIRE_SOCKET_IO, FLOOR, FLOOR_SOCKET_IO, TUNGSTENITE, WS, SOCKETIOXIDE, SOCKET_IO),
    (times(EVERWIRE, 1.1, FLOOR), times(EVERWIRE, 0.7, SOCKETIOXIDE, "p50_ms", ", p50 latency")),
)


def streamed(contestant):
    return over(contestant, "streaming"), over(contestant, "event_source")


DELIVERED = (FLOOR, *streamed(EVERWIRE), *streamed(SOCK_JS))
DELIVERY_GOALS = tuple(times(each, 1.4, FLOOR) for each in streamed(EVERWIRE))

DELIVERY_RATE = one_table(
    "delivery-rate",
    "Streaming and EventSource, 1,000 subscribers, 50 events a second",
    "128 bytes of JSON, per delivery, beside the floor, which delivers over WebSocket. The one that publishes is on a WebSocket.",
    {"scenario": "fan-out", "connections": 1000, "rate": 50},
    DELIVERED,
    DELIVERY_GOALS,
)

DELIVERY = one_table(
    "delivery",
    "Streaming and EventSource, 1,000 subscribers, 4 events in flight",
    "The same, saturated.",
    {"scenario": "fan-out", "connections": 1000, "window": 4},
    DELIVERED,
    DELIVERY_GOALS,
)

EVERWIRE_POLLING = over(EVERWIRE, "polling")
SOCKETIOXIDE_POLLING = over(SOCKETIOXIDE, "polling")
POLLED = (
    EVERWIRE_POLLING,
    over(EVERWIRE_SOCKET_IO, "polling"),
    over(EVERWIRE_SOCK_JS, "polling"),
    SOCKETIOXIDE_POLLING,
    over(SOCKET_IO, "polling"),
    over(SOCK_JS, "polling"),
)


def polled(id, window, factor):
    return one_table(
        id,
        f"Long-polling echo, 100 sessions, {window} in flight on each",
        "64 bytes, per message. Everwire's own protocol takes messages along with a poll; the others post them on a second connection.",
        {"scenario": "echo", "connections": 100, "window": window},
        POLLED,
        (times(EVERWIRE_POLLING, factor, SOCKETIOXIDE_POLLING),),
        SOCKETIOXIDE_POLLING.name,
    )


SESSIONS = 10_000
IDLE = Row(
    "sessions",
    {"scenario": "idle", "connections": SESSIONS},
    SOCKETS,
    (
        Table(
            "opening",
            "Opening a session over WebSocket",
            f"{SESSIONS:,} sessions, 100 on their way at once: TCP, upgrade, and what the protocol wants until the first event can be sent.",
            ("open_us", "opens_per_s"),
            (times(EVERWIRE, 1.5, FLOOR, "open_us"),),
        ),
        Table(
            "memory",
            "Memory of an idle session over WebSocket",
            f"Growth of the server's resident memory by {SESSIONS:,} sessions. What the kernel keeps for a connection is not in it.",
            ("rss_kib",),
            (within(EVERWIRE, "rss_kib", 4, "KiB"),),
        ),
        Table(
            "idle",
            f"{SESSIONS:,} idle sessions, a heartbeat every 10 s",
            "Share of one core. Servers without heartbeats use none and are left out.",
            ("idle_pct", "heartbeats"),
            (within(EVERWIRE, "idle_pct", 1.25, "%"),),
            FLOOR_SOCKET_IO.name,
        ),
    ),
    whole_only=SECONDARY,
    watched=True,
)

HYPER_POLLING = over(HYPER, "polling")
HYPER_STREAM = over(HYPER, "streaming")
HTTP_MEMORY = Row(
    "http-memory",
    {"scenario": "idle", "connections": 5000},
    (
        HYPER_POLLING,
        HYPER_STREAM,
        EVERWIRE_POLLING,
        *streamed(EVERWIRE),
        SOCKETIOXIDE_POLLING,
        over(SOCKET_IO, "polling"),
        over(SOCK_JS, "polling"),
        over(SOCK_JS, "event_source"),
    ),
    (
        Table(
            "http-memory",
            "Memory of an idle session over HTTP",
            "Growth of the server's resident memory by 5,000 sessions with one hanging request each; where a protocol opens a second connection for posts and uses it while opening, with both. "
            "*hyper alone* has the same requests and no sessions.",
            ("rss_kib", "open_us"),
            (
                beyond(EVERWIRE_POLLING, HYPER_POLLING, "rss_kib", 6, "KiB"),
                *(beyond(each, HYPER_STREAM, "rss_kib", 6, "KiB") for each in streamed(EVERWIRE)),
            ),
            HYPER_POLLING.name,
        ),
    ),
)


def with_rooms(contestant, count):
    rooms = "1 room" if count == 1 else f"{count:,} rooms"
    return replace(contestant, name=f"{contestant.name}, {rooms}", load=(("rooms", count),))


FEW, MANY = with_rooms(EVERWIRE, 1), with_rooms(EVERWIRE, 100_000)
# Within the noise of a quiet machine.
FLAT = 1.25
ROOMS = Row(
    "rooms",
    {"scenario": "rooms"},
    (
        *(with_rooms(EVERWIRE, count) for count in (1, 100, 10_000, 100_000)),
        *(with_rooms(peer, count) for peer in (SOCKETIOXIDE, SOCKET_IO) for count in (1, 100_000)),
    ),
    (
        Table(
            "rooms",
            "Rooms",
            "While 100 sessions are in so many rooms: what a call costs that joins or leaves another room and is answered, what a delivery costs of a broadcast to "
            "a room with ten members, and the memory of a room with one member.",
            ("join_us", "say_us", "room_kib"),
            (
                times(MANY, FLAT, FEW, "join_us", ", join or leave"),
                times(MANY, FLAT, FEW, "say_us", ", delivery to ten"),
            ),
            FEW.name,
        ),
    ),
    whole_only=(with_rooms(EVERWIRE, 100), with_rooms(EVERWIRE, 10_000), with_rooms(SOCKETIOXIDE, 1), with_rooms(SOCKET_IO, 1)),
)


def beside_unused(what, count):
    return replace(EVERWIRE_MANY, name=f"Everwire, {count:,} {what}", options=(f"--{what}", str(count)))


NONE = replace(EVERWIRE_MANY, name="Everwire, nothing unused")
BESIDE = tuple(
    beside_unused(what, count)
    for what, counts in (("namespaces", (100, 10_000)), ("patterns", (100,)), ("handlers", (100, 10_000)))
    for count in counts
)
UNUSED = one_table(
    "unused",
    "Namespaces, patterns of namespaces, and handlers that are not used",
    "The echo over 100 WebSockets with 16 messages in flight, while the server has so many of them: *handlers* on each socket, *patterns* by which clients could make namespaces.",
    ECHO_MANY.load,
    (NONE, *BESIDE),
    tuple(times(each, FLAT, NONE) for each in BESIDE),
    NONE.name,
)


def on_cores(contestant):
    both = f"{SERVER_CORE},{LOAD_CORE}"
    return (
        replace(contestant, name=f"{contestant.name}, one core"),
        replace(contestant, name=f"{contestant.name}, two cores", cores=both),
    )


ONE, TWO = on_cores(EVERWIRE)


def two_cores(id, title, load):
    return one_table(
        id,
        title,
        "The server may use both cores, and shares the second with the generator, so *waited* is large by design.",
        load,
        (ONE, TWO, *on_cores(SOCKETIOXIDE)),
        (within(TWO, "p99_ms", 100, "ms", ", p99"),),
        ONE.name,
    )


PRICE_BARE = replace(FLOOR, name="codec alone", server="instructions", dialect="codec")
PRICE_MACHINE = replace(FLOOR, name="codec and session machine", server="instructions", dialect="session")
PRICE = Row(
    "reliability",
    {},
    (PRICE_BARE, PRICE_MACHINE),
    (
        Table(
            "reliability",
            "The price of reliability",
            "Instructions for one echoed message of 64 bytes, counted by callgrind: parsing and writing the packet alone, and with all that the session does for it: counts, replay "
            "buffer, credit, limits. Input and output, tasks, and handlers are in neither.",
            ("instructions",),
            (),
            PRICE_BARE.name,
        ),
    ),
)

ROWS = (
    ECHO_MANY,
    ECHO_WIDE,
    FAN_OUT_RATE,
    FAN_OUT,
    FAN_OUT_WIDE,
    polled("polling-100x1", 1, 0.9),
    polled("polling-100x16", 16, 0.7),
    DELIVERY_RATE,
    DELIVERY,
    IDLE,
    HTTP_MEMORY,
    ROOMS,
    UNUSED,
    PRICE,
    two_cores("two-cores-echo", "Two cores: echo, 1,000 connections, 1 in flight", ECHO_WIDE.load),
    two_cores("two-cores-fan-out", "Two cores: fan-out, 1,000 subscribers, 4 in flight", FAN_OUT.load),
)


def pick(ids, servers, other):
    """The rows with these ids, with these servers, or all; and if there is another build of the testbed, that beside it."""
    for row in ROWS:
        if not ids or row.id in ids:
            contestants = tuple(each for each in row.contestants if not servers or each.server in servers)
            more = other_builds(contestants) if other else ()
            yield replace(row, contestants=contestants + more, whole_only=row.whole_only + other_builds(row.whole_only))


def other_builds(contestants):
    return tuple(
        replace(each, name=f"{each.name} (other build)", server="other")
        for each in contestants
        if each.server == "testbed"
    )
