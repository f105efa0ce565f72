"""A process that uses an embedded server, for tests that kill it: `embedded_user.py KIND FOLDER [thread] [durable]`.

Prints one line of JSON once the server answers ({"port", "server", "guardian"} or {"error"}), and gives the server back
when a line comes on standard input. `thread`: the server is started from a thread that ends at once.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path

from app.database.embedded import NOT_DURABLE, EmbeddedPostgres
from app.embedded.server import EmbeddedServer
from app.errors import AcmError


def main(kind: str, folder: str, *words: str) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background leaves Ctrl-C ignored
    server: EmbeddedServer
    if kind == "valkey":
        from app.valkey import EmbeddedValkey

        server = EmbeddedValkey(folder)
    else:
        server = EmbeddedPostgres(folder, settings={} if "durable" in words else NOT_DURABLE)
    try:
        if "thread" in words:
            thread = threading.Thread(target=server.start)
            thread.start()
            thread.join()
        else:
            server.start()
    except AcmError as error:
        print(json.dumps({"error": error.message, "hint": error.hint}), flush=True)
        return 1
    pids = json.loads((Path(folder) / "server.pid").read_text())
    print(json.dumps({"port": server.port} | pids), flush=True)
    sys.stdin.readline()
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
