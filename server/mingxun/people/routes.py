"""The routes of accounts, invitations, people, parties and rosters."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody
from litestar.openapi.spec import Schema as OpenAPISchema
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from mingxun.kit.clock import Clock
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import NotFound, RateLimited, TooLarge, refusals
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people import accounts, invitations, listing
from mingxun.people.access import Actor
from mingxun.people.accounts import Browser, SignedInBrowser
from mingxun.people.guesses import mark_cookie, mark_name
from mingxun.people.problems import (
    InvalidPhone,
    InvitationOver,
    InvitationRefused,
    InvitationUnknown,
    PartyExists,
    PasswordRefused,
    PhoneTaken,
    RosterChanged,
    RosterLapsed,
    RosterUnreadable,
    WrongCredentials,
    WrongPassword,
)
from mingxun.people.roster import service as roster
from mingxun.people.schemas import (
    AcceptInvitation,
    ChangePassword,
    CreateInvitation,
    CreateParty,
    InvitationPage,
    InvitationPreview,
    Me,
    NewInvitation,
    PartyList,
    PartyOut,
    PersonDetail,
    PersonPage,
    PreviewInvitation,
    Role,
    RosterImported,
    RosterPreview,
    SessionList,
    SignIn,
    UpdateMe,
)
from mingxun.people.sessions import cookie_name, device_of, session_cookie
from mingxun.people.sources import source_of

_PLAIN = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
_FILE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029/\\\\]*$"
PeopleQuery = Annotated[
    str | None,
    QueryParameter(
        name="query", max_length=60, pattern=_PLAIN, description="Part of a name, building or room; digits of a number."
    ),
]
FileName = Annotated[
    str,
    QueryParameter(
        name="name", min_length=1, max_length=200, pattern=_FILE, description="The file's name, to know it by; no path."
    ),
]
ROSTER_TYPES = (
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "text/csv",
)


def _browser(request: Request[Any, Any, Any], settings: Settings) -> Browser:
    return Browser(
        source=source_of(request, settings),
        device=device_of(request.headers.get("user-agent", "")),
        mark=request.cookies.get(mark_name(settings)),
        session=request.cookies.get(cookie_name(settings)),
    )


def _signed_in(result: SignedInBrowser, keys: Keys, settings: Settings) -> Response[Me]:
    cookies = [session_cookie(result.token, settings), mark_cookie(result.me.id, keys, settings)]
    return Response(result.me, cookies=cookies)


@post(
    "/session",
    operation_id="signIn",
    status_code=200,
    opt={"limited": True},
    responses=refusals(WrongCredentials, InvalidPhone, RateLimited),
    tags=["people"],
)
async def sign_in(
    data: JSONBody[SignIn],
    request: Request[Any, Any, Any],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    keys: NamedDependency[Keys],
    limits: NamedDependency[RateLimits],
) -> Response[Me]:
    """Sign in with telephone number and password. Sets the session's cookie; a session that the browser had before ends."""
    browser = _browser(request, settings)
    result = await accounts.sign_in(data, browser, limits=limits, keys=keys, settings=settings, clock=clock)
    return _signed_in(result, keys, settings)


@delete("/session", operation_id="signOut", status_code=204, tags=["people"])
async def sign_out(
    actor: NamedDependency[Actor], clock: NamedDependency[Clock], settings: NamedDependency[Settings]
) -> Response[None]:
    """End this session."""
    await accounts.sign_out(actor, clock=clock)
    return Response(None, status_code=204, cookies=[session_cookie("", settings)])


@get("/me", operation_id="getMe", tags=["people"])
async def get_me(actor: NamedDependency[Actor]) -> Me:
    """Who is signed in, and what they may do where."""
    return await accounts.load_me(actor.person, actor.session)


