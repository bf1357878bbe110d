"""The API's contract, OpenAPI 3.1, as it is served and as it is committed in `schemas/openapi.json`."""

from typing import Any

from litestar import Litestar

from mingxun.kit.problems import (
    MEDIA_TYPE,
    BadRequest,
    CrossSite,
    Forbidden,
    InternalError,
    InvalidBody,
    KeyReused,
    NotFound,
    OtherAuthor,
    Overloaded,
    Problem,
    RateLimited,
    StorageFull,
    TooLarge,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

_ALWAYS: tuple[type[Problem], ...] = (InvalidBody, BadRequest, InternalError, Unavailable, Overloaded, StorageFull)
_SIGNED_IN: tuple[type[Problem], ...] = (Unauthenticated, Forbidden)
_WRITING: tuple[type[Problem], ...] = (CrossSite, TooLarge, TooSlow, UnsupportedMediaType)
_METHODS = ("get", "put", "post", "delete", "patch")


def contract(app: Litestar, *, cookie: str) -> dict[str, Any]:
    """The document of `app`. What the boundary answers by itself is added to each operation; its own problems are in `responses=`."""
    document = app.openapi_schema.to_schema()
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"session": {"type": "apiKey", "in": "cookie", "name": cookie}}
    _declare_problem(components.setdefault("schemas", {}))
    handlers = {str(h.operation_id): h for route in app.routes for h in getattr(route, "route_handlers", ())}
    for path, item in document["paths"].items():
        for method in _METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            handler = handlers[operation["operationId"]]
            signed_in = "actor" in handler.parsed_fn_signature.parameters
            added = [*_ALWAYS, *(_SIGNED_IN if signed_in else ()), *(_WRITING if method != "get" else ())]
            if signed_in and method != "get":
                added.append(OtherAuthor)
                operation.setdefault("parameters", []).append(_AUTHOR)
            if "{" in path:
                added.append(NotFound)
            if handler.opt.get("retryable"):
                added.append(KeyReused)
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
            if handler.opt.get("limited"):
                added.append(RateLimited)
            if signed_in:
                operation["security"] = [{"session": []}]
            _describe(operation["responses"], added)
    _close_requests(document)
    _tidy(document)
    return document


def _tidy(part: Any) -> None:
    """Mend what Litestar says that is not so: a parameter that is null, a list of anything at all, a 204 with a body."""
    if isinstance(part, list):
        for item in part:
            _tidy(item)
    elif isinstance(part, dict):
        for response in [part["204"]] if isinstance(part.get("204"), dict) else []:
            response.pop("content", None)
        parameter = part.get("in") in {"query", "header"} and isinstance(part.get("schema"), dict)
        if parameter:
            _choose(part["schema"], without=({"type": "null"},))
        _choose(part, without=({},))
        for item in part.values():
            _tidy(item)


def _choose(schema: dict[str, Any], *, without: tuple[dict[str, str], ...]) -> None:
    """Leave `without` out of the alternatives; where one remains, it takes their place."""
    kept = [one for one in schema.get("oneOf", []) if one not in without]
    if "oneOf" in schema and len(kept) < len(schema["oneOf"]):
        schema["oneOf"] = kept
        if len(kept) == 1:
            del schema["oneOf"]
            schema |= {**kept[0], **schema}


def _close_requests(document: dict[str, Any]) -> None:
    """Say of every object that a client sends that it takes no other members: an unknown one is refused."""
    schemas = document["components"]["schemas"]
    waiting = [
        operation["requestBody"]
        for item in document["paths"].values()
        for operation in item.values()
        if "requestBody" in operation
    ]
    seen: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            name = str(part.get("$ref", "")).rsplit("/", 1)[-1]
            if name and name not in seen:
                seen.add(name)
                if "properties" in schemas[name]:
                    schemas[name]["additionalProperties"] = False
                waiting.append(schemas[name])
            waiting += [value for key, value in part.items() if key != "$ref"]


_AUTHOR = {
    "name": "X-Author",
    "in": "header",
    "required": False,
    "description": "The person who made this, for what waited on a phone: refused when somebody else is signed in by now.",
    "schema": {"type": "string", "format": "uuid"},
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Made anew for each thing done, the same for each retry of it: a retry gets the first reply again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_-]+$"},
}


def _declare_problem(schemas: dict[str, Any]) -> None:
    text = {"type": "string"}
    schemas["ProblemBody"] = {
        "type": "object",
        "title": "ProblemBody",
        "description": "RFC 9457 problem details. Some types have further members.",
        "properties": {"type": text, "title": text, "status": {"type": "integer"}, "detail": text, "instance": text},
        "required": ["type", "title", "status", "detail", "instance"],
    }


def _describe(responses: dict[str, Any], problems: list[type[Problem]]) -> None:
    """Add `problems` to the statuses an operation documents; Litestar's own 400 is replaced, since it is never answered."""
    for status in [s for s in responses if s >= "400" and MEDIA_TYPE not in responses[s].get("content", {})]:
        del responses[status]
    for problem in problems:
        line = f"`{problem.slug}`: {(problem.__doc__ or problem.title).strip().splitlines()[0]}"
        there = responses.setdefault(str(problem.status), {"description": ""})
        if line not in there["description"]:
            there["description"] = "; ".join(part for part in (there["description"], line) if part)
        there["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    for status, response in responses.items():
        if status == "429":
            response["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
