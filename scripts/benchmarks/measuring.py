"""What scenarios share: a folder for an installation, and how much memory processes take."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil


@contextlib.contextmanager
def free_folder() -> Iterator[Path]:
    """An empty data directory. PostgreSQL runs as another user when we are root, so the way to it is open."""
    with tempfile.TemporaryDirectory(prefix="mx-bench-") as outer:
        os.chmod(outer, 0o755)  # noqa: S103
        folder = Path(outer) / "data"
        folder.mkdir()
        yield folder


def memory_mb(pid: int) -> float:
    """Resident memory of a process and all its children, in MB (10⁶ bytes); pages they share are counted once (PSS)."""
    total = 0
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            info = one.memory_full_info()
            total += getattr(info, "pss", info.rss)
    return total / 1e6
