from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingxun.places.rules import Location, beside, distance_m, next_plate, placed, tidy_plate
from mingxun.places.schemas import Datum, Position


def location(plate: str = "01", latitude: float | None = 31.14, longitude: float | None = 121.51) -> Location:
    return Location(
        id=uuid4(),
        neighbourhood=UUID(int=1),
        area=UUID(int=1),
        area_name="凌云里",
        plate=plate,
        name=f"点位{plate}",
        address="",
        latitude=latitude,
        longitude=longitude,
        source_datum=None if latitude is None else Datum.WGS84,
        fence_radius=80,
        key_version=1,
        number="408215",
    )


def test_a_hundredth_of_a_degree_north_is_about_1109_metres() -> None:
    metres = distance_m(location(), 31.15, 121.51)
    assert metres is not None
    assert 1108 < metres < 1110


def test_there_is_no_distance_to_a_location_whose_position_is_not_known() -> None:
    assert distance_m(location(latitude=None, longitude=None), 31.14, 121.51) is None


def test_a_position_from_amap_is_kept_in_wgs84_with_its_datum() -> None:
    latitude, longitude, datum = placed(Position(latitude=31.14, longitude=121.51, datum=Datum.GCJ02))
    metres = distance_m(location(latitude=latitude, longitude=longitude), 31.14, 121.51)
    assert datum is Datum.GCJ02
    assert metres is not None
    assert 460 < metres < 500


@pytest.mark.parametrize(("given_plate", "painted"), [("1", "01"), ("01", "01"), ("12a", "12A"), ("100", "100"), ("A", "A")])
def test_a_plate_is_kept_as_it_is_painted(given_plate: str, painted: str) -> None:
    assert tidy_plate(given_plate) == painted


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ([], "01"),
        (["01", "02"], "03"),
        (["02", "12A"], "01"),
        (["01", "03", "90"], "02"),
        ([f"{n:02d}" for n in range(1, 100)], "100"),
    ],
)
def test_the_next_plate_is_the_lowest_free_number(taken: list[str], free: str) -> None:
    assert next_plate(taken) == free


def test_there_is_no_plate_after_9999() -> None:
    assert next_plate(f"{n:02d}" for n in range(1, 10_000)) is None


@given(st.sets(st.integers(1, 300)))
def test_the_next_plate_is_never_taken(numbers: set[int]) -> None:
    taken = [f"{n:02d}" for n in numbers]
    assert next_plate(taken) not in taken


def test_from_three_locations_on_the_signs_close_the_round() -> None:
    a, b, c = (location(plate) for plate in ("01", "02", "03"))
    assert [beside([a, b, c], index) for index in range(3)] == [(c, b), (a, c), (b, a)]


def test_two_locations_name_each_other_once_and_one_names_nobody() -> None:
    a, b = location("01"), location("02")
    assert [beside([a, b], 0), beside([a, b], 1)] == [(None, b), (a, None)]
    assert beside([a], 0) == (None, None)
