"""What `scripts/start` runs, as real processes: everything that can be killed is killed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from mingxun.installation import read_settings
from mingxun.start import MARK
from tests.installation import ROOT, free_port

pytestmark = pytest.mark.alone

WITHIN = 20.0
"""Seconds to wait for what is promised within 5: the machine that runs the tests does other things meanwhile."""


class Started:
    """A running `python -m mingxun.start`."""

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        arguments: tuple[str, ...] = ("--no-demo",),
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.port = port or free_port()
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("MINGXUN_") and name != "DATABASE_URL"
        }
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mingxun.start", "--data", str(data), "--port", str(self.port), *arguments],
            env={**environment, **(more or {}), "PYTHONPATH": str(ROOT / "server")},
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def answers(self, path: str = "/readyz") -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    def wait_until_ready(self) -> "Started":
        """Until the page of links is printed, which is when the server answers."""
        eventually(lambda: "Ctrl-C" in self.said() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said()
        return self

    def part(self, name: str) -> psutil.Process:
        """The child that runs `mingxun <name>`, or PostgreSQL itself."""
        for child in psutil.Process(self.process.pid).children():
            words = child.cmdline()
            if name in words or (name == "postgres" and words and words[0].endswith("/postgres")):
                return child
        raise LookupError(name)

    def has(self, name: str) -> bool:
        try:
            return self.part(name).status() != psutil.STATUS_ZOMBIE
        except (LookupError, psutil.Error):
            return False

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def said(self) -> str:
        self.output.seek(0)
        return self.output.read().decode()

    def close(self) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)
        self.output.close()


def eventually(condition: Callable[[], bool], seconds: float = WITHIN) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)


def left_behind(data: Path) -> list[psutil.Process]:
    """Processes of this data directory, whoever is their parent."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (
                process.environ().get(MARK) == str(data) or process.cwd().startswith(str(data))
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="mx-start-"))
    yield place
    eventually(lambda: left_behind(place) == [], 40)
    shutil.rmtree(place)


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., Started]]:
    made: list[Started] = []

    def begin(*arguments: str, port: int | None = None) -> Started:
        made.append(Started(data, port=port, arguments=arguments or ("--no-demo",)))
        return made[-1]

    yield begin
    for started in made:
        started.close()


def test_ctrl_c_stops_everything_it_started(start: Callable[..., Started], data: Path) -> None:
    started = start().wait_until_ready()
    assert {path.name for path in (data / "keys").glob("[!.]*") if path.stat().st_mode & 0o077 == 0} >= {
        "secret.key",
        "vapid.pem",
    }
    assert read_settings(data).port == started.port, "commands that are run meanwhile print links that work"
    assert started.stop(signal.SIGINT) == 0
    assert read_settings(data).port == 8321
    assert left_behind(data) == []
    assert "invite --role subdistrict_admin" in started.said()


def test_a_killed_part_is_back_within_seconds(start: Callable[..., Started]) -> None:
    started = start().wait_until_ready()
    for name in ("worker", "postgres", "serve"):
        victim = started.part(name)
        victim.kill()
        eventually(lambda v=victim, n=name: started.has(n) and started.part(n).pid != v.pid)  # type: ignore[misc]
        eventually(started.answers)
    # Also the process in which the server's work is done, not only the one that watches it.
    eventually(lambda: started.has("serve") and len(started.part("serve").children()) > 0)
    for child in started.part("serve").children(recursive=True):
        child.kill()
    eventually(started.answers)


def test_a_killed_start_is_followed_by_one_that_works(start: Callable[..., Started], data: Path) -> None:
    first = start().wait_until_ready()
    first.process.kill()
    first.process.wait()
    second = start(port=first.port)
    second.wait_until_ready()
    assert second.stop() == 0
    assert left_behind(data) == []


def test_all_killed_at_once_leaves_nothing_that_a_start_stumbles_over(start: Callable[..., Started], data: Path) -> None:
    first = start().wait_until_ready()
    first.process.kill()
    for process in left_behind(data):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    first.process.wait()
    start(port=first.port).wait_until_ready()


def test_a_second_start_with_the_same_data_says_who_has_them(start: Callable[..., Started]) -> None:
    first = start().wait_until_ready()
    second = start()
    assert second.process.wait(60) == 1
    said = second.said()
    assert f"process {first.process.pid}" in said
    assert "--data" in said
    assert first.answers()


def test_a_taken_port_is_named_with_what_to_do(start: Callable[..., Started], data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = int(other.getsockname()[1])
        started = start(port=port)
        assert started.process.wait(60) == 1
        said = started.said()
    assert f"Port {port}" in said
    assert f"process {os.getpid()}" in said
    assert f"--port {port + 1}" in said
    assert left_behind(data) == []


def test_a_wrong_setting_is_named_with_what_to_do(start: Callable[..., Started], data: Path) -> None:
    file = data / "mingxun.toml"
    file.write_text('timezone_name = "Mars/Olympus"\n')
    try:
        started = start()
        assert started.process.wait(60) == 1
        assert "timezone_name" in started.said()
    finally:
        file.unlink()


def test_the_demonstration_is_not_shown_where_everybody_can_come(data: Path) -> None:
    file = data / "mingxun.toml"
    file.write_text('public_url = "https://mx.example.org"\n')
    started = Started(data, arguments=(), more={"MINGXUN_PROCESES": "4"})
    try:
        assert started.process.wait(60) == 1
        said = started.said()
    finally:
        started.close()
        file.unlink()
    assert "--no-demo" in said
    assert "Is MINGXUN_PROCESSES meant?" in said, "a misspelt variable is said at start"
