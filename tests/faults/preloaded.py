"""A process that has imported everything and forks `randebu run` on demand, since importing takes five seconds.

Run as `python -m tests.faults.preloaded`. It reads a line of JSON for each wish: `{"environment": {…}, "log": path}`
forks and tells the number of the new process, `{"wait": pid}` tells the exit status, negative for a signal.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping

import adapters.serving  # noqa: F401
from adapters.cli import main


def serve() -> None:
    """Grant wishes until there are no more."""
    for line in sys.stdin:
        wish = json.loads(line)
        if "wait" in wish:
            _, status = os.waitpid(wish["wait"], 0)
            told = os.waitstatus_to_exitcode(status)
        else:
            told = os.fork()
            if told == 0:
                _live(wish["environment"], wish["log"])
        print(told, flush=True)


def _live(environment: Mapping[str, str], log: str) -> None:
    os.setsid()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream, replaced in ((os.open(os.devnull, os.O_RDONLY), 0), (written, 1), (written, 2)):
        os.dup2(stream, replaced)
    sys.argv = ["randebu", "run"]
    status = 1
    try:
        main()
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        if status == 1:
            traceback.print_exc()
        # Never back into the loop, which belongs to the process that was forked from.
        os._exit(status)


if __name__ == "__main__":
    serve()
