"""The routes of signing in, of one's own account, and of invitations."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from mingxun.kit.clock import Clock
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import NotFound, RateLimited, refusals
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people import accounts, invitations, sign_in_links
from mingxun.people.access import Actor
from mingxun.people.accounts import Browser, SignedInBrowser
from mingxun.people.guesses import mark_cookie, mark_name
from mingxun.people.problems import (
    InvalidPhone,
    InvitationOver,
    InvitationRefused,
    InvitationUnknown,
    PasswordRefused,
    PhoneTaken,
    SignInLinkOver,
    WrongCredentials,
    WrongPassword,
)
from mingxun.people.schemas import (
    AcceptInvitation,
    ChangePassword,
    CreateInvitation,
    InvitationPage,
    InvitationPreview,
    Me,
    NewInvitation,
    PreviewInvitation,
    SessionList,
    SignIn,
    SignInByLink,
    UpdateMe,
)
from mingxun.people.sessions import cookie_name, device_of, session_cookie
from mingxun.people.sources import is_here, source_of


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


@post(
    "/session/link",
    operation_id="signInByLink",
    status_code=200,
    opt={"limited": True},
    responses=refusals(SignInLinkOver, RateLimited),
    tags=["people"],
)
async def sign_in_by_link(
    data: JSONBody[SignInByLink],
    request: Request[Any, Any, Any],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    keys: NamedDependency[Keys],
    limits: NamedDependency[RateLimits],
) -> Response[Me]:
    """Sign in as a guest of the demonstration, once, on the machine that runs it. Installations that others reach have no such links."""
    browser = _browser(request, settings)
    result = await sign_in_links.sign_in_by_link(
        data.token, browser, here=is_here(request), limits=limits, settings=settings, clock=clock
    )
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


@patch("/me", operation_id="updateMe", opt={"retryable": True}, tags=["people"])
async def update_me(data: JSONBody[UpdateMe], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> Me:
    """Choose the language in which the service speaks and writes to me."""
    return await accounts.choose_language(actor, data.language, clock=clock)


@put(
    "/me/password",
    operation_id="changePassword",
    status_code=204,
    opt={"limited": True, "retryable": True},
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


@delete(
    "/me/sessions/{session:uuid}",
    operation_id="endSession",
    status_code=204,
    opt={"retryable": True},
    responses=refusals(NotFound),
    tags=["people"],
)
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
    opt={"retryable": True},
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


HANDLERS = (
    sign_in,
    sign_in_by_link,
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
)
