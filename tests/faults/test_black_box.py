"""What must hold on any running instance, looked at from outside: cookies, headers, whose requests are taken, what is never let in.

What stays on a phone after signing out is in `test_what_stays_on_the_phone`.
"""

import asyncio
import re
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from mingxun.kit.ids import new_id
from tests.faults.every_write import OPERATIONS, RETRYABLE, WRITES, Operation, prepare
from tests.faults.stage import Someone, Stage
from tests.installation import free_port
from tests.tickets.pictures import png_by_hand
from tests.world import PASSWORD

SECURE_URL = "https://mingxun.example.org"
EVIL = "https://mingxun.example.org.evil.example"


@pytest.fixture(scope="module")
async def secure(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """The same installation, as it serves behind a proxy that has a certificate."""
    port = free_port()
    stage.installation.start("server behind TLS", "serve", port=port, environment={"MINGXUN_PUBLIC_URL": SECURE_URL})
    await stage.installation.wait_until_ready(port=port)
    async with httpx.AsyncClient(base_url=f"http://localhost:{port}", headers={"Origin": SECURE_URL}, timeout=30) as client:
        yield client


def _somewhere(operation: Operation) -> str:
    """Its path, with ids of nothing."""
    return re.sub(r"\{\w+\}", lambda _: str(uuid4()), operation.path)


# Cookies and sessions


def _attributes(cookie: str) -> tuple[str, str, dict[str, str]]:
    pair, *rest = cookie.split(";")
    name, _, value = pair.partition("=")
    return name, value, {part.strip().partition("=")[0].lower(): part.strip().partition("=")[2].lower() for part in rest}


async def test_cookies_are_for_this_host_alone_and_out_of_reach_of_scripts(stage: Stage, secure: httpx.AsyncClient) -> None:
    who = stage.someone_new()
    body = {"phone": who.phone, "password": PASSWORD}
    for safe, reply in (
        (True, await secure.post("/api/session", json=body)),
        (False, await stage.send(None, "POST", "/api/session", json=body)),
    ):
        assert reply.status_code == 200, reply.text
        cookies = [_attributes(cookie) for cookie in reply.headers.get_list("set-cookie")]
        assert len(cookies) >= 1
        for name, value, attributes in cookies:
            assert "httponly" in attributes, name
            assert attributes["samesite"] in {"lax", "strict"}, name
            assert attributes["path"] == "/", name
            assert "domain" not in attributes, name
            assert ("secure" in attributes) == safe, name
            assert name.startswith("__Host-") == safe, name
            assert len(value) >= 32, name
    signed_out = await stage.send(who, "DELETE", "/api/session")
    [(_, value, attributes)] = [_attributes(cookie) for cookie in signed_out.headers.get_list("set-cookie")]
    assert value.strip('"') == ""
    assert attributes["max-age"] == "0"


async def test_every_sign_in_makes_a_new_token_and_the_one_before_it_is_dead(stage: Stage) -> None:
    who = stage.someone_new()
    body = {"phone": who.phone, "password": PASSWORD}

    async def sign_in(before: str) -> str:
        reply = await stage.send(before, "POST", "/api/session", json=body)
        assert reply.status_code == 200
        [value] = [value for name, value, _ in map(_attributes, reply.headers.get_list("set-cookie")) if name == "mingxun"]
        return value

    chosen_by_somebody_else = "A" * 43
    first = await sign_in(chosen_by_somebody_else)
    second = await sign_in(first)
    assert len({chosen_by_somebody_else, first, second, who.token}) == 4
    answers = [
        (await stage.send(token, "GET", "/api/me", process=1)).status_code for token in (chosen_by_somebody_else, first, second)
    ]
    assert answers == [401, 401, 200]


# Headers


async def _answers(client: httpx.AsyncClient, token: str, cookie: str) -> dict[str, httpx.Response]:
    """One of each kind of answer."""
    signed_in = {"Cookie": f"{cookie}={token}"}
    page = await client.get("/")
    asset = re.findall(r'"(/assets/[^"]+\.js)"', page.text)[0]
    tag = {"If-None-Match": page.headers["etag"]}
    return {
        "page": page,
        "page of the app": await client.get("/shifts"),
        "asset": await client.get(asset),
        "worker": await client.get("/sw.js"),
        "not modified": await client.get("/", headers=tag),
        "health": await client.get("/healthz"),
        "contract": await client.get("/api/openapi.json"),
        "200": await client.get("/api/me", headers=signed_in),
        "400": await client.post("/api/session", content=b"{", headers={"Content-Type": "application/json"}),
        "401": await client.get("/api/me"),
        "403": await client.post("/api/check-ins", json={}, headers={**signed_in, "Origin": EVIL}),
        "404": await client.get("/api/nothing-here", headers=signed_in),
        "404 of a file": await client.get("/assets/nothing.js"),
        "405": await client.post("/"),
        "405 of the api": await client.put("/api/me", headers=signed_in),
        "413": await _announced(client, 3_000_000),
        "415": await client.post("/api/session", content=b"a=b", headers={"Content-Type": "text/plain"}),
        "options": await client.options("/api/me"),
    }


async def _announced(client: httpx.AsyncClient, size: int) -> httpx.Response:
    """The answer to a body that only says how large it is: whoever sends more than is read may never see the answer."""
    url = client.base_url
    head = f"POST /api/session HTTP/1.1\r\nHost: {url.netloc.decode()}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
    try:
        writer.write(head.encode())
        answer, _, body = (await asyncio.wait_for(reader.read(65536), 10)).partition(b"\r\n\r\n")
    finally:
        writer.transport.abort()
    status, *lines = answer.decode().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return httpx.Response(
        int(status.split(" ")[1]), headers=headers, content=body, request=httpx.Request("POST", f"{url}/api/session")
    )


async def test_every_answer_carries_the_headers_that_hold_a_browser_back(stage: Stage, secure: httpx.AsyncClient) -> None:
    plain = httpx.AsyncClient(base_url=stage.installation.url, headers={"Origin": stage.installation.url}, timeout=30)
    async with plain:
        sets = {
            False: await _answers(plain, stage.coordinator.token, "mingxun"),
            True: await _answers(secure, stage.coordinator.token, "__Host-mingxun"),
        }
    for behind_tls, answers in sets.items():
        for name, reply in answers.items():
            number = name.split(" ")[0]
            assert not number.isdigit() or reply.status_code == int(number), (name, reply.status_code, reply.text)
            headers = reply.headers
            assert headers["x-content-type-options"] == "nosniff", name
            assert headers["referrer-policy"] in {"no-referrer", "same-origin", "strict-origin"}, name
            assert ("strict-transport-security" in headers) == behind_tls, name
            if behind_tls:
                seconds = re.findall(r"max-age=(\d+)", headers["strict-transport-security"])
                assert int(seconds[0]) >= 31_536_000 / 2, name
            _check_policy(headers["content-security-policy"], name)
            if reply.request.url.path.startswith("/api"):
                assert "no-store" in headers["cache-control"] or name == "contract", name
            if reply.status_code >= 400:
                assert headers["content-type"] == "application/problem+json", name
                assert reply.json()["type"].startswith("/problems/"), name
            assert reply.status_code != 500, name


def _check_policy(text: str, name: str) -> None:
    policy = {words[0]: set(words[1:]) for words in (part.split() for part in text.split(";")) if words}
    assert policy["default-src"] <= {"'none'", "'self'"}, name
    assert policy["frame-ancestors"] == {"'none'"}, name
    assert policy["base-uri"] <= {"'none'", "'self'"}, name
    assert policy["form-action"] <= {"'none'", "'self'"}, name
    everything = set().union(*policy.values())
    assert not everything & {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"}, name
    assert "data:" not in policy.get("script-src", set()), name


async def test_no_other_site_is_ever_granted_anything(stage: Stage) -> None:
    asking = {"Origin": EVIL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for operation in OPERATIONS.values():
        if operation.name == "streamEvents":
            continue
        path = _somewhere(operation)
        replies = [await stage.send(None, "OPTIONS", path, headers=asking)]
        if operation.method == "GET":
            replies.append(await stage.send(stage.coordinator, "GET", path, headers={"Origin": EVIL}))
        for reply in replies:
            granted = [name for name in reply.headers if name.startswith("access-control-")]
            assert granted == [], operation.name


# Whose requests are taken


FOREIGN: list[tuple[dict[str, str], int]] = [
    ({"Origin": EVIL}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://localhost:1"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": EVIL}, 403),
    ({"Sec-Fetch-Site": "same-site", "Origin": "https://www.example.org"}, 403),
    ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ({"Content-Type": "text/plain"}, 415),
    ({"Content-Type": "text/plain; application/json"}, 415),
    ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ({"Content-Type": ""}, 415),
]
"""What another site's page can have a browser send with its owner's cookie, and what each is answered with."""


async def test_no_write_is_taken_from_another_site_or_as_a_form(stage: Stage) -> None:
    before = await stage.state()
    for operation in WRITES.values():
        for headers, status in FOREIGN:
            reply = await stage.send(stage.coordinator, operation.method, _somewhere(operation), headers=headers, content=b"{}")
            assert reply.status_code == status, (operation.name, headers, reply.text)
    assert await stage.state() == before
    # The same with requests that would otherwise be accepted.
    writes = [await prepare(name, stage) for name in RETRYABLE]
    before = await stage.state()
    for write in writes:
        how = {**write.how, "headers": {**write.how.get("headers", {}), "Origin": EVIL}}
        reply = await stage.send(write.who, write.method, write.path, **how)
        assert (reply.status_code, reply.json()["type"]) == (403, "/problems/cross-site"), write.operation
    assert await stage.state() == before


async def test_a_write_without_any_origin_is_taken_only_without_a_cookie(stage: Stage) -> None:
    write = await prepare("createParty", stage)
    whole = stage.request(write.who, write.method, write.path, **write.how)
    without = re.sub(rb"(?i)\r\norigin: [^\r]+", b"", whole)
    assert without != whole
    assert (await stage.raw(without)).split(b" ")[1] == b"403"
    without_cookie = re.sub(rb"(?i)\r\ncookie: [^\r]+", b"", without)
    assert (await stage.raw(without_cookie)).split(b" ")[1] == b"401"


async def test_reading_changes_nothing(stage: Stage) -> None:
    shift, who = await stage.new_shift(), stage.someone_new()
    await stage.assign(shift, who)
    ids = {
        "neighbourhood": str(stage.world.here.id),
        "location": stage.place.id,
        "shift": shift,
        "person": str(who.id),
        "ticket": await stage.new_ticket(),
        "attendance": await stage.check_in(who),
        "photo": await stage.new_photo(stage.coordinator),
    }
    read = []
    before = await stage.state()
    for operation in OPERATIONS.values():
        if operation.method != "GET" or operation.name == "streamEvents":
            continue
        path = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], str(uuid4())), operation.path)
        for method in ("GET", "HEAD"):
            reply = await stage.send(
                stage.coordinator, method, path, params={"query": "东明路"} if operation.name == "geocode" else None
            )
            assert reply.status_code < 500, (operation.name, reply.text)
        after = await stage.state()
        changed = {table for table in after if after[table] != before.get(table)}
        # That somebody's record was read is itself recorded: the one trace that reading leaves.
        assert changed <= ({"fact"} if operation.name == "getPerson" else set()), (operation.name, changed)
        before = after
        read.append(operation.name)
    assert len(read) > 15


# What is never let in


async def _accept(stage: Stage, password: str, source: str) -> tuple[httpx.Response, str]:
    """Somebody invited tries this password; the reply, and their number."""
    body = {"name": stage.word(), "role": "volunteer", "area": str(stage.world.here.id)}
    made = await stage.made(stage.coordinator, "POST", f"{stage.area}/invitations", json=body)
    phone = f"139{new_id().int % 10**8:08d}"
    body = {"token": made["url"].rpartition("#")[2], "phone": phone, "password": password}
    return await stage.send(None, "POST", "/api/invitation/acceptance", json=body, headers={"X-Forwarded-For": source}), phone


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("seven77", "too_short"),
        ("password", "common"),
        ("Password123", "common"),
        ("qwertyuiop", "common"),
        ("1qaz2wsx", "common"),
        ("88888888", "one_character"),
        ("123456789", "one_character"),
    ],
)
async def test_a_password_that_is_short_or_among_those_that_leaked_is_refused(stage: Stage, password: str, reason: str) -> None:
    reply, _ = await _accept(stage, password, "198.51.100.31")
    assert (reply.status_code, reply.json()["type"], reply.json()["reason"]) == (422, "/problems/password-refused", reason)


