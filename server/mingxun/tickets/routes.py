"""The routes of tickets and photos."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody
from litestar.openapi.spec import Schema as OpenAPISchema
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter

from mingxun.kit.clock import Clock
from mingxun.kit.instants import InstantText, read_instant
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import BadRequest, Forbidden, IdTaken, NotFound, RateLimited, TooLarge, refusals
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.people.access import Act as Permission
from mingxun.people.access import Actor
from mingxun.tickets import loading, photos, service
from mingxun.tickets.photos import MAX_BYTES, PhotoSize
from mingxun.tickets.problems import (
    AlreadyClaimed,
    CannotVerifyOwnWork,
    DigestMismatch,
    NotInNeighbourhood,
    NotYourParty,
    PhotoRefused,
    PhotoUnusable,
    TicketChanged,
    TicketRefused,
)
from mingxun.tickets.schemas import (
    Category,
    DeclineTicket,
    HandOverTicket,
    ListOrder,
    OpenTicket,
    PhotoReceipt,
    ReopenTicket,
    ResolveTicket,
    TicketDetail,
    TicketPage,
    TicketState,
    VerifyTicket,
)

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        pattern=r'^(\*|(W/)?("[1-9][0-9]{0,8}"|[1-9][0-9]{0,8}))$',
        description='The version that was seen, to act on nothing newer: `3` or `"3"`. Left out: act anyway.',
    ),
]
ContentDigest = Annotated[
    str | None,
    HeaderParameter(
        name="Content-Digest", max_length=500, description="RFC 9530, `sha-256=:…:` in base64: what the bytes must be on arrival."
    ),
]
States = Annotated[
    list[TicketState] | None, QueryParameter(name="state", description="In one of these states; all when left out.", max_items=5)
]
UPLOAD_PATIENCE = 170.0
"""Seconds for a photo to arrive: 500 KB at 3 KB/s. The phone itself gives up after 180."""
_DIGEST = re.compile(r"(?:^|,)\s*sha-256=(:?)([^:,]*)(:?)")
_VERSION = re.compile(r'(?:W/)?("?)([1-9][0-9]{0,8})\1')


@dataclass
class UploadOperation(Operation):
    """Names the body of an upload, which the handler reads by itself."""

    def __post_init__(self) -> None:
        picture = OpenAPIMediaType(
            schema=OpenAPISchema(type=None, description="A JPEG, PNG, WebP or HEIC picture of 10 MB at most.")
        )
        self.request_body = RequestBody(content={"image/*": picture, "application/octet-stream": picture}, required=True)


@put(
    "/photos/{photo:uuid}",
    operation_id="uploadPhoto",
    opt={"transaction": False, "accepts": ("image/", "application/octet-stream"), "patience": UPLOAD_PATIENCE},
    request_max_body_size=MAX_BYTES,
    responses=refusals(PhotoRefused, DigestMismatch, IdTaken, TooLarge, RateLimited),
    operation_class=UploadOperation,
    tags=["tickets"],
)
async def upload_photo(
    photo: FromPath[UUID],
    request: Request[Any, Any, Any],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    limits: NamedDependency[RateLimits],
    content_digest: ContentDigest = None,
) -> PhotoReceipt:
    """Send a photo under an id made by the phone, before or after the ticket that names it. Sent again, same receipt."""
    if not any(actor.may(Permission.UPLOAD_PHOTO, neighbourhood) for neighbourhood in actor.neighbourhoods()):
        raise Forbidden
    digest = _digest(content_digest)
    data = await request.body()
    return await photos.receive_photo(
        photo, data, digest=digest, actor=actor, clock=clock, limits=limits, data_dir=settings.data_dir
    )


@get("/photos/{photo:uuid}", operation_id="getPhoto", media_type="image/jpeg", responses=refusals(NotFound), tags=["tickets"])
async def get_photo(
    photo: FromPath[UUID],
    actor: NamedDependency[Actor],
    settings: NamedDependency[Settings],
    size: FromQuery[PhotoSize] = PhotoSize.FULL,
) -> Response[bytes]:
    """A photo of a ticket that the reader may see, or one they sent and no ticket names yet."""
    return Response(
        await photos.read_photo(photo, size, actor=actor, data_dir=settings.data_dir),
        media_type="image/jpeg",
        headers={
            # Not kept: on a phone that several people use, the next one must not see it after signing out.
            "Cache-Control": "no-store",
            "Content-Disposition": "inline",
            "X-Content-Type-Options": "nosniff",
        },
    )


@post(
    "/neighbourhoods/{neighbourhood:uuid}/tickets",
    operation_id="openTicket",
    opt={"retryable": True},
    responses=refusals(IdTaken, NotInNeighbourhood, PhotoUnusable, NotFound),
    tags=["tickets"],
)
async def open_ticket(
    neighbourhood: FromPath[UUID],
    data: JSONBody[OpenTicket],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
) -> TicketDetail:
    """Report an issue. The same id with the same content gives the same ticket."""
    actor.require(Permission.OPEN_TICKET, neighbourhood)
    return await service.open_ticket(neighbourhood, data, actor=actor, clock=clock, zone=settings.timezone)


@get("/neighbourhoods/{neighbourhood:uuid}/tickets", operation_id="listTickets", responses=refusals(BadCursor), tags=["tickets"])
async def list_tickets(
    neighbourhood: FromPath[UUID],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    states: States = None,
    category: FromQuery[Category | None] = None,
    party: FromQuery[UUID | None] = None,
    unassigned: FromQuery[bool] = False,
    location: FromQuery[UUID | None] = None,
    mine: FromQuery[bool] = False,
    overdue: FromQuery[bool] = False,
    since: InstantText = None,
    order: FromQuery[ListOrder] = ListOrder.NEWEST,
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> TicketPage:
    """The neighbourhood's tickets; for a reader who is nothing but a handler, those of their party and those they opened."""
    actor.require(Permission.LIST_TICKETS, neighbourhood)
    filters = loading.Filters(
        states=tuple(dict.fromkeys(states or ())),
        category=category,
        party=party,
        unassigned=unassigned,
        location=location,
        mine=mine,
        overdue=overdue,
        since=read_instant("since", since),
    )
    return await loading.list_tickets(
        neighbourhood, filters, order=order, cursor=cursor, limit=limit, actor=actor, now=clock.now()
    )


