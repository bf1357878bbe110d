"""Inviting people by a link that works once; the caller holds the transaction."""

import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

from mingxun.areas import AreaKind, load_area
from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_row, fetch_value, transaction
from mingxun.kit.ids import new_id
from mingxun.kit.paging import Cursor, page_of
from mingxun.kit.problems import NotFound
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.ledger import record
from mingxun.people import guesses
from mingxun.people.access import Act, Actor
from mingxun.people.accounts import (
    Browser,
    SignedInBrowser,
    load_account,
    open_session,
    require_password,
    require_phone,
    require_unchanged,
)
from mingxun.people.changes import PersonChange, record_change
from mingxun.people.directory import load_party
from mingxun.people.facts import InvitationAccepted, InvitationCreated, InvitationRevoked, PersonField
from mingxun.people.memberships import give_membership
from mingxun.people.passwords import hash_password, verify_password
from mingxun.people.problems import InvitationOver, InvitationRefused, InvitationUnknown, PhoneTaken, WrongCredentials
from mingxun.people.rules import InvitationEnd, inviting, judge_invitation
from mingxun.people.schemas import (
    AcceptInvitation,
    CreateInvitation,
    InvitationOut,
    InvitationPage,
    InvitationPreview,
    NewInvitation,
    PreviewInvitation,
    Role,
)
from mingxun.people.sessions import hash_of, new_token

if TYPE_CHECKING:
    from asyncpg import Record

AGAIN = timedelta(minutes=10)
"""How long an acceptance may be repeated: the phone may not have got the answer."""

_OUT = """SELECT i.id, i.person, p.name AS person_name, i.role, i.area, a.name AS area_name, i.expires_at, i.accepted_at,
                 i.revoked_at
          FROM invitation i JOIN person p ON p.id = i.person JOIN area a ON a.id = i.area"""


async def create_invitation(
    actor: Actor, neighbourhood: UUID, data: CreateInvitation, *, settings: Settings, clock: Clock
) -> NewInvitation:
    """Make a link that gives somebody a role. Raises NotFound, Forbidden, InvitationRefused."""
    actor.require(Act.CREATE_INVITATION, neighbourhood)
    actor.require(inviting(data.role), neighbourhood)
    area = await load_area(data.area)
    if area.neighbourhood != neighbourhood:
        raise NotFound("There is no such area in this neighbourhood.")
    if data.party is not None and await load_party(data.party, neighbourhood) is None:
        raise NotFound("There is no such party in this neighbourhood.")
    if data.person is not None:
        await _require_known(data.person, neighbourhood)
    faults = judge_invitation(
        role=data.role,
        area_kind=area.kind,
        named=(data.person is not None, data.name is not None),
        party=data.party is not None,
        held=data.person is not None and await _holds(data.person, data.role, data.area, data.party),
    )
    if faults:
        raise InvitationRefused(refusals=faults)
    now = clock.now()
    person = data.person
    if person is None:
        building = area.id if area.kind is AreaKind.BUILDING else None
        person = await add_person(data.name or "", neighbourhood=neighbourhood, building=building, at=now)
    return await _invite(
        person,
        data.role,
        area.id,
        neighbourhood,
        data.party,
        actor.person,
        timedelta(hours=data.valid_hours),
        settings=settings,
        now=now,
    )


async def invite_administrator(
    name: str, subdistrict: UUID, *, life: timedelta, settings: Settings, clock: Clock
) -> NewInvitation:
    """A link that makes somebody administrator of a subdistrict; for the command line, where nobody signs in. Raises NotFound."""
    area = await load_area(subdistrict)
    if area.kind is not AreaKind.SUBDISTRICT:
        raise NotFound("There is no such subdistrict.")
    now = clock.now()
    person = await add_person(name, neighbourhood=None, building=None, at=now)
    return await _invite(person, Role.SUBDISTRICT_ADMIN, area.id, None, None, None, life, settings=settings, now=now)


