"""Signing in and out, passwords, sessions; the caller holds the transaction."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_row, fetch_value
from mingxun.kit.problems import NotFound
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.ledger import record
from mingxun.people import guesses
from mingxun.people.access import Actor
from mingxun.people.changes import PersonChange, record_change
from mingxun.people.facts import AccountDisabled, AccountEnabled, PasswordChanged, PersonField, SessionEnded, SignedIn
from mingxun.people.passwords import hash_password, is_outdated, verify_password
from mingxun.people.problems import InvalidPhone, PasswordRefused, WrongCredentials, WrongPassword
from mingxun.people.rules import judge_password, normalise_phone
from mingxun.people.schemas import (
    ChangePassword,
    Language,
    Me,
    MembershipOut,
    NeighbourhoodRef,
    PartyKind,
    PartyOut,
    Role,
    SessionOut,
    SignIn,
)
from mingxun.people.sessions import end_session_of, end_sessions, start_session

if TYPE_CHECKING:
    from asyncpg import Record


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser brings along when somebody signs in."""

    source: str
    """See `sources.source_of`."""
    device: str
    mark: str | None
    """See `guesses`."""
    session: str | None
    """The token of a session it has already; it ends."""


class SignedInBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """What it gets."""

    me: Me
    token: str


def require_phone(text: str) -> str:
    """The number in E.164. Raises InvalidPhone."""
    phone = normalise_phone(text)
    if phone is None:
        raise InvalidPhone
    return phone


def require_password(password: str, *, phone: str) -> None:
    """Raises PasswordRefused when a new password is too easy to guess."""
    fault = judge_password(password, phone=phone)
    if fault is not None:
        raise PasswordRefused(reason=fault)


async def sign_in(
    data: SignIn, browser: Browser, *, limits: RateLimits, keys: Keys, settings: Settings, clock: Clock
) -> SignedInBrowser:
    """Open a session. Raises InvalidPhone, RateLimited, WrongCredentials: the same, and as late, for a number that nobody has."""
    phone = require_phone(data.phone)
    account = await load_account(phone)
    owner = account["person"] if account else None
    taken = await guesses.count_sign_in(limits, keys, phone=phone, owner=owner, source=browser.source, mark=browser.mark)
    kept = account["password_hash"] if account and account["disabled_at"] is None else None
    if not await verify_password(data.password, kept) or owner is None:
        raise WrongCredentials
    await require_unchanged(owner, kept)
    await limits.give_back(taken)
    if kept is not None and is_outdated(kept):
        await execute("UPDATE account SET password_hash = $2 WHERE person = $1", owner, await hash_password(data.password))
    return await open_session(owner, browser, settings=settings, now=clock.now())


async def require_unchanged(owner: UUID, kept: str | None) -> None:
    """See to it that the hash `kept`, against which a password was found right, is still that of an open account.

    Checking takes a while: meanwhile the password may have been changed, or the account shut. Locks the account until the
    transaction ends. Raises WrongCredentials.
    """
    if not await fetch_value(
        "SELECT true FROM account WHERE person = $1 AND password_hash = $2 AND disabled_at IS NULL FOR UPDATE", owner, kept
    ):
        raise WrongCredentials


async def load_account(phone: str) -> "Record | None":
    """Person, password_hash and disabled_at of the account with this number (E.164)."""
    return await fetch_row("SELECT person, password_hash, disabled_at FROM account WHERE phone = $1", phone)


async def open_session(person: UUID, browser: Browser, *, settings: Settings, now: datetime) -> SignedInBrowser:
    """A new session for somebody who has proven who they are; the one that the browser brought along ends."""
    if browser.session:
        await end_session_of(browser.session, now=now)
    session, token = await start_session(person, device=browser.device, settings=settings, now=now)
    await record(SignedIn(neighbourhood=None, subject=person, session=session), actor=person, at=now)
    return SignedInBrowser(me=await load_me(person, session), token=token)


async def sign_out(actor: Actor, *, clock: Clock) -> None:
    """End the session that asks."""
    await end_session(actor, actor.session, clock=clock)


async def load_me(person: UUID, session: UUID) -> Me:
    """Who is signed in. Raises NotFound when there is no such account."""
    row = await fetch_row(
        "SELECT p.name, p.language, a.phone FROM person p JOIN account a ON a.person = p.id WHERE p.id = $1", person
    )
    if row is None:
        raise NotFound
    return Me(
        id=person,
        name=row["name"],
        phone=row["phone"],
        language=Language(row["language"]),
        memberships=await memberships_of(person),
        session=session,
    )


