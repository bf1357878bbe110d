"""`scripts/bench`."""

import argparse
import asyncio
import json
import sys
import warnings
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from mingxun.kit import logs
from scripts.benchmarks import push_fanout, pwa, requests, weighing

Run = Callable[[], Coroutine[Any, Any, dict[str, Any] | list[dict[str, Any]]]]

SCENARIOS: dict[str, Run] = {
    **{name: partial(requests.run, name) for name in requests.SCENARIOS},
    "roster_import": weighing.roster_import,
    "push_fanout": push_fanout.run,
    "memory": weighing.memory,
    "pwa": pwa.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Prints one JSON line a scenario.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    names = parser.parse_args().names or list(SCENARIOS)
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}; there are: {', '.join(SCENARIOS)}")
    logs.configure("error")  # standard output is for the figures
    warnings.simplefilter("ignore", ResourceWarning)
    for name in names:
        lines = asyncio.run(SCENARIOS[name]())
        for line in lines if isinstance(lines, list) else [lines]:
            print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
