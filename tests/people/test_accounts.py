"""Signing in and out, sessions, passwords, and limits on guessing."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar.types import ASGIApp

from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.jobs import JobContext
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people import accounts, guesses, jobs, memberships, sessions
from mingxun.people.facts import PersonChanged, PersonField
from mingxun.people.passwords import is_outdated, verify_password
from mingxun.people.sessions import cookie_name, device_of, forget_old_sessions, load_actor, session_cookie
from tests.conftest import ORIGIN, TestClock
from tests.recorded import facts_about
from tests.world import PASSWORD, Person, World, give_session

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
SESSION, MARK = "mingxun", "mingxun-device"


@pytest.fixture
def limits(clock: TestClock) -> RateLimits:
    return RateLimits(clock)


def browser(app: ASGIApp, source: str) -> httpx.AsyncClient:
    """A fresh browser at another address."""
    transport = httpx.ASGITransport(app=app, client=(source, 1234))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Sec-Fetch-Site": "same-origin"})


async def sign_in(client: httpx.AsyncClient, person: Person, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/session", json={"phone": person.phone, "password": password})


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].removeprefix("/problems/")


async def test_the_number_may_be_written_as_people_write_it(anonymous: httpx.AsyncClient, world: World) -> None:
    person = world.here.volunteer
    spaced = person.phone.removeprefix("+86")[:3] + " " + person.phone.removeprefix("+86")[3:]
    answer = await anonymous.post("/api/session", json={"phone": spaced, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["id"] == str(person.id)
    assert (await anonymous.get("/api/me")).json()["name"] == person.name


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(anonymous: httpx.AsyncClient, world: World) -> None:
    answer = await sign_in(anonymous, world.here.volunteer)
    for cookie in answer.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert "SameSite=lax" in answer.headers.get_list("set-cookie")[0]


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(settings: Settings) -> None:
    public = Settings(data_dir=settings.data_dir, public_url="https://mingxun.example.org")
    header = session_cookie("t", public).to_header()
    assert cookie_name(public) == "__Host-mingxun"
    assert "Secure" in header
    assert "Path=/" in header


async def test_only_a_hash_of_the_token_is_kept(anonymous: httpx.AsyncClient, world: World) -> None:
    await sign_in(anonymous, world.here.volunteer)
    token = anonymous.cookies[SESSION]
    assert not await fetch_value("SELECT EXISTS (SELECT FROM session WHERE token_hash = $1)", token.encode())
    facts = await fetch("SELECT data::text FROM fact WHERE kind = 'signed_in'")
    assert facts
    assert not any(token in row["data"] for row in facts)


@pytest.mark.parametrize("known", [True, False])
async def test_a_wrong_password_and_an_unknown_number_are_answered_alike(
    anonymous: httpx.AsyncClient, world: World, known: bool
) -> None:
    phone = world.here.volunteer.phone if known else "13800000000"
    answer = await anonymous.post("/api/session", json={"phone": phone, "password": "not the one"})
    assert problem(answer) == (401, "wrong-credentials")
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance"}
    assert "set-cookie" not in answer.headers


async def test_a_text_that_is_no_number_is_said_to_be_none(anonymous: httpx.AsyncClient, world: World) -> None:
    answer = await anonymous.post("/api/session", json={"phone": "12345", "password": PASSWORD})
    assert problem(answer) == (422, "invalid-phone")


async def test_nobody_can_smuggle_a_field_in(anonymous: httpx.AsyncClient, world: World) -> None:
    body = {"phone": world.here.volunteer.phone, "password": PASSWORD, "role": "secretary"}
    assert (await anonymous.post("/api/session", json=body)).status_code == 400


async def test_every_sign_in_gives_a_new_token_and_the_browsers_old_one_dies(anonymous: httpx.AsyncClient, world: World) -> None:
    await sign_in(anonymous, world.here.volunteer)
    first = anonymous.cookies[SESSION]
    await sign_in(anonymous, world.here.volunteer)
    assert anonymous.cookies[SESSION] != first
    anonymous.cookies.set(SESSION, first)
    assert (await anonymous.get("/api/me")).status_code == 401


async def test_a_token_that_a_stranger_planted_is_not_taken_over(anonymous: httpx.AsyncClient, world: World) -> None:
    planted = "x" * 43
    anonymous.cookies.set(SESSION, planted)
    answer = await sign_in(anonymous, world.here.volunteer)
    assert planted not in "".join(answer.headers.get_list("set-cookie"))


async def test_signing_out_ends_the_session_and_removes_the_cookie(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.volunteer)
    token = client.cookies[SESSION]
    answer = await client.delete("/api/session")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    client.cookies.set(SESSION, token)
    assert (await client.get("/api/me")).status_code == 401


async def test_a_session_lives_as_long_as_it_is_used(client_of: ClientOf, world: World, clock: TestClock) -> None:
    client = await client_of(world.here.volunteer)
    for _ in range(3):
        clock.forward(timedelta(days=60))
        assert (await client.get("/api/me")).status_code == 200
    clock.forward(timedelta(days=91))
    assert (await client.get("/api/me")).status_code == 401


async def test_use_is_written_down_at_most_every_five_minutes(db: None, world: World, clock: TestClock) -> None:
    token = await give_session(world.here.volunteer.id, at=clock.now())

    async def seen() -> Any:
        return await fetch_value("SELECT max(last_seen_at) FROM session WHERE person = $1", world.here.volunteer.id)

    begun = clock.now()
    clock.forward(timedelta(minutes=4, seconds=59))
    assert await load_actor(token, now=clock.now()) is not None
    assert await seen() == begun
    clock.forward(timedelta(seconds=1))
    assert await load_actor(token, now=clock.now()) is not None
    assert await seen() == clock.now()


async def test_an_actor_is_loaded_with_every_role_and_where_it_counts(db: None, world: World, clock: TestClock) -> None:
    admin = await load_actor(await give_session(world.subdistrict_admin.id, at=clock.now()), now=clock.now())
    assert admin is not None
    assert {world.here.id, world.there.id} == admin.neighbourhoods()
    leader = await load_actor(await give_session(world.here.building_leader.id, at=clock.now()), now=clock.now())
    assert leader is not None
    (held,) = leader.memberships
    assert held.path == world.here.buildings[0].path
    assert held.neighbourhoods == {world.here.id}
    handler = await load_actor(await give_session(world.here.handler.id, at=clock.now()), now=clock.now())
    assert handler is not None
    assert handler.parties(world.here.id) == {world.here.property.id}
    stranger = await load_actor(await give_session(world.stranger.id, at=clock.now()), now=clock.now())
    assert stranger is not None
    assert stranger.memberships == ()
    assert await load_actor("nobody's token", now=clock.now()) is None


async def test_a_role_that_ended_counts_no_more_at_the_next_request(client_of: ClientOf, world: World, clock: TestClock) -> None:
    client = await client_of(world.here.coordinator)
    (held,) = (await client.get("/api/me")).json()["memberships"]
    await memberships.end_membership(UUID(held["id"]), actor=world.here.secretary.id, clock=clock)
    assert (await client.get("/api/me")).json()["memberships"] == []
    assert (await client.get(f"/api/neighbourhoods/{world.here.id}/people")).status_code == 404


async def test_a_disabled_account_is_shut_at_once(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World, clock: TestClock
) -> None:
    client = await client_of(world.here.volunteer)
    await accounts.disable_account(world.here.volunteer.id, actor=world.here.secretary.id, clock=clock)
    assert (await client.get("/api/me")).status_code == 401
    assert problem(await sign_in(anonymous, world.here.volunteer)) == (401, "wrong-credentials")


@pytest.mark.parametrize("what", ["password", "account"])
async def test_what_changes_while_a_password_is_checked_counts(
    anonymous: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Checking takes a tenth of a second; whoever is shut out in that time stays out."""
    changes = {"password": "password_hash = 'another'", "account": "disabled_at = now()"}

    async def slowly(password: str, kept: str | None) -> bool:
        right = await verify_password(password, kept)
        await execute(f"UPDATE account SET {changes[what]} WHERE person = $1", world.here.volunteer.id)
        return right

    monkeypatch.setattr(accounts, "verify_password", slowly)
    assert problem(await sign_in(anonymous, world.here.volunteer)) == (401, "wrong-credentials")


