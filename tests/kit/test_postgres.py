"""The embedded PostgreSQL: every fault here is caused, not imagined."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from mingxun.kit import postgres
from mingxun.kit.children import spawn
from mingxun.kit.postgres import EmbeddedPostgres, PostgresFailed
from mingxun.kit.stepping_down import system_user

ROOT = os.geteuid() == 0


class Making:
    """Makes the objects of a test, and stops what they started."""

    def __init__(self) -> None:
        self.made: list[EmbeddedPostgres] = []

    def __call__(self, data_dir: Path, **settings: str) -> EmbeddedPostgres:
        self.made.append(EmbeddedPostgres(data_dir, extra_settings=settings))
        return self.made[-1]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="mx-"))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def embedded(data_dir: Path) -> Iterator[Making]:
    making = Making()
    yield making
    for server in reversed(making.made):
        server.stop(timeout=5)


@pytest.fixture
def server(data_dir: Path, embedded: Making) -> EmbeddedPostgres:
    server = embedded(data_dir)
    server.start()
    return server


def ask(dsn: str, *statements: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.cluster / "postmaster.pid").read_text().split("\n")[0])


def processes_in(server: EmbeddedPostgres) -> list[psutil.Process]:
    return postgres._servers_in(server.cluster)


def eventually(condition: Callable[[], bool], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


def test_a_new_cluster_answers_on_a_private_socket_and_on_no_port(server: EmbeddedPostgres) -> None:
    assert ask(server.dsn, "SELECT current_database()") == "mingxun"
    assert ask(server.dsn, "SHOW listen_addresses") == ""
    assert ask(server.dsn, "SHOW server_version").__str__().startswith(server.version())
    assert (server.cluster.stat().st_mode & 0o777) == 0o700
    assert psutil.Process(postmaster(server)).net_connections("inet") == []


def test_acknowledged_writes_are_on_disk(server: EmbeddedPostgres) -> None:
    assert ask(server.dsn, "SHOW fsync") == "on"
    assert ask(server.dsn, "SHOW synchronous_commit") == "on"


def test_settings_can_be_overridden_for_one_start(data_dir: Path, embedded: Making) -> None:
    server = embedded(data_dir, fsync="off", max_connections="20")
    assert ask(server.start(), "SHOW fsync") == "off"
    assert ask(server.dsn, "SHOW max_connections") == "20"


def test_text_sorts_and_folds_alike_on_every_machine(server: EmbeddedPostgres) -> None:
    assert ask(server.dsn, "SELECT lower('ÄÖÜ')") == "äöü"
    assert ask(server.dsn, "SELECT datlocale FROM pg_database WHERE datname = 'mingxun'") == "C.UTF-8"


def test_what_was_committed_is_there_after_a_stop_and_a_start(server: EmbeddedPostgres, data_dir: Path, embedded: Making) -> None:
    ask(server.dsn, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7) RETURNING n")
    server.stop()
    assert not server.answers()
    assert processes_in(server) == []
    began = time.monotonic()
    again = embedded(data_dir)
    again.start()
    assert time.monotonic() - began < 2
    assert ask(again.dsn, "SELECT n FROM kept") == 7


def test_a_second_start_finds_the_running_server(server: EmbeddedPostgres, data_dir: Path, embedded: Making) -> None:
    before = postmaster(server)
    other = embedded(data_dir)
    assert other.start() == server.dsn
    assert postmaster(server) == before
    assert server.started_here
    assert not other.started_here


def test_a_killed_postmaster_is_replaced_and_nothing_committed_is_lost(
    server: EmbeddedPostgres, data_dir: Path, embedded: Making
) -> None:
    ask(server.dsn, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7) RETURNING n")
    before = postmaster(server)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: not server.answers())
    began = time.monotonic()
    embedded(data_dir).start()
    assert time.monotonic() - began < 5
    assert postmaster(server) != before
    assert ask(server.dsn, "SELECT n FROM kept") == 7


def test_a_backend_busy_in_a_long_query_does_not_keep_a_killed_server_from_starting_again(
    server: EmbeddedPostgres, data_dir: Path, embedded: Making
) -> None:
    """A backend that computes does not notice its postmaster's death and holds the shared memory."""
    loop = "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$"
    busy = subprocess.Popen([postgres.binaries_dir() / "psql", server.dsn, "-c", loop], stderr=subprocess.DEVNULL)
    try:
        running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
        eventually(lambda: ask(server.dsn, running) == 1)
        os.kill(postmaster(server), signal.SIGKILL)
        began = time.monotonic()
        embedded(data_dir).start()
        assert time.monotonic() - began < 5
        assert ask(server.dsn, "SELECT 1") == 1
    finally:
        busy.kill()
        busy.wait()


