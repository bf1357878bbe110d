"""The boundary, around a small app with a table of its own."""

import asyncio
import errno
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar, Request, get, post
from litestar.di import NamedDependency, Provide
from litestar.middleware import DefineMiddleware
from litestar.params import JSONBody

from mingxun.kit import database
from mingxun.kit.clock import Clock, SystemClock
from mingxun.kit.errors import answer, problem_from
from mingxun.kit.http import Boundary, Frame
from mingxun.kit.ids import new_id
from mingxun.kit.problems import Conflict
from mingxun.kit.settings import Settings
from tests.conftest import ORIGIN

KEY = {"Idempotency-Key": "a-key"}


class Note(msgspec.Struct, forbid_unknown_fields=True):
    text: str


@dataclass(frozen=True)
class Somebody:
    person: UUID


SOMEBODY, OTHER = Somebody(new_id()), Somebody(new_id())


@post("/notes", opt={"retryable": True})
async def keep(data: JSONBody[Note]) -> dict[str, int]:
    await asyncio.sleep(0.01)
    number = await database.fetch_value("INSERT INTO note (text) VALUES ($1) RETURNING id", data.text)
    if data.text == "refuse":
        raise Conflict("Not this one.")
    if data.text == "break":
        raise ZeroDivisionError("secret inside")
    return {"id": number}


async def somebody(request: Request[Any, Any, Any]) -> Any:
    return request.scope["state"]["actor"]


@post("/pictures", opt={"transaction": False, "accepts": ("image/",), "patience": 0.2})
async def picture(request: Request[Any, Any, Any], actor: NamedDependency[Any]) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@post("/letters", opt={"retryable": True})
async def letter(data: JSONBody[Note], actor: NamedDependency[Any]) -> dict[str, int]:
    return {"characters": len(data.text)}


async def read_slowly(request: Request[Any, Any, Any], actor: Any, clock: Clock) -> int:
    assert database.ENGINE.current_transaction.get() is None, "what takes long holds no connection"
    PREPARED.append(actor)
    return len(await request.body())


PREPARED: list[Any] = []


@post("/tables", opt={"retryable": True, "prepare": read_slowly})
async def table(request: Request[Any, Any, Any], actor: NamedDependency[Any]) -> dict[str, int]:
    return {
        "bytes": request.scope["state"]["prepared"],
        "id": await database.fetch_value("INSERT INTO note (text) VALUES ('') RETURNING id"),
    }


@get("/notes")
async def count(request: Request[Any, Any, Any]) -> dict[str, Any]:
    actor = request.scope["state"].get("actor")
    return {"count": await database.fetch_value("SELECT count(*) FROM note"), "who": str(actor.person) if actor else None}


@pytest.fixture
async def client(committed_database: str, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with database.transaction():
        await database.execute("CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY, text text)")

    async def authenticate(token: str) -> Somebody | None:
        return {"one": SOMEBODY, "two": OTHER}.get(token)

    boundary = DefineMiddleware(
        Boundary,
        authenticate=authenticate,
        cookie="c",
        clock=SystemClock(),
        fingerprint=lambda data: hmac.digest(b"k", data, "sha256"),
    )
    app = Frame(
        Litestar(
            [keep, count, picture, letter, table],
            dependencies={"actor": Provide(somebody)},
            middleware=[boundary],
            exception_handlers={Exception: answer},
        ),
        settings,
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}, cookies={"c": "one"}
    ) as browser:
        yield browser


async def notes(client: httpx.AsyncClient) -> int:
    return int((await client.get("/notes")).json()["count"])


async def test_a_refused_request_leaves_nothing(client: httpx.AsyncClient) -> None:
    reply = await client.post("/notes", json={"text": "refuse"})
    assert reply.status_code == 409
    assert reply.headers["content-type"] == "application/problem+json"
    assert await notes(client) == 0


async def test_an_unexpected_error_is_a_problem_that_tells_nothing_of_the_inside(client: httpx.AsyncClient) -> None:
    reply = await client.post("/notes", json={"text": "break"})
    assert reply.status_code == 500
    assert reply.json()["type"] == "/problems/internal-error"
    assert reply.json()["instance"] == reply.headers["x-request-id"]
    assert "secret" not in reply.text
    assert await notes(client) == 0


