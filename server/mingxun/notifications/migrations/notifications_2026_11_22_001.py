"""Messages, push subscriptions and deliveries."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from mingxun.kit.migrate import run_sql

ID = "2026-11-22T00:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "messages, push subscriptions, deliveries"

SQL = """
CREATE TABLE message (
    id uuid PRIMARY KEY,
    neighbourhood uuid REFERENCES area (id),
    person uuid NOT NULL REFERENCES person (id),
    fact uuid REFERENCES fact (id),
    kind text NOT NULL,
    language text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    path text NOT NULL,
    at timestamptz NOT NULL,
    read_at timestamptz,
    push text NOT NULL CHECK (push IN ('inbox_only', 'waiting', 'accepted', 'shown', 'failed', 'no_channel')),
    -- A fact that is announced twice (a worker died in between) tells nobody twice.
    CONSTRAINT message_once UNIQUE (fact, person, kind)
);
CREATE INDEX message_inbox ON message (person, at DESC, id DESC);
CREATE INDEX message_unread ON message (person) WHERE read_at IS NULL;

CREATE TABLE push_subscription (
    id uuid PRIMARY KEY,
    person uuid NOT NULL REFERENCES person (id),
    session uuid REFERENCES session (id) ON DELETE SET NULL,
    endpoint text NOT NULL,
    p256dh text NOT NULL,
    auth text NOT NULL,
    made_at timestamptz NOT NULL,
    last_delivered_at timestamptz,
    failures integer NOT NULL DEFAULT 0,
    retired_at timestamptz,
    retired_reason text,
    CONSTRAINT push_subscription_endpoint UNIQUE (endpoint),
    CONSTRAINT push_subscription_retired CHECK ((retired_at IS NULL) = (retired_reason IS NULL))
);
CREATE INDEX push_subscription_person ON push_subscription (person) WHERE retired_at IS NULL;
CREATE INDEX push_subscription_session ON push_subscription (session);

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    neighbourhood uuid,
    message uuid NOT NULL REFERENCES message (id),
    subscription uuid NOT NULL REFERENCES push_subscription (id),
    state text NOT NULL CHECK (state IN ('waiting', 'accepted', 'shown', 'failed')),
    attempts integer NOT NULL,
    last_status integer,
    reason text,
    at timestamptz NOT NULL,
    CONSTRAINT delivery_once UNIQUE (message, subscription)
);
CREATE INDEX delivery_subscription ON delivery (subscription);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="notifications", description=DESCRIPTION)
    manager.add_raw(run_sql(SQL))
    return manager
