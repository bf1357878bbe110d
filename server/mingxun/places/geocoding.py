"""Finding the position of an address through geopy. Off unless an administrator turns it on: an address then leaves the house."""

import asyncio
import logging
from enum import StrEnum
from urllib.parse import urlsplit

from geopy.adapters import URLLibAdapter  # type: ignore[import-untyped]
from geopy.exc import (  # type: ignore[import-untyped]
    GeocoderAuthenticationFailure,
    GeocoderInsufficientPrivileges,
    GeocoderQuotaExceeded,
    GeocoderRateLimited,
    GeocoderTimedOut,
    GeopyError,
)
from geopy.geocoders import BaiduV3, Nominatim  # type: ignore[import-untyped]

from mingxun import __version__
from mingxun.kit.settings import Settings
from mingxun.places.datum import to_wgs84
from mingxun.places.problems import GeocoderFailed, GeocodingOff
from mingxun.places.schemas import Datum, GeocodeResult

TIMEOUT = 5.0
"""Seconds; whoever waits longer has typed the position in."""
MOST = 5
"""Results offered: an address that fits more places than that wants a better address."""

# geopy writes the whole URL, address and key included, at its debug level.
logging.getLogger("geopy").setLevel(logging.WARNING)


class GeocoderTrouble(StrEnum):
    """Why a geocoder gave no answer."""

    TIMED_OUT = "timed_out"
    """It took longer than 5 seconds."""
    KEY_REFUSED = "key_refused"
    """It does not accept `geocoder_key`."""
    QUOTA = "quota"
    """It has answered as often as it will for now."""
    UNREACHABLE = "unreachable"
    """It can't be reached, or said something that can't be understood."""


async def geocode(query: str, settings: Settings) -> list[GeocodeResult]:
    """Positions (WGS-84) that fit an address, best first; none when nothing fits.

    Talks to the geocoder for up to 5 seconds: never call it inside a transaction.
    Raises GeocodingOff, GeocoderFailed.
    """
    if settings.geocoder == "off":
        raise GeocodingOff
    ask = _ask_baidu if settings.geocoder == "baidu" else _ask_nominatim
    try:
        async with asyncio.timeout(TIMEOUT + 1):
            return await asyncio.to_thread(ask, query, settings)
    except (GeocoderTimedOut, TimeoutError) as error:
        raise GeocoderFailed(reason=GeocoderTrouble.TIMED_OUT) from error
    except (GeocoderAuthenticationFailure, GeocoderInsufficientPrivileges) as error:
        raise GeocoderFailed(reason=GeocoderTrouble.KEY_REFUSED) from error
    except (GeocoderQuotaExceeded, GeocoderRateLimited) as error:
        raise GeocoderFailed(reason=GeocoderTrouble.QUOTA) from error
    except (GeopyError, ValueError, LookupError, TypeError, AttributeError) as error:
        # All but the first: geopy reads the answer's fields without looking first.
        raise GeocoderFailed(reason=GeocoderTrouble.UNREACHABLE) from error


def _ask_nominatim(query: str, settings: Settings) -> list[GeocodeResult]:
    parts = urlsplit(settings.geocoder_url or "https://nominatim.openstreetmap.org")
    coder = Nominatim(
        domain=f"{parts.netloc}{parts.path}".rstrip("/"),
        scheme=parts.scheme,
        timeout=TIMEOUT,
        user_agent=f"mingxun/{__version__} ({settings.public_url})",
        adapter_factory=URLLibAdapter,
    )
    found = coder.geocode(query, exactly_one=False, limit=MOST, language="zh") or []
    return [GeocodeResult(address=place.address, latitude=place.latitude, longitude=place.longitude) for place in found]


def _ask_baidu(query: str, settings: Settings) -> list[GeocodeResult]:
    """Baidu names one place, in BD-09, and no address of it but how exact it is."""
    coder = BaiduV3(api_key=settings.geocoder_key, scheme="https", timeout=TIMEOUT, adapter_factory=URLLibAdapter)
    if settings.geocoder_url:
        coder.api = settings.geocoder_url.rstrip("/") + coder.api_path
    place = coder.geocode(query)
    if place is None:
        return []
    latitude, longitude = to_wgs84(place.latitude, place.longitude, Datum.BD09)
    address = f"{query}（{place.address}）" if place.address else query
    return [GeocodeResult(address=address, latitude=latitude, longitude=longitude)]
