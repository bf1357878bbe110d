"""Promise 20: whoever runs a push service (a maker of browsers, abroad) learns of a message when, how long and for which browser.

What it says, for whom and about what is encrypted for that browser alone (RFC 8291).
"""

import json

from tests.faults.stage import Stage
from tests.journeys.phone import eventually
from tests.push_service import push_service, unb64

KNOWN_HEADERS = {
    "host", "authorization", "content-encoding", "content-type", "content-length", "ttl", "urgency", "accept", "accept-encoding", "user-agent",
}  # fmt: skip


async def test_a_push_service_sees_no_name_place_or_word_of_what_it_carries(stage: Stage) -> None:
    who, place = stage.someone_new(), await stage.new_place("金丝雀岗亭")
    async with push_service() as service:
        service.seen = []
        key = (await stage.made(who, "GET", "/api/push-key"))["key"]
        browser = service.browser(vapid_key=key)
        await stage.made(who, "POST", "/api/me/push-subscriptions", json=browser.subscription)
        shift = {**stage.shift_body(), "title": "金丝雀巡逻", "location": place.id}
        made = await stage.made(stage.coordinator, "POST", f"{stage.area}/shifts", json=shift)
        stage.installation.start_worker("worker of a moment")
        try:
            await stage.assign(made["id"], who)

            async def arrived() -> bool:
                return bool(browser.received)

            await eventually(arrived, f"a push: {service.complaints}", seconds=60)
        finally:
            stage.installation.kill("worker of a moment")
    message = json.dumps(browser.received[0].message, ensure_ascii=False)
    assert "金丝雀" in message, "the browser itself can read it"
    canaries = [
        "金丝雀",
        who.name,
        who.phone.removeprefix("+86"),
        made["id"],
        str(who.id),
        place.id,
        str(stage.world.here.id),
        "shifts",
        "assigned",
    ]
    for path, headers, body in service.seen:
        assert path == browser.endpoint.removeprefix(service.origin)
        assert {name.lower() for name in headers} <= KNOWN_HEADERS
        token = headers["Authorization"].partition("t=")[2].partition(",")[0]
        claims = json.loads(unb64(token.split(".")[1]))
        assert set(claims) == {"aud", "exp", "sub"}
        in_the_open = "\n".join(
            [path, *headers.values(), json.dumps(claims), body.decode("latin-1"), body.decode("utf-8", "replace")]
        )
        for canary in canaries:
            assert canary not in in_the_open, canary
