"""What tests stand on: one real PostgreSQL for the run, two neighbourhoods in it, and a transaction a test that is rolled back.

A test that asks for `committed_database` gets a database of its own instead, where commits are real: for concurrency and faults.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from litestar.types import ASGIApp

from mingxun.app import create_litestar, framed
from mingxun.kit import database, logs
from mingxun.kit.migrate import migrate
from mingxun.kit.postgres import EmbeddedPostgres
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys, load_or_make
from tests.world import Person, World, build_world, give_session

logs.configure("error")  # as in the product: one line of JSON, no local variables in it

ORIGIN = "http://mingxun.test"
NEEDS_DATABASE = {"db", "world", "client_of", "anonymous", "app"}


@dataclass
class TestClock:
    """A clock that a test sets. Begins at the real time, to the second, since the database has triggers and jobs that tell real time."""

    __test__ = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        return self.at

    def forward(self, step: timedelta) -> None:
        self.at += step


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of this run: the product's own, but it need not survive a power cut."""
    with tempfile.TemporaryDirectory(prefix="mx-pg-") as folder:
        server = EmbeddedPostgres(
            Path(folder),
            extra_settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"},
        )
        server.start()
        yield server
        server.stop()


async def _clone(server: EmbeddedPostgres, template: str) -> str:
    """A database of its own, made from `template`; its DSN."""
    name = f"t{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server.dsn)
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await admin.close()
    return _named(server.dsn, name)


def _named(dsn: str, name: str) -> str:
    head, mark, query = dsn.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{mark}{query}"


@pytest.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> tuple[str, World]:
    """A migrated database with the two neighbourhoods, which others are made from; nobody is connected to it."""
    dsn = await _clone(postgres, "template0")
    await database.open_pool(dsn)
    await migrate()
    async with database.transaction():
        world = await build_world()
    await database.close_pool()
    return dsn.partition("?")[0].rsplit("/", 1)[-1], world


@pytest.fixture(scope="session")
async def shared_database(postgres: EmbeddedPostgres, template: tuple[str, World]) -> str:
    return await _clone(postgres, template[0])


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"), public_url=ORIGIN, push_allow_private=True, log_level="error")


@pytest.fixture(scope="session")
def keys(settings: Settings) -> Keys:
    return load_or_make(settings.data_dir)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(scope="session")
def world(template: tuple[str, World]) -> World:
    """Two neighbourhoods, 凌云里 (`here`) and 望江苑 (`there`), with a person for every role in each."""
    return template[1]


@pytest.fixture
def _dsn(request: pytest.FixtureRequest) -> str | None:
    """The shared database, started for the first test that needs one. Not async: it must be able to run an async fixture."""
    if not NEEDS_DATABASE & set(request.fixturenames) or "committed_database" in request.fixturenames:
        return None
    dsn: str = request.getfixturevalue("shared_database")
    return dsn


@pytest.fixture(autouse=True)
async def _database(_dsn: str | None) -> AsyncIterator[None]:
    dsn = _dsn
    if dsn is None:
        yield
        return
    if database.ENGINE.pool is None:
        await database.open_pool(dsn, size=10)
    async with database.apart() as connection:
        await connection.execute("TRUNCATE rate_limit")
    try:
        async with database.transaction():
            yield
            raise _RollBack
    except _RollBack:
        pass


class _RollBack(Exception):
    """Every test ends so."""


@pytest.fixture
def db() -> None:
    """The test runs in a transaction (for tests of services without HTTP)."""


@pytest.fixture
async def committed_database(postgres: EmbeddedPostgres, template: tuple[str, World]) -> AsyncIterator[str]:
    """A database of this test's own, open in this process with 20 connections; its DSN, for other processes."""
    await database.close_pool()
    dsn = await _clone(postgres, template[0])
    await database.open_pool(dsn, size=20)
    yield dsn
    await database.close_pool()
    admin = await asyncpg.connect(postgres.dsn)
    try:
        await admin.execute(f'DROP DATABASE "{dsn.partition("?")[0].rsplit("/", 1)[-1]}" WITH (FORCE)')
    finally:
        await admin.close()


@pytest.fixture
def app(settings: Settings, keys: Keys, clock: TestClock) -> ASGIApp:
    """The whole service in this process, on the test's transaction and clock. Pages come from a folder of the tests', not from a build."""
    return framed(create_litestar(settings, keys, clock=clock, manage_database=False), settings, pwa=settings.data_dir / "pwa")


@pytest.fixture
async def anonymous(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on this site in which nobody is signed in."""
    async with _browser(app) as client:
        yield client


@pytest.fixture
async def client_of(app: ASGIApp, clock: TestClock) -> AsyncIterator[Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]]:
    """`await client_of(person)`: a browser on this site in which that person is signed in."""
    opened: list[httpx.AsyncClient] = []

    async def sign_in(person: Person | UUID) -> httpx.AsyncClient:
        token = await give_session(person.id if isinstance(person, Person) else person, at=clock.now())
        client = _browser(app)
        client.cookies.set("mingxun", token)
        opened.append(client)
        return client

    yield sign_in
    await asyncio.gather(*(client.aclose() for client in opened))


def _browser(app: ASGIApp) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN})
