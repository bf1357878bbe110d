"""Links that sign somebody in once, without a password: for the demonstration on one's own machine, and for nothing else.

They are made by the start, for whoever sits before its terminal. An installation that others can reach makes none and takes none.
The caller holds the transaction.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch_value
from mingxun.kit.ids import new_id
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.people import guesses
from mingxun.people.accounts import Browser, SignedInBrowser, open_session
from mingxun.people.problems import SignInLinkOver
from mingxun.people.sessions import hash_of

LIFE = timedelta(hours=24)


def allowed(settings: Settings) -> bool:
    """Whether this installation has such links at all."""
    return settings.local and not settings.secure


async def make_link(person: UUID, *, settings: Settings, now: datetime) -> str:
    """The token of a new link; earlier ones of the person are over. Raises SignInLinkOver where there are none."""
    if not allowed(settings):
        raise SignInLinkOver
    token = secrets.token_urlsafe(16)
    await execute("DELETE FROM sign_in_link WHERE person = $1 OR expires_at < $2", person, now)
    await execute(
        "INSERT INTO sign_in_link (id, person, token_hash, expires_at) VALUES ($1, $2, $3, $4)",
        new_id(),
        person,
        hash_of(token),
        now + LIFE,
    )
    return token


async def sign_in_by_link(
    token: str, browser: Browser, *, here: bool, limits: RateLimits, settings: Settings, clock: Clock
) -> SignedInBrowser:
    """Open a session by a link, which is then over. `here`: the browser is on this machine. Raises SignInLinkOver, RateLimited."""
    now = clock.now()
    person = None
    if here and allowed(settings):
        person = await fetch_value(
            """DELETE FROM sign_in_link l USING account a WHERE l.token_hash = $1 AND l.expires_at > $2
               AND a.person = l.person AND a.disabled_at IS NULL RETURNING l.person""",
            hash_of(token),
            now,
        )
    if person is None:
        await guesses.count_unknown_token(limits, browser.source)
        raise SignInLinkOver
    return await open_session(person, browser, settings=settings, now=now)
