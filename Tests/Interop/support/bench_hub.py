"""The Hub that `knapsack-bench fetch` asks: serves directories as repositories until it is killed.

    bench_hub.py ADDRESSES NAME=DIRECTORY...

Each repository is `bench/NAME`. ADDRESSES is written when everything can be asked for: the address of the Hub, that of one
whose every answer is 50 ms late, and for each file of a repository its content's address.
"""

import signal
import sys
from pathlib import Path

from wayward_hub import Fault, WaywardHub, _WaywardHandler


class _Handler(_WaywardHandler):
    """Sends content as fast as the kernel can."""

    def send_bytes(self, item, start: int, end: int, fault: Fault | None):
        with item.source.open("rb") as handle:
            self.wfile.flush()
            self.connection.sendfile(handle, start, end - start)


class BenchHub(WaywardHub):
    content_handler = _Handler


def main():
    addresses, *repositories = sys.argv[1:]
    near, far = BenchHub(page_size=1000), BenchHub(page_size=1000, delay=0.05)
    lines = [near.url, far.url]
    for text in repositories:
        name, directory = text.split("=", 1)
        near.add(f"bench/{name}", Path(directory))
        far.repos = near.repos
        files = near.repos["model", f"bench/{name}"].commits.values()
        lines += [f"{near.url}/bench/{name}/resolve/main/{path}" for commit in files for path in commit]
    unfinished = Path(addresses + ".new")
    unfinished.write_text("\n".join(lines) + "\n")
    unfinished.rename(addresses)
    signal.pause()


if __name__ == "__main__":
    main()