@get("/tickets/{ticket:uuid}", operation_id="getTicket", responses=refusals(NotFound), tags=["tickets"])
async def get_ticket(ticket: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> TicketDetail:
    """A ticket with its whole trail, and what the reader may do with it."""
    return await loading.load_detail(ticket, actor=actor, now=clock.now())


@post(
    "/tickets/{ticket:uuid}/claim",
    operation_id="claimTicket",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(AlreadyClaimed, TicketChanged, TicketRefused, NotYourParty, NotFound),
    tags=["tickets"],
)
async def claim_ticket(
    ticket: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock], if_match: IfMatch = None
) -> TicketDetail:
    """Take it on for one's party."""
    return await service.claim_ticket(ticket, actor=actor, expected=_version(if_match), clock=clock)


@post(
    "/tickets/{ticket:uuid}/decline",
    operation_id="declineTicket",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(TicketChanged, TicketRefused, NotYourParty, NotFound),
    tags=["tickets"],
)
async def decline_ticket(
    ticket: FromPath[UUID],
    data: JSONBody[DeclineTicket],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    if_match: IfMatch = None,
) -> TicketDetail:
    """Say for one's party that it is not theirs to mend; a coordinator hands it on."""
    return await service.decline_ticket(ticket, data, actor=actor, expected=_version(if_match), clock=clock)


@post(
    "/tickets/{ticket:uuid}/hand-over",
    operation_id="handOverTicket",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(TicketChanged, TicketRefused, NotYourParty, NotInNeighbourhood, NotFound),
    tags=["tickets"],
)
async def hand_over_ticket(
    ticket: FromPath[UUID],
    data: JSONBody[HandOverTicket],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    if_match: IfMatch = None,
) -> TicketDetail:
    """Give it to another party of the neighbourhood, which has the whole time from now."""
    return await service.hand_over_ticket(
        ticket, data, actor=actor, expected=_version(if_match), clock=clock, zone=settings.timezone
    )


@post(
    "/tickets/{ticket:uuid}/resolution",
    operation_id="resolveTicket",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(TicketChanged, TicketRefused, NotYourParty, PhotoUnusable, NotFound),
    tags=["tickets"],
)
async def resolve_ticket(
    ticket: FromPath[UUID],
    data: JSONBody[ResolveTicket],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    if_match: IfMatch = None,
) -> TicketDetail:
    """Say that it is mended, with a photo of how it looks now."""
    return await service.resolve_ticket(ticket, data, actor=actor, expected=_version(if_match), clock=clock)


@post(
    "/tickets/{ticket:uuid}/verification",
    operation_id="verifyTicket",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(TicketChanged, CannotVerifyOwnWork, PhotoUnusable, NotFound),
    tags=["tickets"],
)
async def verify_ticket(
    ticket: FromPath[UUID],
    data: JSONBody[VerifyTicket],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    if_match: IfMatch = None,
) -> TicketDetail:
    """Say that one has seen it mended."""
    return await service.verify_ticket(ticket, data, actor=actor, expected=_version(if_match), clock=clock)


@post(
    "/tickets/{ticket:uuid}/reopening",
    operation_id="reopenTicket",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(TicketChanged, PhotoUnusable, NotFound),
    tags=["tickets"],
)
async def reopen_ticket(
    ticket: FromPath[UUID],
    data: JSONBody[ReopenTicket],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    if_match: IfMatch = None,
) -> TicketDetail:
    """Say that one has seen it not mended; the same party has the whole time from now."""
    return await service.reopen_ticket(
        ticket, data, actor=actor, expected=_version(if_match), clock=clock, zone=settings.timezone
    )


def _version(if_match: str | None) -> int | None:
    """Raises BadRequest."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _VERSION.fullmatch(if_match.strip())
    if found is None:
        raise BadRequest("If-Match takes a ticket's version, e.g. 3.")
    return int(found[2])


def _digest(content_digest: str | None) -> bytes | None:
    """The SHA-256 of a Content-Digest header; None when it names only other algorithms, which RFC 9530 lets us pass over.

    Raises BadRequest.
    """
    found = _DIGEST.search(content_digest or "")
    if found is None:
        return None
    try:
        digest = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 32 or not (found[1] and found[3]):
        raise BadRequest("Content-Digest: sha-256 takes 32 bytes in base64 between colons (RFC 9530).")
    return digest


router = Router(
    "",
    route_handlers=[
        upload_photo,
        get_photo,
        open_ticket,
        list_tickets,
        get_ticket,
        claim_ticket,
        decline_ticket,
        hand_over_ticket,
        resolve_ticket,
        verify_ticket,
        reopen_ticket,
    ],
)
