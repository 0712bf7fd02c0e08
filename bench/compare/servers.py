"""Who is measured: servers, and the ways to talk to them."""

import os
import select
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SERVER_CORE = "0"
LOAD_CORE = "1"
# How long a server may take until it listens.
PATIENCE = 20


@dataclass(frozen=True)
class Contestant:
    name: str
    server: str
    dialect: str
    transport: str = "websocket"
    cores: str = SERVER_CORE
    # What its server is told.
    options: tuple = ()
    # What differs from the row's load.
    load: tuple = ()
    # For how long its idle sessions are looked at: 0 if it has no heartbeat.
    idle: int = 0


EVERWIRE = Contestant("Everwire", "testbed", "native", idle=20)
EVERWIRE_SOCKET_IO = Contestant("Everwire, Socket.IO", "testbed", "socket_io", idle=20)
EVERWIRE_SOCK_JS = Contestant("Everwire, SockJS", "testbed", "sock_js", idle=20)
EVERWIRE_MANY = Contestant("Everwire", "many", "native")
FLOOR = Contestant("floor", "floor", "bare")
FLOOR_SOCKET_IO = Contestant("floor, Socket.IO", "floor-socket-io", "socket_io", idle=20)
HYPER = Contestant("hyper alone", "hyper", "bare")
SOCKETIOXIDE = Contestant("socketioxide", "socketioxide", "socket_io", idle=20)
SOCKET_IO = Contestant("socket.io", "socket.io", "socket_io", idle=20)
SOCK_JS = Contestant("sockjs-node", "sockjs-node", "sock_js", idle=20)
TUNGSTENITE = Contestant("tokio-tungstenite, tuned", "tungstenite", "bare")
WS = Contestant("ws", "ws", "bare")


def over(contestant, transport):
    names = {"event_source": "EventSource", "polling": "long-polling", "streaming": "streaming"}
    return replace(contestant, name=f"{contestant.name}, {names[transport]}", transport=transport)


def commands(ours, bench, other=None):
    """How each is started. `ours` and `bench` are the folders with what cargo has built; `other` is another build of the testbed."""
    return {
        "floor": [f"{bench}/floor"],
        "floor-socket-io": [f"{bench}/floor", "--socket-io"],
        "hyper": [f"{bench}/hyper"],
        "instructions": [f"{ours}/../instructions/release/instructions"],
        "load": [f"{bench}/load"],
        "many": [f"{bench}/many"],
        "other": [f"{other}", "--port", "0"],
        "socket.io": ["node", f"{HERE}/servers/socket_io.mjs"],
        "socketioxide": [f"{bench}/socketioxide"],
        "sockjs-node": ["node", f"{HERE}/servers/sock_js.mjs"],
        "testbed": [f"{ours}/testbed", "--port", "0"],
        "tungstenite": [f"{bench}/tungstenite"],
        "ws": ["node", f"{HERE}/servers/ws.mjs"],
    }


class Running:
    """A server on its core, until the block ends."""

    def __init__(self, command, cores):
        self.command = ["taskset", "-c", cores, *command]

    def __enter__(self):
        environment = {**os.environ, "NODE_ENV": "production"}
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if "//" not in line:
            self.__exit__()
            raise RuntimeError(f"{self.command[-1]} does not listen")
        return line.strip().rpartition("//")[2], self.process.pid

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
