"""Promise 17: every operation of the contract × every role × one's own neighbourhood and the other one.

In the other one nothing is seen and nothing changes. In one's own, the table `GRANTS` decides; this matrix holds that the routes ask it.
"""

import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from mingxun.kit import database
from mingxun.kit.ids import new_id
from mingxun.kit.signing import Keys
from mingxun.people.access import GRANTS, Act, Role
from mingxun.places.codes import code_url, mint_poster
from tests.conftest import ORIGIN
from tests.push_service import b64
from tests.tickets.pictures import jpeg
from tests.world import Neighbourhood, Person, World

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
CONTRACT = json.loads((Path(__file__).parents[2] / "schemas" / "openapi.json").read_text("utf-8"))

OWN_ACCOUNT = {
    "getMe", "updateMe", "changePassword", "listSessions", "signOut", "listMyShifts", "getPushKey", "listPushSubscriptions",
    "subscribePush", "sendTestPush", "listInbox", "markRead", "endSession", "unsubscribePush", "confirmPushShown",
}  # fmt: skip
"""About whoever is signed in; no role is asked for. Those with an id answer 404 for another person's."""
WITHOUT_SESSION = {"signIn", "signInByLink", "previewInvitation", "acceptInvitation", "healthz", "readyz"}
APART = {"streamEvents"}
"""Never ends; who hears what is tested in tests/notifications/test_listener.py."""
ACTS = {
    "listInvitations": Act.LIST_INVITATIONS,
    "previewRosterImport": Act.IMPORT_ROSTER,
    "confirmRosterImport": Act.IMPORT_ROSTER,
    "searchPeople": Act.LIST_PEOPLE,
    "getAttendance": Act.LIST_ATTENDANCE,
}
"""Operations whose act has another name."""


@dataclass(frozen=True)
class Scene:
    """What there is in a neighbourhood: an id for every parameter of a path."""

    of: Neighbourhood
    ids: dict[str, str]
    code: str


@pytest.fixture
async def scenes(world: World, client_of: ClientOf, keys: Keys) -> tuple[Scene, Scene]:
    return await _scene(world.here, client_of, keys), await _scene(world.there, client_of, keys)


async def _scene(of: Neighbourhood, client_of: ClientOf, keys: Keys) -> Scene:
    coordinator, volunteer = await client_of(of.coordinator), await client_of(of.volunteer)
    area, name = f"/api/neighbourhoods/{of.id}", of.area.name
    now = datetime.now(UTC)

    async def made(client: httpx.AsyncClient, method: str, path: str, **how: Any) -> Any:
        reply = await client.request(method, path, **how)
        assert reply.status_code in {200, 201}, (path, reply.text)
        return reply.json()

    location = (await made(coordinator, "POST", f"{area}/locations", json={"area": str(of.id), "name": f"{name}东门"}))["id"]
    code = code_url(ORIGIN, mint_poster(UUID(location), 1, keys))
    shift = {
        "kind": "patrol",
        "title": f"{name}巡逻",
        "location": location,
        "starts_at": (now - timedelta(minutes=5)).isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
        "needs": [{"minimum": 1, "desired": 2, "maximum": 5}],
    }
    shift_id = (await made(coordinator, "POST", f"{area}/shifts", json=shift))["id"]
    await made(coordinator, "POST", f"/api/shifts/{shift_id}/assignments", json={"person": str(of.volunteer.id)})
    times = {"at": now.isoformat(), "sent_at": now.isoformat(), "device": "device-0001"}
    attendance = (await made(volunteer, "POST", "/api/check-ins", json={"id": str(new_id()), "code": code, **times}))["id"]
    photo = str(new_id())
    await made(volunteer, "PUT", f"/api/photos/{photo}", content=jpeg(), headers={"Content-Type": "image/jpeg"})
    ticket = {"id": str(new_id()), "category": "waste", "what": f"{name}垃圾满了", "location": location, "photos": [photo]}
    await made(volunteer, "POST", f"{area}/tickets", json={**ticket, "seen_at": now.isoformat()})
    invitation = {"name": f"{name}新人", "role": "volunteer", "area": str(of.id)}
    invited = await made(coordinator, "POST", f"{area}/invitations", json=invitation)
    roster = f"姓名,联系电话\n{name}花名册,13900000000\n".encode()
    kind = {"Content-Type": "application/octet-stream", "X-File-Name": "a.csv"}
    planned = await made(coordinator, "POST", f"{area}/roster-imports", content=roster, headers=kind)
    roles = (await made(volunteer, "GET", "/api/me"))["memberships"]
    subscription = await made(volunteer, "POST", "/api/me/push-subscriptions", json=_subscription(name))
    sessions = await made(volunteer, "GET", "/api/me/sessions")
    message = new_id()
    await database.execute(
        """INSERT INTO message (id, neighbourhood, person, fact, kind, language, title, body, path, at, push)
           SELECT $1, $2, $3, f.id, 'test', 'zh', $4, '', '/', $5, 'inbox_only' FROM fact f WHERE f.subject = $6 ORDER BY f.seq LIMIT 1""",
        message,
        of.id,
        of.volunteer.id,
        f"{name}消息",
        now,
        UUID(shift_id),
    )
    ids = {
        "neighbourhood": str(of.id),
        "location": location,
        "shift": shift_id,
        "person": str(of.volunteer.id),
        "attendance": attendance,
        "photo": photo,
        "ticket": ticket["id"],
        "invitation": invited["invitation"]["id"],
        "roster_import": planned["id"],
        "subscription": subscription["id"],
        "session": sessions["items"][0]["id"],
        "message": str(message),
        "party": str(of.property.id),
        "membership": roles[0]["id"],
    }
    return Scene(of, ids, code)