async def memberships_of(person: UUID) -> list[MembershipOut]:
    """The roles that the person holds now, oldest first."""
    rows = await fetch(
        """SELECT m.id, m.role, m.area, a.name AS area_name, m.party, pa.kind AS party_kind, pa.name AS party_name,
                  pa.phone AS party_phone, n.ids, n.names
           FROM membership m
           JOIN area a ON a.id = m.area
           LEFT JOIN party pa ON pa.id = m.party
           CROSS JOIN LATERAL (
               SELECT array_agg(area.id ORDER BY area.name) AS ids, array_agg(area.name ORDER BY area.name) AS names FROM area
               WHERE area.id = m.neighbourhood OR m.neighbourhood IS NULL AND area.parent = m.area AND area.kind = 'neighbourhood'
           ) n
           WHERE m.person = $1 AND m.ended_at IS NULL
           ORDER BY m.from_at, m.id""",
        person,
    )
    return [
        MembershipOut(
            id=row["id"],
            role=Role(row["role"]),
            area=row["area"],
            area_name=row["area_name"],
            party=None
            if row["party"] is None
            else PartyOut(id=row["party"], kind=PartyKind(row["party_kind"]), name=row["party_name"], phone=row["party_phone"]),
            neighbourhoods=[
                NeighbourhoodRef(id=identity, name=name)
                for identity, name in zip(row["ids"] or [], row["names"] or [], strict=True)
            ],
        )
        for row in rows
    ]


async def choose_language(actor: Actor, language: Language, *, clock: Clock) -> Me:
    """Speak this language from now on."""
    row = await fetch_row("SELECT neighbourhood, language FROM person WHERE id = $1 FOR NO KEY UPDATE", actor.person)
    if row is not None and row["language"] != language.value:
        await execute("UPDATE person SET language = $2 WHERE id = $1", actor.person, language.value)
        change = PersonChange(person=actor.person, field=PersonField.LANGUAGE, before=row["language"], after=language.value)
        await record_change(change, neighbourhood=row["neighbourhood"], actor=actor.person, at=clock.now())
    return await load_me(actor.person, actor.session)


async def change_password(actor: Actor, data: ChangePassword, *, limits: RateLimits, clock: Clock) -> None:
    """Set a new password. Every other session of the account ends, and so do the invitations that are waiting for or from its
    owner. When the new one is in force already, this is a retry whose first answer was lost, and does nothing more.

    Raises RateLimited, WrongPassword, PasswordRefused.
    """
    await guesses.count_password(limits, actor.person)
    row = await fetch_row("SELECT phone, password_hash FROM account WHERE person = $1 FOR UPDATE", actor.person)
    if row is None:
        raise WrongPassword
    if not await verify_password(data.current, row["password_hash"]):
        if await verify_password(data.new, row["password_hash"]):
            return
        raise WrongPassword
    require_password(data.new, phone=row["phone"])
    await execute("UPDATE account SET password_hash = $2 WHERE person = $1", actor.person, await hash_password(data.new))
    now = clock.now()
    ended = await end_sessions(actor.person, now=now, sparing=actor.session)
    await revoke_invitations_of(actor.person, now=now)
    fact = PasswordChanged(neighbourhood=None, subject=actor.person, sessions_ended=ended)
    await record(fact, actor=actor.person, at=now)


async def disable_account(person: UUID, *, actor: UUID | None, clock: Clock) -> None:
    """Shut an account: every session of it and every invitation waiting for or from its owner ends. Raises NotFound."""
    now = clock.now()
    if not await execute("UPDATE account SET disabled_at = $2 WHERE person = $1 AND disabled_at IS NULL", person, now):
        raise NotFound("There is no such account, or it is disabled already.")
    ended = await end_sessions(person, now=now)
    await revoke_invitations_of(person, now=now)
    await record(AccountDisabled(neighbourhood=None, subject=person, sessions_ended=ended), actor=actor, at=now)


async def enable_account(person: UUID, *, actor: UUID | None, clock: Clock) -> None:
    """Open a shut account again; its owner signs in anew. Raises NotFound."""
    if not await execute("UPDATE account SET disabled_at = NULL WHERE person = $1 AND disabled_at IS NOT NULL", person):
        raise NotFound("There is no such account, or it is open already.")
    await record(AccountEnabled(neighbourhood=None, subject=person), actor=actor, at=clock.now())


async def revoke_invitations_of(person: UUID, *, now: datetime) -> None:
    """End the invitations that wait for the person and those that they made: whoever had the password may have made some."""
    await execute(
        """UPDATE invitation SET revoked_at = $2
           WHERE (person = $1 OR made_by = $1) AND accepted_at IS NULL AND revoked_at IS NULL""",
        person,
        now,
    )


async def list_sessions(actor: Actor, *, clock: Clock) -> list[SessionOut]:
    """The actor's sessions that are still good, the last used first; 100 at most."""
    rows = await fetch(
        """SELECT id, device, created_at, last_seen_at FROM session
           WHERE person = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY last_seen_at DESC, id LIMIT 100""",
        actor.person,
        clock.now(),
    )
    return [
        SessionOut(
            id=row["id"],
            device=row["device"],
            created_at=row["created_at"],
            last_seen_at=row["last_seen_at"],
            current=row["id"] == actor.session,
        )
        for row in rows
    ]


async def end_session(actor: Actor, session: UUID, *, clock: Clock) -> None:
    """End one of the actor's sessions; done twice, it does nothing more. Raises NotFound when it is not theirs."""
    now = clock.now()
    row = await fetch_row("SELECT ended_at FROM session WHERE id = $1 AND person = $2 FOR UPDATE", session, actor.person)
    if row is None:
        raise NotFound
    if row["ended_at"] is not None:
        return
    await execute("UPDATE session SET ended_at = $2 WHERE id = $1", session, now)
    fact = SessionEnded(neighbourhood=None, subject=actor.person, session=session)
    await record(fact, actor=actor.person, at=now)
