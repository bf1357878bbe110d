"""From a line of the roster to somebody who can sign in."""

from collections.abc import Awaitable, Callable

import httpx

from mingxun.kit.database import fetch_row, fetch_value
from tests.world import World

ClientOf = Callable[..., Awaitable[httpx.AsyncClient]]


async def test_whoever_came_by_the_roster_is_invited_to_the_role_they_have(
    client_of: ClientOf, anonymous: httpx.AsyncClient, world: World
) -> None:
    coordinator = await client_of(world.here.coordinator)
    table = "姓名,楼栋,室号,联系电话\n朱桂芳,9号楼,202,19900004444\n".encode()
    url = f"/api/neighbourhoods/{world.here.id}/roster-imports"
    headers = {"Content-Type": "text/csv", "X-File-Name": "roster.csv"}
    preview = (await coordinator.post(url, content=table, headers=headers)).json()
    confirmed = await coordinator.post(f"/api/roster-imports/{preview['id']}/confirmation")
    assert confirmed.json()["added"] == 1
    row = await fetch_row("SELECT id FROM person WHERE name = '朱桂芳'")
    assert row is not None

    wanted = {"person": str(row["id"]), "role": "volunteer", "area": str(world.here.id)}
    made = await coordinator.post(f"/api/neighbourhoods/{world.here.id}/invitations", json=wanted)
    assert made.status_code == 201, made.text
    token = made.json()["url"].partition("#")[2]
    body = {"token": token, "phone": "19900004444", "password": "a good long one"}
    joined = await anonymous.post("/api/invitation/acceptance", json=body)
    assert joined.status_code in {200, 201}, joined.text
    assert [membership["role"] for membership in joined.json()["memberships"]] == ["volunteer"]
    assert await fetch_value("SELECT count(*) FROM membership WHERE person = $1", row["id"]) == 1

    again = await coordinator.post(f"/api/neighbourhoods/{world.here.id}/invitations", json=wanted)
    assert again.json()["refusals"] == ["held_already"]
