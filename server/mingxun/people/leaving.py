"""Ending roles, shutting people out and letting them in again; the caller holds the transaction.

What somebody has promised to do stays: the assignments of who has no role any more are flagged where shifts are planned, until a
planner takes them off or gives them a role again. Nobody is dropped from a shift without its planner's knowing.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch, fetch_row
from mingxun.kit.problems import Forbidden, NotFound
from mingxun.people import accounts, memberships
from mingxun.people.access import Act, Actor
from mingxun.people.accounts import require_phone
from mingxun.people.problems import EndingRefused
from mingxun.people.rules import EndingRefusal, HeldRole, inviting, judge_ending, may_shut_out
from mingxun.people.schemas import Role

if TYPE_CHECKING:
    from asyncpg import Record


async def end_membership(actor: Actor, membership: UUID, *, clock: Clock) -> None:
    """End a role; done twice, it does nothing more. Raises NotFound, Forbidden, EndingRefused.

    Administrators of a subdistrict are appointed on the server, and end there.
    """
    row = await fetch_row("SELECT person, neighbourhood, role FROM membership WHERE id = $1", membership)
    if row is None or row["neighbourhood"] is None:
        raise NotFound("There is no such role, or not for you.")
    actor.require(Act.END_MEMBERSHIP, row["neighbourhood"])
    actor.require(inviting(Role(row["role"])), row["neighbourhood"])
    for identity, held in await _held(row["person"]):
        if identity == membership:
            _refuse(list(judge_ending(held)))
            await memberships.end_membership(membership, actor=actor.person, clock=clock)


async def disable_account(actor: Actor, person: UUID, *, clock: Clock) -> None:
    """Shut somebody out: their sessions end with this transaction, and so do invitations for or from them. Roles stay.

    Done twice, it does nothing more. Raises NotFound, Forbidden, EndingRefused.
    """
    account = await _account_of(actor, person, Act.DISABLE_ACCOUNT)
    held = [one for _, one in await _held(person)]
    refusals = _beyond(actor, account["neighbourhood"], held, Act.DISABLE_ACCOUNT)
    _refuse(refusals or [refusal for one in held for refusal in judge_ending(one)])
    if account["disabled_at"] is None:
        await accounts.disable_account(person, actor=actor.person, clock=clock)


async def enable_account(actor: Actor, person: UUID, *, clock: Clock) -> None:
    """Let somebody in again; they sign in anew. Done twice, it does nothing more. Raises NotFound, Forbidden, EndingRefused."""
    account = await _account_of(actor, person, Act.ENABLE_ACCOUNT)
    held = [one for _, one in await _held(person)]
    _refuse(_beyond(actor, account["neighbourhood"], held, Act.ENABLE_ACCOUNT))
    if account["disabled_at"] is not None:
        await accounts.enable_account(person, actor=actor.person, clock=clock)


async def disable_number(number: str, *, even_the_last: bool, clock: Clock) -> str:
    """For the command line: shut the account that signs in with this number; whose it is.

    Raises InvalidPhone, NotFound, EndingRefused unless `even_the_last`.
    """
    person, name = await _owner_of(number)
    if not even_the_last:
        _refuse([refusal for _, one in await _held(person) for refusal in judge_ending(one)])
    await accounts.disable_account(person, actor=None, clock=clock)
    return name


async def enable_number(number: str, *, clock: Clock) -> str:
    """For the command line: open the account that signs in with this number again; whose it is. Raises InvalidPhone, NotFound."""
    person, name = await _owner_of(number)
    await accounts.enable_account(person, actor=None, clock=clock)
    return name


async def _owner_of(number: str) -> tuple[UUID, str]:
    row = await fetch_row(
        "SELECT p.id, p.name FROM account a JOIN person p ON p.id = a.person WHERE a.phone = $1", require_phone(number)
    )
    if row is None:
        raise NotFound(f"No account signs in with {number}.")
    return row["id"], row["name"]


async def _account_of(actor: Actor, person: UUID, act: Act) -> "Record":
    """The person's neighbourhood, and whether their account is shut. Raises NotFound, Forbidden."""
    row = await fetch_row(
        """SELECT p.neighbourhood, a.disabled_at, a.person IS NOT NULL AS has_account,
                  ARRAY(SELECT m.neighbourhood FROM membership m
                        WHERE m.person = p.id AND m.neighbourhood IS NOT NULL AND m.ended_at IS NULL) AS serves
           FROM person p LEFT JOIN account a ON a.person = p.id WHERE p.id = $1""",
        person,
    )
    around = [] if row is None else [place for place in {row["neighbourhood"], *row["serves"]} if place and actor.roles(place)]
    if row is None or not around:
        raise NotFound("There is no such person, or not for you.")
    if not any(actor.may(act, place) for place in around):
        raise Forbidden
    if not row["has_account"]:
        raise NotFound("They have no account.")
    return row


def _beyond(actor: Actor, home: UUID | None, held: list[HeldRole], act: Act) -> list[EndingRefusal]:
    return [] if may_shut_out(actor, home, held, act=act) else [EndingRefusal.BEYOND]


def _refuse(refusals: list[EndingRefusal]) -> None:
    """Raises EndingRefused if there is any."""
    if refusals:
        raise EndingRefused(refusals=list(dict.fromkeys(refusals)))


async def _held(person: UUID) -> list[tuple[UUID, HeldRole]]:
    """The roles that the person holds now, by their memberships' ids.

    Two who take the last two secretaries away at once take turns: the lock ends with the transaction.
    """
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('mingxun ending roles', 0))")
    rows = await fetch(
        """SELECT m.id, m.role, m.neighbourhood,
                  EXISTS (SELECT FROM account a WHERE a.person = m.person AND a.disabled_at IS NULL) AS able,
                  (SELECT count(DISTINCT o.person)::integer FROM membership o
                   JOIN account a ON a.person = o.person AND a.disabled_at IS NULL
                   WHERE o.area = m.area AND o.role = m.role AND o.person <> m.person AND o.ended_at IS NULL) AS others
           FROM membership m WHERE m.person = $1 AND m.ended_at IS NULL ORDER BY m.id FOR UPDATE OF m""",
        person,
    )
    return [
        (row["id"], HeldRole(role=Role(row["role"]), neighbourhood=row["neighbourhood"], able=row["able"], others=row["others"]))
        for row in rows
    ]