def _subscription(name: str) -> dict[str, str]:
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    return {"endpoint": f"https://127.0.0.1/{b64(name.encode())}", "p256dh": point, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}


def _body(operation: str, scene: Scene) -> dict[str, Any]:
    """A request that would be accepted of somebody who may make it."""
    ids, now = scene.ids, datetime.now(UTC)
    times = {"at": now.isoformat(), "sent_at": now.isoformat(), "device": "device-0002"}
    begins, ends = (now + timedelta(days=4)).isoformat(), (now + timedelta(days=4, hours=1)).isoformat()
    shift = {"kind": "garden", "title": "浇水", "location": ids["location"], "starts_at": begins, "ends_at": ends}
    bodies: dict[str, dict[str, Any]] = {
        "createInvitation": {"name": "新来的", "role": "volunteer", "area": ids["neighbourhood"]},
        "createParty": {"kind": "department", "name": "绿化所"},
        "createArea": {"parent": ids["neighbourhood"], "kind": "grid", "name": "新网格"},
        "createLocation": {"area": ids["neighbourhood"], "name": "新点位"},
        "updateLocation": {"address": "新地址"},
        "createShift": {**shift, "needs": [{"minimum": 1, "desired": 1, "maximum": 1}]},
        "updateShift": {"note": "带伞"},
        "cancelShift": {"reason": "下雨"},
        "assign": {"person": ids["person"]},
        "readCode": {"code": scene.code},
        "checkIn": {"id": str(new_id()), "code": scene.code, **times},
        "checkOut": {"id": str(new_id()), "attendance": ids["attendance"], "code": scene.code, **times},
        "vouchCheckIn": {"id": str(new_id()), "person": ids["person"], "at": now.isoformat(), "reason": "没带手机"},
        "openTicket": {"id": str(new_id()), "category": "waste", "what": "满了", "seen_at": now.isoformat()},
        "declineTicket": {"reason": "不归我们管"},
        "handOverTicket": {"party": ids["party"], "note": "请处理"},
        "resolveTicket": {"photos": [ids["photo"]]},
        "verifyTicket": {},
        "reopenTicket": {"reason": "还是坏的"},
        "updateMe": {"language": "zh"},
        "searchPeople": {"query": scene.of.volunteer.name},
        "geocode": {"query": "东明路"},
        "changePassword": {"current": "wrong password", "new": "a new password 7391"},
        "subscribePush": _subscription("another"),
        "markRead": {"up_to": ids["message"]},
    }
    return bodies.get(operation, {})


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    media_type: str | None


def _operations() -> list[Operation]:
    found = []
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            found.append(Operation(operation["operationId"], method.upper(), path, next(iter(content), None)))
    return found


OPERATIONS = [o for o in _operations() if o.name not in WITHOUT_SESSION | APART]


async def _send(client: httpx.AsyncClient, operation: Operation, scene: Scene) -> httpx.Response:
    path = re.sub(r"\{(\w+)\}", lambda found: scene.ids[found[1]], operation.path)
    how: dict[str, Any] = {}
    if operation.name == "previewRosterImport":
        how = {"content": "姓名,电话\n王五,13900000001\n".encode()}
        how["headers"] = {"Content-Type": "application/octet-stream", "X-File-Name": "b.csv"}
    elif operation.name == "uploadPhoto":
        how = {"content": jpeg(), "headers": {"Content-Type": "image/jpeg"}}
    elif operation.name == "listDeliveries":
        how = {"params": {"subject": scene.ids["shift"]}}
    elif operation.media_type is not None or (operation.method in {"POST", "PUT", "PATCH"} and _body(operation.name, scene)):
        how = {"json": _body(operation.name, scene)}
    return await client.request(operation.method, path, **how)


