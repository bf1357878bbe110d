import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
import pypdfium2  # type: ignore[import-untyped]
import pytest
import typst
import zxingcpp
from PIL import Image

from mingxun.app import create_litestar, framed
from mingxun.kit.ids import new_id
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.places import CodeKind, read_code
from mingxun.places.rules import Location
from mingxun.places.schemas import Position
from tests.conftest import ORIGIN, TestClock
from tests.places.conftest import Add
from tests.places.test_geocoding import Standin, standin  # noqa: F401 - a fixture
from tests.world import Neighbourhood, Person, World

ClientOf = Callable[[Person | UUID], Awaitable[httpx.AsyncClient]]

MEMBERS = {"volunteer", "building_leader", "coordinator", "secretary", "handler", "subdistrict_admin"}
PLANNERS = {"coordinator", "secretary", "subdistrict_admin"}
LEADERS = PLANNERS | {"building_leader"}

Call = tuple[str, str, object]


def calls(place: Neighbourhood, location: Location) -> dict[str, tuple[Call, set[str], int]]:
    """Every operation: a request that would succeed, who may make it, and the status of success."""
    n, one = f"/api/neighbourhoods/{place.id}", f"/api/locations/{location.id}"
    area = {"parent": str(place.id), "kind": "building", "name": "12号楼"}
    return {
        "listAreas": (("GET", f"{n}/areas", None), MEMBERS, 200),
        "createArea": (("POST", f"{n}/areas", area), PLANNERS, 201),
        "listLocations": (("GET", f"{n}/locations", None), MEMBERS, 200),
        "createLocation": (("POST", f"{n}/locations", {"area": str(place.id), "name": "北门"}), PLANNERS, 201),
        "getLocation": (("GET", one, None), MEMBERS, 200),
        "updateLocation": (("PATCH", one, {"address": "凌兆路300弄"}), PLANNERS, 200),
        "rekeyLocation": (("POST", f"{one}/rekeying", None), PLANNERS, 200),
        "getRotatingCode": (("GET", f"{one}/rotating-code", None), LEADERS, 200),
        "printPosters": (("GET", f"{n}/posters", None), PLANNERS, 200),
        "geocode": (("POST", f"{n}/geocoding", {"query": "凌兆路"}), PLANNERS, 409),
    }


OPERATIONS = (
    "listAreas",
    "createArea",
    "listLocations",
    "createLocation",
    "getLocation",
    "updateLocation",
    "rekeyLocation",
    "getRotatingCode",
    "printPosters",
    "geocode",
)


async def send(client: httpx.AsyncClient, call: Call) -> httpx.Response:
    method, path, body = call
    return await client.request(method, path, json=body) if body is not None else await client.request(method, path)


def person_of(world: World, role: str) -> Person:
    return world.subdistrict_admin if role == "subdistrict_admin" else world.here.people()[role]


@pytest.mark.parametrize("role", sorted(MEMBERS))
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_each_role_may_do_what_the_page_says_and_nothing_else(
    world: World, client_of: ClientOf, add: Add, operation: str, role: str
) -> None:
    call, who, success = calls(world.here, await add(world.here, "东门"))[operation]
    answer = await send(await client_of(person_of(world, role)), call)
    assert answer.status_code == (success if role in who else 403), answer.text


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_for_other_neighbourhoods_people_there_is_nothing_there(
    world: World, client_of: ClientOf, add: Add, operation: str
) -> None:
    call, _, _ = calls(world.here, await add(world.here, "东门"))[operation]
    for outsider in (world.there.coordinator, world.there.secretary, world.stranger):
        assert (await send(await client_of(outsider), call)).status_code == 404


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_nobody_gets_anything_without_signing_in(
    world: World, anonymous: httpx.AsyncClient, add: Add, operation: str
) -> None:
    call, _, _ = calls(world.here, await add(world.here, "东门"))[operation]
    assert (await send(anonymous, call)).status_code == 401


async def test_the_tree_comes_parents_first_and_a_new_building_joins_it(world: World, client_of: ClientOf) -> None:
    client = await client_of(world.here.coordinator)
    path = f"/api/neighbourhoods/{world.here.id}/areas"
    body = {"parent": str(world.here.grid.id), "kind": "building", "name": "12号楼"}
    made = (await client.post(path, json=body)).json()
    items = (await client.get(path)).json()["items"]
    assert items[0]["id"] == str(world.here.id)
    assert made in items
    seen: set[str] = {str(world.subdistrict.id)}
    for item in items:
        assert item["parent"] in seen
        seen.add(item["id"])


