"""The web service, put together: the one place, beside the worker and the command line, that names every feature."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import structlog
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from mingxun import __version__
from mingxun.checkins import routes as checkins
from mingxun.kit import database, logs
from mingxun.kit.assets import Assets
from mingxun.kit.children import STOPPING
from mingxun.kit.clock import Clock, SystemClock
from mingxun.kit.contract import contract
from mingxun.kit.errors import answer
from mingxun.kit.http import Boundary, Frame
from mingxun.kit.migrate import pending
from mingxun.kit.postgres import EmbeddedPostgres
from mingxun.kit.problems import Unauthenticated, Unavailable
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings, load
from mingxun.kit.signing import Keys, load_or_make
from mingxun.notifications import routes as notifications
from mingxun.notifications.listener import HintListener
from mingxun.people import routes as people
from mingxun.people.access import Actor
from mingxun.people.sessions import cookie_name, load_actor
from mingxun.places import routes as places
from mingxun.shifts import routes as shifts
from mingxun.tickets import routes as tickets

logger = structlog.get_logger(__name__)

PWA = Path(__file__).resolve().parents[2] / "pwa" / "dist"
"""Where `npm run build` puts the app."""
MAX_BODY = 256 * 1024
"""Bytes of a request's body, where a route does not say otherwise."""


def database_dsn(settings: Settings) -> str:
    """Where the database is: `DATABASE_URL`, or the embedded one of this data directory."""
    return settings.database_url or EmbeddedPostgres(settings.data_dir).dsn


ROUTERS = (people.router, places.router, shifts.router, tickets.router, checkins.router, notifications.router)


@get("/healthz", operation_id="healthz", opt={"transaction": False}, tags=["operation"], media_type=MediaType.TEXT)
async def healthz() -> str:
    """This process answers."""
    return "ok"


@get("/readyz", operation_id="readyz", opt={"transaction": False}, tags=["operation"], media_type=MediaType.TEXT)
async def readyz() -> str:
    """The database answers, too, and has the tables of this version. 503 otherwise."""
    async with database.transaction():
        await database.fetch_value("SELECT 1")
    if await pending():
        raise Unavailable
    return "ready"


def create_litestar(settings: Settings, keys: Keys, *, clock: Clock, manage_database: bool = True) -> Litestar:
    """The API by itself. With `manage_database` False the pool is the caller's business."""

    async def provide_actor(request: Request[Any, Any, Any]) -> Actor:
        actor = request.scope["state"].get("actor")
        if actor is None:
            raise Unauthenticated
        return cast(Actor, actor)

    async def authenticate(token: str) -> Actor | None:
        return await load_actor(token, now=clock.now())

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if manage_database:
                await database.open_pool(database_dsn(settings), size=settings.pool_size, at_once=False)
                stack.push_async_callback(database.close_pool)
            hints = HintListener(database_dsn(settings))
            app.state.hints = hints
            await hints.start()
            stack.push_async_callback(hints.stop)
            if threading.current_thread() is threading.main_thread():
                asyncio.get_running_loop().add_signal_handler(STOPPING, hints.close_streams)
            yield

    document: dict[str, bytes] = {}

    @get("/api/openapi.json", operation_id="getContract", opt={"transaction": False}, include_in_schema=False)
    async def openapi_json() -> Response[bytes]:
        if not document:
            document["json"] = msgspec.json.encode(contract(app, cookie=cookie_name(settings)))
        return Response(document["json"], media_type="application/json")

    limits = RateLimits(clock)
    given: dict[str, Callable[[], Any]] = {
        "clock": lambda: clock,
        "settings": lambda: settings,
        "keys": lambda: keys,
        "limits": lambda: limits,
    }
    app = Litestar(
        route_handlers=[Router("/api", route_handlers=ROUTERS), healthz, readyz, openapi_json],
        dependencies={
            "actor": Provide(provide_actor),
            **{name: Provide(give, sync_to_thread=False) for name, give in given.items()},
        },
        middleware=[
            DefineMiddleware(
                Boundary,
                authenticate=authenticate,
                cookie=cookie_name(settings),
                clock=clock,
                fingerprint=lambda data: keys.mac("idempotency", data),
            )
        ],
        exception_handlers={Exception: answer},
        lifespan=[lifespan],
        openapi_config=OpenAPIConfig(
            title="Mingxun 明巡",
            version=__version__,
            description="Neighbourhood volunteers, from the roster to the repair.",
            path="/api/schema",
            render_plugins=[],
            create_examples=False,
        ),
        request_max_body_size=MAX_BODY,
        debug=False,
        logging_config=None,
    )
    return app


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The whole service as one ASGI app. Without `settings`, those of `MINGXUN_DATA_DIR` (the server's own processes)."""
    if settings is None:
        settings = load(Path(os.environ["MINGXUN_DATA_DIR"]))
    logs.configure(settings.log_level)
    api = create_litestar(settings, load_or_make(settings.data_dir), clock=SystemClock())
    return framed(api, settings)


def framed(api: Litestar, settings: Settings, *, pwa: Path = PWA) -> ASGIApp:
    """The API within static files (those in `pwa`), security headers and request ids."""
    methods = {route.path_format: ", ".join(sorted(route.methods)) for route in api.routes if isinstance(route, HTTPRoute)}
    return cast(ASGIApp, Frame(cast(ASGIApp, Assets(cast(ASGIApp, api), pwa)), settings, methods=methods))