async def test_a_lost_answer_to_a_new_password_is_fetched_again(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.volunteer)
    body = {"current": PASSWORD, "new": "xin mi ma 9182"}
    key = {"Idempotency-Key": "k1"}
    for _ in range(2):
        assert (await client.put("/api/me/password", json=body, headers=key)).status_code == 204
    other = await client.put("/api/me/password", json={**body, "new": "xin mi ma 9183"}, headers=key)
    assert problem(other) == (422, "idempotency-key-reused")
    (kept,) = await fetch("SELECT fingerprint FROM idempotency_key WHERE key = 'k1'")
    sent = httpx.Request("PUT", "http://x", json=body).content
    plain = hashlib.sha256(b"\n".join((b"PUT", b"/api/me/password", b"", sent))).digest()
    assert kept["fingerprint"] != plain, "what is kept of a password is no plain hash"


async def test_a_lost_answer_to_signing_out_elsewhere_is_fetched_again(client_of: ClientOf, world: World) -> None:
    mine, _ = await client_of(world.here.volunteer), await client_of(world.here.volunteer)
    (away,) = [one["id"] for one in (await mine.get("/api/me/sessions")).json()["items"] if not one["current"]]
    for _ in range(2):
        assert (await mine.delete(f"/api/me/sessions/{away}", headers={"Idempotency-Key": "k1"})).status_code == 204


