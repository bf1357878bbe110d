"""Limits on guessing, such that others' guesses don't lock the owner of an account out.

Only failures count: a try is counted before the password is checked, and given back when it was right. A browser in which somebody
has signed in keeps a mark, good for their account only; with it, tries count by the mark and by nothing else. Without it they count
by number and source together, by source, and by number over all sources. Once a number is crowded, sources that have not been at it
are still let through, some tries each, out of an allowance of their own. So an attacker is slowed on every way; the owner's own phone
goes on working meanwhile, and a new one gets in unless the guesses come from fifty networks at once (docs/guessing.md has the
numbers). The mark opens nothing: the password is asked as ever.
"""

import base64
import binascii
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from litestar.datastructures import Cookie

from mingxun.kit.problems import RateLimited
from mingxun.kit.rate_limits import RateLimits, Taken
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people.sessions import COOKIE_SECONDS
from mingxun.people.sources import network_of

WINDOW = timedelta(minutes=15)
TRIES = 10
"""Of one number from one source, or from one marked browser, within WINDOW."""
TRIES_OF_SOURCE = 60
"""Of all numbers."""
TRIES_OF_NUMBER = 30
"""From all unmarked browsers together; then the number is crowded."""
TRIES_IN_CROWD = 3
"""Of a crowded number from one network: somebody who has not been at it may mistype twice."""
TRIES_OF_CROWD = 150
"""Of a crowded number from all networks together: fifty networks to keep a new browser of the owner's out, and 180 guesses."""
INVITATION_TRIES = 30
"""Unknown tokens from one source. They can't be guessed (256 bits): this is against load. Good ones never count, so that a training
of any size gets in behind one address."""

_PURPOSE = "known device"
_NONCE = 12
_MAC = 16


def mark_name(settings: Settings) -> str:
    """Name of the cookie with the mark."""
    return "__Host-mingxun-device" if settings.secure else "mingxun-device"


def mark_cookie(person: UUID, keys: Keys, settings: Settings) -> Cookie:
    """Marks a browser as one in which the person has signed in."""
    nonce = secrets.token_bytes(_NONCE)
    value = base64.urlsafe_b64encode(nonce + keys.mac(_PURPOSE, nonce + person.bytes)[:_MAC]).rstrip(b"=").decode()
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
    return _nonce_of(mark, person, keys) is not None


def _nonce_of(mark: str | None, person: UUID | None, keys: Keys) -> bytes | None:
    """What is the same in every spelling of one mark: base64 has many for the same bytes. None if it is not the person's."""
    if not mark or person is None or len(mark) > 60:
        return None
    try:
        raw = base64.b64decode(mark + "=" * (-len(mark) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    nonce, mac = raw[:_NONCE], raw[_NONCE:]
    return nonce if hmac.compare_digest(mac, keys.mac(_PURPOSE, nonce + person.bytes)[:_MAC]) else None


async def count_sign_in(
    limits: RateLimits, keys: Keys, *, phone: str, owner: UUID | None, source: str, mark: str | None
) -> list[Taken]:
    """Count one try of a password for `phone` (E.164), whose account is `owner`'s; to be given back if it was right.

    Raises RateLimited.
    """
    nonce = _nonce_of(mark, owner, keys)
    if nonce is not None:
        return [await limits.take("sign-in:device", f"{owner} {nonce.hex()}", limit=TRIES, per=WINDOW)]
    taken = [
        await limits.take("sign-in:source", source, limit=TRIES_OF_SOURCE, per=WINDOW),
        await limits.take("sign-in:phone-source", f"{phone} {source}", limit=TRIES, per=WINDOW),
        await limits.count("sign-in:phone-network", f"{phone} {network_of(source)}", per=WINDOW),
        await limits.count("sign-in:phone", phone, per=WINDOW),
    ]
    of_network, of_number = taken[-2:]
    crowded = of_number.number > TRIES_OF_NUMBER
    if (crowded and of_network.number > TRIES_IN_CROWD) or of_number.number > TRIES_OF_NUMBER + TRIES_OF_CROWD:
        # What was refused was no guess. Else those who are refused would use up what is left for the owner.
        await limits.give_back([of_number])
        raise RateLimited(retry_after=of_number.retry_after)
    return taken


async def count_password(limits: RateLimits, person: UUID) -> None:
    """Count one try of the current password by somebody who is signed in. Raises RateLimited."""
    await limits.take("password:person", str(person), limit=TRIES, per=WINDOW)


async def count_unknown_token(limits: RateLimits, source: str) -> None:
    """Count one look at an invitation that there is not. Raises RateLimited."""
    await limits.take("invitation:source", source, limit=INVITATION_TRIES, per=WINDOW)
