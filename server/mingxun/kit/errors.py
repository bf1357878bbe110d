"""Every exception becomes problem details (RFC 9457), those of Litestar and of the database too."""

import asyncio
import errno
from typing import Any

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    SerializationException,
    ValidationException,
)
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE

from mingxun.kit.database import discreet, problem_of
from mingxun.kit.problems import (
    MEDIA_TYPE,
    BadRequest,
    Conflict,
    Forbidden,
    InternalError,
    InvalidBody,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    Problem,
    StorageFull,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

logger = structlog.get_logger(__name__)

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
    ConnectionError,
    asyncio.TimeoutError,
)
"""The database is away, or asks to try again. Nothing was committed, unless the connection was lost while COMMIT was under way:
then nobody can tell. A retry is right in either case, since every write finds out that it was done already, by its
`Idempotency-Key`, by an id of the phone's making, or by looking (`tests/faults/test_lost_commit.py`)."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_EXHAUSTED = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})
"""No memory, no process, no file handle: seen when a child is started or a file opened."""


def problem_from(error: BaseException) -> Problem:
    """What a client is told of `error`. Unknown ones are logged with their trace, and say nothing of the inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _from_litestar(error)
    if isinstance(error, asyncpg.PostgresError):
        known = problem_of(error)
        if known is not None:
            return known
    if isinstance(error, asyncpg.DiskFullError) or (isinstance(error, OSError) and error.errno in _FULL):
        logger.error("the disk is full", error=_named(error))
        return StorageFull()
    if isinstance(error, (MemoryError, asyncpg.OutOfMemoryError)) or (isinstance(error, OSError) and error.errno in _EXHAUSTED):
        logger.error("out of resources", error=_named(error))
        return Overloaded()
    if isinstance(error, _LOST):
        logger.warning("database unavailable", error=type(error).__name__)
        return Unavailable()
    if isinstance(error, (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError, asyncpg.ForeignKeyViolationError)):
        logger.error("constraint without a problem", constraint=error.constraint_name)
        return Conflict()
    logger.error("unexpected error", error=_named(error), exc_info=discreet(error))
    return InternalError()


def _named(error: BaseException) -> str:
    """Its kind and, of the system's errors, which one: `OSError ENOSPC`. Never a path."""
    number = error.errno if isinstance(error, OSError) else None
    return type(error).__name__ + (f" {errno.errorcode.get(number, number)}" if number is not None else "")


def _from_litestar(error: HTTPException) -> Problem:
    if isinstance(error, ValidationException):
        return InvalidBody("Something in the request is not as the contract says; see `errors`.", errors=_errors(error.extra))
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed(headers=dict(error.headers or {}))
    if isinstance(error, NotFoundException):
        return NotFound()
    if isinstance(error, NotAuthorizedException):
        return Unauthenticated()
    if isinstance(error, PermissionDeniedException):
        return Forbidden()
    if error.status_code == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
        return TooLarge()
    if isinstance(error, (ClientException, SerializationException)) and error.status_code < 500:
        return BadRequest(str(error.detail))
    logger.error("unexpected error", error=type(error).__name__, exc_info=discreet(error))
    return InternalError()


def _errors(extra: Any) -> list[dict[str, str]]:
    """Which field and why, without the value: values may be personal."""
    items = [item for item in extra if isinstance(item, dict)] if isinstance(extra, list) else []
    return [{"field": str(item.get("key", "")), "reason": str(item.get("message", ""))} for item in items]


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The app's one exception handler."""
    problem = problem_from(error)
    instance = str(request.scope.get("state", {}).get("request_id", ""))
    return Response(content=problem.encode(instance), status_code=problem.status, media_type=MEDIA_TYPE, headers=problem.headers)
