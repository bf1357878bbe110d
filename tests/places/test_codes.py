import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingxun.kit.signing import Keys
from mingxun.places.codes import (
    CodeKind,
    Digits,
    Reading,
    Verdict,
    code_url,
    mint_poster,
    mint_rotating,
    new_number,
    read,
    step_at,
    step_start,
)

OURS = Keys(secret=b"1" * 32, vapid_private_pem=b"")
OTHERS = Keys(secret=b"2" * 32, vapid_private_pem=b"")
PLACE = UUID("0197aaaa-0000-7000-8000-00000000abcd")
NOON = datetime(2026, 7, 1, 4, 0, 0, tzinfo=UTC)


@given(st.uuids(), st.integers(1, 65535))
def test_what_a_poster_says_is_read_back(location: UUID, version: int) -> None:
    payload = mint_poster(location, version, OURS)
    assert len(payload) == 39
    assert read(code_url("https://mx.example.org/", payload), OURS) == Reading(CodeKind.POSTER, location, version)


@given(st.uuids(), st.integers(1, 65535), st.integers(0, 2**32 - 1))
def test_what_a_tablet_shows_is_read_back(location: UUID, version: int, step: int) -> None:
    payload = mint_rotating(location, version, step, OURS)
    assert len(payload) == 44
    assert read(payload, OURS) == Reading(CodeKind.ROTATING, location, version, step)


@pytest.mark.parametrize(
    "frame",
    [
        "{}",
        "  {}\n",
        "https://mx.example.org/c/{}",
        "HTTPS://MX.EXAMPLE.ORG/c/{}",
        "http://localhost:8321/c/{}",
        "https://old-name.example.org/c/{}",
        "https://mx.example.org/c/{}/",
        "https://mx.example.org/c/{}?from=wechat&nsukey=a%20b",
        "https://mx.example.org/c/{}#wechat_redirect",
        "/c/{}",
    ],
)
def test_a_code_is_read_however_a_scanner_hands_it_over(frame: str) -> None:
    payload = mint_poster(PLACE, 7, OURS)
    assert read(frame.format(payload), OURS) == Reading(CodeKind.POSTER, PLACE, 7)


@pytest.mark.parametrize(
    "typed", ["408215", "408 215", " 408-215 ", "４０８２１５", "４０８　２１５", "4 0 8 2 1 5", "408\u00a0215"]
)
def test_six_digits_are_read_however_they_are_typed(typed: str) -> None:
    assert read(typed, OURS) == Digits("408215")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "40821",
        "4082155",
        "008215",
        "٤٠٨٢١٥",
        "https://example.org/",
        "https://mx.example.org/c/",
        "https://mx.example.org/c/short",
        "weixin://dl/business",
        "javascript:alert(1)",
        "https://mx.example.org/d/" + "A" * 39,
        "A" * 40,
        "\x00" * 6,
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    assert read(text, OURS) is Verdict.MALFORMED


def test_a_code_signed_by_another_installation_is_forged() -> None:
    assert read(mint_poster(PLACE, 1, OTHERS), OURS) is Verdict.FORGED
    assert read(mint_rotating(PLACE, 1, 5, OTHERS), OURS) is Verdict.FORGED


@given(st.integers(0, 28), st.integers(1, 255))
def test_no_byte_of_a_code_can_be_changed(index: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(mint_poster(PLACE, 3, OURS) + "="))
    raw[index] ^= change
    assert read(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), OURS) in {Verdict.FORGED, Verdict.MALFORMED}


def test_a_poster_cannot_be_passed_off_as_a_rotating_code() -> None:
    raw = bytearray(base64.urlsafe_b64decode(mint_rotating(PLACE, 3, 9, OURS)))
    raw[0] = 1
    assert read(base64.urlsafe_b64encode(raw).decode(), OURS) is Verdict.MALFORMED


def test_spare_bits_of_the_last_character_give_no_second_spelling() -> None:
    payload = mint_poster(PLACE, 1, OURS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = payload[:-1] + alphabet[alphabet.index(payload[-1]) ^ 1]
    assert read(twin, OURS) is Verdict.MALFORMED


@given(st.text(max_size=300))
def test_no_text_brings_the_reader_down(text: str) -> None:
    assert read(text, OURS) is Verdict.MALFORMED or isinstance(read(text, OURS), Digits)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=39, max_size=44))
def test_no_payload_passes_by_luck(payload: str) -> None:
    assert read(payload, OURS) in {Verdict.FORGED, Verdict.MALFORMED}


@pytest.mark.parametrize(
    ("seconds", "stale"),
    [(-31, True), (-30, False), (0, False), (29, False), (30, False), (59.9, False), (60, True), (600, True)],
)
def test_a_rotating_code_counts_from_30_seconds_before_to_30_seconds_after_its_time(seconds: float, stale: bool) -> None:
    code = Reading(CodeKind.ROTATING, PLACE, 1, step_at(NOON))
    assert code.stale(NOON + timedelta(seconds=seconds)) is stale


def test_a_poster_is_never_stale() -> None:
    assert not Reading(CodeKind.POSTER, PLACE, 1).stale(NOON + timedelta(days=400))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_every_instant_lies_in_its_step(at: datetime) -> None:
    start = step_start(step_at(at))
    assert start <= at < start + timedelta(seconds=30)


def test_numbers_have_six_digits_and_no_leading_zero() -> None:
    assert all(isinstance(read(new_number(), OURS), Digits) for _ in range(2000))
