#!/usr/bin/env python3
"""One attack: `attack.py NAME PORT SECONDS SOCKETS [tls]`. Says at the end what became of its connections, as JSON."""
import asyncio
import json
import logging
import os
import sys

import over_http1  # noqa: F401 (each enters its attacks into the table)
import over_http2  # noqa: F401
import over_requests  # noqa: F401
import over_tls  # noqa: F401
import over_websocket  # noqa: F401
from target import ATTACKS, PLAIN, Target


async def main(name, port, seconds, sockets, over=PLAIN):
    # Which tells of each write to a connection that is broken.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    # Elsewhere attackers have machines of their own.
    os.nice(10)
    target = Target(int(port), float(seconds), over)
    try:
        await asyncio.wait_for(ATTACKS[name](target, int(sockets)), float(seconds) + 5)
    except asyncio.TimeoutError:
        pass
    print(json.dumps({"opened": target.opened, "closed": target.closed, "sent": target.sent, "answers": target.answers}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