async def test_i_see_where_i_am_signed_in_and_can_end_it(client_of: ClientOf, world: World) -> None:
    mine, other = await client_of(world.here.volunteer), await client_of(world.here.volunteer)
    somebody = await client_of(world.here.coordinator)
    listed = (await mine.get("/api/me/sessions")).json()["items"]
    assert [session["current"] for session in listed].count(True) == 1
    (away,) = [session["id"] for session in listed if not session["current"]]
    assert (await somebody.delete(f"/api/me/sessions/{away}")).status_code == 404
    for _ in range(2):  # the answer to the first may be lost
        assert (await mine.delete(f"/api/me/sessions/{away}")).status_code == 204
    assert await fetch_value("SELECT count(*) FROM fact WHERE kind = 'session_ended'") == 1
    assert (await other.get("/api/me")).status_code == 401
    assert (await mine.get("/api/me")).status_code == 200


async def test_me_tells_my_roles_with_names(client_of: ClientOf, world: World) -> None:
    me = (await (await client_of(world.here.handler)).get("/api/me")).json()
    (held,) = me["memberships"]
    assert held["party"]["name"] == world.here.property.name
    assert held["neighbourhoods"] == [{"id": str(world.here.id), "name": "凌云里"}]
    admin = (await (await client_of(world.subdistrict_admin)).get("/api/me")).json()
    assert {place["name"] for place in admin["memberships"][0]["neighbourhoods"]} == {"凌云里", "望江苑"}


async def test_i_choose_my_language(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.volunteer)
    assert (await client.patch("/api/me", json={"language": "en"})).json()["language"] == "en"
    assert (await client.get("/api/me")).json()["language"] == "en"
    assert (await client.patch("/api/me", json={"language": "fr"})).status_code == 400


async def test_choosing_a_language_is_on_record_once(client_of: ClientOf, world: World) -> None:
    client, me = await client_of(world.here.volunteer), world.here.volunteer.id
    for _ in range(2):
        await client.patch("/api/me", json={"language": "en"})
    (fact,) = await facts_about(me)
    told = msgspec.json.decode(fact.data, type=PersonChanged)
    assert (fact.actor, told.neighbourhood, told.fields) == (me, world.here.id, [PersonField.LANGUAGE])
    (row,) = await fetch("SELECT fact, person, field, before, after FROM person_change")
    assert tuple(row) == (fact.id, me, "language", "zh", "en")