def test_a_stale_pid_file_naming_another_process_is_not_believed(
    server: EmbeddedPostgres, data_dir: Path, embedded: Making
) -> None:
    """After a power cut the old number can belong to anybody: here to a sleep of PostgreSQL's own user."""
    os.kill(postmaster(server), signal.SIGKILL)
    eventually(lambda: processes_in(server) == [])
    user = system_user() if ROOT else None
    stranger = spawn(["/bin/sleep", "60"], user=user)
    try:
        for lock in (server.cluster / "postmaster.pid", server.socket_dir / ".s.PGSQL.5432.lock"):
            lines = lock.read_text().split("\n")
            lock.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        embedded(data_dir).start()
        assert ask(server.dsn, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stale_pid_file_naming_somebody_elses_postgres_is_not_believed(
    server: EmbeddedPostgres, data_dir: Path, embedded: Making
) -> None:
    elsewhere = Path(tempfile.mkdtemp(prefix="mx-"))
    other = embedded(elsewhere, fsync="off")
    try:
        other.start()
        os.kill(postmaster(server), signal.SIGKILL)
        eventually(lambda: processes_in(server) == [])
        pid_file = server.cluster / "postmaster.pid"
        pid_file.write_text("\n".join([str(postmaster(other)), *pid_file.read_text().split("\n")[1:]]))
        embedded(data_dir).start()
        assert ask(server.dsn, "SELECT 1") == 1
        assert ask(other.dsn, "SELECT 1") == 1
    finally:
        other.stop()
        shutil.rmtree(elsewhere)


def test_two_starts_at_once_make_one_cluster_and_one_server(data_dir: Path) -> None:
    code = (
        "import sys, pathlib; from mingxun.kit.postgres import EmbeddedPostgres;"
        "s = EmbeddedPostgres(pathlib.Path(sys.argv[1])); print(s.start(), s.started_here, flush=True); sys.stdin.read()"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", code, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        )
        for _ in range(3)
    ]
    said = [start.stdout.readline().decode().split() for start in starts if start.stdout]
    assert len({dsn for dsn, _ in said}) == 1
    assert sorted(started for _, started in said) == ["False", "False", "True"]
    assert ask(said[0][0], "SELECT 1") == 1
    for start in starts:
        start.communicate(b"")
    eventually(lambda: processes_in(EmbeddedPostgres(data_dir)) == [])


def test_the_server_ends_with_the_process_that_started_it_even_when_that_is_killed(data_dir: Path, embedded: Making) -> None:
    code = (
        "import sys, pathlib, os; from mingxun.kit.postgres import EmbeddedPostgres;"
        "EmbeddedPostgres(pathlib.Path(sys.argv[1])).start(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, data_dir], env=_environment(), check=False)
    server = embedded(data_dir)
    eventually(lambda: processes_in(server) == [], seconds=10)
    assert ask(server.start(), "SELECT 1") == 1


def test_a_start_waits_for_a_server_that_is_shutting_down(server: EmbeddedPostgres, data_dir: Path, embedded: Making) -> None:
    os.kill(postmaster(server), signal.SIGTERM)  # "smart": it waits for its sessions, and takes no new ones
    embedded(data_dir).start()
    assert ask(server.dsn, "SELECT 1") == 1


def test_a_kill_in_the_middle_of_making_the_cluster_is_made_good(data_dir: Path, embedded: Making) -> None:
    half = data_dir / "postgres.making"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert ask(embedded(data_dir).start(), "SELECT 1") == 1
    assert not half.exists()


def test_a_very_long_path_gets_a_short_private_socket_directory(data_dir: Path, embedded: Making) -> None:
    deep = data_dir / ("long" * 20) / ("path" * 20)
    server = embedded(deep)
    try:
        assert ask(server.start(), "SELECT 1") == 1
        assert server.socket_dir != server.cluster
        assert (server.socket_dir.stat().st_mode & 0o777) == 0o700
    finally:
        server.stop()
    assert not server.socket_dir.exists()


def test_a_socket_directory_that_others_could_enter_is_refused(data_dir: Path, embedded: Making) -> None:
    deep = data_dir / ("long" * 20) / ("path" * 20)
    deep.mkdir(parents=True)
    server = embedded(deep)
    server.socket_dir.mkdir(mode=0o755)
    try:
        with pytest.raises(PostgresFailed, match="not a private directory"):
            server.start()
    finally:
        server.socket_dir.rmdir()


def test_a_directory_with_other_things_in_it_is_left_alone(data_dir: Path, embedded: Making) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "thesis.txt").write_text("dear")
    with pytest.raises(PostgresFailed, match="holds no database"):
        embedded(data_dir).start()
    assert (data_dir / "postgres" / "thesis.txt").read_text() == "dear"


def test_a_cluster_of_another_version_is_refused_with_what_to_do(
    server: EmbeddedPostgres, data_dir: Path, embedded: Making
) -> None:
    server.stop()
    (server.cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(PostgresFailed, match=r"made by PostgreSQL 15.*pg_dump"):
        embedded(data_dir).start()


def test_a_setting_that_postgres_refuses_is_told_with_its_log(data_dir: Path, embedded: Making) -> None:
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        embedded(data_dir, no_such_setting="1").start()


def test_personal_data_of_a_failed_statement_stay_out_of_the_log(server: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        ask(server.dsn, "CREATE TABLE p (phone text UNIQUE)", "INSERT INTO p VALUES ('19900001234'), ('19900001234') RETURNING 1")
    log = server.log.read_text()
    assert "duplicate key" in log
    assert "19900001234" not in log


@pytest.mark.skipif(not ROOT, reason="only root has to step down")
def test_root_hands_the_cluster_to_a_user_who_is_not_root(server: EmbeddedPostgres) -> None:
    assert psutil.Process(postmaster(server)).username() == "mingxun"
    assert server.cluster.owner() == "mingxun"
    assert not server.cluster.parent.stat().st_mode & 0o006, "others pass through the data directory, but don't list it"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(postgres.__file__).parents[2])}
