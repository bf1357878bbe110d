"""Codes: what a poster or a tablet at a post shows, and what a phone read from it.

A code is a URL, `{public_url}/c/{payload}`, so that a phone's own camera and WeChat open it too. The payload is base64url without
padding of: kind 1 byte · location 16 bytes · key version 2 bytes · (rotating: 30-second step 4 bytes) · HMAC-SHA256 cut to 10
bytes.
The host is not judged: a poster outlives a change of domain, and the signature says that it is ours.

Pure: whether the key version is still the current one is for `places.reading` to look up.
"""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import Protocol
from unicodedata import normalize
from uuid import UUID

STEP = timedelta(seconds=30)
"""How long a rotating code is shown."""
GRACE = timedelta(seconds=30)
"""How far before and after its 30 seconds a rotating code counts as the one of the moment: scans take a while, clocks differ."""

_PURPOSE = "code"
_MAC_BYTES = 10
_BODY_BYTES = {1: 19, 2: 23}
_URL = re.compile(r"^(?:https?://[^/?#\s]+(?:/[^?#\s]*)?/|/)c/([A-Za-z0-9_-]+)/?(?:[?#]\S*)?$", re.IGNORECASE)
_PAYLOAD = re.compile(r"^(?:[A-Za-z0-9_-]{39}|[A-Za-z0-9_-]{44})$")
_NUMBER = re.compile(r"^[1-9][0-9]{5}$")
_BETWEEN_DIGITS = re.compile(r"[\s\-‐-―·.]+")


class Signer(Protocol):
    """What is needed of `kit.signing.Keys`."""

    def mac(self, purpose: str, data: bytes) -> bytes: ...


class CodeKind(StrEnum):
    """What was read, in order of how much it proves."""

    ROTATING = "rotating"
    """The code of the moment on a tablet at the post."""
    POSTER = "poster"
    """A printed code."""
    NUMBER = "number"
    """The six digits on the poster, typed."""


class Verdict(StrEnum):
    """What a text that somebody scanned or typed turned out to be."""

    VALID = "valid"
    """Signed by us with the location's current key, or its current number."""
    RETIRED = "retired"
    """Signed by us, but the location was re-keyed since: an old poster."""
    FORGED = "forged"
    """It has the form of a code, but the signature is not ours."""
    MALFORMED = "malformed"
    """Not a code of ours at all: another QR code, or a typing mistake."""
    UNKNOWN = "unknown"
    """Well formed, but there is no such number in the reader's neighbourhoods, or no such location."""
    AMBIGUOUS = "ambiguous"
    """A number that stands in two of the reader's neighbourhoods: only scanning tells which."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A code that carries our signature. `step` is set for rotating ones only."""

    kind: CodeKind
    location: UUID
    key_version: int
    step: int | None = None

    def stale(self, at: datetime) -> bool:
        """Whether a rotating code was not the one of the moment at `at` (aware): no longer, or not yet. A poster never is."""
        if self.step is None:
            return False
        start = step_start(self.step)
        return not start - GRACE <= at < start + STEP + GRACE


@dataclass(frozen=True, slots=True)
class Digits:
    """Six digits, to be looked up in the reader's neighbourhoods."""

    number: str


def read(text: str, keys: Signer) -> Reading | Digits | Verdict:
    """Read what a camera saw or a person typed: a URL, a bare payload, or six digits however they are spaced or wide.

    Gives `Verdict.FORGED` or `Verdict.MALFORMED` where there is nothing to go on.
    """
    plain = normalize("NFKC", text).strip()
    digits = _BETWEEN_DIGITS.sub("", plain)
    if _NUMBER.match(digits):
        return Digits(digits)
    found = _URL.match(plain)
    payload = found.group(1) if found else plain
    if not _PAYLOAD.match(payload):
        return Verdict.MALFORMED
    raw = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    if len(raw) != _BODY_BYTES.get(raw[0], 0) + _MAC_BYTES or _encode(raw) != payload:
        return Verdict.MALFORMED
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not compare_digest(mac, keys.mac(_PURPOSE, body)[:_MAC_BYTES]):
        return Verdict.FORGED
    location, version = UUID(bytes=body[1:17]), int.from_bytes(body[17:19])
    if raw[0] == 1:
        return Reading(CodeKind.POSTER, location, version)
    return Reading(CodeKind.ROTATING, location, version, int.from_bytes(body[19:23]))


def mint_poster(location: UUID, key_version: int, keys: Signer) -> str:
    """The payload that a poster shows until the location is re-keyed."""
    return _signed(b"\x01" + location.bytes + key_version.to_bytes(2), keys)


def mint_rotating(location: UUID, key_version: int, step: int, keys: Signer) -> str:
    """The payload that a tablet shows during `step`."""
    return _signed(b"\x02" + location.bytes + key_version.to_bytes(2) + step.to_bytes(4), keys)


def step_at(at: datetime) -> int:
    """The number of the 30-second step that `at` (aware) falls in, counted from 1970."""
    return int(at.timestamp() // STEP.total_seconds())


def step_start(step: int) -> datetime:
    """When a step begins, in UTC."""
    return datetime.fromtimestamp(step * STEP.total_seconds(), UTC)


def code_url(public_url: str, payload: str) -> str:
    """The URL that stands in the QR code."""
    return f"{public_url.rstrip('/')}/c/{payload}"


def new_number() -> str:
    """Six random digits, the first not zero, so that nobody loses it when reading aloud or typing into a sheet."""
    return str(secrets.randbelow(900_000) + 100_000)


def _signed(body: bytes, keys: Signer) -> str:
    return _encode(body + keys.mac(_PURPOSE, body)[:_MAC_BYTES])


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
