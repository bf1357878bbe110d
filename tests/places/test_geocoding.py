import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from mingxun.kit.settings import Settings
from mingxun.places import geocoding
from mingxun.places.datum import to_wgs84
from mingxun.places.problems import GeocoderFailed, GeocodingOff
from mingxun.places.schemas import Datum


class Standin(ThreadingHTTPServer):
    """Answers like a geocoder, on loopback; tells what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, list[str]], str]] = []
        self.answer: tuple[int, str] = (200, "[]")
        self.delay = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Standin

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((parts.path, parse_qs(parts.query), self.headers["User-Agent"]))
        time.sleep(self.server.delay)
        status, body = self.server.answer
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())
        except BrokenPipeError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Standin()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def nominatim(settings: Settings, standin: Standin) -> Settings:
    return msgspec.structs.replace(settings, geocoder="nominatim", geocoder_url=standin.url)


def baidu(settings: Settings, standin: Standin) -> Settings:
    return msgspec.structs.replace(settings, geocoder="baidu", geocoder_key="k-123", geocoder_url=standin.url)


async def test_it_is_off_until_somebody_turns_it_on(settings: Settings) -> None:
    assert settings.geocoder == "off"
    with pytest.raises(GeocodingOff):
        await geocoding.geocode("凌云路300弄", settings)


async def test_nominatim_is_asked_under_our_name_and_answers_in_wgs84(settings: Settings, standin: Standin) -> None:
    places = [
        {"lat": "31.1400", "lon": "121.5100", "display_name": "凌兆路, 浦东新区"},
        {"lat": "31.2", "lon": "121.6", "display_name": "凌兆路, 别处"},
    ]
    standin.answer = (200, json.dumps(places))
    found = await geocoding.geocode("凌兆路", nominatim(settings, standin))
    assert [(place.address, place.latitude, place.longitude) for place in found] == [
        ("凌兆路, 浦东新区", 31.14, 121.51),
        ("凌兆路, 别处", 31.2, 121.6),
    ]
    ((path, query, agent),) = standin.asked
    assert path == "/search"
    assert query["q"] == ["凌兆路"]
    assert agent.startswith("mingxun/")


async def test_baidu_is_given_the_key_and_its_bd09_becomes_wgs84(settings: Settings, standin: Standin) -> None:
    standin.answer = (
        200,
        json.dumps({"status": 0, "result": {"location": {"lat": 31.1459, "lng": 121.5209}, "precise": 1, "level": "门址"}}),
    )
    (place,) = await geocoding.geocode("凌兆路300弄", baidu(settings, standin))
    assert (place.latitude, place.longitude) == to_wgs84(31.1459, 121.5209, Datum.BD09)
    assert "凌兆路300弄" in place.address
    ((path, query, _),) = standin.asked
    assert path == "/geocoding/v3/"
    assert query["ak"] == ["k-123"]


async def test_nothing_found_is_an_empty_list(settings: Settings, standin: Standin) -> None:
    assert await geocoding.geocode("无此路", nominatim(settings, standin)) == []
    standin.answer = (200, '{"status": 0, "result": {}}')
    assert await geocoding.geocode("无此路", baidu(settings, standin)) == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, '{"status": 200, "message": "APP不存在"}'), "key_refused"),
        ((200, '{"status": 302, "message": "天配额超限"}'), "quota"),
        ((429, "{}"), "quota"),
        ((403, "{}"), "key_refused"),
        ((500, "{}"), "unreachable"),
        ((200, "<html>"), "unreachable"),
        ((200, '{"status": 0, "result": {"level": "x"}}'), "unreachable"),
        ((200, '{"status": 0, "result": {"location": {"lat": "x", "lng": []}}}'), "unreachable"),
        ((200, "[1, 2]"), "unreachable"),
    ],
)
async def test_whatever_it_answers_becomes_a_reason(
    settings: Settings, standin: Standin, answer: tuple[int, str], reason: str
) -> None:
    standin.answer = answer
    with pytest.raises(GeocoderFailed) as failed:
        await geocoding.geocode("凌兆路", baidu(settings, standin))
    assert failed.value.members["reason"] == reason


async def test_a_slow_one_is_given_up(settings: Settings, standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocoding, "TIMEOUT", 0.2)
    standin.delay = 1.0
    started = time.monotonic()
    with pytest.raises(GeocoderFailed) as failed:
        await geocoding.geocode("凌兆路", nominatim(settings, standin))
    assert failed.value.members["reason"] == "timed_out"
    assert time.monotonic() - started < 0.9


async def test_one_that_is_not_there_is_unreachable(settings: Settings, standin: Standin) -> None:
    gone = msgspec.structs.replace(settings, geocoder="nominatim", geocoder_url="http://127.0.0.1:9")
    with pytest.raises(GeocoderFailed) as failed:
        await geocoding.geocode("凌兆路", gone)
    assert failed.value.members["reason"] == "unreachable"
