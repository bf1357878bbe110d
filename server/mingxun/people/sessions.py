"""Sessions: a random token in a cookie, of which only the hash is kept; a new one at every sign-in.

Our own, since the web framework's sessions keep the id that a browser brings along, also an attacker's.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from litestar.datastructures import Cookie

from mingxun.kit.database import execute, fetch
from mingxun.kit.ids import ids_since, new_id
from mingxun.kit.settings import Settings
from mingxun.people.access import Actor, ActorMembership
from mingxun.people.schemas import Language, Role

SEEN_EVERY = timedelta(minutes=5)
"""How often `last_seen_at` is written at most: a read should stay a read."""
KEPT = timedelta(days=90)
"""How long a session is kept after it is over, for whoever asks which device it was."""
AT_ONCE = 1000
"""Sessions removed in one transaction."""
COOKIE_SECONDS = 400 * 86400
"""The longest that browsers keep a cookie; the session itself ends by `Settings.session_days` without use."""


def cookie_name(settings: Settings) -> str:
    """The session cookie's name. Browsers accept the prefix `__Host-` only with Secure, hence not on plain-HTTP localhost."""
    return "__Host-mingxun" if settings.secure else "mingxun"


def session_cookie(token: str, settings: Settings) -> Cookie:
    """The cookie that signs a browser in; with an empty token, the one that removes it."""
    return Cookie(
        key=cookie_name(settings),
        value=token,
        max_age=COOKIE_SECONDS if token else 0,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


def new_token() -> str:
    """32 random bytes, base64url."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is kept of a token: its SHA-256. It needs no salt, being random itself."""
    return hashlib.sha256(token.encode()).digest()


async def load_actor(token: str, *, now: datetime) -> Actor | None:
    """Who the token stands for; None if there is no such session, it is over, or its account is disabled.

    One indexed query; one more, at most every five minutes, writes down that the session was used and so keeps it alive.
    """
    rows = await fetch(
        """SELECT s.id AS session, s.person, s.last_seen_at, p.language, m.id, m.role, m.area, m.party, a.path,
                  CASE WHEN m.neighbourhood IS NOT NULL THEN ARRAY[m.neighbourhood]
                       ELSE ARRAY(SELECT below.id FROM area below WHERE below.parent = m.area AND below.kind = 'neighbourhood')
                  END AS neighbourhoods
           FROM session s
           JOIN account ac ON ac.person = s.person AND ac.disabled_at IS NULL
           JOIN person p ON p.id = s.person
           LEFT JOIN membership m ON m.person = s.person AND m.ended_at IS NULL
           LEFT JOIN area a ON a.id = m.area
           WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2""",
        hash_of(token),
        now,
    )
    if not rows:
        return None
    first = rows[0]
    if now - first["last_seen_at"] >= SEEN_EVERY:
        await _seen(first["session"], now)
    return Actor(
        person=first["person"],
        session=first["session"],
        language=Language(first["language"]),
        memberships=tuple(
            ActorMembership(
                id=row["id"],
                role=Role(row["role"]),
                area=row["area"],
                path=tuple(row["path"]),
                party=row["party"],
                neighbourhoods=frozenset(row["neighbourhoods"]),
            )
            for row in rows
            if row["id"] is not None
        ),
    )


async def live_sessions(sessions: Collection[UUID], *, now: datetime) -> dict[UUID, UUID]:
    """Who is signed in by each session. Left out: those that are over, and those of an account that is disabled."""
    rows = await fetch(
        """SELECT s.id, s.person FROM session s JOIN account a ON a.person = s.person AND a.disabled_at IS NULL
           WHERE s.id = ANY($1::uuid[]) AND s.ended_at IS NULL AND s.expires_at > $2""",
        list(sessions),
        now,
    )
    return {row["id"]: row["person"] for row in rows}


async def _seen(session: UUID, now: datetime) -> None:
    """Write down that a session was used; its life begins anew. Another request that is just doing so is not waited for."""
    await execute(
        """UPDATE session SET last_seen_at = $2, expires_at = $2 + (expires_at - last_seen_at)
           WHERE id = (SELECT id FROM session WHERE id = $1 AND last_seen_at < $2 AND ended_at IS NULL FOR UPDATE SKIP LOCKED)""",
        session,
        now,
    )


async def start_session(person: UUID, *, device: str, settings: Settings, now: datetime) -> tuple[UUID, str]:
    """A new session: its id, and its token, which is kept nowhere."""
    session, token = new_id(), new_token()
    await execute(
        """INSERT INTO session (id, token_hash, person, device, created_at, last_seen_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $5, $6)""",
        session,
        hash_of(token),
        person,
        device,
        now,
        now + timedelta(days=settings.session_days),
    )
    return session, token


async def end_sessions(person: UUID, *, now: datetime, sparing: UUID | None = None) -> list[UUID]:
    """End every session of the person but `sparing`; which ones these were. They are dead when the transaction commits."""
    rows = await fetch(
        """UPDATE session SET ended_at = $2 WHERE person = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3
           RETURNING id""",
        person,
        now,
        sparing,
    )
    return [row["id"] for row in rows]


async def end_session_of(token: str, *, now: datetime) -> None:
    """End the session that a browser brought along, whoever's it was."""
    await execute("UPDATE session SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL", hash_of(token), now)


async def forget_old_sessions(*, now: datetime) -> int:
    """Remove sessions that have been over for `KEPT`, the oldest first and `AT_ONCE` at most; how many these were. That somebody signed
    in and out stays in the ledger."""
    before = now - KEPT
    return await execute(
        """DELETE FROM session WHERE id = ANY (ARRAY(
               SELECT id FROM session WHERE id < $1 AND least(ended_at, expires_at) < $2
               ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED))""",
        ids_since(before),  # one that is younger can't have been over for so long
        before,
        AT_ONCE,
    )


_BROWSERS = (
    (re.compile(r"MicroMessenger/"), "微信"),
    (re.compile(r"\bEdg(A|iOS)?/"), "Edge"),
    (re.compile(r"HuaweiBrowser/"), "华为浏览器"),
    (re.compile(r"MiuiBrowser/"), "小米浏览器"),
    (re.compile(r"VivoBrowser/"), "vivo"),
    (re.compile(r"HeyTapBrowser/"), "OPPO"),
    (re.compile(r"MQQBrowser/|QQBrowser/"), "QQ"),
    (re.compile(r"UCBrowser/"), "UC"),
    (re.compile(r"FxiOS/|Firefox/"), "Firefox"),
    (re.compile(r"CriOS/|Chrome/|Chromium/"), "Chrome"),
    (re.compile(r"Safari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"iPhone|iPad|iPod"), "iOS"),
    (re.compile(r"HarmonyOS|OpenHarmony"), "HarmonyOS"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Mac OS X"), "macOS"),
    (re.compile(r"CrOS|Linux"), "Linux"),
)


def device_of(user_agent: str) -> str:
    """What to call a browser so that its owner knows it again: “Chrome · Android”. Empty if it says nothing known."""
    agent = user_agent[:500]
    parts = [next((name for pattern, name in table if pattern.search(agent)), "") for table in (_BROWSERS, _SYSTEMS)]
    return " · ".join(part for part in parts if part)