async def test_nothing_but_length_is_asked_of_a_password_and_all_of_it_counts(stage: Stage) -> None:
    long = "moonrise over the east gate and the osmanthus trees of the garden, every autumn evening"
    for number, password in enumerate(("桂花开在东门口了", "only lower case", "        八个空格", long)):
        reply, phone = await _accept(stage, password, "198.51.100.32")
        assert reply.status_code == 200, (password, reply.text)
        source = {"X-Forwarded-For": f"198.51.100.{40 + number}"}
        for tried, status in ((password, 200), (password[:-1], 401), (password[:-1] + "!", 401)):
            body = {"phone": phone, "password": tried}
            assert (await stage.send(None, "POST", "/api/session", json=body, headers=source)).status_code == status


SMUGGLED: dict[str, Any] = {
    "role": "subdistrict_admin",
    "roles": ["secretary"],
    "memberships": [{"role": "secretary"}],
    "state": "verified",
    "status": "verified",
    "person": "00000000-0000-7000-8000-000000000000",
    "owner": "00000000-0000-7000-8000-000000000000",
    "made_by": "00000000-0000-7000-8000-000000000000",
    "neighbourhood": "00000000-0000-7000-8000-000000000000",
    "is_admin": True,
    "disabled_at": None,
    "grade": "rotating_place",
    "flags": [],
    "received_at": "2026-01-01T00:00:00Z",
    "vouched_by": None,
    "version": 1,
    "taken": 0,
    "__proto__": {"role": "secretary"},
}


