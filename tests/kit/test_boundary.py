"""The boundary, around a small app with a table of its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, get, post
from litestar.middleware import DefineMiddleware
from litestar.params import JSONBody

from mingxun.kit import database
from mingxun.kit.clock import SystemClock
from mingxun.kit.errors import answer
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

    boundary = DefineMiddleware(Boundary, authenticate=authenticate, cookie="c", clock=SystemClock())
    app = Frame(Litestar([keep, count], middleware=[boundary], exception_handlers={Exception: answer}), settings)
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