async def test_a_retry_gets_the_first_reply_and_does_nothing(client: httpx.AsyncClient) -> None:
    first = await client.post("/notes", json={"text": "a"}, headers=KEY)
    again = await client.post("/notes", json={"text": "a"}, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert await notes(client) == 1


async def test_fifty_identical_requests_at_once_do_one_thing(client: httpx.AsyncClient) -> None:
    replies = await asyncio.gather(*(client.post("/notes", json={"text": "a"}, headers=KEY) for _ in range(50)))
    assert {(r.status_code, r.content) for r in replies} == {(replies[0].status_code, replies[0].content)}
    assert replies[0].status_code == 201
    assert await notes(client) == 1


async def test_the_same_key_with_another_body_is_refused_and_the_first_stays(client: httpx.AsyncClient) -> None:
    await client.post("/notes", json={"text": "a"}, headers=KEY)
    other = await client.post("/notes", json={"text": "b"}, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert await notes(client) == 1


async def test_two_people_may_use_the_same_key(client: httpx.AsyncClient) -> None:
    await client.post("/notes", json={"text": "a"}, headers=KEY)
    client.cookies.set("c", "two")
    assert (await client.post("/notes", json={"text": "a"}, headers=KEY)).status_code == 201
    assert await notes(client) == 2


async def test_what_somebody_else_made_is_refused_and_leaves_nothing(client: httpx.AsyncClient) -> None:
    reply = await client.post("/notes", json={"text": "a"}, headers={**KEY, "X-Author": str(OTHER.person)})
    assert (reply.status_code, reply.json()["type"]) == (409, "/problems/other-author")
    assert await notes(client) == 0
    client.cookies.set("c", "two")
    assert (await client.post("/notes", json={"text": "a"}, headers={**KEY, "X-Author": str(OTHER.person)})).status_code == 201


@pytest.mark.parametrize("headers", [{}, {"X-Author": str(SOMEBODY.person)}, {"X-Author": str(SOMEBODY.person).upper()}])
async def test_ones_own_is_taken_and_so_is_what_does_not_say_whose_it_is(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.post("/notes", json={"text": "a"}, headers=headers)).status_code == 201


async def test_whose_it_is_says_nothing_to_somebody_who_is_not_signed_in(client: httpx.AsyncClient) -> None:
    client.cookies.clear()
    await client.post("/notes", json={"text": "a"}, headers={"X-Author": str(OTHER.person)})
    assert await notes(client) == 1


async def test_a_refusal_is_not_kept_so_a_retry_may_succeed(client: httpx.AsyncClient) -> None:
    assert (await client.post("/notes", json={"text": "refuse"}, headers=KEY)).status_code == 409
    assert (await client.post("/notes", json={"text": "a"}, headers=KEY)).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 65, "ä", "a b"])
async def test_a_malformed_key_is_refused(client: httpx.AsyncClient, key: str) -> None:
    reply = await client.post("/notes", json={"text": "a"}, headers=[(b"Idempotency-Key", key.encode())])
    assert reply.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}],
)
async def test_a_write_from_another_site_is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    reply = await client.post("/notes", json={"text": "a"}, headers=headers)
    assert (reply.status_code, reply.json()["type"]) == (403, "/problems/cross-site")
    assert "content-security-policy" in reply.headers


async def test_a_cookie_without_an_origin_is_not_enough_to_write(client: httpx.AsyncClient) -> None:
    del client.headers["Origin"]
    assert (await client.post("/notes", json={"text": "a"})).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_a_form_does_not_pass_for_json(client: httpx.AsyncClient, kind: str) -> None:
    reply = await client.post("/notes", content=b'{"text": "a"}', headers={"Content-Type": kind})
    assert reply.status_code == 415


