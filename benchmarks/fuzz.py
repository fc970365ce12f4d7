"""A thousand valid and broken requests to the whole site, sixteen at a time, a third given up.

`python -m benchmarks.fuzz [--count 1000] [--seed N]` prints what came of them, every fault, and
the memory of the web process and of the starter's worker. It ends with 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.servers.fuzz import fuzz
from tests.servers.site import Site


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.fuzz")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), CHATSITE_REQUESTS_PER_MINUTE="0", CHATSITE_ENGINE_QUEUE="12")
        site.start()
        try:
            report = asyncio.run(fuzz(site, arguments.count, arguments.seed))
        finally:
            site.stop()
    print(report)
    before, after = report.workers
    sys.exit(bool(report.faults) or before != after)


if __name__ == "__main__":
    main()
