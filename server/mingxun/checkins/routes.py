"""Presence over HTTP.

Check-ins and check-outs carry an id of the phone's making, which makes delivering them again harmless for ever; an
`Idempotency-Key` beside it is not looked at, since `sent_at` is another one with each sending.
"""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from mingxun.checkins import now, receipts
from mingxun.checkins.check_in import check_in as record_check_in
from mingxun.checkins.check_out import check_out as record_check_out
from mingxun.checkins.problems import CodeRetired, CodeUnknown, NotCheckedIn, VouchForSelf, VouchOutOfTime
from mingxun.checkins.reading import code_reading
from mingxun.checkins.schemas import AttendanceOut, AttendancePage, CheckIn, CheckOut, CodeReading, NowOut, ReadCode, VouchCheckIn
from mingxun.checkins.vouch import vouch_check_in as record_vouch
from mingxun.kit.clock import Clock
from mingxun.kit.instants import read_instant
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import Forbidden, IdTaken, NotFound, RateLimited, refusals
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people.access import Act, Actor
from mingxun.people.sources import source_of

TAGS = ["checkins"]

Since = Annotated[
    str | None, QueryParameter(name="from", format="date-time", description="Stays that began at this instant or later.")
]
Until = Annotated[str | None, QueryParameter(name="to", format="date-time", description="Stays that began before this instant.")]


@post(
    "/code-readings", operation_id="readCode", status_code=200, responses=refusals(CodeUnknown, Forbidden, RateLimited), tags=TAGS
)
async def read_code(
    data: JSONBody[ReadCode],
    request: Request[Any, Any, Any],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    keys: NamedDependency[Keys],
    limits: NamedDependency[RateLimits],
    settings: NamedDependency[Settings],
) -> CodeReading:
    """What a scanned code or typed number is, and what fits it now."""
    source = source_of(request, settings)
    return await code_reading(actor, data.code, clock=clock, keys=keys, limits=limits, source=source, zone=settings.timezone)


@post(
    "/check-ins",
    operation_id="checkIn",
    status_code=200,
    responses=refusals(CodeUnknown, CodeRetired, Forbidden, IdTaken, RateLimited),
    tags=TAGS,
)
async def check_in(
    data: JSONBody[CheckIn],
    request: Request[Any, Any, Any],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    keys: NamedDependency[Keys],
    limits: NamedDependency[RateLimits],
    settings: NamedDependency[Settings],
) -> AttendanceOut:
    """Record that the actor came somewhere."""
    source = source_of(request, settings)
    return await record_check_in(actor, data, clock=clock, keys=keys, limits=limits, source=source)


@post(
    "/check-outs",
    operation_id="checkOut",
    status_code=200,
    responses=refusals(NotCheckedIn, CodeUnknown, Forbidden, IdTaken, RateLimited),
    tags=TAGS,
)
async def check_out(
    data: JSONBody[CheckOut],
    request: Request[Any, Any, Any],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    keys: NamedDependency[Keys],
    limits: NamedDependency[RateLimits],
    settings: NamedDependency[Settings],
) -> AttendanceOut:
    """Record that the actor left."""
    source = source_of(request, settings)
    return await record_check_out(actor, data, clock=clock, keys=keys, limits=limits, source=source)


@post(
    "/shifts/{shift:uuid}/vouched-check-ins",
    operation_id="vouchCheckIn",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(VouchForSelf, VouchOutOfTime, NotCheckedIn, NotFound, Forbidden, IdTaken),
    tags=TAGS,
)
async def vouch_check_in(
    shift: FromPath[UUID],
    data: JSONBody[VouchCheckIn],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    keys: NamedDependency[Keys],
) -> AttendanceOut:
    """Record on the actor's word that somebody came to a shift or left it."""
    return await record_vouch(actor, shift, data, clock=clock, keys=keys)


@get(
    "/neighbourhoods/{neighbourhood:uuid}/attendance",
    operation_id="listAttendance",
    responses=refusals(BadCursor, Forbidden, NotFound),
    tags=TAGS,
)
async def list_attendance(
    neighbourhood: FromPath[UUID],
    actor: NamedDependency[Actor],
    since: Since = None,
    until: Until = None,
    shift: FromQuery[UUID | None] = None,
    person: FromQuery[UUID | None] = None,
    present: FromQuery[bool | None] = None,
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> AttendancePage:
    """Stays, the latest first: everybody's for coordinators, one's own for others."""
    actor.require(Act.LIST_ATTENDANCE, neighbourhood)
    if not actor.may(Act.LIST_ALL_ATTENDANCE, neighbourhood):
        if person not in {None, actor.person}:
            raise Forbidden("You can see your own attendance; ask a coordinator about others.")
        person = actor.person
    return await receipts.list_attendance(
        neighbourhood,
        since=read_instant("from", since),
        until=read_instant("to", until),
        shift=shift,
        person=person,
        present=present,
        cursor=cursor,
        limit=limit,
    )


@get("/attendance/{attendance:uuid}", operation_id="getAttendance", responses=refusals(NotFound), tags=TAGS)
async def get_attendance(attendance: FromPath[UUID], actor: NamedDependency[Actor]) -> AttendanceOut:
    """One stay: one's own, or anybody's for coordinators."""
    neighbourhood, found = await receipts.load_attendance(attendance)
    if found.person != actor.person and not actor.may(Act.LIST_ALL_ATTENDANCE, neighbourhood):
        raise NotFound("There is no such check-in, or not for you.")
    return found


@get("/neighbourhoods/{neighbourhood:uuid}/now", operation_id="getNow", responses=refusals(Forbidden, NotFound), tags=TAGS)
async def get_now(neighbourhood: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> NowOut:
    """Who should be where now, who is, and where nobody is."""
    actor.require(Act.GET_NOW, neighbourhood)
    return await now.load_now(neighbourhood, clock.now(), reader=actor.person)


router = Router("/", route_handlers=[read_code, check_in, check_out, vouch_check_in, list_attendance, get_attendance, get_now])
