"""Schemathesis over the whole contract, all checks, against a running server.

Left out of the main run: `streamEvents` never ends (it is tested in `tests/notifications`); `signOut`, `endSession` and
`changePassword` end the session that the others need, so each has a run of its own.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from mingxun.kit import database
from tests.installation import ROOT, Installation
from tests.world import World, give_session

ENDING = ("signOut", "endSession", "changePassword")
NEVER_ENDING = ("streamEvents",)
HERE = Path(__file__).parent
EXAMPLES = os.environ.get("MINGXUN_CONTRACT_EXAMPLES", "12")


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[tuple[Installation, World]]:
    installation = Installation(durable=False)
    installation.start_database()
    try:
        world = await installation.prepare()
        installation.start_server()
        await installation.wait_until_ready()
        yield installation, world
    finally:
        installation.stop()


async def _token(world: World) -> str:
    async with database.transaction():
        return await give_session(world.here.coordinator.id, at=datetime.now(UTC))


async def _ids(installation: Installation, world: World, token: str) -> dict[str, str]:
    """A location, a shift and a ticket that are there."""
    headers = {"Cookie": f"mingxun={token}", "Origin": installation.url}
    area = f"/api/neighbourhoods/{world.here.id}"
    async with httpx.AsyncClient(base_url=installation.url, headers=headers, timeout=30) as client:
        location = (await client.post(f"{area}/locations", json={"area": str(world.here.id), "name": "东门岗亭"})).json()["id"]
        starts = datetime.now(UTC) + timedelta(days=1)
        needs = [{"minimum": 1, "desired": 2, "maximum": 3}]
        times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}
        shift = await client.post(
            f"{area}/shifts", json={"kind": "patrol", "title": "巡逻", "location": location, "needs": needs, **times}
        )
        ticket = {
            "id": "01900000-0000-7000-8000-000000000001",
            "category": "waste",
            "what": "垃圾满了",
            "seen_at": starts.isoformat(),
        }
        opened = await client.post(f"{area}/tickets", json={**ticket, "seen_at": datetime.now(UTC).isoformat()})
    assert shift.status_code == opened.status_code == 201, (shift.text, opened.text)
    return {
        "neighbourhood": str(world.here.id),
        "location": location,
        "shift": shift.json()["id"],
        "ticket": opened.json()["id"],
        "person": str(world.here.volunteer.id),
    }


def _run(installation: Installation, token: str, ids: dict[str, str], *which: str) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{installation.url}/api/openapi.json"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", "1"),
        *("--header", f"Origin: {installation.url}"),
        *("--suppress-health-check", "all", "--request-timeout", "20", "--workers", "2", "--no-color", "--warnings", "off"),
        *("--continue-on-failure", "--generation-database", "none"),
        *which,
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.contract.hooks", "MINGXUN_CONTRACT_IDS": json.dumps(ids)}
    environment["MINGXUN_CONTRACT_TOKEN"] = token
    environment["PYTHONPATH"] = f"{ROOT / 'server'}{os.pathsep}{ROOT}"
    return subprocess.run(
        command, env=environment, cwd=installation.folder, capture_output=True, text=True, timeout=600, check=False
    )


async def test_nothing_that_the_contract_allows_or_forbids_breaks_the_server(running: tuple[Installation, World]) -> None:
    installation, world = running
    token = await installation.in_database(lambda: _token(world))
    ids = await _ids(installation, world, token)
    left_out = [word for name in (*ENDING, *NEVER_ENDING) for word in ("--exclude-operation-id", name)]
    done = await asyncio.to_thread(_run, installation, token, ids, *left_out)
    (ROOT / ".tmp").mkdir(exist_ok=True)
    (ROOT / ".tmp" / "contract.txt").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.parametrize("operation", ENDING)
async def test_operations_that_end_the_session_hold_the_contract_too(running: tuple[Installation, World], operation: str) -> None:
    installation, world = running
    token = await installation.in_database(lambda: _token(world))
    done = await asyncio.to_thread(_run, installation, token, {}, "--include-operation-id", operation)
    (ROOT / ".tmp").mkdir(exist_ok=True)
    (ROOT / ".tmp" / "contract.txt").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
