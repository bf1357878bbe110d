"""Limits on guessing, such that others' guesses don't lock the owner of an account out.

A browser in which somebody has signed in keeps a mark, good for their account only. With the mark, tries count by the mark;
without it,
by number and source together, by source, and by number over all sources. So an attacker is slowed on every way, and the owner's
own phone goes on working meanwhile. The mark opens nothing: the password is asked as ever.
"""

import base64
import binascii
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from litestar.datastructures import Cookie

from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people.sessions import COOKIE_SECONDS

WINDOW = timedelta(minutes=15)
TRIES = 10
"""Of one number from one source, or from one marked browser, within WINDOW."""
TRIES_OF_SOURCE = 60
"""Of all numbers: an office or a training behind one address must get in."""
TRIES_OF_NUMBER = 30
"""From all unmarked browsers together."""
INVITATION_TRIES = 30
"""Tokens from one source. They can't be guessed (256 bits); this is against load."""

_PURPOSE = "known device"
_NONCE = 12


def mark_name(settings: Settings) -> str:
    """Name of the cookie with the mark."""
    return "__Host-mingxun-device" if settings.secure else "mingxun-device"


def mark_cookie(person: UUID, keys: Keys, settings: Settings) -> Cookie:
    """Marks a browser as one in which the person has signed in."""
    nonce = secrets.token_bytes(_NONCE)
    value = base64.urlsafe_b64encode(nonce + keys.mac(_PURPOSE, nonce + person.bytes)[:16]).rstrip(b"=").decode()
    return Cookie(
        key=mark_name(settings),
        value=value,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="strict",
    )


def is_marked(mark: str | None, person: UUID | None, keys: Keys) -> bool:
    """Whether the mark is a genuine one for the person."""
    if not mark or person is None or len(mark) > 60:
        return False
    try:
        raw = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4))
    except (binascii.Error, ValueError):
        return False
    nonce, mac = raw[:_NONCE], raw[_NONCE:]
    return hmac.compare_digest(mac, keys.mac(_PURPOSE, nonce + person.bytes)[:16])


async def count_sign_in(limits: RateLimits, keys: Keys, *, phone: str, owner: UUID | None, source: str, mark: str | None) -> None:
    """Count one try of a password for `phone` (E.164), whose account is `owner`'s. Raises RateLimited."""
    if mark is not None and is_marked(mark, owner, keys):
        await limits.take("sign-in:device", mark, limit=TRIES, per=WINDOW)
        return
    await limits.take("sign-in:source", source, limit=TRIES_OF_SOURCE, per=WINDOW)
    await limits.take("sign-in:phone-source", f"{phone} {source}", limit=TRIES, per=WINDOW)
    await limits.take("sign-in:phone", phone, limit=TRIES_OF_NUMBER, per=WINDOW)


async def count_password(limits: RateLimits, person: UUID) -> None:
    """Count one try of the current password by somebody who is signed in. Raises RateLimited."""
    await limits.take("password:person", str(person), limit=TRIES, per=WINDOW)


async def count_invitation(limits: RateLimits, source: str) -> None:
    """Count one look at an invitation. Raises RateLimited."""
    await limits.take("invitation:source", source, limit=INVITATION_TRIES, per=WINDOW)