async def test_a_new_password_ends_every_other_session_and_waiting_invitation(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World
) -> None:
    mine, other = await client_of(world.here.coordinator), await client_of(world.here.coordinator)
    made = await mine.post(
        f"/api/neighbourhoods/{world.here.id}/invitations",
        json={"name": "新人", "role": "volunteer", "area": str(world.here.id)},
    )
    answer = await mine.put("/api/me/password", json={"current": PASSWORD, "new": "xin mi ma 9182"})
    assert answer.status_code == 204
    assert (await mine.get("/api/me")).status_code == 200
    assert (await other.get("/api/me")).status_code == 401
    token = made.json()["url"].partition("#")[2]
    assert problem(await anonymous.post("/api/invitation/preview", json={"token": token})) == (410, "invitation-over")
    assert problem(await sign_in(anonymous, world.here.coordinator)) == (401, "wrong-credentials")
    assert (await sign_in(anonymous, world.here.coordinator, "xin mi ma 9182")).status_code == 200


async def test_a_new_password_sent_again_since_the_answer_was_lost_is_in_force(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.volunteer)
    wanted = {"current": PASSWORD, "new": "xin mi ma 9182"}
    for _ in range(2):
        assert (await client.put("/api/me/password", json=wanted)).status_code == 204
    assert await fetch_value("SELECT count(*) FROM fact WHERE kind = 'password_changed'") == 1
    wrong = await client.put("/api/me/password", json={"current": PASSWORD, "new": "bie de mi ma 77"})
    assert problem(wrong)[1] == "wrong-password"


async def test_a_new_password_must_be_hard_to_guess_and_the_current_one_right(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.volunteer)
    refused = await client.put("/api/me/password", json={"current": PASSWORD, "new": "password123"})
    assert problem(refused) == (422, "password-refused")
    assert refused.json()["reason"] == "common"
    wrong = await client.put("/api/me/password", json={"current": "not it", "new": "xin mi ma 9182"})
    assert problem(wrong) == (403, "wrong-password")
    for _ in range(8):
        await client.put("/api/me/password", json={"current": "not it", "new": "xin mi ma 9182"})
    assert problem(await client.put("/api/me/password", json={"current": PASSWORD, "new": "xin mi ma 9182"})) == (
        429,
        "too-many-tries",
    )


async def test_a_hash_of_old_parameters_is_made_anew_at_sign_in(anonymous: httpx.AsyncClient, world: World) -> None:
    query = "SELECT password_hash FROM account WHERE person = $1"
    assert is_outdated(await fetch_value(query, world.here.volunteer.id))
    await sign_in(anonymous, world.here.volunteer)
    assert not is_outdated(await fetch_value(query, world.here.volunteer.id))
    assert (await sign_in(anonymous, world.here.volunteer)).status_code == 200


async def test_guessing_one_number_is_limited(anonymous: httpx.AsyncClient, world: World) -> None:
    for _ in range(guesses.TRIES):
        assert problem(await sign_in(anonymous, world.here.volunteer, "guess")) == (401, "wrong-credentials")
    limited = await sign_in(anonymous, world.here.volunteer)
    assert problem(limited) == (429, "too-many-tries")
    assert 1 <= int(limited.headers["retry-after"]) <= 900
    assert (await sign_in(anonymous, world.here.second_volunteer)).status_code == 200


async def test_guessing_many_numbers_from_one_source_is_limited(app: ASGIApp, world: World) -> None:
    async with browser(app, "203.0.113.7") as client:
        codes = []
        for number in range(guesses.TRIES_OF_SOURCE + 1):
            answer = await client.post("/api/session", json={"phone": f"1380000{number:04d}", "password": "guess"})
            codes.append(answer.status_code)
    assert codes == [401] * guesses.TRIES_OF_SOURCE + [429]


async def test_an_owner_gets_in_while_others_guess(app: ASGIApp, world: World) -> None:
    """By the browser they have signed in with before, and by a new one: the attacker's addresses are worn out, not the number."""
    person = world.here.volunteer
    async with browser(app, "198.51.100.1") as own:
        await sign_in(own, person)
        await own.delete("/api/session")
        codes: list[int] = []
        for host in range(4):
            async with browser(app, f"203.0.113.{host}") as attacker:
                codes = [(await sign_in(attacker, person, "guess")).status_code for _ in range(guesses.TRIES + 1)]
        assert set(codes) == {429}, "by now the number is crowded, and this network has had its tries"
        async with browser(app, "192.0.2.99") as fresh:
            assert (await sign_in(fresh, person, "a slip")).status_code == 401
            assert (await sign_in(fresh, person)).status_code == 200
        assert (await sign_in(own, person)).status_code == 200


