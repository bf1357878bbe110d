"""Inviting by a link that works once."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.settings import Settings
from mingxun.people import guesses, invitations, memberships
from mingxun.people.passwords import verify_password
from tests.conftest import TestClock
from tests.world import PASSWORD, Person, World

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
PHONE, SECRET = "+8613712345678", "xiao qu mao duo"


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].removeprefix("/problems/")


async def invite(client: httpx.AsyncClient, place: UUID, **body: Any) -> httpx.Response:
    body = {"role": "volunteer", "area": str(place)} | {k: str(v) if isinstance(v, UUID) else v for k, v in body.items()}
    return await client.post(f"/api/neighbourhoods/{place}/invitations", json=body)


def token_of(made: httpx.Response) -> str:
    assert made.status_code == 201, made.text
    url: str = made.json()["url"]
    return url.partition("#")[2]


async def accept(client: httpx.AsyncClient, token: str, phone: str = PHONE, password: str = SECRET) -> httpx.Response:
    return await client.post("/api/invitation/acceptance", json={"token": token, "phone": phone, "password": password})


async def test_a_link_makes_an_account_and_gives_the_role(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World
) -> None:
    made = await invite(await client_of(world.here.coordinator), world.here.id, name=" 钱多多 ")
    token = token_of(made)
    assert made.json()["url"] == f"http://mingxun.test/i#{token}"
    preview = (await anonymous.post("/api/invitation/preview", json={"token": token})).json()
    assert (preview["person_name"], preview["role"], preview["neighbourhood_name"]) == ("钱多多", "volunteer", "凌云里")
    assert preview["has_account"] is False
    me = (await accept(anonymous, token)).json()
    assert me["phone"] == PHONE
    assert [(m["role"], m["area"]) for m in me["memberships"]] == [("volunteer", str(world.here.id))]
    assert (await anonymous.get("/api/me")).json()["name"] == "钱多多"
    kinds = {row["kind"] for row in await fetch("SELECT kind FROM fact")}
    assert {"invitation_created", "invitation_accepted", "membership_given", "signed_in"} <= kinds
    told = await fetch("SELECT f.kind FROM fact f JOIN pgqueuer q ON q.payload = uuid_send(f.id) WHERE q.entrypoint = 'announce'")
    assert {row["kind"] for row in told} == {"invitation_accepted", "membership_given"}


async def test_the_picture_is_the_link(client_of: ClientOf, world: World) -> None:
    made = (await invite(await client_of(world.here.coordinator), world.here.id, name="钱多多")).json()
    size = int(float(re.search(r'viewBox="0 0 ([\d.]+)', made["qr_svg"])[1]))  # type: ignore[index]
    picture = Image.new("L", (size * 8, size * 8), 255)
    for left, top, right, bottom in re.findall(r"M([\d.]+),([\d.]+)H([\d.]+)V([\d.]+)H", made["qr_svg"]):
        ImageDraw.Draw(picture).rectangle(
            [float(x) * 8 for x in (left, top)] + [float(x) * 8 - 1 for x in (right, bottom)], fill=0
        )
    assert zxingcpp.read_barcodes(picture)[0].text == made["url"]


async def test_the_token_is_kept_as_a_hash_only(client_of: ClientOf, world: World) -> None:
    token = token_of(await invite(await client_of(world.here.coordinator), world.here.id, name="钱多多"))
    rows = await fetch("SELECT row_to_json(i)::text AS text FROM invitation i UNION ALL SELECT data::text FROM fact")
    assert not any(token in row["text"] for row in rows)


async def test_somebody_of_the_roster_can_be_invited(client_of: ClientOf, anonymous: httpx.AsyncClient, world: World) -> None:
    made = await invite(
        await client_of(world.here.coordinator),
        world.here.id,
        person=world.here.volunteer.id,
        role="building_leader",
        area=world.here.buildings[1].id,
    )
    token = token_of(made)
    assert (await anonymous.post("/api/invitation/preview", json={"token": token})).json()["has_account"] is True
    assert problem(await accept(anonymous, token, world.here.volunteer.phone, "wrong one")) == (401, "wrong-credentials")
    assert problem(await accept(anonymous, token, PHONE, PASSWORD)) == (401, "wrong-credentials")
    me = (await accept(anonymous, token, world.here.volunteer.phone, PASSWORD)).json()
    assert {m["role"] for m in me["memberships"]} == {"volunteer", "building_leader"}


async def test_a_new_name_may_turn_out_to_be_known_elsewhere(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World
) -> None:
    made = await invite(await client_of(world.here.coordinator), world.here.id, name="江阿姨")
    known = world.there.volunteer
    me = (await accept(anonymous, token_of(made), known.phone, PASSWORD)).json()
    assert me["id"] == str(known.id)
    assert {place["name"] for m in me["memberships"] for place in m["neighbourhoods"]} == {"凌云里", "望江苑"}
    assert not await fetch_value("SELECT EXISTS (SELECT FROM person WHERE name = '江阿姨')")


async def test_a_link_works_once_but_a_lost_answer_can_be_fetched_again(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World, clock: TestClock
) -> None:
    token = token_of(await invite(await client_of(world.here.coordinator), world.here.id, name="钱多多"))
    first = (await accept(anonymous, token)).json()
    clock.forward(timedelta(minutes=9))
    again = (await accept(anonymous, token)).json()
    assert again["id"] == first["id"]
    assert again["session"] != first["session"]
    assert len(again["memberships"]) == 1
    for phone, password in ((PHONE, "another one"), (world.here.volunteer.phone, PASSWORD), ("13612345678", SECRET)):
        assert (await accept(anonymous, token, phone, password)).status_code in {401, 410}
    clock.forward(timedelta(minutes=2))
    over = await accept(anonymous, token)
    assert problem(over) == (410, "invitation-over")
    assert over.json()["reason"] == "accepted"


async def test_a_link_ends_in_time(client_of: ClientOf, anonymous: httpx.AsyncClient, world: World, clock: TestClock) -> None:
    token = token_of(await invite(await client_of(world.here.coordinator), world.here.id, name="钱多多", valid_hours=2))
    clock.forward(timedelta(hours=2))
    for answer in (await anonymous.post("/api/invitation/preview", json={"token": token}), await accept(anonymous, token)):
        assert problem(answer) == (410, "invitation-over")
        assert answer.json()["reason"] == "expired"


async def test_a_link_can_be_revoked(client_of: ClientOf, anonymous: httpx.AsyncClient, world: World) -> None:
    client = await client_of(world.here.coordinator)
    made = await invite(client, world.here.id, name="钱多多")
    path = f"/api/invitations/{made.json()['invitation']['id']}"
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 204
    answer = await accept(anonymous, token_of(made))
    assert answer.json()["reason"] == "revoked"
    listed = (await client.get(f"/api/neighbourhoods/{world.here.id}/invitations")).json()["items"]
    assert listed[0]["revoked_at"] is not None
    assert "token" not in str(listed)


async def test_an_accepted_invitation_cannot_be_revoked(client_of: ClientOf, anonymous: httpx.AsyncClient, world: World) -> None:
    client = await client_of(world.here.coordinator)
    made = await invite(client, world.here.id, name="钱多多")
    await accept(anonymous, token_of(made))
    answer = await client.delete(f"/api/invitations/{made.json()['invitation']['id']}")
    assert problem(answer) == (410, "invitation-over")


async def test_whoever_may_not_invite_any_more_has_invited_nobody(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World, clock: TestClock
) -> None:
    client = await client_of(world.here.coordinator)
    token = token_of(await invite(client, world.here.id, name="钱多多"))
    (held,) = (await client.get("/api/me")).json()["memberships"]
    await memberships.end_membership(UUID(held["id"]), actor=None, clock=clock)
    assert (await accept(anonymous, token)).json()["reason"] == "revoked"


async def test_a_made_up_token_is_unknown(anonymous: httpx.AsyncClient, world: World) -> None:
    assert problem(await anonymous.post("/api/invitation/preview", json={"token": "a" * 43})) == (404, "invitation-unknown")
    assert problem(await accept(anonymous, "a" * 43)) == (404, "invitation-unknown")
    assert (await anonymous.post("/api/invitation/preview", json={"token": "../etc"})).status_code == 400


async def test_guessing_tokens_is_limited(anonymous: httpx.AsyncClient, world: World) -> None:
    codes = [
        (await anonymous.post("/api/invitation/preview", json={"token": f"{n:043d}"})).status_code
        for n in range(guesses.INVITATION_TRIES + 1)
    ]
    assert codes == [404] * guesses.INVITATION_TRIES + [429]


async def test_a_training_behind_one_address_gets_in(client_of: ClientOf, anonymous: httpx.AsyncClient, world: World) -> None:
    """Good links are not counted, however many come from one address, and also after somebody there has made up tokens."""
    for number in range(guesses.INVITATION_TRIES + 1):
        await anonymous.post("/api/invitation/preview", json={"token": f"{number:043d}"})
    coordinator = await client_of(world.here.coordinator)
    for number in range(guesses.INVITATION_TRIES // 2 + 1):
        token = token_of(await invite(coordinator, world.here.id, name="钱多多"))
        assert (await anonymous.post("/api/invitation/preview", json={"token": token})).status_code == 200
        assert (await accept(anonymous, token, f"137000001{number:02d}")).status_code == 200
        anonymous.cookies.clear()


@pytest.mark.parametrize("what", ["password_hash = 'another'", "disabled_at = now()"])
async def test_an_account_that_changes_while_an_invitation_is_accepted_stays_shut(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    person = world.there.volunteer
    token = token_of(await invite(await client_of(world.here.coordinator), world.here.id, name="江阿姨"))

    async def slowly(password: str, kept: str | None) -> bool:
        right = await verify_password(password, kept)
        await execute(f"UPDATE account SET {what} WHERE person = $1", person.id)
        return right

    monkeypatch.setattr(invitations, "verify_password", slowly)
    assert problem(await accept(anonymous, token, person.phone, PASSWORD)) == (401, "wrong-credentials")
    assert not await fetch_value("SELECT EXISTS (SELECT FROM session WHERE person = $1)", person.id)


async def test_passwords_cannot_be_guessed_through_an_invitation(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World
) -> None:
    token = token_of(await invite(await client_of(world.here.coordinator), world.here.id, name="钱多多"))
    codes = [(await accept(anonymous, token, world.here.volunteer.phone, "guess")).status_code for _ in range(guesses.TRIES + 1)]
    assert codes == [401] * guesses.TRIES + [429]


async def test_a_first_password_must_be_hard_to_guess(client_of: ClientOf, anonymous: httpx.AsyncClient, world: World) -> None:
    token = token_of(await invite(await client_of(world.here.coordinator), world.here.id, name="钱多多"))
    answer = await accept(anonymous, token, PHONE, "13712345678")
    assert problem(answer) == (422, "password-refused")
    assert answer.json()["reason"] == "like_phone"
    assert problem(await accept(anonymous, token, "1371234", SECRET)) == (422, "invalid-phone")
    assert (await accept(anonymous, token)).status_code == 200


ROLES = ["volunteer", "building_leader", "handler", "coordinator", "secretary", "subdistrict_admin"]
MAY_INVITE: dict[str, set[str]] = {
    "volunteer": set(),
    "building_leader": set(),
    "handler": set(),
    "coordinator": {"volunteer", "building_leader", "handler"},
    "secretary": {"volunteer", "building_leader", "handler", "coordinator"},
    "subdistrict_admin": {"volunteer", "building_leader", "handler", "coordinator", "secretary"},
}


@pytest.mark.parametrize("inviter", MAY_INVITE)
@pytest.mark.parametrize("role", ROLES)
async def test_who_may_invite_to_what(client_of: ClientOf, world: World, inviter: str, role: str) -> None:
    person = world.subdistrict_admin if inviter == "subdistrict_admin" else world.here.people()[inviter]
    body: dict[str, Any] = {"name": "钱多多", "role": role}
    if role == "building_leader":
        body["area"] = world.here.buildings[0].id
    if role == "handler":
        body["party"] = world.here.property.id
    answer = await invite(await client_of(person), world.here.id, **body)
    if role in MAY_INVITE[inviter]:
        assert answer.status_code == 201
    elif role == "subdistrict_admin" and MAY_INVITE[inviter]:
        assert problem(answer) == (422, "invitation-refused")
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("who", [*MAY_INVITE, "stranger"])
async def test_a_neighbourhood_without_a_role_has_no_invitations(client_of: ClientOf, world: World, who: str) -> None:
    if who == "subdistrict_admin":
        return
    client = await client_of(world.stranger if who == "stranger" else world.here.people()[who])
    made = await invite(await client_of(world.there.coordinator), world.there.id, name="钱多多")
    assert (await invite(client, world.there.id, name="钱多多")).status_code == 404
    assert (await client.get(f"/api/neighbourhoods/{world.there.id}/invitations")).status_code == 404
    assert (await client.delete(f"/api/invitations/{made.json()['invitation']['id']}")).status_code == 404


@pytest.mark.parametrize("who", ["volunteer", "building_leader", "handler"])
async def test_invitations_are_the_coordinators_business(client_of: ClientOf, world: World, who: str) -> None:
    made = await invite(await client_of(world.here.coordinator), world.here.id, name="钱多多")
    client = await client_of(world.here.people()[who])
    assert (await client.get(f"/api/neighbourhoods/{world.here.id}/invitations")).status_code == 403
    assert (await client.delete(f"/api/invitations/{made.json()['invitation']['id']}")).status_code == 403


async def test_a_coordinator_cannot_revoke_what_they_could_not_invite_to(client_of: ClientOf, world: World) -> None:
    made = await invite(await client_of(world.here.secretary), world.here.id, name="钱多多", role="coordinator")
    client = await client_of(world.here.coordinator)
    assert (await client.delete(f"/api/invitations/{made.json()['invitation']['id']}")).status_code == 403


@pytest.mark.parametrize("what", ["area", "party", "person"])
async def test_what_belongs_to_another_neighbourhood_is_not_found(client_of: ClientOf, world: World, what: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "area": {"name": "钱多多", "area": world.there.id},
        "party": {"name": "钱多多", "role": "handler", "party": world.there.property.id},
        "person": {"person": world.there.volunteer.id},
    }
    client = await client_of(world.here.coordinator)
    assert (await invite(client, world.here.id, **bodies[what])).status_code == 404
    assert (await invite(client, world.here.id, name="钱多多", area=uuid4())).status_code == 404


async def test_every_fault_is_told_at_once(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    answer = await invite(client, world.here.id, role="building_leader", party=world.here.property.id)
    assert problem(answer) == (422, "invitation-refused")
    assert answer.json()["refusals"] == ["who", "party_unwanted", "building_needed"]
    held = await invite(client, world.here.id, person=world.here.volunteer.id)
    assert held.json()["refusals"] == ["held_already"]


async def test_invitations_are_paged_the_newest_first(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    for number in range(5):
        await invite(client, world.here.id, name=f"人{'一二三四五'[number]}")
    path = f"/api/neighbourhoods/{world.here.id}/invitations"
    first = (await client.get(path, params={"limit": 3})).json()
    rest = (await client.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [i["person_name"] for i in first["items"] + rest["items"]] == ["人五", "人四", "人三", "人二", "人一"]
    assert rest["next_cursor"] is None


async def test_a_retry_with_its_key_makes_one_invitation(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.here.coordinator)
    body = {"name": "钱多多", "role": "volunteer", "area": str(world.here.id)}
    path = f"/api/neighbourhoods/{world.here.id}/invitations"
    first, again = [await client.post(path, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert first.json() == again.json()
    assert await fetch_value("SELECT count(*) FROM invitation WHERE neighbourhood = $1", world.here.id) == 1


async def test_the_command_line_makes_an_administrator(
    anonymous: httpx.AsyncClient, world: World, settings: Settings, clock: TestClock
) -> None:
    made = await invitations.invite_administrator(
        "沈街道", world.subdistrict.id, life=timedelta(hours=24), settings=settings, clock=clock
    )
    me = (await accept(anonymous, made.url.partition("#")[2])).json()
    assert [m["role"] for m in me["memberships"]] == ["subdistrict_admin"]
    assert (await anonymous.get(f"/api/neighbourhoods/{world.here.id}/people")).status_code == 200
