"""A push service on this machine that behaves like a real one.

It makes browsers with real keys, checks what RFC 8030, 8188, 8291 and 8292 ask of an application server, and decrypts each
message with the browser's keys. Its decryption is written from the RFCs with `cryptography` alone, so that it shares no mistake
with the library that encrypts; the vector of RFC 8291, Appendix A, holds it to them.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAX_BODY = 4096
"""Octets that a push service must take (RFC 8030, section 7.2), and real ones take no more."""
A_DAY = 86400


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(hmac.digest(salt, secret, hashlib.sha256), info + b"\x01", hashlib.sha256)[:length]


def decrypt(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """The plain text of a one-record aes128gcm message for the browser with these keys. Raises ValueError or InvalidTag."""
    salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender_point, sealed = body[21 : 21 + length], body[21 + length :]
    if length != 65 or size < 18 or len(sealed) > size:
        raise ValueError("not one record of aes128gcm with a P-256 key")
    sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender_point)
    own_point = point_of(private)
    secret = _hkdf(auth, private.exchange(ec.ECDH(), sender), b"WebPush: info\x00" + own_point + sender_point, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
    padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
    if not padded.endswith(b"\x02"):
        raise ValueError("the last record ends with 2")
    return padded[:-1]


def point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


@dataclass
class Received:
    """A message that arrived and was read with the browser's keys."""

    message: dict[str, Any]
    ttl: int
    urgency: str
    at: float = field(default_factory=time.monotonic)


@dataclass
class Browser:
    """A browser that was subscribed, and what the service shall answer to those who push to it."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey
    auth: bytes
    vapid_key: str | None
    """The application server's key that it was subscribed with; another one is refused (RFC 8292, section 4)."""
    answers: list[int | str] = field(default_factory=list)
    """Taken one a push: a status, or "hang". When none is left: 201."""
    retry_after: str | None = None
    received: list[Received] = field(default_factory=list)
    tries: int = 0

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": b64(point_of(self.private)), "auth": b64(self.auth)}

    @property
    def subscription(self) -> dict[str, str]:
        """As the app sends it to `subscribePush`."""
        return {"endpoint": self.endpoint, **self.keys}


class Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class PushService:
    """`async with push_service() as service: browser = service.browser()`."""

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self.origin = ""
        self.answered: Counter[int] = Counter()
        self.complaints: list[str] = []
        """What was wrong with refused requests."""
        self.arrivals: dict[str, float] | None = None
        """Set: take pushes for whatever subscription, and keep when the last one for each came (monotonic seconds)."""
        self.seen: list[tuple[str, dict[str, str], bytes]] | None = None
        """Set: keep the path, the headers and the body of every push, which is all that whoever runs such a service sees."""
        self._tokens: set[str] = set()
        self._hanging = asyncio.Event()

    def browser(self, *, vapid_key: str | None = None, answers: list[int | str] | None = None) -> Browser:
        """A new subscription."""
        token = secrets.token_urlsafe(24)
        made = Browser(
            endpoint=f"{self.origin}/push/{token}",
            private=ec.generate_private_key(ec.SECP256R1()),
            auth=secrets.token_bytes(16),
            vapid_key=vapid_key,
            answers=list(answers or []),
        )
        self.browsers[token] = made
        return made

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.seen is not None:
            self.seen.append((request.path_qs, dict(request.headers), body))
        browser = self.browsers.get(request.match_info["token"])
        try:
            status = await self._take(request, browser, body)
        except Refused as refused:
            self.complaints.append(str(refused))
            status = refused.status
        self.answered[status] += 1
        headers = {}
        if browser is not None and browser.retry_after is not None and status in {429, 503}:
            headers["Retry-After"] = browser.retry_after
        if status == 201:
            headers["Location"] = f"{self.origin}/message/{secrets.token_urlsafe(8)}"
        return web.Response(status=status, headers=headers)

    async def _take(self, request: web.Request, browser: Browser | None, body: bytes) -> int:
        if browser is None and self.arrivals is not None:
            self._check_headers(request, None)
            self.arrivals[request.match_info["token"]] = time.monotonic()
            return 201
        if browser is None:
            raise Refused(404, "no such subscription")
        browser.tries += 1
        self._check_headers(request, browser)
        if len(body) > MAX_BODY:
            raise Refused(413, f"{len(body)} octets")
        answer = browser.answers.pop(0) if browser.answers else 201
        if answer == "hang":
            await self._hanging.wait()
            return 503
        if answer == 201:
            try:
                message = json.loads(decrypt(body, browser.private, browser.auth))
            except Exception as error:
                raise Refused(400, f"the message can't be read: {error!r}") from error
            browser.received.append(Received(message, int(request.headers["TTL"]), request.headers.get("Urgency", "normal")))
        return int(answer)

    def _check_headers(self, request: web.Request, browser: Browser | None) -> None:
        if request.headers.get("Content-Encoding") != "aes128gcm":
            raise Refused(415, "Content-Encoding must be aes128gcm")
        ttl = request.headers.get("TTL", "")
        if not ttl.isdigit():
            raise Refused(400, "TTL is missing")
        if request.headers.get("Urgency", "normal") not in {"very-low", "low", "normal", "high"}:
            raise Refused(400, "Urgency")
        self._check_vapid(request.headers.get("Authorization", ""), browser)

    def _check_vapid(self, header: str, browser: Browser | None) -> None:
        """RFC 8292. A token that was found good is remembered, as real services do."""
        if browser is None and header in self._tokens:
            return
        scheme, _, rest = header.partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if scheme.lower() != "vapid" or set(parts) != {"t", "k"}:
            raise Refused(401, "no VAPID")
        if browser is not None and browser.vapid_key is not None and parts["k"] != browser.vapid_key:
            raise Refused(403, "another key than the one subscribed with")
        if header in self._tokens:
            return
        head, _, signature = parts["t"].rpartition(".")
        try:
            raw = unb64(signature)
            if len(raw) != 64:
                raise ValueError("signature")
            der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
            key.verify(der, head.encode(), ec.ECDSA(hashes.SHA256()))
            kind, claims = (json.loads(unb64(part)) for part in head.split("."))
        except (ValueError, InvalidSignature) as error:
            raise Refused(403, f"the VAPID signature is wrong: {error!r}") from error
        if kind.get("alg") != "ES256":
            raise Refused(403, "alg")
        if claims.get("aud") != self.origin:
            raise Refused(403, f"aud is {claims.get('aud')}, not {self.origin}")
        if not time.time() < claims.get("exp", 0) <= time.time() + A_DAY:
            raise Refused(403, "exp")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            raise Refused(403, "sub")
        self._tokens.add(header)


@contextlib.asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """A push service on a free port of the loopback address."""
    service = PushService()
    app = web.Application(client_max_size=64 * 1024)
    app.router.add_post("/push/{token}", service.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    service.origin = f"http://127.0.0.1:{port}"
    try:
        yield service
    finally:
        service._hanging.set()
        await runner.cleanup()


async def _measure() -> None:
    """Serve a benchmark: says its origin, takes everything, and answers GET /arrived with how many came and when the last did."""
    async with push_service() as service:
        service.arrivals = {}

        async def arrived(_: web.Request) -> web.Response:
            times = service.arrivals or {}
            return web.json_response(
                {"subscriptions": len(times), "last": max(times.values(), default=0.0), "complaints": service.complaints[:3]}
            )

        async def forget(_: web.Request) -> web.Response:
            service.arrivals = {}
            return web.Response()

        app = web.Application()
        app.router.add_get("/arrived", arrived)
        app.router.add_post("/forget", forget)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(service.origin, f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_measure())