@pytest.mark.parametrize("name", [name for name in RETRYABLE if "application/json" in OPERATIONS[name].media_types])
async def test_fields_that_are_not_the_senders_to_set_are_refused(stage: Stage, name: str) -> None:
    write = await prepare(name, stage)
    before = await stage.state()
    for field, value in SMUGGLED.items():
        if field in OPERATIONS[name].properties:
            continue
        how = {**write.how, "json": {**write.how["json"], field: value}}
        reply = await stage.send(write.who, write.method, write.path, **how)
        assert (reply.status_code, reply.json()["type"]) == (400, "/problems/invalid-request"), (field, reply.text)
    assert await stage.state() == before


async def test_a_role_is_not_chosen_while_joining_or_setting_a_language(stage: Stage) -> None:
    reply, _ = await _accept(stage, "a good long sentence", "198.51.100.33")
    mine = reply.json()
    assert [one["role"] for one in mine["memberships"]] == ["volunteer"]
    who = stage.someone_new()
    for body in (
        {"language": "zh", "role": "secretary"},
        {"language": "zh", "memberships": []},
        {"language": "zh", "phone": "13800138000"},
    ):
        assert (await stage.send(who, "PATCH", "/api/me", json=body)).status_code == 400


HTML = b"<!doctype html><html><body><script>alert(document.cookie)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="10" height="10"/></svg>'