async def test_guessing_one_number_from_everywhere_is_limited(app: ASGIApp, world: World, limits: RateLimits) -> None:
    """A network has some tries of a crowded number, all of them together have an allowance, and the owner's mark needs none."""
    person = world.here.volunteer
    async with browser(app, "198.51.100.1") as own:
        await sign_in(own, person)
        for _ in range(guesses.TRIES_OF_NUMBER + guesses.TRIES_OF_CROWD):
            await limits.count("sign-in:phone", person.phone, per=guesses.WINDOW)
        async with browser(app, "192.0.2.99") as fresh:
            refused = await sign_in(fresh, person)
            assert problem(refused) == (429, "too-many-tries")
            assert (await sign_in(fresh, world.here.second_volunteer)).status_code == 200
        assert (await sign_in(own, person)).status_code == 200


async def test_only_failures_count(app: ASGIApp, world: World) -> None:
    """Whoever signs in rightly again and again, or forty people in one room, are no guessers."""
    async with browser(app, "203.0.113.7") as client:
        for _ in range(guesses.TRIES + 1):
            assert (await sign_in(client, world.here.volunteer)).status_code == 200
            client.cookies.clear()


async def test_the_mark_of_a_known_phone_is_good_for_its_owner_only_and_cannot_be_made(
    anonymous: httpx.AsyncClient, world: World, keys: Keys
) -> None:
    await sign_in(anonymous, world.here.volunteer)
    mark = anonymous.cookies[MARK]
    assert guesses.is_marked(mark, world.here.volunteer.id, keys)
    assert not guesses.is_marked(mark, world.here.second_volunteer.id, keys)
    assert not guesses.is_marked("A" * len(mark), world.here.volunteer.id, keys)
    assert not guesses.is_marked("§", world.here.volunteer.id, keys)
    assert not guesses.is_marked(None, world.here.volunteer.id, keys)


def other_spellings(mark: str) -> list[str]:
    """Marks that base64 takes for the same bytes, if it is not strict."""
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = last.index(mark[-1]) & ~15
    return [mark[:4] + "." + mark[4:], mark + ".", mark + "~", mark + "=", *(mark[:-1] + last[place + n] for n in range(16))]


async def test_a_stolen_mark_is_limited_too(anonymous: httpx.AsyncClient, world: World) -> None:
    await sign_in(anonymous, world.here.volunteer)
    codes = [(await sign_in(anonymous, world.here.volunteer, "guess")).status_code for _ in range(guesses.TRIES + 1)]
    assert codes == [401] * guesses.TRIES + [429]


async def test_a_stolen_mark_is_one_however_it_is_spelt(anonymous: httpx.AsyncClient, world: World, keys: Keys) -> None:
    person = world.here.volunteer
    await sign_in(anonymous, person)
    mark = anonymous.cookies[MARK]
    anonymous.cookies.clear()
    good = [each for each in other_spellings(mark) if guesses.is_marked(each, person.id, keys)]
    assert mark in good
    for foreign in (mark[:4] + "." + mark[4:], mark + ".", mark + "~"):
        assert foreign not in good, "a foreign character is no spelling of it"
    for turn in range(guesses.TRIES):
        answer = await _guess_with(anonymous, person, good[turn % len(good)])
        assert answer.status_code == 401
    for each in good:
        assert (await _guess_with(anonymous, person, each)).status_code == 429, each


async def _guess_with(client: httpx.AsyncClient, person: Person, mark: str) -> httpx.Response:
    body = {"phone": person.phone, "password": "guess"}
    return await client.post("/api/session", json=body, headers={"Cookie": f"{MARK}={mark}"})


