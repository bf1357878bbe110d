"""The tables of messages, subscriptions and deliveries, and nothing else. The constraints stand in the migration."""

from piccolo.columns import UUID, Integer, Text, Timestamptz
from piccolo.table import Table

from mingxun.kit.database import ENGINE


class Message(Table, tablename="message", db=ENGINE):
    """One message to one person, as it was worded for them."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID(null=True, default=None)
    """None for what has none, as a trial push to somebody of the subdistrict."""
    person = UUID(default=None)
    fact = UUID(null=True, default=None)
    """None for a trial push."""
    kind = Text()
    language = Text()
    title = Text()
    body = Text()
    path = Text()
    at = Timestamptz()
    read_at = Timestamptz(null=True, default=None)
    push = Text()
    """The best that became of its deliveries; see `schemas.DeliveryState`."""


class PushSubscriptionRow(Table, tablename="push_subscription", db=ENGINE):
    """A browser that can be pushed to, for as long as the session lives in which it said so."""

    id = UUID(primary_key=True, default=None)
    person = UUID(default=None)
    session = UUID(null=True, default=None)
    """None once the session is gone."""
    endpoint = Text()
    p256dh = Text()
    auth = Text()
    made_at = Timestamptz()
    last_delivered_at = Timestamptz(null=True, default=None)
    failures = Integer()
    """Failed attempts since something was delivered last."""
    retired_at = Timestamptz(null=True, default=None)
    retired_reason = Text(null=True, default=None)


class Delivery(Table, tablename="delivery", db=ENGINE):
    """A message on its way to one subscription."""

    id = UUID(primary_key=True, default=None)
    neighbourhood = UUID(null=True, default=None)
    message = UUID(default=None)
    subscription = UUID(default=None)
    state = Text()
    attempts = Integer()
    last_status = Integer(null=True, default=None)
    """What the push service answered last (HTTP)."""
    reason = Text(null=True, default=None)
    """Why the last attempt failed; see `outcomes.Reason`."""
    at = Timestamptz()
    """When the state was reached."""