@pytest.mark.parametrize(
    "content",
    [
        HTML,
        SVG,
        b"GIF89a" + HTML,
        b"%PDF-1.7\n" + HTML,
        b"MZ\x90\x00" + b"\0" * 600,
        png_by_hand(60_000, 60_000, bits=8, colour=2, pixel=b"\0\0\0", rows=0),
        png_by_hand(20_000, 20_000, bits=1, colour=0, pixel=b"", rows=4),
    ],
    ids=["html", "svg", "gif and html", "pdf", "program", "a bomb that claims", "a bomb"],
)
async def test_what_is_no_picture_is_refused_whatever_it_is_called(stage: Stage, content: bytes) -> None:
    who, photo = stage.someone_new(), str(new_id())
    for kind in ("image/jpeg", "image/png", "image/svg+xml", "application/octet-stream"):
        headers = {"Content-Type": kind, "Content-Disposition": 'attachment; filename="photo.jpg"'}
        reply = await stage.send(who, "PUT", f"/api/photos/{photo}", content=content, headers=headers)
        assert (reply.status_code, reply.json()["type"]) == (422, "/problems/photo-refused"), reply.text
    assert (await stage.send(who, "GET", f"/api/photos/{photo}")).status_code == 404


async def test_html_behind_the_head_of_a_jpeg_is_never_given_out_as_it_came(stage: Stage) -> None:
    who, photo = stage.someone_new(), str(new_id())
    polyglot = stage.picture() + HTML
    reply = await stage.send(who, "PUT", f"/api/photos/{photo}", content=polyglot, headers={"Content-Type": "image/jpeg"})
    assert reply.status_code == 200
    seen = await stage.send(who, "GET", f"/api/photos/{photo}")
    assert b"<script>" not in seen.content
    assert (seen.headers["content-type"], seen.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")


def _bomb() -> bytes:
    """An .xlsx of some hundred kilobytes that unpacks to a hundred megabytes."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/workbook.xml", "<workbook/>")
        file.writestr("xl/worksheets/sheet1.xml", b" " * (101 * 1024 * 1024))
    return packed.getvalue()


async def _import(stage: Stage, who: Someone, content: bytes, name: str) -> httpx.Response:
    headers = {"Content-Type": "application/octet-stream", "X-File-Name": quote(name, safe="")}
    return await stage.send(who, "POST", f"{stage.area}/roster-imports", content=content, headers=headers)


async def test_a_roster_that_is_none_or_unpacks_without_end_is_refused(stage: Stage) -> None:
    for content in (_bomb(), HTML, b"MZ\x90\x00", b""):
        reply = await _import(stage, stage.coordinator, content, "名册.xlsx")
        assert (reply.status_code, reply.json()["type"]) == (422, "/problems/roster-unreadable"), reply.text


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/cron.d/x.csv", "a/../../b.csv", "名册\x00.csv", "名册\n.csv"]
)
async def test_a_name_that_leads_elsewhere_is_refused(stage: Stage, name: str) -> None:
    before = await stage.state()
    reply = await _import(stage, stage.coordinator, "姓名\n王五\n".encode(), name)
    assert reply.status_code == 400, reply.text
    assert await stage.state() == before


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/assets/../../../pyproject.toml", "/assets/..%2f..%2fpackage.json",
        "/%2e%2e/%2e%2e/keys/secret.key", "/assets/%00.js", "/api/photos/..%2f..%2fkeys%2fsecret.key",
        "/api/photos/../../keys/secret.key", "/.git/config", "/keys/secret.key", "//etc/passwd.txt",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_what_is_served(stage: Stage, path: str) -> None:
    """As raw bytes: clients tidy such paths up before they send them."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: mingxun={stage.coordinator.token}\r\nConnection: close\r\n\r\n"
    answer = await stage.raw(request.encode())
    # An address that is no file's is the app's own page.
    assert answer.split(b" ")[1] in {b"400", b"404"} or b'<div id="app">' in answer, answer[:200]
    for secret in (b"root:", b"[project]", b"dependencies", b"BEGIN", b"[core]"):
        assert secret not in answer