@patch("/me", operation_id="updateMe", tags=["people"])
async def update_me(data: JSONBody[UpdateMe], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> Me:
    """Choose the language in which the service speaks and writes to me."""
    return await accounts.choose_language(actor, data.language, clock=clock)


@put(
    "/me/password",
    operation_id="changePassword",
    status_code=204,
    opt={"limited": True},
    responses=refusals(WrongPassword, PasswordRefused, RateLimited),
    tags=["people"],
)
async def change_password(
    data: JSONBody[ChangePassword],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    limits: NamedDependency[RateLimits],
) -> None:
    """Set a new password; every other session ends, and so do the invitations that are waiting for or from me."""
    await accounts.change_password(actor, data, limits=limits, clock=clock)


@get("/me/sessions", operation_id="listSessions", tags=["people"])
async def list_sessions(actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> SessionList:
    """Where I am signed in; the 100 last used."""
    return SessionList(items=await accounts.list_sessions(actor, clock=clock))


@delete("/me/sessions/{session:uuid}", operation_id="endSession", status_code=204, responses=refusals(NotFound), tags=["people"])
async def end_session(session: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """Sign out somewhere else."""
    await accounts.end_session(actor, session, clock=clock)


@post(
    "/neighbourhoods/{neighbourhood:uuid}/invitations",
    operation_id="createInvitation",
    opt={"retryable": True, "secret": True},
    responses=refusals(InvitationRefused, NotFound),
    tags=["people"],
)
async def create_invitation(
    neighbourhood: FromPath[UUID],
    data: JSONBody[CreateInvitation],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> NewInvitation:
    """Make a link that gives somebody a role, once. It is shown only here."""
    return await invitations.create_invitation(actor, neighbourhood, data, settings=settings, clock=clock)


@get(
    "/neighbourhoods/{neighbourhood:uuid}/invitations",
    operation_id="listInvitations",
    responses=refusals(BadCursor, NotFound),
    tags=["people"],
)
async def list_invitations(
    neighbourhood: FromPath[UUID], actor: NamedDependency[Actor], cursor: CursorParam = None, limit: Limit = 50
) -> InvitationPage:
    """Invitations, the newest first; those that are over, too."""
    return await invitations.list_invitations(actor, neighbourhood, cursor=cursor, limit=limit)


@delete(
    "/invitations/{invitation:uuid}",
    operation_id="revokeInvitation",
    status_code=204,
    responses=refusals(InvitationOver, NotFound),
    tags=["people"],
)
async def revoke_invitation(invitation: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """Make an invitation's link useless."""
    await invitations.revoke_invitation(actor, invitation, clock=clock)


@post(
    "/invitation/preview",
    operation_id="previewInvitation",
    status_code=200,
    opt={"limited": True},
    responses=refusals(InvitationUnknown, InvitationOver, RateLimited),
    tags=["people"],
)
async def preview_invitation(
    data: JSONBody[PreviewInvitation],
    request: Request[Any, Any, Any],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    limits: NamedDependency[RateLimits],
) -> InvitationPreview:
    """What an invitation offers, for whoever holds its link."""
    return await invitations.preview_invitation(data, source=source_of(request, settings), limits=limits, clock=clock)


@post(
    "/invitation/acceptance",
    operation_id="acceptInvitation",
    status_code=200,
    opt={"limited": True},
    responses=refusals(
        InvitationUnknown, InvitationOver, WrongCredentials, PasswordRefused, PhoneTaken, InvalidPhone, RateLimited
    ),
    tags=["people"],
)
async def accept_invitation(
    data: JSONBody[AcceptInvitation],
    request: Request[Any, Any, Any],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    keys: NamedDependency[Keys],
    limits: NamedDependency[RateLimits],
) -> Response[Me]:
    """Take up a role and sign in. Repeated within ten minutes with the same number and password, it signs in again."""
    browser = _browser(request, settings)
    result = await invitations.accept_invitation(data, browser, limits=limits, keys=keys, settings=settings, clock=clock)
    return _signed_in(result, keys, settings)


@get(
    "/neighbourhoods/{neighbourhood:uuid}/people",
    operation_id="listPeople",
    responses=refusals(BadCursor, NotFound),
    tags=["people"],
)
async def list_people(
    neighbourhood: FromPath[UUID],
    actor: NamedDependency[Actor],
    search: PeopleQuery = None,
    role: FromQuery[Role | None] = None,
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> PersonPage:
    """People of the neighbourhood by name. Building leaders see those of their own buildings, and only name and room."""
    return await listing.list_people(actor, neighbourhood, query=search, role=role, cursor=cursor, limit=limit)


@get("/people/{person:uuid}", operation_id="getPerson", responses=refusals(NotFound), tags=["people"])
async def get_person(person: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> PersonDetail:
    """All that is kept of a person. That it was read is recorded."""
    return await listing.get_person(actor, person, clock=clock)


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


@post(
    "/neighbourhoods/{neighbourhood:uuid}/roster-imports",
    operation_id="previewRosterImport",
    opt={"retryable": True, "secret": True, "accepts": ROSTER_TYPES},
    request_max_body_size=roster.MAX_BYTES,
    responses=refusals(RosterUnreadable, TooLarge, NotFound),
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
    return await roster.preview(actor, neighbourhood, name, await request.body(), clock=clock)


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
        sign_in,
        sign_out,
        get_me,
        update_me,
        change_password,
        list_sessions,
        end_session,
        create_invitation,
        list_invitations,
        revoke_invitation,
        preview_invitation,
        accept_invitation,
        list_people,
        get_person,
        list_parties,
        create_party,
        preview_roster_import,
        confirm_roster_import,
    ],
)
