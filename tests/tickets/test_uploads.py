"""Photos on their way to the server and back."""

import asyncio
import base64
import errno
import hashlib
import io
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image

from mingxun.kit import database
from mingxun.kit.database import fetch_value
from mingxun.kit.settings import Settings
from mingxun.tickets import photos
from mingxun.tickets.photos import MAX_BYTES, receiving
from tests.tickets.conftest import ClientOf, Desk
from tests.tickets.pictures import WITH_GPS, encoded, jpeg, scene
from tests.world import World

TYPE = {"Content-Type": "image/jpeg"}


def digest(data: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"}


async def put(client: httpx.AsyncClient, data: bytes, identity: UUID | None = None, **headers: str) -> httpx.Response:
    return await client.put(
        f"/api/photos/{identity or uuid4()}", content=data, headers=TYPE | {k.replace("_", "-"): v for k, v in headers.items()}
    )


@pytest.fixture
async def volunteer(desk: Desk) -> httpx.AsyncClient:
    return await desk.client_of(desk.here.volunteer)


def files(settings: Settings) -> list[Path]:
    folder = photos.folder_of(settings.data_dir)
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_the_receipt_has_the_digest_of_what_was_received(volunteer: httpx.AsyncClient) -> None:
    data, identity = jpeg(seed=1), uuid4()
    reply = await volunteer.put(f"/api/photos/{identity}", content=data, headers=TYPE | digest(data))
    assert reply.status_code == 200
    assert reply.json() == {"id": str(identity), "sha256": hashlib.sha256(data).hexdigest(), "width": 300, "height": 200}


async def test_a_photo_that_is_kept_is_received_again_however_many_there_were(
    volunteer: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "PHOTOS_AN_HOUR", 1)
    data, identity = jpeg(seed=1), uuid4()
    first = await put(volunteer, data, identity)
    assert (await put(volunteer, jpeg(seed=2))).status_code == 429
    again = await put(volunteer, data, identity)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_full_disk_is_said_to_be_full_and_keeps_nothing_half_written(
    volunteer: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of its two files does not fit. What the phone keeps, it sends again when there is room."""
    before, identity, data = files(settings), uuid4(), jpeg(seed=3)
    fitting = iter([True, False])

    def full(descriptor: int) -> None:
        if not next(fitting):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        reply = await put(volunteer, data, identity)
    assert (reply.status_code, reply.json()["type"]) == (507, "/problems/storage-full")
    assert int(reply.headers["Retry-After"]) > 0
    assert files(settings) == before
    assert (await put(volunteer, data, identity)).status_code == 200


async def test_both_sizes_come_back_as_private_pictures_without_metadata(volunteer: httpx.AsyncClient) -> None:
    identity = uuid4()
    assert (
        await put(volunteer, encoded(scene(2400, 1200), "JPEG", exif=Image.open(io.BytesIO(WITH_GPS)).getexif()), identity)
    ).status_code == 200
    for size, side in (("full", 1600), ("thumbnail", 320)):
        reply = await volunteer.get(f"/api/photos/{identity}", params={"size": size})
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "image/jpeg"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["content-disposition"] == "inline"
        assert reply.headers["x-content-type-options"] == "nosniff"
        picture = Image.open(io.BytesIO(reply.content))
        assert picture.size == (side, side // 2)
        assert not picture.getexif()


async def test_the_files_are_there_when_the_receipt_is_and_nothing_else_is(
    volunteer: httpx.AsyncClient, settings: Settings
) -> None:
    before, identity = set(files(settings)), uuid4()
    await put(volunteer, jpeg(seed=2), identity)
    made = photos.files_of(settings.data_dir, identity)
    assert set(files(settings)) - before == {made.full, made.thumbnail}


async def test_the_same_photo_again_has_the_same_receipt_and_another_is_refused(desk: Desk, volunteer: httpx.AsyncClient) -> None:
    identity = uuid4()
    first, again = await put(volunteer, jpeg(seed=3), identity), await put(volunteer, jpeg(seed=3), identity)
    assert (again.status_code, again.content) == (200, first.content)
    other = await put(volunteer, jpeg(seed=4), identity)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/id-taken")
    thief = await put(await desk.client_of(desk.here.building_leader), jpeg(seed=3), identity)
    assert (thief.status_code, thief.json()["type"]) == (409, "/problems/id-taken")
    assert await fetch_value("SELECT count(*) FROM photo WHERE id = $1", identity) == 1


@pytest.mark.parametrize("part", [0.0, 0.001, 0.01, 0.5, 0.99])
async def test_a_cut_upload_never_counts_as_complete(volunteer: httpx.AsyncClient, settings: Settings, part: float) -> None:
    data, identity, before = jpeg(1200, 900, seed=5), uuid4(), files(settings)
    cut = data[: int(len(data) * part)]
    tries: list[tuple[dict[str, str], tuple[int, str]]] = [
        (digest(data), (400, "/problems/digest-mismatch")),
        ({}, (422, "/problems/photo-refused")),
    ]
    for headers, expected in tries:
        reply = await volunteer.put(f"/api/photos/{identity}", content=cut, headers=TYPE | headers)
        assert (reply.status_code, reply.json()["type"]) == expected
    assert await fetch_value("SELECT count(*) FROM photo WHERE id = $1", identity) == 0
    assert files(settings) == before
    whole = await volunteer.put(f"/api/photos/{identity}", content=data, headers=TYPE | digest(data))
    assert whole.json()["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("header", ["sha-256=:xx:", "sha-256=:!!!!:", "sha-256=::", "sha-256=:YQ==:", "sha-256=YQ"])
async def test_a_digest_that_is_none_is_refused(volunteer: httpx.AsyncClient, header: str) -> None:
    reply = await put(volunteer, jpeg(), Content_Digest=header)
    assert reply.status_code == 400


async def test_a_digest_of_another_kind_is_passed_over(volunteer: httpx.AsyncClient) -> None:
    data = jpeg(seed=6)
    both = f"sha-512=:{base64.b64encode(b'x' * 64).decode()}:, {digest(data)['Content-Digest']}"
    assert (await put(volunteer, data, Content_Digest=both)).status_code == 200
    assert (await put(volunteer, data, Content_Digest="sha-512=:AAAA:")).status_code == 200


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script>", "not_a_picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not_a_picture"),
        (encoded(Image.new("RGB", (9, 9)), "GIF"), "animated"),
        (jpeg()[:-40], "damaged"),
        (encoded(Image.new("1", (9000, 9000)), "PNG"), "too_many_pixels"),
    ],
    ids=["nothing", "html", "svg", "gif", "cut", "bomb"],
)
async def test_what_is_no_picture_is_refused_clearly(volunteer: httpx.AsyncClient, data: bytes, refusal: str) -> None:
    reply = await put(volunteer, data)
    assert (reply.status_code, reply.json()["refusal"]) == (422, refusal)


async def test_more_than_ten_megabytes_are_refused_whether_announced_or_not(volunteer: httpx.AsyncClient) -> None:
    small = jpeg()
    assert (await put(volunteer, small + bytes(MAX_BYTES - len(small)))).status_code == 200
    assert (await put(volunteer, small + bytes(MAX_BYTES - len(small) + 1))).status_code == 413

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield bytes(1024 * 1024)

    reply = await volunteer.put(f"/api/photos/{uuid4()}", content=unannounced(), headers=TYPE)
    assert (reply.status_code, reply.json()["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]
)
async def test_a_form_from_elsewhere_does_not_pass_for_a_photo(volunteer: httpx.AsyncClient, kind: str) -> None:
    reply = await volunteer.put(f"/api/photos/{uuid4()}", content=jpeg(), headers={"Content-Type": kind} if kind else {})
    assert reply.status_code == 415


async def test_only_members_send_photos(desk: Desk, anonymous: httpx.AsyncClient) -> None:
    assert (await put(anonymous, jpeg())).status_code == 401
    assert (await put(await desk.client_of(desk.world.stranger), jpeg())).status_code == 403
    for person in (*desk.here.people().values(), desk.world.subdistrict_admin):
        assert (await put(await desk.client_of(person), jpeg())).status_code == 200


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "x.jpg", "%00", "../photos"])
async def test_a_photo_is_called_by_an_id_and_nothing_else(volunteer: httpx.AsyncClient, name: str) -> None:
    assert (await volunteer.put(f"/api/photos/{name}", content=jpeg(), headers=TYPE)).status_code in {404, 405}
    assert (await volunteer.get(f"/api/photos/{name}")).status_code in {404, 405}


async def test_until_a_ticket_names_it_only_its_sender_sees_a_photo_and_then_whoever_sees_the_ticket(desk: Desk) -> None:
    here, there = desk.here, desk.world.there
    photo = await desk.photo(here.volunteer, seed=7)

    async def seen_by() -> set[str]:
        people = {
            **here.people(),
            "committee": here.committee_handler,
            "admin": desk.world.subdistrict_admin,
            "stranger": desk.world.stranger,
        }
        people |= {f"foreign {role}": person for role, person in there.people().items()}
        answers = {
            who: (await (await desk.client_of(person)).get(f"/api/photos/{photo}")).status_code for who, person in people.items()
        }
        assert set(answers.values()) <= {200, 404}
        return {who for who, status in answers.items() if status == 200}

    assert await seen_by() == {"volunteer"}
    await desk.open(photos=[photo])
    assert await seen_by() == {*here.people(), "admin"}


async def test_nobody_who_is_not_signed_in_sees_a_photo(desk: Desk, anonymous: httpx.AsyncClient) -> None:
    photo = await desk.photo(desk.here.volunteer)
    assert (await anonymous.get(f"/api/photos/{photo}")).status_code == 401


async def test_a_photo_may_come_after_its_ticket(desk: Desk) -> None:
    identity = uuid4()
    opened = await desk.open(photos=[str(identity)])
    assert (opened["photos"], opened["photos_on_the_way"], opened["thumbnail_url"]) == ([], 1, None)
    await desk.photo(desk.here.volunteer, identity)
    found = (await desk.get(desk.here.handler, opened)).json()
    assert ([photo["id"] for photo in found["photos"]], found["photos_on_the_way"]) == ([str(identity)], 0)
    assert found["thumbnail_url"] == f"/api/photos/{identity}?size=thumbnail"
    assert (await (await desk.client_of(desk.here.handler)).get(found["photos"][0]["url"])).status_code == 200


async def test_a_late_photo_by_somebody_else_is_not_the_one_that_was_meant(desk: Desk) -> None:
    identity = uuid4()
    opened = await desk.open(photos=[str(identity)])
    await desk.photo(desk.here.building_leader, identity)
    found = (await desk.get(desk.here.handler, opened)).json()
    assert (found["photos"], found["photos_on_the_way"]) == ([], 1)
    assert (await (await desk.client_of(desk.here.handler)).get(f"/api/photos/{identity}")).status_code == 404


async def test_a_photo_is_on_one_ticket_only_and_its_senders(desk: Desk) -> None:
    mine, leaders = await desk.photo(desk.here.volunteer, seed=8), await desk.photo(desk.here.building_leader, seed=9)
    await desk.open(photos=[mine])
    twice = str(uuid4())
    for named, unusable in (([mine], [mine]), ([leaders], [leaders]), ([twice, twice], [twice]), ([str(uuid4()), mine], [mine])):
        reply = await desk.ask_open(photos=named)
        assert (reply.status_code, reply.json()["type"], reply.json()["photos"]) == (409, "/problems/photo-unusable", unusable)


async def test_a_photo_no_ticket_names_is_thrown_away_after_ninety_days(desk: Desk, settings: Settings) -> None:
    here = desk.here
    loose, used = await desk.photo(here.volunteer, seed=10), await desk.photo(here.volunteer, seed=11)
    await desk.open(photos=[used])
    start = desk.clock.now()
    assert await photos.sweep_rows(now=start + timedelta(days=90)) == 0
    assert await photos.sweep_rows(now=start + timedelta(days=90, seconds=1)) == 1
    await photos.sweep_files(settings.data_dir, now=start + timedelta(days=91))
    assert not photos.files_of(settings.data_dir, UUID(loose)).full.exists()
    assert not photos.files_of(settings.data_dir, UUID(loose)).thumbnail.exists()
    assert photos.files_of(settings.data_dir, UUID(used)).full.exists()
    client = await desk.client_of(here.volunteer)
    assert (await client.get(f"/api/photos/{loose}")).status_code == 404
    assert (await client.get(f"/api/photos/{used}")).status_code == 200


async def test_files_that_no_row_names_go_after_a_day_and_not_before(db: None, tmp_path: Path, desk: Desk) -> None:
    orphan, aside = photos.files_of(tmp_path, uuid4()).full, photos.folder_of(tmp_path) / "incoming" / "x.jpg"
    for path in (orphan, aside):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (desk.clock.now().timestamp(),) * 2)
    assert await photos.sweep_files(tmp_path, now=desk.clock.now() + timedelta(hours=24)) == 0
    assert await photos.sweep_files(tmp_path, now=desk.clock.now() + timedelta(hours=25)) == 2
    assert await photos.sweep_files(tmp_path / "nothing", now=desk.clock.now()) == 0


async def test_a_photo_whose_file_is_lost_is_not_found(desk: Desk, settings: Settings) -> None:
    photo = await desk.photo(desk.here.volunteer, seed=12)
    photos.files_of(settings.data_dir, UUID(photo)).full.unlink()
    assert (await (await desk.client_of(desk.here.volunteer)).get(f"/api/photos/{photo}")).status_code == 404


async def test_the_same_photo_sent_many_times_at_once_is_one(
    committed_database: str, client_of: ClientOf, world: World, settings: Settings
) -> None:
    async with database.transaction():
        clients = [await client_of(world.here.volunteer) for _ in range(8)]
    identity = uuid4()
    replies = await asyncio.gather(*(put(client, jpeg(seed=20), identity) for client in clients))
    assert [reply.status_code for reply in replies] == [200] * 8
    assert len({reply.content for reply in replies}) == 1
    assert list((photos.folder_of(settings.data_dir) / "incoming").iterdir()) == []


async def test_of_different_photos_under_one_id_the_row_and_the_file_are_of_the_same(
    committed_database: str, client_of: ClientOf, world: World, settings: Settings
) -> None:
    async with database.transaction():
        clients = [await client_of(person) for person in (world.here.volunteer, world.here.handler, world.here.coordinator)]
    sizes = [(310, 200), (320, 200), (330, 200)]
    identity = uuid4()
    replies = await asyncio.gather(*(put(client, jpeg(*size), identity) for client, size in zip(clients, sizes, strict=True)))
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
    won = next(reply.json() for reply in replies if reply.status_code == 200)
    kept = photos.files_of(settings.data_dir, identity).full.read_bytes()
    assert Image.open(io.BytesIO(kept)).size == (won["width"], won["height"])