async def test_only_a_trusted_proxy_is_believed_about_the_source(settings: Settings, world: World) -> None:
    from litestar.testing import RequestFactory

    from mingxun.people.sources import source_of

    trusting = Settings(data_dir=settings.data_dir, trusted_proxies=["127.0.0.1"])
    forwarded = {"x-forwarded-for": "6.6.6.6, 203.0.113.9, 127.0.0.1"}

    def source(peer: str, headers: dict[str, str], with_settings: Settings) -> str:
        request = RequestFactory().get("/", headers=headers)
        request.scope["client"] = (peer, 1)
        return source_of(request, with_settings)

    assert source("127.0.0.1", forwarded, trusting) == "203.0.113.9"
    assert source("127.0.0.1", forwarded, settings) == "127.0.0.1"
    assert source("198.51.100.1", forwarded, trusting) == "198.51.100.1"
    assert source("2001:db8::1", {}, trusting) == source("2001:db8::2", {}, trusting) == "2001:db8::/64"
    assert source("::ffff:203.0.113.9", {}, trusting) == "203.0.113.9"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (Linux; Android 13; V2156A) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36 MicroMessenger/8.0",
            "微信 · Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Mobile/15E148 Safari/604.1",
            "Safari · iOS",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("curl/8.5", ""),
    ],
)
def test_a_browser_is_called_so_that_its_owner_knows_it(agent: str, device: str) -> None:
    assert device_of(agent) == device


async def test_no_telephone_number_reaches_the_ledger(client_of: ClientOf, anonymous: httpx.AsyncClient, world: World) -> None:
    await sign_in(anonymous, world.here.volunteer)
    await execute("SELECT 1")
    texts = [row["data"] for row in await fetch("SELECT data::text FROM fact")]
    assert not any("+86" in text or world.here.volunteer.name in text for text in texts)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/me"),
        ("PATCH", "/api/me"),
        ("PUT", "/api/me/password"),
        ("GET", "/api/me/sessions"),
        ("DELETE", "/api/session"),
        ("DELETE", "/api/me/sessions/01a20187-4ae2-7799-92ef-ed27c8338969"),
    ],
)
async def test_without_a_session_nothing_of_mine_is_there(
    anonymous: httpx.AsyncClient, world: World, method: str, path: str
) -> None:
    bodies: dict[str, Any] = {"PATCH": {"language": "en"}, "PUT": {"current": "a", "new": "b"}}
    assert (await anonymous.request(method, path, json=bodies.get(method))).status_code == 401


async def test_sessions_are_forgotten_ninety_days_after_they_were_over(
    world: World, clock: TestClock, settings: Settings
) -> None:
    person, now = world.here.volunteer.id, clock.now()
    for days in (30, 30, 400):
        await give_session(person, at=now, days=days)
    ended, lapsed, kept = [row["id"] for row in await fetch("SELECT id FROM session WHERE person = $1 ORDER BY id", person)]
    await execute("UPDATE session SET ended_at = $2 WHERE id = $1", ended, now)

    async def left() -> set[UUID]:
        return {row["id"] for row in await fetch("SELECT id FROM session WHERE person = $1", person)}

    clock.forward(timedelta(days=89))
    assert await forget_old_sessions(now=clock.now()) == 0
    clock.forward(timedelta(days=2))
    assert await forget_old_sessions(now=clock.now()) == 1
    assert await left() == {lapsed, kept}
    clock.forward(timedelta(days=30))
    assert await forget_old_sessions(now=clock.now()) == 1
    assert await left() == {kept}


async def test_sessions_are_forgotten_in_batches_a_job_each(
    world: World, clock: TestClock, settings: Settings, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sessions, jobs):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    for _ in range(3):
        await give_session(world.here.volunteer.id, at=clock.now(), days=1)
    clock.forward(timedelta(days=92))
    context = JobContext(settings=settings, keys=keys, clock=clock, http=None)  # type: ignore[arg-type]
    for left, again in ((1, 1), (0, 0)):
        await execute("DELETE FROM pgqueuer")
        await jobs.forget_sessions(b"", context)
        assert await fetch_value("SELECT count(*) FROM session") == left
        assert await fetch_value("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'forget_sessions'") == again
