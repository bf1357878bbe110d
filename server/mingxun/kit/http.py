"""The boundary of a request: one transaction, who asks, and retries that are harmless.

`Frame` is the outermost layer (request id, same-site rule, security headers, one log line); `Boundary` stands between routing and
handler. The answer leaves only after COMMIT, so whoever has it can rely on it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from litestar import Request
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch_row, transaction
from mingxun.kit.errors import problem_from
from mingxun.kit.ids import new_id
from mingxun.kit.problems import (
    MEDIA_TYPE,
    BadRequest,
    CrossSite,
    KeyReused,
    OtherAuthor,
    Problem,
    TooSlow,
    Unauthenticated,
    UnsupportedMediaType,
)
from mingxun.kit.settings import Settings

logger = structlog.get_logger("mingxun.http")

Authenticate = Callable[[str], Awaitable[Any | None]]
"""Session token in, actor out; None when the session is unknown, over, or its account disabled."""

Prepare = Callable[[Request[Any, Any, Any], Any, Clock], Awaitable[Any]]
"""What is done between finding out who asks and the transaction; it asks itself whether they (the actor) may. What it returns is
`request.scope["state"]["prepared"]`. A retry that has its reply already does not get here."""

_REPLIES_KEPT = timedelta(days=30)
"""As long as a phone may have stayed offline with a request whose reply it lost."""
_SECRETS_KEPT = timedelta(hours=1)
_BODY_PATIENCE = 60.0
"""Seconds for a body to arrive. It is read before the transaction begins, so a slow phone holds no connection."""
_SMALL = 64 * 1024
"""Bytes of a body that are read on a cookie's word alone. About what a request's head may weigh."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_KEY_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

