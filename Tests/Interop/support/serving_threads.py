"""A server in a thread of its own, which ends as soon as it is told to."""

import threading

# How often it looks whether it has to end, in seconds. The usual half a second is waited for at the end of every test.
INTERVAL = 0.02


def serve(server) -> None:
    threading.Thread(target=server.serve_forever, args=(INTERVAL,), daemon=True).start()
