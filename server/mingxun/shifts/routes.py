"""Shifts over HTTP."""

from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from mingxun.kit.clock import Clock
from mingxun.kit.instants import read_instant
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import Forbidden, NotFound, refusals
from mingxun.kit.settings import Settings
from mingxun.people.access import Act, Actor
from mingxun.shifts import joining, planning, reading, rules
from mingxun.shifts.problems import (
    NeedsBelowTaken,
    ShiftChangeConflicts,
    ShiftClosed,
    ShiftInPast,
    ShiftInvalid,
    ShiftStale,
    SignUpRefused,
    WithdrawRefused,
)
from mingxun.shifts.schemas import (
    AssignmentOut,
    AssignPerson,
    CancelShift,
    CreateShift,
    ShiftChange,
    ShiftDetail,
    ShiftKind,
    ShiftPage,
    ShiftState,
    UpdateShift,
)

TAGS = ["shifts"]
RETRYABLE = {"retryable": True}

Since = Annotated[
    str | None,
    QueryParameter(
        name="from", format="date-time", description="Shifts that end after this instant. Today's midnight if left out."
    ),
]
Until = Annotated[str | None, QueryParameter(name="to", format="date-time", description="Shifts that start before this instant.")]
StateIs = Annotated[ShiftState | None, QueryParameter(name="state", description="Only open ones, or only cancelled ones.")]
"""Not called `state` in a handler, which is a word of Litestar's own."""


@get(
    "/neighbourhoods/{neighbourhood:uuid}/shifts",
    operation_id="listShifts",
    responses=refusals(BadCursor, Forbidden, NotFound),
    tags=TAGS,
)
async def list_shifts(
    neighbourhood: FromPath[UUID],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    since: Since = None,
    until: Until = None,
    kind: FromQuery[ShiftKind | None] = None,
    location: FromQuery[UUID | None] = None,
    state_is: StateIs = None,
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> ShiftPage:
    """The neighbourhood's shifts by their starts, those of the two weeks from today when no time is given."""
    actor.require(Act.LIST_SHIFTS, neighbourhood)
    begin, end = rules.window(read_instant("from", since), read_instant("to", until), now=clock.now(), zone=settings.timezone)
    return await reading.list_shifts(
        neighbourhood,
        reader=actor.person,
        since=begin,
        until=end,
        kind=kind,
        location=location,
        state=state_is,
        cursor=cursor,
        limit=limit,
    )


@post(
    "/neighbourhoods/{neighbourhood:uuid}/shifts",
    operation_id="createShift",
    opt=RETRYABLE,
    responses=refusals(Forbidden, NotFound, ShiftInvalid, ShiftInPast),
    tags=TAGS,
)
async def create_shift(
    neighbourhood: FromPath[UUID], data: JSONBody[CreateShift], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> ShiftDetail:
    """Plan a shift."""
    return await planning.create_shift(actor, neighbourhood, data, now=clock.now())


@get("/shifts/{shift:uuid}", operation_id="getShift", responses=refusals(Forbidden, NotFound), tags=TAGS)
async def get_shift(shift: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> ShiftDetail:
    """One shift, who is on it, and whether the reader may sign up."""
    return await reading.get_shift(actor, shift, now=clock.now())


@patch(
    "/shifts/{shift:uuid}",
    operation_id="updateShift",
    opt=RETRYABLE,
    responses=refusals(
        Forbidden, NotFound, ShiftStale, ShiftClosed, ShiftChangeConflicts, NeedsBelowTaken, ShiftInvalid, ShiftInPast
    ),
    tags=TAGS,
)
async def update_shift(
    shift: FromPath[UUID], data: JSONBody[UpdateShift], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> ShiftChange:
    """Change a shift, or preview whom a change touches."""
    return await planning.update_shift(actor, shift, data, now=clock.now())


@post(
    "/shifts/{shift:uuid}/cancellation",
    operation_id="cancelShift",
    status_code=200,
    opt=RETRYABLE,
    responses=refusals(Forbidden, NotFound, ShiftClosed),
    tags=TAGS,
)
async def cancel_shift(
    shift: FromPath[UUID], data: JSONBody[CancelShift], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> ShiftChange:
    """Cancel a shift, or preview whom that touches. One that is over only while nobody is on it."""
    return await planning.cancel_shift(actor, shift, data, now=clock.now())


@post(
    "/shifts/{shift:uuid}/sign-up",
    operation_id="signUp",
    status_code=200,
    opt=RETRYABLE,
    responses=refusals(Forbidden, NotFound, SignUpRefused),
    tags=TAGS,
)
async def sign_up(shift: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> AssignmentOut:
    """Take a place on a shift; who is on it already gets the place they have."""
    return await joining.sign_up(actor, shift, now=clock.now())


@delete(
    "/shifts/{shift:uuid}/sign-up",
    operation_id="withdraw",
    opt=RETRYABLE,
    responses=refusals(Forbidden, NotFound, WithdrawRefused),
    tags=TAGS,
)
async def withdraw(shift: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """Give one's own place back, before the shift begins."""
    await joining.withdraw(actor, shift, now=clock.now())


@post(
    "/shifts/{shift:uuid}/assignments",
    operation_id="assign",
    status_code=200,
    opt=RETRYABLE,
    responses=refusals(Forbidden, NotFound, SignUpRefused),
    tags=TAGS,
)
async def assign(
    shift: FromPath[UUID], data: JSONBody[AssignPerson], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> AssignmentOut:
    """Give somebody a place, also while the shift runs and for 31 days after it; who is on it already keeps the place they have."""
    return await joining.assign(actor, shift, data.person, need=data.need, now=clock.now())


@delete(
    "/shifts/{shift:uuid}/assignments/{person:uuid}",
    operation_id="unassign",
    opt=RETRYABLE,
    responses=refusals(Forbidden, NotFound, ShiftClosed),
    tags=TAGS,
)
async def unassign(
    shift: FromPath[UUID], person: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> None:
    """Take somebody off a shift, until 31 days after it; they are told."""
    await joining.unassign(actor, shift, person, now=clock.now())


@get("/me/shifts", operation_id="listMyShifts", responses=refusals(BadCursor), tags=TAGS)
async def list_my_shifts(
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    since: Since = None,
    until: Until = None,
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> ShiftPage:
    """The reader's own shifts in all neighbourhoods by their starts, from today on when no time is given; cancelled ones, too."""
    end = read_instant("to", until)
    begin, _ = rules.window(read_instant("from", since), end, now=clock.now(), zone=settings.timezone)
    return await reading.list_my_shifts(actor.person, since=begin, until=end, cursor=cursor, limit=limit)


@get(
    "/people/{person:uuid}/shifts",
    operation_id="listPersonShifts",
    responses=refusals(BadCursor, Forbidden, NotFound),
    tags=TAGS,
)
async def list_person_shifts(
    person: FromPath[UUID],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> ShiftPage:
    """What a person still has ahead, by the shifts' starts: to be looked at before a role of theirs ends."""
    return await reading.list_person_shifts(actor, person, now=clock.now(), cursor=cursor, limit=limit)


router = Router(
    "/",
    route_handlers=[
        list_shifts,
        create_shift,
        get_shift,
        update_shift,
        cancel_shift,
        sign_up,
        withdraw,
        assign,
        unassign,
        list_my_shifts,
        list_person_shifts,
    ],
)
