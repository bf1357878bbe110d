"""Writes `schemas/` from the server's code. With --check, changes nothing and fails where the files differ."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "server"))

import msgspec  # noqa: E402

from mingxun.app import create_litestar  # noqa: E402
from mingxun.kit.clock import SystemClock  # noqa: E402
from mingxun.kit.contract import contract  # noqa: E402
from mingxun.kit.settings import load  # noqa: E402
from mingxun.kit.signing import load_or_make  # noqa: E402
from mingxun.ledger import fact_kinds  # noqa: E402
from mingxun.notifications.schemas import PushMessage  # noqa: E402
from mingxun.people.sessions import cookie_name  # noqa: E402


def documents() -> dict[str, Any]:
    """Every generated file by its path below `schemas/`."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load(Path(folder), environ={}, public_url="https://mingxun.example.org")
        app = create_litestar(settings, load_or_make(settings.data_dir), clock=SystemClock(), manage_database=False)
    found: dict[str, Any] = {
        "openapi.json": contract(app, cookie=cookie_name(settings)),
        "push-message.json": msgspec.json.schema(PushMessage),
        "check-in-code.json": CODE,
    }
    for tag, kind in sorted(fact_kinds().items()):
        if kind.__module__.startswith("mingxun."):
            found[f"events/{tag}.json"] = msgspec.json.schema(kind)
    return found


CODE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Check-in code",
    "description": (
        "The address in a QR code: {public_url}/c/{payload}. The payload is base64url without padding of: 1 byte kind (1 poster, 2 rotating), "
        "16 bytes location id, 2 bytes key version (big-endian), for kind 2 also 4 bytes with the number of the 30-second step since "
        "1970 (big-endian), then the first 10 bytes of an HMAC-SHA256 over what stands before."
    ),
    "type": "string",
    "pattern": "^https?://[^/]+/c/(?:[A-Za-z0-9_-]{39}|[A-Za-z0-9_-]{44})$",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    folder = ROOT / "schemas"
    wanted = {
        name: json.dumps(value, ensure_ascii=False, indent=2, sort_keys=False) + "\n" for name, value in documents().items()
    }
    there = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.json")}
    stale = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    if check:
        for name in stale:
            print(f"schemas/{name} does not match the server: run scripts/generate_schemas.py", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], "utf-8")
        else:
            path.unlink()
        print(f"{'wrote' if name in wanted else 'removed'} schemas/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
