"""Serves the built app: its files, and its one page for every address that is not a file's.

Everything is held in memory (a few megabytes), compressed once. `/assets/*` carries a hash in its name and never changes; the page,
the service worker and the manifest are asked for each time, and answered with 304 when they are the same.
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from mingxun.kit.http import send_problem
from mingxun.kit.problems import MethodNotAllowed, NotFound

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".map": "application/json",
}
_COMPRESSED = {".html", ".js", ".css", ".json", ".webmanifest", ".wasm", ".svg", ".txt"}
_OURS = ("/api", "/healthz", "/readyz", "/problems")


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    gzipped: bytes | None
    etag: bytes
    media_type: bytes
    immutable: bool


class Assets:
    """ASGI layer before the API. Without a built app in `folder`, pages answer 404 with a problem that says how to build it."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._files = {f"/{path.relative_to(folder).as_posix()}": _load(path, folder) for path in _files_in(folder)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != ScopeType.HTTP or _is_ours(path):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        request_id = str(scope["state"]["request_id"])
        file = self._files.get(path)
        if file is None and "." not in path.rsplit("/", 1)[-1] and not path.startswith("/assets/"):
            file = self._files.get("/index.html")
        if file is None:
            detail = "There is no such page." if self._files else "The app is not built yet: ./scripts/start builds it."
            await send_problem(NotFound(detail), request_id, send)
        elif method not in {"GET", "HEAD"}:
            await send_problem(MethodNotAllowed(headers={"Allow": "GET, HEAD"}), request_id, send)
        else:
            await _send_file(file, Headers.from_scope(scope), send, head=method == "HEAD")


def _is_ours(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _OURS)


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()] if folder.is_dir() else []


def _load(path: Path, folder: Path) -> _File:
    body = path.read_bytes()
    gzipped = gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED else None
    return _File(
        body=body,
        gzipped=gzipped if gzipped is not None and len(gzipped) < len(body) else None,
        etag=b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"',
        media_type=_TYPES.get(path.suffix, "application/octet-stream").encode(),
        immutable=path.relative_to(folder).parts[0] == "assets",
    )


async def _send_file(file: _File, sent: Headers, send: Send, *, head: bool) -> None:
    cache = b"public, max-age=31536000, immutable" if file.immutable else b"no-cache"
    headers = [(b"etag", file.etag), (b"cache-control", cache), (b"vary", b"accept-encoding")]
    matches = [tag.strip().removeprefix("W/").encode() for tag in sent.get("if-none-match", "").split(",")]
    if file.etag in matches or b"*" in matches:
        await _answer(send, 304, headers, b"")
        return
    body = file.body
    if file.gzipped is not None and "gzip" in sent.get("accept-encoding", ""):
        body = file.gzipped
        headers.append((b"content-encoding", b"gzip"))
    headers += [(b"content-type", file.media_type), (b"content-length", str(len(body)).encode())]
    await _answer(send, 200, headers, b"" if head else body)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