CONTENT_SECURITY_POLICY = "; ".join(  # noqa: FLY002 - one directive a line
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Frame:
    """Wraps the whole app, static files and unknown addresses included."""

    def __init__(self, app: ASGIApp, settings: Settings, *, methods: Mapping[str, str] | None = None) -> None:
        """`methods` says for each route which methods it has: Litestar's answer to OPTIONS forgets some."""
        self._app = app
        self._methods = methods or {}
        self._origin = settings.origin
        self._headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(self), geolocation=(self), microphone=(), payment=(), usb=()"),
        ]
        if settings.secure:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = new_id().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name.lower() for name, _ in message["headers"]}
                headers = [*message["headers"], (b"x-request-id", request_id.encode())]
                headers += [(name, value) for name, value in self._headers if name not in own]
                if scope["method"] == "OPTIONS" and (known := self._methods.get(scope.get("path_template", ""))):
                    headers = [(name, value) for name, value in headers if name.lower() != b"allow"]
                    headers.append((b"allow", known.encode()))
                if scope["path"].startswith("/api") and b"cache-control" not in own:
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers
            await send(message)

        structlog.contextvars.bind_contextvars(request=request_id)
        try:
            if scope["method"] not in SAFE and not self._same_site(Headers.from_scope(scope)):
                await send_problem(CrossSite(), request_id, framed)
            else:
                await self._app(scope, receive, framed)
        except Exception as error:
            if status:  # the answer has begun: cut it off, so that the client sees that it is not whole
                raise
            await send_problem(problem_from(error), request_id, framed)
        finally:
            logger.info(
                "request",
                method=scope["method"],
                route=scope.get("path_template") or "-",
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
            structlog.contextvars.unbind_contextvars("request")

    def _same_site(self, headers: Headers) -> bool:
        """True for a change that this site's own pages make, or a program that carries no cookie and no origin at all."""
        fetch_site = headers.get("sec-fetch-site")
        if fetch_site is not None:
            return fetch_site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin is not None:
            parts = urlsplit(origin.lower())
            return origin.lower() == self._origin or (parts.netloc != "" and parts.netloc == headers.get("host", "").lower())
        return "cookie" not in headers


async def send_problem(problem: Problem, request_id: str, send: Send) -> None:
    """Answer with a problem, without Litestar."""
    body = problem.encode(request_id)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class Boundary:
    """Litestar middleware. Reads these of a route's `opt`:

    - `transaction` (True): open one for the whole request; with False only for finding out who asks.
    - `retryable` (False): honour `Idempotency-Key`.
    - `secret` (False): the reply holds what must not lie about (a link, a roster): it is kept for an hour, not for 30 days.
    - `accepts` (`application/json`): media types of the body, as prefixes.
    - `patience` (60): seconds for the body to arrive.
    - `prepare` (none): a `Prepare`, for what takes long and needs no database.

    Whoever must be signed in (the handler has a parameter `actor`) is told so before the body is read: nobody fills our memory
    without a name.
    """

    def __init__(
        self, app: ASGIApp, *, authenticate: Authenticate, cookie: str, clock: Clock, fingerprint: Callable[[bytes], bytes]
    ) -> None:
        """`fingerprint`: a keyed hash, since bodies hold passwords, which a plain one would let be guessed from the table."""
        self._app = app
        self._authenticate = authenticate
        self._cookie = cookie
        self._clock = clock
        self._fingerprint = fingerprint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        opt = scope["route_handler"].opt
        request: Request[Any, Any, Any] = Request(scope, receive=receive, send=send)
        token = request.cookies.get(self._cookie)
        whole = bool(opt.get("transaction", True))
        kept = _Kept()
        try:
            await self._admit(request, token, whole=whole)
            if whole:
                await self._handle(request, token, kept)
        except _Undo:
            pass
        except Exception as error:  # a failed COMMIT, or no connection: Litestar's own handlers are further in
            await send_problem(problem_from(error), str(scope["state"].get("request_id", "")), send)
            return
        if whole:
            await kept.release(send)
        else:
            await self._app(scope, receive, send)

    async def _admit(self, request: Request[Any, Any, Any], token: str | None, *, whole: bool) -> None:
        """Let in who may come in, and then the body. Raises UnsupportedMediaType, Unauthenticated, TooSlow.

        A small body is not worth a transaction of its own: with it, who asks is found out in the one for the whole request.
        """
        opt = request.scope["route_handler"].opt
        writes = request.method not in SAFE
        if writes:
            _check_media_type(request, opt.get("accepts", ("application/json",)))
        early = not whole or (writes and _may_be_large(request)) or "prepare" in opt
        if not token or early:
            await self._identify(request, token)
        if not writes:
            return
        try:
            async with asyncio.timeout(opt.get("patience", _BODY_PATIENCE)):
                await request.body()
        except TimeoutError:
            raise TooSlow from None
        if not whole and _may_be_large(request):  # it took a while: the session may be over
            await self._identify(request, token)

    async def _identify(self, request: Request[Any, Any, Any], token: str | None) -> None:
        """Find out who asks, in a transaction of its own. Raises Unauthenticated when it must be somebody, and is nobody."""
        if token:
            async with transaction():
                await self._bring_in(request.scope, token)
        if "actor" not in request.scope["state"] and "actor" in request.scope["route_handler"].parsed_fn_signature.parameters:
            raise Unauthenticated

    async def _handle(self, request: Request[Any, Any, Any], token: str | None, kept: "_Kept") -> None:
        """Run the handler in one transaction. Raises _Undo when its answer is a refusal."""
        scope = request.scope
        opt = scope["route_handler"].opt
        attempt = await self._attempt(request)
        if "prepare" in opt:
            if attempt is not None:
                async with transaction():
                    if await _replay(attempt, kept):
                        return
            prepare: Prepare = opt["prepare"]
            scope["state"]["prepared"] = await prepare(request, scope["state"]["actor"], self._clock)
        async with transaction():
            if token:
                await self._bring_in(scope, token)
            # Known only now, unless it was found out before the body.
            attempt = attempt or await self._attempt(request)
            if attempt is not None and "actor" in scope["state"]:
                await self._once(attempt, scope, request.receive, kept)
            else:
                await self._app(scope, request.receive, kept)
            if kept.status >= 400:
                raise _Undo

    async def _bring_in(self, scope: Scope, token: str) -> None:
        """Raises OtherAuthor when a phone sends what somebody else made on it: its queue and its cookie can differ for a moment."""
        actor = await self._authenticate(token)
        if actor is None:
            scope["state"].pop("actor", None)
            return
        author = Headers.from_scope(scope).get("x-author")
        if author is not None and author.lower() != str(actor.person):
            raise OtherAuthor
        scope["state"]["actor"] = actor

    async def _attempt(self, request: Request[Any, Any, Any]) -> "_Attempt | None":
        """What this request may be a retry of; None when it can't be one. Raises BadRequest for a malformed key."""
        scope = request.scope
        key = request.headers.get("idempotency-key")
        if key is None or not scope["route_handler"].opt.get("retryable") or "actor" not in scope["state"]:
            return None
        if not 1 <= len(key) <= 64 or not _KEY_CHARACTERS.issuperset(key):
            raise BadRequest("Idempotency-Key takes 1 to 64 letters, digits, - or _.")
        parts = (request.method.encode(), scope["path"].encode(), scope.get("query_string", b""), await request.body())
        return _Attempt(str(scope["state"]["actor"].person), key, self._fingerprint(b"\n".join(parts)))

    async def _once(self, attempt: "_Attempt", scope: Scope, receive: Receive, kept: "_Kept") -> None:
        """Run the handler, unless this key has its reply already. Raises KeyReused.

        The row is inserted before any rule is asked, so a twin waits on its unique key until this transaction ends.
        """
        now = self._clock.now()
        inserted = await execute(
            """INSERT INTO idempotency_key (owner, key, fingerprint, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT DO NOTHING""",
            attempt.owner,
            attempt.key,
            attempt.fingerprint,
            now,
            now + (_SECRETS_KEPT if scope["route_handler"].opt.get("secret") else _REPLIES_KEPT),
        )
        if not inserted:
            if not await _replay(attempt, kept):
                raise KeyReused
            return
        await self._app(scope, receive, kept)
        if kept.status < 400:
            await execute(
                "UPDATE idempotency_key SET status = $3, content_type = $4, reply = $5 WHERE owner = $1 AND key = $2",
                attempt.owner,
                attempt.key,
                kept.status,
                kept.content_type,
                kept.body,
            )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try of a request that may be retried."""

    owner: str
    key: str
    fingerprint: bytes


async def _replay(attempt: _Attempt, kept: "_Kept") -> bool:
    """Give the stored reply again, if there is one. Raises KeyReused when it is another request's."""
    row = await fetch_row(
        "SELECT fingerprint, status, content_type, reply FROM idempotency_key WHERE owner = $1 AND key = $2",
        attempt.owner,
        attempt.key,
    )
    if row is None:
        return False
    if row["fingerprint"] != attempt.fingerprint:
        raise KeyReused
    kept.replay(row["status"], row["content_type"], row["reply"])
    return True


class _Undo(Exception):
    """The answer is a refusal: roll back."""


class _Kept:
    """An answer that is held back until the transaction has ended."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self._messages.append(message)

    @property
    def content_type(self) -> str | None:
        for message in self._messages:
            if message["type"] == "http.response.start":
                for name, value in message["headers"]:
                    if name.lower() == b"content-type":
                        return value.decode()
        return None

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self._messages if message["type"] == "http.response.body")

    def replay(self, status: int, content_type: str | None, body: bytes) -> None:
        """Become a stored answer."""
        self.status = status
        headers = [(b"idempotency-replayed", b"true"), (b"content-length", str(len(body)).encode())]
        if content_type:
            headers.append((b"content-type", content_type.encode()))
        self._messages = [
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": body, "more_body": False},
        ]

    async def release(self, send: Send) -> None:
        for message in self._messages:
            await send(message)


def _may_be_large(request: Request[Any, Any, Any]) -> bool:
    """Whether more may follow than a request's head may weigh anyway: no length is said, or a great one."""
    said = request.headers.get("content-length")
    if said is not None and "transfer-encoding" not in request.headers:
        return not said.isdecimal() or int(said) > _SMALL
    return "transfer-encoding" in request.headers or request.scope.get("http_version", "1.1") >= "2"


def _check_media_type(request: Request[Any, Any, Any], accepted: tuple[str, ...]) -> None:
    """Raises UnsupportedMediaType: a form or text/plain from another site must not pass for JSON."""
    sent = request.headers.get("content-type", "").split(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body and not any(sent.startswith(kind) for kind in accepted):
        raise UnsupportedMediaType(f"Send the body as {' or '.join(accepted)}.")