class _Undo(Exception):
    pass


async def _state_of(neighbourhood: UUID) -> str:
    """A fingerprint of every row that belongs to the neighbourhood, the ledger's included."""
    tables = await database.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'neighbourhood' AND table_schema = 'public' ORDER BY 1"
    )
    parts = [
        await database.fetch_value(
            f"SELECT coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') FROM \"{row[0]}\" r WHERE neighbourhood = $1",
            neighbourhood,
        )
        for row in tables
    ]
    return ":".join(parts)


def _people(of: Neighbourhood) -> dict[str, Person]:
    return {**of.people(), "committee_handler": of.committee_handler}


def test_the_matrix_knows_every_operation() -> None:
    known = {str(act) for act in Act}
    unknown = [o.name for o in OPERATIONS if o.name not in OWN_ACCOUNT | ACTS.keys() and _snake(o.name) not in known]
    assert unknown == []
    assert len(_operations()) == len({o.name for o in _operations()})


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


async def test_nothing_of_the_other_is_seen_or_changed(
    world: World, scenes: tuple[Scene, Scene], client_of: ClientOf, anonymous: httpx.AsyncClient
) -> None:
    here, there = scenes
    before = await _state_of(there.of.id)
    canaries = [there.of.area.name, "江宝娣", "江敏", "+86199002", there.ids["location"]]
    faults: list[str] = []
    for role, person in {**_people(here.of), "stranger": world.stranger}.items():
        client = await client_of(person)
        for operation in OPERATIONS:
            reply, after = await _tried(client, operation, there, look=True)
            told = f"{role} {operation.name}: {reply.status_code} {reply.text[:300]}"
            if after != before:
                faults.append(f"changed something: {told}")
            if any(canary in reply.text for canary in canaries):
                faults.append(f"saw something: {told}")
            about_itself = operation.name in OWN_ACCOUNT - {"endSession", "unsubscribePush", "confirmPushShown"} | {"uploadPhoto"}
            if not about_itself and reply.status_code not in {403, 404, 409, 422}:
                faults.append(f"not refused: {told}")
    for operation in OPERATIONS:
        reply = await _send(anonymous, operation, there)
        if reply.status_code != 401 or any(canary in reply.text for canary in canaries):
            faults.append(f"nobody signed in: {operation.name}: {reply.status_code} {reply.text[:300]}")
    assert faults == []


async def test_in_ones_own_neighbourhood_the_grants_decide(
    world: World, scenes: tuple[Scene, Scene], client_of: ClientOf
) -> None:
    here, _ = scenes
    faults: list[str] = []
    for name, person in {**_people(here.of), "subdistrict_admin": world.subdistrict_admin}.items():
        role = Role.HANDLER if name == "committee_handler" else Role(name)
        client = await client_of(person)
        for operation in OPERATIONS:
            if operation.name in OWN_ACCOUNT:
                continue
            act = ACTS.get(operation.name) or Act(_snake(operation.name))
            reply, _ = await _tried(client, operation, here)
            told = f"{name} {operation.name}: {reply.status_code} {reply.text[:300]}"
            if reply.status_code >= 500:
                faults.append(told)
            elif role not in GRANTS[act]:
                # Whoever never checked in has no stay to end: said before anything else, and of no use to them.
                if reply.status_code not in {403, 404} and (operation.name, reply.status_code) != ("checkOut", 409):
                    faults.append(f"not refused: {told}")
            elif reply.status_code == 403 and operation.name not in NARROWED:
                faults.append(f"refused: {told}")
    assert faults == []


async def _tried(
    client: httpx.AsyncClient, operation: Operation, scene: Scene, *, look: bool = False
) -> tuple[httpx.Response, str]:
    """The reply and, if looked at, the state of the scene's neighbourhood after it; then all is undone."""
    seen: list[tuple[httpx.Response, str]] = []
    with contextlib.suppress(_Undo):
        async with database.transaction():
            reply = await _send(client, operation, scene)
            seen.append((reply, await _state_of(scene.of.id) if look else ""))
            raise _Undo
    return seen[0]


NARROWED = {
    "claimTicket", "declineTicket", "handOverTicket", "resolveTicket", "verifyTicket", "reopenTicket", "vouchCheckIn", "createInvitation",
    "endMembership",
}  # fmt: skip
"""Granted to a role, and narrowed by the feature: of one's own party, building, not one's own work. Each is tested there."""
