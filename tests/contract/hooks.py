"""Lets Schemathesis knock at doors that exist: half of its requests get ids of the running neighbourhood."""

import json
import os
import random
from typing import Any
from uuid import UUID

import schemathesis

KNOWN: dict[str, str] = json.loads(os.environ["MINGXUN_CONTRACT_IDS"])
_random = random.Random(1)


def _is_id(value: Any) -> bool:
    """As the contract writes ids. What is wrong on purpose stays wrong."""
    try:
        return str(UUID(value)) == str(value)
    except (ValueError, TypeError, AttributeError):
        return False


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
    if not path_parameters or getattr(context, "generation_mode", None) == "negative":
        return path_parameters
    return {
        name: KNOWN[name] if name in KNOWN and _is_id(value) and _random.random() < 0.5 else value
        for name, value in path_parameters.items()
    }


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Without the author, if it is somebody's id: a made-up one is never the person who is signed in."""
    if case.headers and _is_id(case.headers.get("X-Author")):
        del case.headers["X-Author"]
