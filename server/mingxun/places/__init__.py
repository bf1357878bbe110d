"""Where people serve: locations in the area tree, the codes that stand at them, and the paper these are printed on.

A position is kept in WGS-84 whatever map it came from. A code is signed, so that nobody makes one at home; re-keying a location
retires all that were given out for it.
"""

from mingxun.places.codes import CodeKind, Verdict
from mingxun.places.problems import CodeRefused
from mingxun.places.reading import ScannedPlace, read_code
from mingxun.places.rules import Location, distance_m
from mingxun.places.service import load_location

__all__ = ["CodeKind", "CodeRefused", "Location", "ScannedPlace", "Verdict", "distance_m", "load_location", "read_code"]
