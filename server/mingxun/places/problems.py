"""What can be wrong with a location, a code, or a look-up of an address."""

from mingxun.kit.database import constraint
from mingxun.kit.problems import Problem


class PlateTaken(Problem):
    """Another location of this neighbourhood has this plate; choose another, or leave it out to get the next free one."""

    status = 409
    slug = "plate-taken"
    title = "Another location has this plate"


class LocationNameTaken(Problem):
    """Another location of this neighbourhood has this name; choose one that people can't confuse."""

    status = 409
    slug = "location-name-taken"
    title = "Another location has this name"


class PlatesUsedUp(Problem):
    """All plates from 01 to 9999 are in use; give one with a letter."""

    status = 409
    slug = "plates-used-up"
    title = "No plate is free"


class CodeRefused(Problem):
    """What was scanned or typed leads nowhere; `verdict` says why: malformed, forged, unknown or ambiguous."""

    status = 422
    slug = "code-refused"
    title = "That is no code of a location"


class GeocodingOff(Problem):
    """Looking up addresses is turned off; type the position in, or have `geocoder` set to nominatim or baidu in mingxun.toml."""

    status = 409
    slug = "geocoding-off"
    title = "Looking up addresses is turned off"


class GeocoderFailed(Problem):
    """The geocoder gave no answer; `reason` says why. Try again later, or type the position in."""

    status = 502
    slug = "geocoder-failed"
    title = "The geocoder gave no answer"


constraint("location_plate", PlateTaken)
constraint("location_name", LocationNameTaken)
