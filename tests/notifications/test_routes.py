"""The inbox and the subscriptions over HTTP: everybody has their own, and nobody sees another's."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from mingxun.kit.database import execute, fetch, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.signing import Keys
from mingxun.notifications.service import MOST_PHONES
from tests.conftest import TestClock
from tests.push_service import PushService
from tests.world import PASSWORD, Person, World

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]
ROLES = ("volunteer", "building_leader", "coordinator", "secretary", "handler")


async def give_message(person: Person, at: datetime, kind: str = "assigned", push: str = "waiting") -> UUID:
    identity = new_id()
    await execute(
        """INSERT INTO message (id, person, kind, language, title, body, path, at, push)
           VALUES ($1, $2, $3, 'zh', '题', '文', '/shifts', $4, $5)""",
        identity,
        person.id,
        kind,
        at,
        push,
    )
    return identity


OPERATIONS = [
    ("GET", "/api/push-key", None),
    ("GET", "/api/me/push-subscriptions", None),
    ("POST", "/api/me/push-subscriptions", {"endpoint": "https://push.example.org/1", "p256dh": "A" * 87, "auth": "A" * 22}),
    ("DELETE", "/api/me/push-subscriptions/01900000-0000-7000-8000-000000000009", None),
    ("POST", "/api/messages/01900000-0000-7000-8000-000000000009/shown", None),
    ("POST", "/api/me/push-test", None),
    ("GET", "/api/me/inbox", None),
    ("POST", "/api/me/inbox/read", {}),
    (
        "GET",
        "/api/neighbourhoods/01900000-0000-7000-8000-000000000009/deliveries?subject=01900000-0000-7000-8000-000000000008",
        None,
    ),
    ("GET", "/api/events", None),
]


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
async def test_without_signing_in_there_is_nothing(anonymous: httpx.AsyncClient, method: str, path: str, body: object) -> None:
    reply = await anonymous.request(method, path, json=body)
    assert reply.status_code == 401, reply.text


@pytest.mark.parametrize("role", ROLES)
async def test_people_of_every_role_have_an_inbox_of_their_own(
    client_of: ClientOf, world: World, clock: TestClock, role: str
) -> None:
    mine = await give_message(getattr(world.here, role), clock.now())
    theirs = await give_message(getattr(world.there, role), clock.now())
    client = await client_of(getattr(world.here, role))
    page = (await client.get("/api/me/inbox")).json()
    assert [item["id"] for item in page["items"]] == [str(mine)]
    assert page["unread"] == 1
    assert page["items"][0]["read"] is False
    marked = await client.post("/api/me/inbox/read", json={"messages": [str(mine), str(theirs)], "up_to": str(theirs)})
    assert marked.json() == {"unread": 0}
    assert await fetch_value("SELECT read_at FROM message WHERE id = $1", theirs) is None


async def test_who_has_no_role_anywhere_has_an_empty_inbox(client_of: ClientOf, world: World) -> None:
    client = await client_of(world.stranger)
    assert (await client.get("/api/me/inbox")).json() == {"items": [], "next_cursor": None, "unread": 0}


async def test_the_inbox_is_paged_newest_first(client_of: ClientOf, world: World, clock: TestClock) -> None:
    ids = [str(await give_message(world.here.volunteer, clock.now() - timedelta(minutes=i // 2))) for i in range(7)]
    client = await client_of(world.here.volunteer)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = (await client.get("/api/me/inbox", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert sorted(seen) == sorted(ids)
    assert len(seen) == 7
    assert (await client.get("/api/me/inbox", params={"cursor": "abc"})).json()["type"] == "/problems/bad-cursor"


async def test_all_up_to_one_can_be_read_at_once(client_of: ClientOf, world: World, clock: TestClock) -> None:
    old, middle, new = [await give_message(world.here.volunteer, clock.now() + timedelta(seconds=i)) for i in range(3)]
    client = await client_of(world.here.volunteer)
    assert (await client.post("/api/me/inbox/read", json={"up_to": str(middle)})).json() == {"unread": 1}
    rows = await fetch("SELECT id FROM message WHERE person = $1 AND read_at IS NULL", world.here.volunteer.id)
    assert [row["id"] for row in rows] == [new]
    assert old != middle


async def test_the_key_is_the_one_that_pushes_are_signed_with(client_of: ClientOf, world: World, keys: Keys) -> None:
    client = await client_of(world.here.volunteer)
    assert (await client.get("/api/push-key")).json() == {"key": keys.vapid_public}


async def test_a_browser_is_subscribed_listed_and_unsubscribed(client_of: ClientOf, world: World, service: PushService) -> None:
    client = await client_of(world.here.volunteer)
    made = await client.post("/api/me/push-subscriptions", json=service.browser().subscription)
    assert made.status_code == 201, made.text
    listed = (await client.get("/api/me/push-subscriptions")).json()["items"]
    assert listed == [made.json()]
    assert listed[0]["failing"] is False
    stranger = await client_of(world.there.volunteer)
    path = f"/api/me/push-subscriptions/{made.json()['id']}"
    assert (await stranger.delete(path)).status_code == 404
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 204
    assert (await client.get("/api/me/push-subscriptions")).json()["items"] == []


async def test_subscribing_again_renews(client_of: ClientOf, world: World, service: PushService) -> None:
    client = await client_of(world.here.volunteer)
    browser = service.browser()
    first = (await client.post("/api/me/push-subscriptions", json=browser.subscription)).json()
    await execute("UPDATE push_subscription SET failures = 9, retired_at = now(), retired_reason = 'signed_out'")
    again = (await client.post("/api/me/push-subscriptions", json=browser.subscription)).json()
    assert again == first
    newer = (await client.post("/api/me/push-subscriptions", json=service.browser().subscription)).json()
    listed = (await client.get("/api/me/push-subscriptions")).json()["items"]
    assert [item["id"] for item in listed] == [newer["id"]], "a browser has one subscription"


async def test_renewing_does_not_hide_that_nothing_arrives(client_of: ClientOf, world: World, service: PushService) -> None:
    client = await client_of(world.here.volunteer)
    browser = service.browser()
    await client.post("/api/me/push-subscriptions", json=browser.subscription)
    await execute("UPDATE push_subscription SET failures = 3")
    assert (await client.post("/api/me/push-subscriptions", json=browser.subscription)).json()["failing"] is True


async def test_what_the_push_service_has_forgotten_must_be_made_anew(
    client_of: ClientOf, world: World, service: PushService
) -> None:
    client = await client_of(world.here.volunteer)
    browser = service.browser()
    await client.post("/api/me/push-subscriptions", json=browser.subscription)
    await execute("UPDATE push_subscription SET retired_at = now(), retired_reason = 'gone'")
    again = await client.post("/api/me/push-subscriptions", json=browser.subscription)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/push-subscription-gone")
    assert (await client.get("/api/me/push-subscriptions")).json()["items"] == []


async def test_signing_in_again_silences_a_phone_until_its_app_renews(
    client_of: ClientOf, world: World, service: PushService
) -> None:
    browser, path = service.browser(), "/api/me/push-subscriptions"
    before = await client_of(world.here.volunteer)
    made = (await before.post(path, json=browser.subscription)).json()
    assert made["current"] is True
    signed_in = await before.post("/api/session", json={"phone": world.here.volunteer.phone, "password": PASSWORD})
    assert signed_in.status_code == 200, signed_in.text
    assert (await before.get(path)).json()["items"] == []
    assert (await before.post(path, json=browser.subscription)).json() == made
    assert (await before.get(path)).json()["items"] == [made]
    elsewhere = await client_of(world.here.volunteer)
    assert [item["current"] for item in (await elsewhere.get(path)).json()["items"]] == [False]


async def test_whoever_signs_in_on_a_shared_phone_takes_its_subscription_over(
    client_of: ClientOf, world: World, service: PushService
) -> None:
    browser = service.browser()
    before, after = await client_of(world.here.volunteer), await client_of(world.here.second_volunteer)
    await before.post("/api/me/push-subscriptions", json=browser.subscription)
    await after.post("/api/me/push-subscriptions", json=browser.subscription)
    assert (await before.get("/api/me/push-subscriptions")).json()["items"] == []
    assert len((await after.get("/api/me/push-subscriptions")).json()["items"]) == 1


async def test_nobody_collects_subscriptions_without_end(client_of: ClientOf, world: World, service: PushService) -> None:
    client = await client_of(world.here.volunteer)
    for _ in range(MOST_PHONES + 3):
        client = await client_of(world.here.volunteer)
        await client.post("/api/me/push-subscriptions", json=service.browser().subscription)
    assert len((await client.get("/api/me/push-subscriptions")).json()["items"]) == MOST_PHONES


@pytest.mark.parametrize("change", [{"p256dh": "A" * 87}, {"auth": "A" * 30}, {"p256dh": "B" + "A" * 86}])
async def test_keys_that_are_none_are_refused(
    client_of: ClientOf, world: World, service: PushService, change: dict[str, str]
) -> None:
    client = await client_of(world.here.volunteer)
    reply = await client.post("/api/me/push-subscriptions", json=service.browser().subscription | change)
    assert reply.status_code == 422
    assert reply.json()["type"] == "/problems/broken-subscription-keys"


async def test_an_address_that_can_not_be_sent_to_is_refused(client_of: ClientOf, world: World, service: PushService) -> None:
    client = await client_of(world.here.volunteer)
    reply = await client.post(
        "/api/me/push-subscriptions", json=service.browser().subscription | {"endpoint": "https://me:secret@push.example.org/x"}
    )
    assert reply.status_code == 422
    assert reply.json()["reason"] == "not_an_address"


async def test_a_phone_says_that_it_showed_a_message(
    client_of: ClientOf, world: World, clock: TestClock, service: PushService
) -> None:
    client = await client_of(world.here.volunteer)
    made = (await client.post("/api/me/push-subscriptions", json=service.browser().subscription)).json()
    message = await give_message(world.here.volunteer, clock.now(), push="accepted")
    await execute(
        "INSERT INTO delivery (id, message, subscription, state, attempts, at) VALUES ($1, $2, $3, 'accepted', 1, $4)",
        new_id(),
        message,
        UUID(made["id"]),
        clock.now(),
    )
    stranger = await client_of(world.here.coordinator)
    assert (await stranger.post(f"/api/messages/{message}/shown")).status_code == 404
    for _ in range(2):
        assert (await client.post(f"/api/messages/{message}/shown")).status_code == 204
    assert (await client.get("/api/me/inbox")).json()["items"][0]["push"] == "shown"
    assert await fetch_value("SELECT state FROM delivery WHERE message = $1", message) == "shown"


async def test_a_trial_push_is_sent_to_ones_own_phones(client_of: ClientOf, world: World, service: PushService) -> None:
    client = await client_of(world.here.volunteer)
    assert (await client.post("/api/me/push-test")).json()["type"] == "/problems/no-push-subscription"
    await client.post("/api/me/push-subscriptions", json=service.browser().subscription)
    reply = await client.post("/api/me/push-test")
    assert reply.status_code == 202
    assert reply.json()["push"] == "waiting"
    assert await fetch_value("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'push'") == 1


async def test_trial_pushes_are_limited(client_of: ClientOf, world: World, service: PushService) -> None:
    client = await client_of(world.here.volunteer)
    await client.post("/api/me/push-subscriptions", json=service.browser().subscription)
    replies = [(await client.post("/api/me/push-test")).status_code for _ in range(11)]
    assert replies == [202] * 10 + [429]