@pytest.mark.parametrize("body", [b"{", b'{"text": 1}', b'{"text": "a", "role": "secretary"}', b"", b"\xff"])
async def test_a_body_that_is_not_as_the_contract_says_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    reply = await client.post("/notes", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"


async def test_unknown_addresses_and_methods_are_problems_with_all_security_headers(client: httpx.AsyncClient) -> None:
    for reply in (await client.get("/nowhere"), await client.delete("/notes")):
        assert reply.headers["content-type"] == "application/problem+json"
        for header in ("content-security-policy", "x-content-type-options", "referrer-policy", "x-request-id"):
            assert header in reply.headers


async def test_nothing_is_answered_before_the_commit(client: httpx.AsyncClient) -> None:
    """The connection is cut at COMMIT: the client must not have been told that all is well."""
    async with database.transaction():
        await database.execute(
            """CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
               CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()"""
        )
    reply = await client.post("/notes", json={"text": "a"})
    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) > 0
    assert await notes(client) == 0


class Watched:
    """A body of `size` bytes in pieces, which says how much of it was taken. With `pause`, seconds between pieces."""

    def __init__(self, size: int, *, pause: float = 0) -> None:
        self.size = size
        self.pause = pause
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(0, self.size, 10_000):
            await asyncio.sleep(self.pause)
            self.taken += 10_000
            yield b" " * 10_000


@pytest.mark.parametrize("cookie", ["", "nobody's"])
@pytest.mark.parametrize(
    ("path", "kind"), [("/letters", "application/json"), ("/pictures", "image/jpeg"), ("/tables", "application/json")]
)
async def test_nobody_makes_us_read_a_large_body(client: httpx.AsyncClient, cookie: str, path: str, kind: str) -> None:
    client.cookies.clear()
    client.headers["Cookie"] = f"c={cookie}"
    body = Watched(1_000_000)
    reply = await client.post(path, content=body, headers={"Content-Type": kind, "Content-Length": "1000000"})
    assert (reply.status_code, reply.json()["type"]) == (401, "/problems/not-signed-in")
    assert body.taken == 0


async def test_without_a_cookie_not_even_a_small_body_is_read(client: httpx.AsyncClient) -> None:
    client.cookies.clear()
    body = Watched(20_000)
    reply = await client.post("/letters", content=body, headers={"Content-Type": "application/json", "Content-Length": "20000"})
    assert reply.status_code == 401
    assert body.taken == 0


async def test_a_body_that_does_not_arrive_is_not_waited_for(client: httpx.AsyncClient) -> None:
    reply = await client.post("/pictures", content=Watched(1_000_000, pause=0.05), headers={"Content-Type": "image/jpeg"})
    assert (reply.status_code, reply.json()["type"]) == (408, "/problems/too-slow")


async def test_what_takes_long_is_done_before_the_transaction_and_once(client: httpx.AsyncClient) -> None:
    PREPARED.clear()
    send = {"content": b"{}", "headers": {**KEY, "Content-Type": "application/json"}}
    first, again = [await client.post("/tables", **send) for _ in range(2)]  # type: ignore[arg-type]
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()["bytes"] == 2
    assert PREPARED == [SOMEBODY]
    other = await client.post("/tables", content=b"{ }", headers=send["headers"])  # type: ignore[arg-type]
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert PREPARED == [SOMEBODY], "a key of something else is refused before the work is done"


class Lost(asyncpg.DiskFullError):
    """As PostgreSQL says it."""


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/photos/x"), 507, "storage-full"),
        (Lost(), 507, "storage-full"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 503, "overloaded"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), 503, "overloaded"),
        (MemoryError(), 503, "overloaded"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), 503, "unavailable"),
        (database.DatabaseAway("gone"), 503, "unavailable"),
        (asyncpg.CannotConnectNowError(), 503, "unavailable"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/data/photos/x"), 500, "internal-error"),
        (PermissionError(errno.EACCES, "Permission denied", "/data/photos/x"), 500, "internal-error"),
    ],
)
def test_an_error_of_the_machine_is_told_as_what_it_is(error: BaseException, status: int, slug: str) -> None:
    problem = problem_from(error)
    assert (problem.status, problem.slug) == (status, slug)
    assert b"/data/" not in problem.encode("")


async def test_a_database_that_is_not_there_is_said_to_be_away(committed_database: str) -> None:
    await database.close_pool()
    await database.open_pool("postgresql://nobody@/none?host=/tmp/no-such-socket", at_once=False)
    with pytest.raises(database.DatabaseAway):
        async with database.transaction():
            pass
    with pytest.raises(database.DatabaseAway):
        async with database.apart():
            pass
    await database.close_pool()
