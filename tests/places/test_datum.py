from geopy.distance import geodesic  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from mingxun.places.datum import from_wgs84, shifted, to_wgs84
from mingxun.places.schemas import Datum

DONGMING_ROAD = (31.14, 121.51)
IN_CHINA = st.tuples(st.floats(18.0, 53.0), st.floats(74.0, 135.0))
ANYWHERE = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(geodesic(a, b).meters)


def test_amap_is_about_480_metres_off_at_dongming_road() -> None:
    assert 460 < metres(DONGMING_ROAD, from_wgs84(*DONGMING_ROAD, Datum.GCJ02)) < 500


def test_baidu_is_about_1120_metres_off_at_dongming_road() -> None:
    assert 1090 < metres(DONGMING_ROAD, from_wgs84(*DONGMING_ROAD, Datum.BD09)) < 1150


def test_known_pairs_of_other_implementations_agree() -> None:
    # The examples in the README of coordtransform, whose way back from BD-09 is a single step, good to some centimetres.
    assert metres(from_wgs84(39.915, 116.404, Datum.GCJ02), (39.91640428150164, 116.41024449916938)) < 0.01
    from_baidu = to_wgs84(39.915, 116.404, Datum.BD09)
    assert metres(from_wgs84(*from_baidu, Datum.GCJ02), (39.90865673957631, 116.39762729119315)) < 0.1


@given(IN_CHINA)
def test_a_position_read_from_amap_comes_back_to_a_tenth_of_a_metre(point: tuple[float, float]) -> None:
    assert metres(point, to_wgs84(*from_wgs84(*point, Datum.GCJ02), Datum.GCJ02)) < 0.1


@given(IN_CHINA)
def test_a_position_read_from_baidu_comes_back_to_a_tenth_of_a_metre(point: tuple[float, float]) -> None:
    assert metres(point, to_wgs84(*from_wgs84(*point, Datum.BD09), Datum.BD09)) < 0.1


@given(IN_CHINA, st.sampled_from([Datum.GCJ02, Datum.BD09]))
def test_conversion_moves_a_position_by_some_hundred_metres_and_never_by_kilometres(
    point: tuple[float, float], datum: Datum
) -> None:
    assert 10 < metres(point, to_wgs84(*point, datum)) < 2500


@given(ANYWHERE.filter(lambda point: not shifted(*point)), st.sampled_from(Datum))
def test_outside_china_nothing_is_moved(point: tuple[float, float], datum: Datum) -> None:
    assert to_wgs84(*point, datum) == from_wgs84(*point, datum) == point


@given(ANYWHERE)
def test_wgs84_is_never_moved(point: tuple[float, float]) -> None:
    assert to_wgs84(*point, Datum.WGS84) == from_wgs84(*point, Datum.WGS84) == point
