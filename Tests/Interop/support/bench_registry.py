"""The registry of `knapsack-bench registry`: Debian's docker-registry with an empty store, until it is killed.

    bench_registry.py DIRECTORY ADDRESS

ADDRESS is a file that is written when the registry can be asked: its host and port.
"""

import signal
import sys
from pathlib import Path

from real_registry import RealRegistry


def main():
    directory, address = map(Path, sys.argv[1:])
    registry = RealRegistry(directory)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        unfinished = address.with_suffix(".new")
        unfinished.write_text(registry.host + "\n")
        unfinished.rename(address)
        signal.pause()
    finally:
        registry.kill()


if __name__ == "__main__":
    main()
