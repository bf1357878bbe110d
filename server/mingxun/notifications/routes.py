"""The routes of the inbox, of push subscriptions and of live updates, all of them about one's own; and what reached whom."""

from datetime import timedelta
from uuid import UUID

from litestar import Router, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from mingxun.kit.clock import Clock
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import Forbidden, NotFound, RateLimited, Unauthenticated, Unavailable, refusals
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.notifications import reach, service
from mingxun.notifications.listener import HintListener
from mingxun.notifications.problems import BrokenSubscriptionKeys, EndpointRefused, NoSubscription, SubscriptionGone
from mingxun.notifications.schemas import (
    DeliveryPage,
    MarkRead,
    MessageOut,
    MessagePage,
    PushKey,
    PushSubscriptionList,
    PushSubscriptionOut,
    SubscribePush,
    Unread,
)
from mingxun.people.access import Actor


@get("/push-key", operation_id="getPushKey", responses=refusals(Unauthenticated), tags=["notifications"])
async def get_push_key(actor: NamedDependency[Actor], keys: NamedDependency[Keys]) -> PushKey:
    """The key that browsers subscribe with."""
    return PushKey(key=keys.vapid_public)


@post(
    "/me/push-subscriptions",
    operation_id="subscribePush",
    opt={"retryable": True},
    responses=refusals(EndpointRefused, BrokenSubscriptionKeys, SubscriptionGone, RateLimited, Unauthenticated),
    tags=["notifications"],
)
async def subscribe_push(
    data: JSONBody[SubscribePush],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    limits: NamedDependency[RateLimits],
) -> PushSubscriptionOut:
    """Push to this browser from now on, until it signs out. The same endpoint again renews it."""
    await limits.take("push-subscription", str(actor.person), limit=60, per=timedelta(hours=1))
    return await service.subscribe(actor, data, allow_private=settings.push_allow_private, now=clock.now())


@get("/me/push-subscriptions", operation_id="listPushSubscriptions", responses=refusals(Unauthenticated), tags=["notifications"])
async def list_push_subscriptions(actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> PushSubscriptionList:
    """One's own browsers that are pushed to."""
    return PushSubscriptionList(items=await service.list_subscriptions(actor, now=clock.now()))


@delete(
    "/me/push-subscriptions/{subscription:uuid}",
    operation_id="unsubscribePush",
    opt={"retryable": True},
    responses=refusals(NotFound, Unauthenticated),
    tags=["notifications"],
)
async def unsubscribe_push(subscription: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """Push there no more."""
    await service.unsubscribe(actor.person, subscription, now=clock.now())


@post(
    "/messages/{message:uuid}/shown",
    operation_id="confirmPushShown",
    status_code=204,
    responses=refusals(NotFound, Unauthenticated),
    tags=["notifications"],
)
async def confirm_push_shown(message: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> None:
    """The phone says that it showed a pushed message."""
    await service.confirm_shown(actor, message, now=clock.now())


@post(
    "/me/push-test",
    operation_id="sendTestPush",
    status_code=202,
    opt={"retryable": True},
    responses=refusals(NoSubscription, RateLimited, Unauthenticated),
    tags=["notifications"],
)
async def send_test_push(
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    limits: NamedDependency[RateLimits],
) -> MessageOut:
    """Push a trial message to one's own browsers."""
    await limits.take("push-test", str(actor.person), limit=10, per=timedelta(hours=1))
    return await service.send_test(actor, now=clock.now(), zone=settings.timezone)


@get("/me/inbox", operation_id="listInbox", responses=refusals(BadCursor, Unauthenticated), tags=["notifications"])
async def list_inbox(actor: NamedDependency[Actor], cursor: CursorParam = None, limit: Limit = 50) -> MessagePage:
    """One's own messages, newest first."""
    return await service.list_inbox(actor.person, cursor=cursor, limit=limit)


@post(
    "/me/inbox/read",
    operation_id="markRead",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(Unauthenticated),
    tags=["notifications"],
)
async def mark_read(data: JSONBody[MarkRead], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> Unread:
    """Mark messages as read; unknown ones are left alone."""
    return Unread(unread=await service.mark_read(actor.person, data, now=clock.now()))


@get(
    "/neighbourhoods/{neighbourhood:uuid}/deliveries",
    operation_id="listDeliveries",
    responses=refusals(BadCursor, NotFound, Forbidden, Unauthenticated),
    tags=["notifications"],
)
async def list_deliveries(
    neighbourhood: FromPath[UUID],
    subject: FromQuery[UUID],
    actor: NamedDependency[Actor],
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> DeliveryPage:
    """What people were told about a shift or ticket (`subject`), newest first, and whether it reached them."""
    return await reach.list_deliveries(actor, neighbourhood, subject, cursor=cursor, limit=limit)


@get(
    "/events",
    operation_id="streamEvents",
    opt={"transaction": False},
    media_type="text/event-stream",
    responses=refusals(Unauthenticated, Unavailable),
    tags=["notifications"],
)
async def stream_events(actor: NamedDependency[Actor], state: State) -> Stream:
    """Server-sent events, each `hint` with a `Hint` as its data: something changed, read it anew. So does reconnecting."""
    hints: HintListener | None = state.get("hints")
    if hints is None:
        raise Unavailable
    return Stream(
        hints.stream(actor),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


router = Router(
    "/",
    route_handlers=[
        get_push_key,
        subscribe_push,
        list_push_subscriptions,
        unsubscribe_push,
        confirm_push_shown,
        send_test_push,
        list_inbox,
        mark_read,
        list_deliveries,
        stream_events,
    ],
)
