"""The routes of people, their roles, parties and rosters; those of accounts and invitations stand in `account_routes`."""

import re
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import UUID

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody
from litestar.openapi.spec import Schema as OpenAPISchema
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from mingxun.kit.clock import Clock
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import NotFound, TooLarge, refusals
from mingxun.people import account_routes, leaving, listing
from mingxun.people.access import Act, Actor
from mingxun.people.problems import (
    EndingRefused,
    InvalidPhone,
    PartyExists,
    RosterBusy,
    RosterChanged,
    RosterLapsed,
    RosterUnreadable,
)
from mingxun.people.roster import service as roster
from mingxun.people.schemas import (
    CreateParty,
    PartyList,
    PartyOut,
    PersonDetail,
    PersonPage,
    Role,
    RosterImported,
    RosterPreview,
    SearchPeople,
)

FileName = Annotated[
    str,
    HeaderParameter(
        name="X-File-Name",
        min_length=1,
        max_length=1800,
        pattern=r"^(?:[A-Za-z0-9_.!~*'()-]|%2[0-9A-Ea-e]|%5[0-9ABDEFabdef]|%[346][0-9A-Fa-f]|%7[0-9A-Ea-e]|%[89A-Fa-f][0-9A-Fa-f])+$",
        description="The file's name, to know it by; no path. Percent-encoded UTF-8. Not in the address: it may name people.",
    ),
]
FILE_NAME_SHOWN = 200
"""Characters of it that are kept."""
UPLOAD_PATIENCE = 150.0
"""Seconds for a file to arrive: 10 MB over a weak network."""
ROSTER_TYPES = (
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "text/csv",
)


@get(
    "/neighbourhoods/{neighbourhood:uuid}/people",
    operation_id="listPeople",
    responses=refusals(BadCursor, NotFound),
    tags=["people"],
)
async def list_people(
    neighbourhood: FromPath[UUID],
    actor: NamedDependency[Actor],
    role: FromQuery[Role | None] = None,
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> PersonPage:
    """People of the neighbourhood by name. Building leaders see those of their own buildings, and only name and room."""
    return await listing.list_people(actor, neighbourhood, query=None, role=role, cursor=cursor, limit=limit)


@post(
    "/neighbourhoods/{neighbourhood:uuid}/people/search",
    operation_id="searchPeople",
    status_code=200,
    responses=refusals(BadCursor, NotFound),
    tags=["people"],
)
async def search_people(neighbourhood: FromPath[UUID], data: JSONBody[SearchPeople], actor: NamedDependency[Actor]) -> PersonPage:
    """Those of listPeople whose name, building, room or number has this in it. Changes nothing."""
    return await listing.list_people(actor, neighbourhood, query=data.query, role=data.role, cursor=data.cursor, limit=data.limit)


@get("/people/{person:uuid}", operation_id="getPerson", responses=refusals(NotFound), tags=["people"])
async def get_person(person: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> PersonDetail:
    """All that is kept of a person. That it was read is recorded."""
    return await listing.get_person(actor, person, clock=clock)


@delete(
    "/memberships/{membership:uuid}",
    operation_id="endMembership",
    status_code=204,
    opt={"retryable": True},
    responses=refusals(EndingRefused, NotFound),
    tags=["people"],
)
async def end_membership(membership: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """End a role. What its holder has ahead stays until a planner takes them off (listPersonShifts says what that is)."""
    await leaving.end_membership(actor, membership, clock=clock)


@post(
    "/people/{person:uuid}/account/disabling",
    operation_id="disableAccount",
    status_code=204,
    opt={"retryable": True},
    responses=refusals(EndingRefused, NotFound),
    tags=["people"],
)
async def disable_account(person: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """Shut somebody out: every session of theirs is dead within a second. Their roles stay."""
    await leaving.disable_account(actor, person, clock=clock)


@post(
    "/people/{person:uuid}/account/enabling",
    operation_id="enableAccount",
    status_code=204,
    opt={"retryable": True},
    responses=refusals(EndingRefused, NotFound),
    tags=["people"],
)
async def enable_account(person: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """Let somebody in again; they sign in anew."""
    await leaving.enable_account(actor, person, clock=clock)


@get("/neighbourhoods/{neighbourhood:uuid}/parties", operation_id="listParties", responses=refusals(NotFound), tags=["people"])
async def list_parties(neighbourhood: FromPath[UUID], actor: NamedDependency[Actor]) -> PartyList:
    """The responsible parties: property company, committees, departments. There is a handful of them."""
    return PartyList(items=await listing.list_parties(actor, neighbourhood))


@post(
    "/neighbourhoods/{neighbourhood:uuid}/parties",
    operation_id="createParty",
    opt={"retryable": True},
    responses=refusals(PartyExists, InvalidPhone, NotFound),
    tags=["people"],
)
async def create_party(
    neighbourhood: FromPath[UUID], data: JSONBody[CreateParty], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> PartyOut:
    """Add a responsible party."""
    return await listing.create_party(actor, neighbourhood, data, clock=clock)


class RosterOperation(Operation):
    """Names the body of a roster, which the handler reads by itself."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=OpenAPISchema(type=None, description="An .xlsx, .xls or .csv file of 10 MB at most."))
        self.request_body = RequestBody(content=dict.fromkeys(ROSTER_TYPES, file), required=True)


async def _read_roster(request: Request[Any, Any, Any], actor: Actor, clock: Clock) -> roster.RosterFile:
    """Without a transaction: it takes long."""
    actor.require(Act.IMPORT_ROSTER, request.path_params["neighbourhood"])
    return await roster.read_file(await request.body(), clock=clock)


def _file_name(sent: str) -> str:
    plain = re.sub(r"[\u0000-\u001f\u007f-\u009f\u2028\u2029]", " ", unquote(sent))
    return plain[:FILE_NAME_SHOWN].strip() or "roster"


@post(
    "/neighbourhoods/{neighbourhood:uuid}/roster-imports",
    operation_id="previewRosterImport",
    opt={
        "retryable": True,
        "secret": True,
        "accepts": ROSTER_TYPES,
        "patience": UPLOAD_PATIENCE,
        "prepare": _read_roster,
    },
    request_max_body_size=roster.MAX_BYTES,
    responses=refusals(RosterUnreadable, RosterBusy, TooLarge, NotFound),
    operation_class=RosterOperation,
    tags=["people"],
)
async def preview_roster_import(
    neighbourhood: FromPath[UUID],
    request: Request[Any, Any, Any],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    name: FileName,
) -> RosterPreview:
    """Read a roster and show what importing it would do, row by row. Nothing changes yet."""
    file: roster.RosterFile = request.scope["state"]["prepared"]
    return await roster.preview(actor, neighbourhood, _file_name(name), file, clock=clock)


@post(
    "/roster-imports/{roster_import:uuid}/confirmation",
    operation_id="confirmRosterImport",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(RosterChanged, RosterLapsed, NotFound),
    tags=["people"],
)
async def confirm_roster_import(
    roster_import: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> RosterImported:
    """Do what the preview said, all at once. Confirmed again, it answers the same and does nothing."""
    return await roster.confirm(actor, roster_import, clock=clock)


router = Router(
    "/",
    route_handlers=[
        *account_routes.HANDLERS,
        list_people,
        search_people,
        get_person,
        end_membership,
        disable_account,
        enable_account,
        list_parties,
        create_party,
        preview_roster_import,
        confirm_roster_import,
    ],
)
