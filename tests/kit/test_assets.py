"""The built app, as it is served."""

import gzip
from pathlib import Path

import httpx
import pytest
from litestar import Litestar, get

from mingxun.kit.assets import Assets
from mingxun.kit.errors import answer
from mingxun.kit.http import Frame
from mingxun.kit.settings import Settings


@get("/api/x")
async def api() -> str:
    return "api"


@pytest.fixture
def browser(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>" + "明巡" * 200)
    (tmp_path / "sw.js").write_text("self" * 100)
    (tmp_path / "assets" / "a-1234.js").write_text("let a = 1;" * 100)
    (tmp_path / "assets" / "scan-1.wasm").write_bytes(b"\0asm" * 100)
    settings = Settings(data_dir=tmp_path)
    app = Frame(Assets(Litestar([api], exception_handlers={Exception: answer}), tmp_path), settings)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")  # type: ignore[arg-type]


async def test_every_address_of_the_app_answers_with_its_page(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/shifts/1", "/c/AbC", "/index.html"):
        reply = await browser.get(path)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/nothing.js", "/assets/old-1.js", "/assets/x", "/../pyproject.toml", "/.env", "/%2e%2e/secret.key"]
)
async def test_what_is_no_file_of_the_app_is_not_found(browser: httpx.AsyncClient, path: str) -> None:
    reply = await browser.get(path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"


async def test_files_with_a_hash_in_their_name_are_kept_for_ever_and_the_worker_never(browser: httpx.AsyncClient) -> None:
    assert "immutable" in (await browser.get("/assets/a-1234.js")).headers["cache-control"]
    assert (await browser.get("/sw.js")).headers["cache-control"] == "no-cache"


async def test_what_the_browser_has_is_not_sent_again(browser: httpx.AsyncClient) -> None:
    etag = (await browser.get("/sw.js")).headers["etag"]
    assert (await browser.get("/sw.js", headers={"If-None-Match": f'"other", {etag}'})).status_code == 304
    assert (await browser.get("/sw.js", headers={"If-None-Match": '"other"'})).status_code == 200


async def test_it_is_compressed_for_those_who_take_it(browser: httpx.AsyncClient) -> None:
    async with browser.stream("GET", "/assets/a-1234.js", headers={"Accept-Encoding": "gzip"}) as reply:
        raw = b"".join([part async for part in reply.aiter_raw()])
    assert reply.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == b"let a = 1;" * 100
    plain = await browser.get("/assets/a-1234.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


async def test_webassembly_has_its_own_media_type(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/assets/scan-1.wasm")).headers["content-type"] == "application/wasm"


async def test_only_reading_is_allowed(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD")
    assert (await browser.head("/")).content == b""


async def test_the_api_is_not_shadowed(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/api/x")).text == "api"
    assert (await browser.get("/api/y")).status_code == 404