async def add_person(name: str, *, neighbourhood: UUID | None, building: UUID | None, at: datetime) -> UUID:
    """Somebody of whom just the name is known yet."""
    person = new_id()
    await execute(
        "INSERT INTO person (id, neighbourhood, name, building, made_at) VALUES ($1, $2, $3, $4, $5)",
        person,
        neighbourhood,
        name.strip(),
        building,
        at,
    )
    return person


async def _require_known(person: UUID, neighbourhood: UUID) -> None:
    known = await fetch_value(
        """SELECT EXISTS (SELECT FROM person WHERE id = $1 AND neighbourhood = $2)
               OR EXISTS (SELECT FROM membership WHERE person = $1 AND neighbourhood = $2 AND ended_at IS NULL)""",
        person,
        neighbourhood,
    )
    if not known:
        raise NotFound("There is no such person in this neighbourhood.")


async def _holds(person: UUID, role: Role, area: UUID, party: UUID | None) -> bool:
    """Whether the person has the role already, and can use it: whoever got it from the roster still needs an account."""
    return bool(
        await fetch_value(
            """SELECT EXISTS (SELECT FROM membership m JOIN account a ON a.person = m.person
                              WHERE m.person = $1 AND m.role = $2 AND m.area = $3
                              AND m.party IS NOT DISTINCT FROM $4::uuid AND m.ended_at IS NULL)""",
            person,
            role.value,
            area,
            party,
        )
    )