@pytest.mark.parametrize(
    ("parent", "kind", "name", "status", "slug"),
    [
        ("here", "building", "12号楼", 201, None),
        ("grid", "building", "9号楼", 409, "area-exists"),
        ("building", "building", "12号楼", 422, "area-misplaced"),
        ("building", "grid", "二网格", 422, "area-misplaced"),
        ("here", "neighbourhood", "又一里", 422, "area-misplaced"),
        ("here", "subdistrict", "街道", 422, "area-misplaced"),
        ("subdistrict", "neighbourhood", "又一里", 404, "not-found"),
        ("there", "building", "12号楼", 404, "not-found"),
    ],
)
async def test_an_area_goes_below_a_parent_that_fits(
    world: World, client_of: ClientOf, parent: str, kind: str, name: str, status: int, slug: str | None
) -> None:
    parents = {
        "here": world.here.id,
        "there": world.there.id,
        "grid": world.here.grid.id,
        "building": world.here.buildings[0].id,
        "subdistrict": world.subdistrict.id,
    }
    client = await client_of(world.here.coordinator)
    body = {"parent": str(parents[parent]), "kind": kind, "name": name}
    answer = await client.post(f"/api/neighbourhoods/{world.here.id}/areas", json=body)
    assert answer.status_code == status, answer.text
    if slug:
        assert answer.json()["type"] == f"/problems/{slug}"


async def test_a_location_is_made_from_an_amap_position_and_read_back_in_wgs84(world: World, client_of: ClientOf) -> None:
    client = await client_of(world.here.coordinator)
    body = {
        "area": str(world.here.grid.id),
        "name": "东门岗亭",
        "address": "凌兆路300弄",
        "position": {"latitude": 31.14, "longitude": 121.51, "datum": "gcj02"},
        "fence_radius": 60,
    }
    made = (await client.post(f"/api/neighbourhoods/{world.here.id}/locations", json=body)).json()
    assert made == (await client.get(f"/api/locations/{made['id']}")).json()
    assert (made["plate"], made["area_name"], made["source_datum"], made["fence_radius"]) == ("01", "第一微网格", "gcj02", 60)
    assert 31.141 < made["latitude"] < 31.143 or 31.137 < made["latitude"] < 31.14
    assert len(made["number"]) == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "东\u0000门"},
        {"name": "长" * 41},
        {"plate": "12345"},
        {"plate": "甲"},
        {"fence_radius": 19},
        {"fence_radius": 1001},
        {"position": {"latitude": 91, "longitude": 121}},
        {"position": {"latitude": 31, "longitude": 121, "datum": "mars"}},
        {"position": {"latitude": 31}},
        {"key_version": 7},
        {"area": "not-an-id"},
    ],
)
async def test_what_the_contract_does_not_allow_is_refused(world: World, client_of: ClientOf, wrong: dict[str, object]) -> None:
    client = await client_of(world.here.coordinator)
    body = {"area": str(world.here.id), "name": "东门", **wrong}
    answer = await client.post(f"/api/neighbourhoods/{world.here.id}/locations", json=body)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"name": "东门"}, "location-name-taken"),
        ({"name": "西门", "plate": "01"}, "plate-taken"),
        ({"name": "西门", "plate": "1"}, "plate-taken"),
    ],
)
async def test_a_taken_name_or_plate_is_a_problem_with_a_name(
    world: World, client_of: ClientOf, add: Add, body: dict[str, str], slug: str
) -> None:
    await add(world.here, "东门", plate="01")
    client = await client_of(world.here.coordinator)
    answer = await client.post(f"/api/neighbourhoods/{world.here.id}/locations", json={"area": str(world.here.id), **body})
    assert (answer.status_code, answer.json()["type"]) == (409, f"/problems/{slug}")


async def test_a_retry_with_the_same_key_makes_one_location(world: World, client_of: ClientOf) -> None:
    client = await client_of(world.here.coordinator)
    path = f"/api/neighbourhoods/{world.here.id}/locations"
    body, headers = {"area": str(world.here.id), "name": "东门"}, {"Idempotency-Key": "k-1"}
    first = await client.post(path, json=body, headers=headers)
    again = await client.post(path, json=body, headers=headers)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await client.get(path)).json()["items"]) == 1


async def test_a_retried_re_keying_happens_once(world: World, client_of: ClientOf, add: Add) -> None:
    made = await add(world.here, "东门")
    client = await client_of(world.here.coordinator)
    for _ in range(2):
        answer = await client.post(f"/api/locations/{made.id}/rekeying", headers={"Idempotency-Key": "k-2"})
        assert (answer.status_code, answer.json()["key_version"]) == (200, 2)


