"""Every error the API answers, as RFC 9457 problem details.

A feature subclasses `Problem` once for each thing that can be wrong. The app words a problem from its `type` and its extension
members, in the reader's language; `detail` is for whoever reads the API by hand.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from litestar.openapi.datastructures import ResponseSpec

MEDIA_TYPE = "application/problem+json"


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. Problems of some types have further members; each is described at its operation."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    """The request's id, as in the logs."""


class Problem(Exception):
    """Something the client can act on. `members` become extension members of the problem."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request can't be understood"

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or (self.__doc__ or self.title).strip().split("\n")[0]
        self.members = members
        self.headers = dict(headers or {})

    def encode(self, instance: str) -> bytes:
        """The body of the answer."""
        return msgspec.json.encode(
            {
                "type": f"/problems/{self.slug}",
                "title": self.title,
                "status": self.status,
                "detail": self.detail,
                "instance": instance,
                **self.members,
            }
        )


class BadRequest(Problem):
    """The request is not of the form that this operation takes."""


class InvalidBody(Problem):
    """The body or a parameter is not as the contract says; `errors` names each field."""

    status = 400
    slug = "invalid-request"
    title = "Something in the request is not as it should be"


class Unauthenticated(Problem):
    """Sign in first."""

    status = 401
    slug = "not-signed-in"
    title = "Nobody is signed in"


class Forbidden(Problem):
    """Your roles here don't allow this; ask a coordinator."""

    status = 403
    slug = "not-allowed"
    title = "Your roles don't allow this"


class OtherAuthor(Problem):
    """This was made by somebody else than is signed in here (`X-Author`); it waits until they are."""

    status = 409
    slug = "other-author"
    title = "Somebody else made this"


class CrossSite(Problem):
    """Changes are accepted from this site's own pages only."""

    status = 403
    slug = "cross-site"
    title = "The request came from another site"


class NotFound(Problem):
    """There is no such thing, or not for you."""

    status = 404
    slug = "not-found"
    title = "Not found"


class MethodNotAllowed(Problem):
    """This address takes other methods; see the `Allow` header."""

    status = 405
    slug = "method-not-allowed"
    title = "This address does not take that method"


class TooSlow(Problem):
    """What was sent did not arrive in time; send it again, where the network is better."""

    status = 408
    slug = "too-slow"
    title = "It took too long to arrive"


class Conflict(Problem):
    """It clashes with what is there already."""

    status = 409
    slug = "conflict"
    title = "It clashes with what is there already"


class IdTaken(Problem):
    """That id belongs to something else already; make a new one."""

    status = 409
    slug = "id-taken"
    title = "That id is taken"


class TooLarge(Problem):
    """It is larger than this operation takes."""

    status = 413
    slug = "too-large"
    title = "Too large"


class UnsupportedMediaType(Problem):
    """Send the body in the media type that the contract names."""

    status = 415
    slug = "unsupported-media-type"
    title = "The body is of a kind that this operation does not take"


class KeyReused(Problem):
    """This Idempotency-Key was used for another request; make a new key."""

    status = 422
    slug = "idempotency-key-reused"
    title = "The key belongs to another request"


class RateLimited(Problem):
    """Too many tries; wait for the time that `Retry-After` says, in seconds."""

    status = 429
    slug = "too-many-tries"
    title = "Too many tries"

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, retry_after=retry_after)


class InternalError(Problem):
    """It is our fault. Nothing was changed; try again. `instance` finds it in the logs."""

    status = 500
    slug = "internal-error"
    title = "Something went wrong here"


class Unavailable(Problem):
    """The service can't reach its database just now; try the same again in some seconds, with the same key: it happens once."""

    status = 503
    slug = "unavailable"
    title = "Not available just now"

    def __init__(self, retry_after: int = 3) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, retry_after=retry_after)


class Overloaded(Problem):
    """The server has no memory or processes left for this just now; nothing was changed, try again in a minute."""

    status = 503
    slug = "overloaded"
    title = "Too much at once"

    def __init__(self, retry_after: int = 60) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, retry_after=retry_after)


class StorageFull(Problem):
    """The server's disk is full, so nothing more can be kept; tell the coordinator, and send it again once there is room."""

    status = 507
    slug = "storage-full"
    title = "The server's disk is full"

    def __init__(self, retry_after: int = 300) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, retry_after=retry_after)


def refusals(*problems: type[Problem]) -> dict[int, ResponseSpec]:
    """The `responses=` of a route: its problems by status, described by their docstrings."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: ResponseSpec(
            data_container=ProblemBody,
            generate_examples=False,
            media_type=MEDIA_TYPE,
            description="; ".join(f"`{p.slug}`: {(p.__doc__ or p.title).strip().splitlines()[0]}" for p in found),
        )
        for status, found in by_status.items()
    }
