"""Every write of the contract that may be sent again, each with a request that would be accepted, on things made for it alone.

Which they are is read from `schemas/openapi.json`. A new one needs a recipe here; a test says so.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from mingxun.kit.ids import new_id
from tests.faults.stage import Someone, Stage
from tests.installation import ROOT
from tests.push_service import b64

CONTRACT: Mapping[str, Any] = json.loads((ROOT / "schemas" / "openapi.json").read_text("utf-8"))


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    keyed: bool
    """Takes an `Idempotency-Key`."""
    properties: frozenset[str]
    """Of its JSON body; empty when it has none."""
    media_types: tuple[str, ...]


def _operations() -> dict[str, Operation]:
    found = {}
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if "$ref" in schema:
                schema = CONTRACT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
            found[operation["operationId"]] = Operation(
                operation["operationId"],
                method.upper(),
                path,
                any(parameter.get("name") == "Idempotency-Key" for parameter in operation.get("parameters", [])),
                frozenset(schema.get("properties", {})),
                tuple(content),
            )
    return found


OPERATIONS = _operations()
WRITES = {name: operation for name, operation in OPERATIONS.items() if operation.method not in {"GET", "HEAD"}}
LEAVES_NO_TRACE_HERE = {"updateMe", "changePassword", "endSession", "sendTestPush"}
"""They take a key, and have tests of their own for it (`tests/people/test_accounts.py`, `tests/notifications`): what they do is done to
the one who asks, is gone after the first time, or shows in no table that is looked at here."""
KEYED = sorted(name for name, operation in WRITES.items() if operation.keyed and name not in LEAVES_NO_TRACE_HERE)
BY_ID = ["checkIn", "checkOut", "uploadPhoto"]
"""Made harmless by an id of the phone's own, not by a key: a check-in's body changes with every sending (`sent_at`)."""
RETRYABLE = [*KEYED, *BY_ID]


@dataclass(frozen=True)
class Write:
    """A request that would be accepted."""

    operation: str
    who: Someone
    path: str
    how: dict[str, Any] = field(default_factory=dict)
    """`json`, `content`, `params`, `headers`, as httpx has them."""

    @property
    def method(self) -> str:
        return OPERATIONS[self.operation].method

    async def send(self, stage: Stage, *, key: str | None = None, process: int = 0) -> httpx.Response:
        """With `sent_at` as of now, as the phone does."""
        how = {**self.how, "headers": {**self.how.get("headers", {}), **({"Idempotency-Key": key} if key else {})}}
        if "sent_at" in (how.get("json") or {}):
            how["json"] = {**how["json"], "sent_at": datetime.now(UTC).isoformat()}
        return await stage.send(self.who, self.method, self.path, process=process, **how)


Recipe = Callable[[Stage], Awaitable[Write]]
RECIPES: dict[str, Recipe] = {}


def _recipe(operation: str) -> Callable[[Recipe], Recipe]:
    def keep(recipe: Recipe) -> Recipe:
        RECIPES[operation] = recipe
        return recipe

    return keep


async def prepare(operation: str, stage: Stage) -> Write:
    """Make what the operation needs, and the request. Twice: two that have nothing in common."""
    return await RECIPES[operation](stage)


# People


@_recipe("createInvitation")
async def _(stage: Stage) -> Write:
    body = {"name": stage.word(), "role": "volunteer", "area": str(stage.world.here.id)}
    return Write("createInvitation", stage.coordinator, f"{stage.area}/invitations", {"json": body})


@_recipe("revokeInvitation")
async def _(stage: Stage) -> Write:
    body = {"name": stage.word(), "role": "volunteer", "area": str(stage.world.here.id)}
    made = await stage.made(stage.coordinator, "POST", f"{stage.area}/invitations", json=body)
    return Write("revokeInvitation", stage.coordinator, f"/api/invitations/{made['invitation']['id']}")


@_recipe("endMembership")
async def _(stage: Stage) -> Write:
    membership = await stage.database.fetchval("SELECT id FROM membership WHERE person = $1", stage.someone_new().id)
    return Write("endMembership", stage.coordinator, f"/api/memberships/{membership}")


@_recipe("disableAccount")
async def _(stage: Stage) -> Write:
    return Write("disableAccount", stage.coordinator, f"/api/people/{stage.someone_new().id}/account/disabling")


@_recipe("enableAccount")
async def _(stage: Stage) -> Write:
    account = f"/api/people/{stage.someone_new().id}/account"
    await stage.made(stage.coordinator, "POST", f"{account}/disabling")
    return Write("enableAccount", stage.coordinator, f"{account}/enabling")


@_recipe("createParty")
async def _(stage: Stage) -> Write:
    return Write(
        "createParty", stage.coordinator, f"{stage.area}/parties", {"json": {"kind": "department", "name": stage.word()}}
    )


def _roster(stage: Stage) -> Write:
    how = {
        "content": f"姓名,房号\n{stage.word()},101\n".encode(),
        "headers": {"Content-Type": "text/csv", "X-File-Name": quote("名册.csv")},
    }
    return Write("previewRosterImport", stage.coordinator, f"{stage.area}/roster-imports", how)


@_recipe("previewRosterImport")
async def _(stage: Stage) -> Write:
    return _roster(stage)


@_recipe("confirmRosterImport")
async def _(stage: Stage) -> Write:
    preview = (await _roster(stage).send(stage)).json()
    return Write("confirmRosterImport", stage.coordinator, f"/api/roster-imports/{preview['id']}/confirmation")


# Places


@_recipe("createArea")
async def _(stage: Stage) -> Write:
    body = {"parent": str(stage.world.here.id), "kind": "grid", "name": stage.word()}
    return Write("createArea", stage.coordinator, f"{stage.area}/areas", {"json": body})


@_recipe("createLocation")
async def _(stage: Stage) -> Write:
    body = {"area": str(stage.world.here.id), "name": stage.word()}
    return Write("createLocation", stage.coordinator, f"{stage.area}/locations", {"json": body})


@_recipe("updateLocation")
async def _(stage: Stage) -> Write:
    place = await stage.new_place()
    return Write("updateLocation", stage.coordinator, f"/api/locations/{place.id}", {"json": {"address": stage.word()}})


@_recipe("rekeyLocation")
async def _(stage: Stage) -> Write:
    place = await stage.new_place()
    return Write("rekeyLocation", stage.coordinator, f"/api/locations/{place.id}/rekeying")


# Shifts


@_recipe("createShift")
async def _(stage: Stage) -> Write:
    return Write("createShift", stage.coordinator, f"{stage.area}/shifts", {"json": stage.shift_body()})


@_recipe("updateShift")
async def _(stage: Stage) -> Write:
    shift = await stage.new_shift()
    return Write("updateShift", stage.coordinator, f"/api/shifts/{shift}", {"json": {"note": stage.word()}})


@_recipe("cancelShift")
async def _(stage: Stage) -> Write:
    shift = await stage.new_shift()
    return Write("cancelShift", stage.coordinator, f"/api/shifts/{shift}/cancellation", {"json": {"reason": "下雨"}})


@_recipe("signUp")
async def _(stage: Stage) -> Write:
    return Write("signUp", stage.someone_new(), f"/api/shifts/{await stage.new_shift()}/sign-up")


@_recipe("withdraw")
async def _(stage: Stage) -> Write:
    who, shift = stage.someone_new(), await stage.new_shift()
    await stage.made(who, "POST", f"/api/shifts/{shift}/sign-up")
    return Write("withdraw", who, f"/api/shifts/{shift}/sign-up")


@_recipe("assign")
async def _(stage: Stage) -> Write:
    shift = await stage.new_shift()
    body = {"person": str(stage.someone_new().id)}
    return Write("assign", stage.coordinator, f"/api/shifts/{shift}/assignments", {"json": body})


@_recipe("unassign")
async def _(stage: Stage) -> Write:
    who, shift = stage.someone_new(), await stage.new_shift()
    await stage.assign(shift, who)
    return Write("unassign", stage.coordinator, f"/api/shifts/{shift}/assignments/{who.id}")


# Check-ins


@_recipe("checkIn")
async def _(stage: Stage) -> Write:
    return Write("checkIn", stage.someone_new(), "/api/check-ins", {"json": stage.scan_body()})


@_recipe("checkOut")
async def _(stage: Stage) -> Write:
    who = stage.someone_new()
    stay = await stage.check_in(who)
    return Write("checkOut", who, "/api/check-outs", {"json": {**stage.scan_body(), "attendance": stay}})


@_recipe("vouchCheckIn")
async def _(stage: Stage) -> Write:
    who, shift = stage.someone_new(), await stage.new_shift(begins_in=timedelta(minutes=5))
    await stage.assign(shift, who)
    body = {"id": str(new_id()), "person": str(who.id), "at": datetime.now(UTC).isoformat(), "reason": "没带手机"}
    return Write("vouchCheckIn", stage.coordinator, f"/api/shifts/{shift}/vouched-check-ins", {"json": body})


# Tickets


@_recipe("uploadPhoto")
async def _(stage: Stage) -> Write:
    how = {"content": stage.picture(), "headers": {"Content-Type": "image/jpeg"}}
    return Write("uploadPhoto", stage.someone_new(), f"/api/photos/{new_id()}", how)


@_recipe("openTicket")
async def _(stage: Stage) -> Write:
    return Write("openTicket", stage.someone_new(), f"{stage.area}/tickets", {"json": stage.ticket_body()})


@_recipe("claimTicket")
async def _(stage: Stage) -> Write:
    return Write("claimTicket", stage.handler, f"/api/tickets/{await stage.new_ticket()}/claim")


@_recipe("declineTicket")
async def _(stage: Stage) -> Write:
    ticket = await stage.new_ticket()
    return Write("declineTicket", stage.handler, f"/api/tickets/{ticket}/decline", {"json": {"reason": "不归我们管"}})


@_recipe("handOverTicket")
async def _(stage: Stage) -> Write:
    ticket = await stage.new_ticket()
    body = {"party": str(stage.world.here.owners.id), "note": "请业委会看看"}
    return Write("handOverTicket", stage.coordinator, f"/api/tickets/{ticket}/hand-over", {"json": body})


@_recipe("resolveTicket")
async def _(stage: Stage) -> Write:
    ticket = await stage.claimed_ticket()
    body = {"note": "换好了", "photos": [await stage.new_photo(stage.handler)]}
    return Write("resolveTicket", stage.handler, f"/api/tickets/{ticket}/resolution", {"json": body})


@_recipe("verifyTicket")
async def _(stage: Stage) -> Write:
    ticket = await stage.resolved_ticket()
    return Write("verifyTicket", stage.leader, f"/api/tickets/{ticket}/verification", {"json": {"note": "好了"}})


@_recipe("reopenTicket")
async def _(stage: Stage) -> Write:
    ticket = await stage.resolved_ticket()
    return Write("reopenTicket", stage.leader, f"/api/tickets/{ticket}/reopening", {"json": {"reason": "还是坏的"}})


# Notifications


def _subscription(stage: Stage) -> dict[str, str]:
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    return {
        "endpoint": f"https://127.0.0.1/{b64(stage.word().encode())}",
        "p256dh": point,
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    }


@_recipe("subscribePush")
async def _(stage: Stage) -> Write:
    return Write("subscribePush", stage.someone_new(), "/api/me/push-subscriptions", {"json": _subscription(stage)})


@_recipe("unsubscribePush")
async def _(stage: Stage) -> Write:
    who = stage.coordinator
    made = await stage.made(who, "POST", "/api/me/push-subscriptions", json=_subscription(stage))
    return Write("unsubscribePush", who, f"/api/me/push-subscriptions/{made['id']}")


@_recipe("markRead")
async def _(stage: Stage) -> Write:
    who = stage.someone_new()
    await stage.made(who, "POST", "/api/me/push-subscriptions", json=_subscription(stage))
    message = await stage.made(who, "POST", "/api/me/push-test")
    return Write("markRead", who, "/api/me/inbox/read", {"json": {"up_to": message["id"]}})
