"""Queues as phones have stored them (`tests/data/outbox`), for a person and a place of the stage."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any
from uuid import uuid4

from tests.faults.stage import Place, Someone, Stage

STORED = Path(__file__).parents[1] / "data" / "outbox"
FORMATS = sorted(path.stem for path in STORED.glob("*.json"))
NOW = "third"
"""The format of today's app."""


class Stored:
    """One phone's store, with ids of its own."""

    def __init__(self, stage: Stage, who: Someone, place: Place, *, form: str = NOW, resolved: str = "") -> None:
        arrived = datetime.now(UTC) - timedelta(minutes=30)
        self.what = stage.word()
        self.ids = {name: str(uuid4()) for name in ("check_in", "check_out", "photo", "ticket", "act")}
        values = {
            **self.ids,
            **{f"key_{number}": str(uuid4()) for number in (1, 2, 3)},
            "author": str(who.id),
            "neighbourhood": str(stage.world.here.id),
            "location": place.id,
            "code": place.code,
            "what": self.what,
            "resolved": resolved or str(uuid4()),
            "arrived": arrived.isoformat(),
            "left": (arrived + timedelta(minutes=20)).isoformat(),
        }
        text = (STORED / f"{form}.json").read_text("utf-8")
        filled: Mapping[str, Any] = json.loads(Template(text).substitute(values))
        self.database = filled["database"]
        self.outbox: list[dict[str, Any]] = filled["outbox"]

    def only(self, kind: str) -> dict[str, Any]:
        """The one of this kind, by itself and never tried: it follows nothing and carries no photo."""
        [found] = [one for one in self.outbox if one["item"]["kind"] == kind]
        item = {**found["item"], "dependsOn": [], "tries": 0, "nextTryAt": 0, "setback": None, "state": "waiting"}
        if kind == "ticket":
            item["body"] = {**item["body"], "photos": [], "attendance": None}
        if kind == "photo":
            return {**found, "item": item}
        return {"item": item}


def ticket(stage: Stage, who: Someone, what: str) -> dict[str, Any]:
    """A report that waits."""
    stored = Stored(stage, who, stage.place).only("ticket")
    item = stored["item"]
    return {"item": {**item, "body": {**item["body"], "what": what}, "about": {**item["about"], "what": what}}}