async def _invite(
    person: UUID,
    role: Role,
    area: UUID,
    neighbourhood: UUID | None,
    party: UUID | None,
    made_by: UUID | None,
    life: timedelta,
    *,
    settings: Settings,
    now: datetime,
) -> NewInvitation:
    identity, token = new_id(), new_token()
    await execute(
        """INSERT INTO invitation (id, neighbourhood, person, role, area, party, token_hash, made_at, made_by, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        identity,
        neighbourhood,
        person,
        role.value,
        area,
        party,
        hash_of(token),
        now,
        made_by,
        now + life,
    )
    fact = InvitationCreated(neighbourhood=neighbourhood, subject=identity, person=person, role=role, area=area, party=party)
    await record(fact, actor=made_by, at=now)
    row = await fetch_row(f"{_OUT} WHERE i.id = $1", identity)
    if row is None:
        raise NotFound
    url = f"{settings.public_url.rstrip('/')}/i#{token}"
    return NewInvitation(invitation=_out(row), url=url, qr_svg=qr_svg(url))


def qr_svg(url: str) -> str:
    """The link as a picture to be scanned from a screen; in a text, so that the token passes no other address."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4, image_factory=SvgPathImage)
    code.add_data(url)
    picture = io.BytesIO()
    code.make_image().save(picture)
    svg = picture.getvalue().decode().removeprefix("<?xml version='1.0' encoding='UTF-8'?>").strip()
    return svg.replace("<path ", '<path shape-rendering="crispEdges" ', 1)  # else hairlines show between the squares


async def list_invitations(actor: Actor, neighbourhood: UUID, *, cursor: str | None, limit: int) -> InvitationPage:
    """The neighbourhood's invitations, the newest first. Raises NotFound, Forbidden, BadCursor."""
    actor.require(Act.LIST_INVITATIONS, neighbourhood)
    (before,) = Cursor.decode(cursor, UUID) if cursor else (None,)
    rows = await fetch(
        f"{_OUT} WHERE i.neighbourhood = $1 AND ($2::uuid IS NULL OR i.id < $2) ORDER BY i.id DESC LIMIT $3",
        neighbourhood,
        before,
        limit + 1,
    )
    page, more = page_of(rows, limit)
    return InvitationPage(items=[_out(row) for row in page], next_cursor=Cursor.encode(page[-1]["id"]) if more else None)


def _out(row: "Record") -> InvitationOut:
    return InvitationOut(
        id=row["id"],
        person=row["person"],
        person_name=row["person_name"],
        role=Role(row["role"]),
        area=row["area"],
        area_name=row["area_name"],
        expires_at=row["expires_at"],
        accepted_at=row["accepted_at"],
        revoked_at=row["revoked_at"],
    )


async def revoke_invitation(actor: Actor, invitation: UUID, *, clock: Clock) -> None:
    """Make a link useless; done twice, it does nothing more. Raises NotFound, Forbidden; InvitationOver when it was accepted."""
    row = await fetch_row(
        "SELECT neighbourhood, person, role, accepted_at, revoked_at FROM invitation WHERE id = $1 FOR UPDATE", invitation
    )
    if row is None or row["neighbourhood"] is None:
        raise NotFound
    actor.require(Act.REVOKE_INVITATION, row["neighbourhood"])
    actor.require(inviting(Role(row["role"])), row["neighbourhood"])
    if row["accepted_at"] is not None:
        raise InvitationOver(reason=InvitationEnd.ACCEPTED)
    if row["revoked_at"] is not None:
        return
    now = clock.now()
    await execute("UPDATE invitation SET revoked_at = $2 WHERE id = $1", invitation, now)
    fact = InvitationRevoked(neighbourhood=row["neighbourhood"], subject=invitation, person=row["person"])
    await record(fact, actor=actor.person, at=now)


async def preview_invitation(data: PreviewInvitation, *, source: str, limits: RateLimits, clock: Clock) -> InvitationPreview:
    """What a link offers. Raises RateLimited, InvitationUnknown, InvitationOver."""
    row = await fetch_row(
        """SELECT p.name, i.role, a.name AS area_name, coalesce(n.name, a.name) AS neighbourhood_name, i.expires_at,
                  i.accepted_at, i.revoked_at, ac.person IS NOT NULL AS has_account, ac.disabled_at
           FROM invitation i
           JOIN person p ON p.id = i.person JOIN area a ON a.id = i.area
           LEFT JOIN area n ON n.id = i.neighbourhood LEFT JOIN account ac ON ac.person = i.person
           WHERE i.token_hash = $1""",
        hash_of(data.token),
    )
    if row is None:
        await guesses.count_unknown_token(limits, source)
        raise InvitationUnknown
    _require_open(row, clock.now())
    return InvitationPreview(
        person_name=row["name"],
        role=Role(row["role"]),
        area_name=row["area_name"],
        neighbourhood_name=row["neighbourhood_name"],
        expires_at=row["expires_at"],
        has_account=row["has_account"],
    )


def _require_open(row: "Record", now: datetime) -> None:
    if row["revoked_at"] is not None:
        raise InvitationOver(reason=InvitationEnd.REVOKED)
    if row["accepted_at"] is not None:
        raise InvitationOver(reason=InvitationEnd.ACCEPTED)
    if row["expires_at"] <= now:
        raise InvitationOver(reason=InvitationEnd.EXPIRED)


async def accept_invitation(
    data: AcceptInvitation, browser: Browser, *, limits: RateLimits, keys: Keys, settings: Settings, clock: Clock
) -> SignedInBrowser:
    """Take up a role and sign in. Whoever has an account proves it with their password; for others it is made.

    An invitation for somebody without an account may be taken up by whoever has one: a new name often turns out to be known
    elsewhere. Repeated within AGAIN with the same number and password, it signs in again. Locks the account, then the
    invitation.

    Raises RateLimited, InvalidPhone, InvitationUnknown, InvitationOver, WrongCredentials, PasswordRefused, PhoneTaken.
    """
    phone = require_phone(data.phone)
    found = await fetch_row(
        "SELECT accepted_at, revoked_at, expires_at FROM invitation WHERE token_hash = $1", hash_of(data.token)
    )
    if found is None:
        await guesses.count_unknown_token(limits, browser.source)
        raise InvitationUnknown
    now = clock.now()
    _may_be_repeated(found, now)
    account = await load_account(phone)
    if account is None:
        # Who sends the same twice at once waits here, and finds the account that the first one made.
        await _locked(data.token)
        account = await load_account(phone)
    owner: UUID | None = account["person"] if account else None
    if account is not None and owner is not None:
        taken = await guesses.count_sign_in(limits, keys, phone=phone, owner=owner, source=browser.source, mark=browser.mark)
        kept = account["password_hash"] if account["disabled_at"] is None else None
        if not await verify_password(data.password, kept):
            raise WrongCredentials
        await require_unchanged(owner, kept)
        await limits.give_back(taken)
    # Locked after the account, as whoever changes a password or shuts an account does it.
    row = await _locked(data.token)
    if _may_be_repeated(row, now):
        if owner is None or owner != row["person"]:
            raise InvitationOver(reason=InvitationEnd.ACCEPTED)
        return await open_session(owner, browser, settings=settings, now=now)
    if owner != row["person"] and await fetch_value("SELECT EXISTS (SELECT FROM account WHERE person = $1)", row["person"]):
        raise WrongCredentials  # the one who is invited signs in with another number
    if owner is None:
        owner = row["person"]
        await _open_account(owner, phone, data.password, at=now)
    await _take_up(row, owner, at=now)
    return await open_session(owner, browser, settings=settings, now=now)


async def _locked(token: str) -> "Record":
    row = await fetch_row("SELECT * FROM invitation WHERE token_hash = $1 FOR UPDATE", hash_of(token))
    if row is None:
        raise InvitationUnknown
    return row


def _may_be_repeated(row: "Record", now: datetime) -> bool:
    """Whether it was accepted just now, so that the answer may have got lost. Raises InvitationOver when it is over otherwise."""
    if row["accepted_at"] is not None and now - row["accepted_at"] <= AGAIN:
        return True
    _require_open(row, now)
    return False


async def _open_account(person: UUID, phone: str, password: str, *, at: datetime) -> None:
    require_password(password, phone=phone)
    kept = await hash_password(password)
    try:
        async with transaction():
            await execute(
                "INSERT INTO account (person, phone, password_hash, made_at) VALUES ($1, $2, $3, $4)", person, phone, kept, at
            )
    except asyncpg.UniqueViolationError as error:  # another acceptance was faster
        raise PhoneTaken from error
    row = await fetch_row("UPDATE person SET phone = $2 WHERE id = $1 AND phone IS NULL RETURNING neighbourhood", person, phone)
    if row is not None:
        change = PersonChange(person=person, field=PersonField.PHONE, before="", after=phone)
        await record_change(change, neighbourhood=row["neighbourhood"], actor=person, at=at)


async def _take_up(row: "Record", person: UUID, *, at: datetime) -> None:
    role = Role(row["role"])
    await execute("UPDATE invitation SET accepted_at = $2, person = $3 WHERE id = $1", row["id"], at, person)
    await give_membership(
        person, role, row["area"], neighbourhood=row["neighbourhood"], party=row["party"], actor=row["made_by"] or person, at=at
    )
    if row["person"] != person:
        await _forget_placeholder(row["person"])
    fact = InvitationAccepted(
        neighbourhood=row["neighbourhood"], subject=row["id"], person=person, role=role, area=row["area"], made_by=row["made_by"]
    )
    await record(fact, actor=person, at=at)


async def _forget_placeholder(person: UUID) -> None:
    """Remove a name that stood for somebody who turned out to be there already; whoever has any history stays."""
    try:
        async with transaction():
            await execute(
                """DELETE FROM person p WHERE id = $1 AND phone IS NULL
                   AND NOT EXISTS (SELECT FROM account WHERE person = $1)
                   AND NOT EXISTS (SELECT FROM membership WHERE person = $1)""",
                person,
            )
    except asyncpg.ForeignKeyViolationError:
        return