async def test_numbers_are_shown_to_those_who_print_posters_only(world: World, client_of: ClientOf, add: Add) -> None:
    made = await add(world.here, "东门")
    for role in MEMBERS:
        client = await client_of(person_of(world, role))
        shown = (await client.get(f"/api/locations/{made.id}")).json()["number"]
        listed = (await client.get(f"/api/neighbourhoods/{world.here.id}/locations")).json()["items"][0]["number"]
        assert shown == listed == (made.number if role in PLANNERS else None)


async def test_the_list_is_paged_searched_and_of_one_neighbourhood(world: World, client_of: ClientOf, add: Add) -> None:
    for number in range(1, 6):
        await add(world.here, f"点位{number}")
    await add(world.there, "点位9")
    client = await client_of(world.here.volunteer)
    path = f"/api/neighbourhoods/{world.here.id}/locations"
    first = (await client.get(path, params={"limit": 3})).json()
    second = (await client.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [item["plate"] for item in first["items"] + second["items"]] == ["01", "02", "03", "04", "05"]
    assert second["next_cursor"] is None
    assert [item["name"] for item in (await client.get(path, params={"query": "点位4"})).json()["items"]] == ["点位4"]
    assert (await client.get(path, params={"cursor": "xxxx"})).status_code == 422
    assert (await client.get(path, params={"query": "a\u0000b"})).status_code == 400
    assert (await client.get(path, params={"limit": 101})).status_code == 400


async def test_what_is_not_there_answers_404(world: World, client_of: ClientOf) -> None:
    client = await client_of(world.here.coordinator)
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/rekeying"), ("GET", "/rotating-code")):
        body = {"json": {"name": "东门"}} if method == "PATCH" else {}
        assert (await client.request(method, f"/api/locations/{new_id()}{path}", **body)).status_code == 404  # type: ignore[arg-type]


async def test_the_tablets_code_changes_every_30_seconds_and_reads_back(
    world: World, client_of: ClientOf, add: Add, clock: TestClock, keys: Keys
) -> None:
    made = await add(world.here, "东门")
    client = await client_of(world.here.building_leader)
    first = (await client.get(f"/api/locations/{made.id}/rotating-code")).json()
    now = clock.now()
    next_at, valid_until = (msgspec.convert(first[name], type(now)) for name in ("next_at", "valid_until"))
    assert now < next_at <= now + timedelta(seconds=30)
    assert valid_until == next_at + timedelta(seconds=30)
    found = await read_code(first["url"], neighbourhoods=(), at=now, keys=keys)
    assert (found.location.id, found.kind, found.stale) == (made.id, CodeKind.ROTATING, False)
    clock.at = next_at
    second = (await client.get(f"/api/locations/{made.id}/rotating-code")).json()
    assert second["url"] != first["url"]
    assert not (await read_code(first["url"], neighbourhoods=(), at=valid_until - timedelta(seconds=1), keys=keys)).stale
    assert (await read_code(first["url"], neighbourhoods=(), at=valid_until, keys=keys)).stale
    page = b'#set page(width: 60mm, height: 60mm, margin: 0mm)\n#image(bytes(sys.inputs.qr), format: "svg", width: 60mm)'
    picture = Image.open(BytesIO(typst.compile(page, format="png", sys_inputs={"qr": first["svg"]})))
    code = zxingcpp.read_barcode(picture)
    assert code is not None
    assert code.text == first["url"]


async def test_re_keying_ends_posters_and_the_tablets_code_alike(
    world: World, client_of: ClientOf, add: Add, clock: TestClock, keys: Keys
) -> None:
    made = await add(world.here, "东门")
    client = await client_of(world.here.coordinator)
    poster = await posters(client, world.here)
    tablet = (await client.get(f"/api/locations/{made.id}/rotating-code")).json()["url"]
    again = (await client.post(f"/api/locations/{made.id}/rekeying")).json()
    assert (again["key_version"], again["number"] != made.number) == (2, True)
    for old in (poster[0][0], tablet, made.number):
        assert (await read_code(old, neighbourhoods={world.here.id}, at=clock.now(), keys=keys)).retired
    fresh = await posters(client, world.here)
    assert not (await read_code(fresh[0][0], neighbourhoods={world.here.id}, at=clock.now(), keys=keys)).retired


async def posters(client: httpx.AsyncClient, place: Neighbourhood, location: UUID | None = None) -> list[tuple[str, str]]:
    """What is read from the codes of the printed pages, and their text."""
    answer = await client.get(f"/api/neighbourhoods/{place.id}/posters", params={"location": str(location)} if location else {})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    document = pypdfium2.PdfDocument(answer.content)
    try:
        pages = [(page.render(scale=1.5).to_pil(), page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()
    read = [(zxingcpp.read_barcode(picture), text) for picture, text in pages]
    return [(code.text if code else "", text) for code, text in read]


async def test_posters_are_printed_for_one_or_for_all_in_the_order_of_plates(
    world: World, client_of: ClientOf, add: Add, clock: TestClock, keys: Keys
) -> None:
    made = [await add(world.here, name) for name in ("东门岗亭", "西门", "中心花园")]
    await add(world.there, "望江苑东门")
    client = await client_of(world.here.coordinator)
    pages = await posters(client, world.here)
    assert len(pages) == 3
    for location, (url, text) in zip(made, pages, strict=True):
        assert url.startswith(f"{ORIGIN}/c/")
        found = await read_code(url, neighbourhoods=(), at=clock.now(), keys=keys)
        assert (found.location.id, found.kind) == (location.id, CodeKind.POSTER)
        assert location.name in text
        assert f"{location.number[:3]} {location.number[3:]}" in text
        assert "021-0000 1234" in text
    assert "中心花园 03" in pages[0][1]
    assert "西门 02" in pages[0][1]
    ((_, only),) = await posters(client, world.here, made[1].id)
    assert "西门" in only


async def test_a_poster_of_another_neighbourhoods_location_or_of_none_is_not_found(
    world: World, client_of: ClientOf, add: Add
) -> None:
    client = await client_of(world.here.coordinator)
    assert (await client.get(f"/api/neighbourhoods/{world.here.id}/posters")).status_code == 404
    await add(world.here, "东门")
    foreign = await add(world.there, "东门")
    answer = await client.get(f"/api/neighbourhoods/{world.here.id}/posters", params={"location": str(foreign.id)})
    assert answer.status_code == 404


async def test_sixty_posters_take_a_tenth_of_a_second_each_at_most(world: World, client_of: ClientOf, add: Add) -> None:
    for number in range(1, 61):
        await add(world.here, f"第{number}号点位", position=Position(latitude=31.14, longitude=121.51))
    client = await client_of(world.here.coordinator)
    started = time.perf_counter()
    answer = await client.get(f"/api/neighbourhoods/{world.here.id}/posters")
    seconds = time.perf_counter() - started
    assert answer.status_code == 200
    assert seconds / 60 <= 0.1, f"{seconds:.2f} s"


async def test_geocoding_is_off_and_says_how_to_do_without(world: World, client_of: ClientOf) -> None:
    client = await client_of(world.here.coordinator)
    answer = await client.post(f"/api/neighbourhoods/{world.here.id}/geocoding", json={"query": "凌兆路300弄"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/geocoding-off")
    assert "type the position in" in answer.json()["detail"]
    assert "geocoder" in answer.json()["detail"]


@pytest.fixture
async def geocoding_client(
    world: World,
    client_of: ClientOf,
    settings: Settings,
    keys: Keys,
    clock: TestClock,
    standin: Standin,  # noqa: F811
) -> httpx.AsyncClient:
    """A coordinator's browser on an installation with a geocoder."""
    signed_in = await client_of(world.here.coordinator)
    changed = msgspec.structs.replace(settings, geocoder="nominatim", geocoder_url=standin.url)
    app = framed(create_litestar(changed, keys, clock=clock, manage_database=False), changed)
    signed_in._transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return signed_in


async def test_geocoding_answers_what_the_geocoder_knows_and_is_limited(
    world: World,
    geocoding_client: httpx.AsyncClient,
    standin: Standin,  # noqa: F811
) -> None:
    standin.answer = (200, '[{"lat": "31.14", "lon": "121.51", "display_name": "凌兆路"}]')
    path = f"/api/neighbourhoods/{world.here.id}/geocoding"
    answer = await geocoding_client.post(path, json={"query": "凌兆路"})
    assert answer.json() == {"items": [{"address": "凌兆路", "latitude": 31.14, "longitude": 121.51}]}
    standin.answer = (500, "")
    failed = await geocoding_client.post(path, json={"query": "凌兆路"})
    assert (failed.status_code, failed.json()["type"], failed.json()["reason"]) == (
        502,
        "/problems/geocoder-failed",
        "unreachable",
    )
    statuses = [(await geocoding_client.post(path, json={"query": "凌兆路"})).status_code for _ in range(19)]
    assert statuses == [502] * 18 + [429]


async def test_a_code_opens_a_page_of_ours_in_any_phones_camera(
    world: World, client_of: ClientOf, add: Add, settings: Settings
) -> None:
    made = await add(world.here, "东门")
    client = await client_of(world.here.coordinator)
    ((url, _),) = await posters(client, world.here, made.id)
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == settings.origin
    assert parts.path.startswith("/c/")
    assert len(url) < 90
