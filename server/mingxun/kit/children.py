"""Child processes that end with their parent, also when the parent is killed with −9."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

STOPPING = signal.SIGUSR1
"""What a process of the web server gets just before it is asked to stop. A stream never ends by itself, and stopping waits for all
that is open."""


class User(NamedTuple):
    """The system user that a child becomes; only root can choose one."""

    uid: int
    gid: int


_LAUNCHER = """
import ctypes, os, sys
number, parent, uid, gid = map(int, sys.argv[1:5])
if uid >= 0:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
if number and sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)
os.umask(0o077)
try:
    os.execv(sys.argv[5], sys.argv[5:])
except OSError as error:
    sys.exit(f"{sys.argv[5]}: {error.strerror}")
"""
"""Becomes the user first: the kernel forgets the death signal when credentials change."""


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    user: User | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    output: IO[bytes] | int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` (its first word an absolute path) in a session of its own, so that a Ctrl-C reaches only the parent.

    On Linux the child gets `death_signal` when the parent dies. The kernel means the parent's *thread*; so the child is tied
    only when the main thread starts it. `output` takes both stdout and stderr.
    """
    tied = threading.current_thread() is threading.main_thread()
    return subprocess.Popen(
        [
            sys.executable,
            *("-I", "-S", "-c", _LAUNCHER),
            str(int(death_signal) if tied else 0),
            str(os.getpid()),
            str(user.uid if user else -1),
            str(user.gid if user else -1),
            *map(str, command),
        ],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if environment is None else dict(environment),
        cwd=directory,
        start_new_session=True,
    )
