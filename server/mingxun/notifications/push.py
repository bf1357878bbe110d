"""One push: encrypt (RFC 8291), sign (RFC 8292), post (RFC 8030), and say what became of it. No database here."""

import email.utils
import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import msgspec
from py_vapid import Vapid02, VapidException  # type: ignore[import-untyped]
from pywebpush import WebPusher, WebPushException  # type: ignore[import-untyped]

from mingxun.notifications.endpoints import TIMEOUT, refuse
from mingxun.notifications.outcomes import Outcome, Reason
from mingxun.notifications.schemas import PushMessage

MAX_PAYLOAD = 3993
"""Octets of plain text that every push service must take in one record (RFC 8291, section 4)."""
TOKEN_LIFE = timedelta(hours=12)
"""Push services refuse more than 24 hours (RFC 8292, section 2)."""


class VapidSigner:
    """Signs for each push service once in half a token's life, not once a message: a signature costs as much as an encryption."""

    def __init__(self, private_pem: bytes, subject: str) -> None:
        self._vapid = Vapid02.from_pem(private_pem)
        self._subject = subject
        self._kept: dict[str, tuple[datetime, str]] = {}

    def authorization(self, endpoint: str, *, now: datetime) -> str:
        """The Authorization header for the origin of `endpoint`."""
        origin = origin_of(endpoint)
        kept = self._kept.get(origin)
        if kept is not None and now < kept[0] - TOKEN_LIFE / 2:
            return kept[1]
        expires = now + TOKEN_LIFE
        # A fresh dict each time: the library writes into what it is given.
        claims = {"aud": origin, "exp": int(expires.timestamp()), "sub": self._subject}
        header: str = self._vapid.sign(claims)["Authorization"]
        if len(self._kept) >= 1000:  # origins come from strangers
            self._kept.clear()
        self._kept[origin] = (expires, header)
        return header


def origin_of(endpoint: str) -> str:
    """Scheme, host and port as RFC 6454 writes them: lower case, the scheme's own port left out."""
    return _origin("/".join(endpoint.split("/", 3)[:3]))


@functools.lru_cache(maxsize=256)
def _origin(address: str) -> str:
    parts = urlsplit(address)
    port = "" if parts.port in {None, {"https": 443, "http": 80}.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def payload(message: PushMessage) -> bytes:
    """The JSON that travels, its body shortened until it fits into one record."""
    encoded = msgspec.json.encode(message)
    body = message.body
    while len(encoded) > MAX_PAYLOAD and body:
        surplus = len(encoded) - MAX_PAYLOAD
        body = body[: max(0, len(body) - max(1, surplus // 3))].rstrip()
        encoded = msgspec.json.encode(msgspec.structs.replace(message, body=f"{body}…"))
    return encoded


@dataclass(frozen=True, slots=True)
class Target:
    """A browser, as it described itself."""

    endpoint: str
    p256dh: str
    auth: str


def encrypt(data: bytes, target: Target) -> bytes:
    """`data` for that browser's eyes only (aes128gcm). Raises ValueError when its keys can't be used."""
    try:
        keys = {"p256dh": target.p256dh, "auth": target.auth}
        body: bytes = WebPusher({"endpoint": target.endpoint, "keys": keys}).encode(data)["body"]
    except (WebPushException, ValueError, IndexError, TypeError) as error:
        raise ValueError("the subscription's keys can't be used") from error
    return body


async def send(
    data: bytes,
    target: Target,
    *,
    http: aiohttp.ClientSession,
    signer: VapidSigner,
    now: datetime,
    ttl: timedelta,
    urgency: str,
    allow_private: bool,
) -> Outcome:
    """Push `data` once; at most 10 seconds. Never raises for what a push service may do."""
    if refuse(target.endpoint, allow_private=allow_private) is not None:
        return Outcome(reason=Reason.ADDRESS_REFUSED)
    try:
        body = encrypt(data, target)
    except ValueError:
        return Outcome(reason=Reason.BROKEN_KEYS)
    try:
        authorization = signer.authorization(target.endpoint, now=now)
    except VapidException:  # it does not sign for an IPv6 literal
        return Outcome(reason=Reason.ADDRESS_REFUSED)
    headers = {
        "Authorization": authorization,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(max(0, int(ttl.total_seconds()))),
        "Urgency": urgency,
    }
    try:
        async with http.post(
            target.endpoint, data=body, headers=headers, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=TIMEOUT)
        ) as response:
            return Outcome.of(response.status, retry_after(response.headers.get("Retry-After"), now=now))
    except TimeoutError:
        return Outcome(reason=Reason.TIMEOUT)
    except (aiohttp.ClientError, OSError, ValueError, ArithmeticError):
        return Outcome(reason=Reason.UNREACHABLE)


def retry_after(header: str | None, *, now: datetime) -> timedelta | None:
    """How long a push service asks to be left alone: seconds or a date (RFC 9110, section 10.2.3). None: it doesn't say."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), 10**7))
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(timedelta(0), until - now)
