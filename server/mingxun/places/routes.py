"""The routes of areas, locations, their codes and posters, and of looking up addresses."""

import asyncio
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from mingxun.areas import AreaExists, AreaMisplaced, areas_of, create_area
from mingxun.areas.schemas import AreaList, AreaOut
from mingxun.kit.clock import Clock
from mingxun.kit.database import transaction
from mingxun.kit.paging import BadCursor, CursorParam, Limit
from mingxun.kit.problems import NotFound, RateLimited, refusals
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.settings import Settings
from mingxun.kit.signing import Keys
from mingxun.people.access import Act, Actor
from mingxun.places import geocoding, printing, service
from mingxun.places.problems import GeocoderFailed, GeocodingOff, LocationNameTaken, PlatesUsedUp, PlateTaken
from mingxun.places.rules import Location
from mingxun.places.schemas import (
    CreateArea,
    CreateLocation,
    GeocodeAddress,
    GeocodeResults,
    LocationOut,
    LocationPage,
    RotatingCode,
    UpdateLocation,
)

_PLAIN = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
# Litestar keeps the argument's name `query` for itself.
SearchText = Annotated[
    str | None, QueryParameter(name="query", max_length=60, pattern=_PLAIN, description="Part of a name or address; a plate.")
]


@get("/neighbourhoods/{neighbourhood:uuid}/areas", operation_id="listAreas", tags=["places"])
async def list_areas(neighbourhood: FromPath[UUID], actor: NamedDependency[Actor]) -> AreaList:
    """The neighbourhood, its grids and buildings, parents before children."""
    actor.require(Act.LIST_AREAS, neighbourhood)
    return AreaList(items=[area.out() for area in await areas_of(neighbourhood)])


@post(
    "/neighbourhoods/{neighbourhood:uuid}/areas",
    operation_id="createArea",
    opt={"retryable": True},
    responses=refusals(AreaExists, AreaMisplaced, NotFound),
    tags=["places"],
)
async def create_an_area(
    neighbourhood: FromPath[UUID], data: JSONBody[CreateArea], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> AreaOut:
    """Add a grid or a building."""
    actor.require(Act.CREATE_AREA, neighbourhood)
    parent = await service.area_in(neighbourhood, data.parent)
    made = await create_area(kind=data.kind, name=data.name, parent=parent, at=clock.now(), actor=actor.person)
    return made.out()


@get(
    "/neighbourhoods/{neighbourhood:uuid}/locations",
    operation_id="listLocations",
    responses=refusals(BadCursor),
    tags=["places"],
)
async def list_locations(
    neighbourhood: FromPath[UUID],
    actor: NamedDependency[Actor],
    wanted: SearchText = None,
    cursor: CursorParam = None,
    limit: Limit = 50,
) -> LocationPage:
    """The neighbourhood's locations in the order of their plates."""
    actor.require(Act.LIST_LOCATIONS, neighbourhood)
    locations, following = await service.list_locations(neighbourhood, query=wanted, cursor=cursor, limit=limit)
    return LocationPage(items=[_out(location, actor) for location in locations], next_cursor=following)


@post(
    "/neighbourhoods/{neighbourhood:uuid}/locations",
    operation_id="createLocation",
    opt={"retryable": True},
    responses=refusals(PlateTaken, LocationNameTaken, PlatesUsedUp, NotFound),
    tags=["places"],
)
async def create_location(
    neighbourhood: FromPath[UUID], data: JSONBody[CreateLocation], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> LocationOut:
    """Add a location; its code and number are made with it."""
    actor.require(Act.CREATE_LOCATION, neighbourhood)
    return _out(await service.create_location(neighbourhood, data, actor=actor.person, clock=clock), actor)


@get("/locations/{location:uuid}", operation_id="getLocation", responses=refusals(NotFound), tags=["places"])
async def get_location(location: FromPath[UUID], actor: NamedDependency[Actor]) -> LocationOut:
    """One location."""
    found = await _load(location, actor, Act.GET_LOCATION)
    return _out(found, actor)


@patch(
    "/locations/{location:uuid}",
    operation_id="updateLocation",
    opt={"retryable": True},
    responses=refusals(LocationNameTaken, NotFound),
    tags=["places"],
)
async def update_location(
    location: FromPath[UUID], data: JSONBody[UpdateLocation], actor: NamedDependency[Actor], clock: NamedDependency[Clock]
) -> LocationOut:
    """Change a location. Its posters stay valid; a new name stands on the next print."""
    await _load(location, actor, Act.UPDATE_LOCATION)
    return _out(await service.update_location(location, data, actor=actor.person, clock=clock), actor)


@post(
    "/locations/{location:uuid}/rekeying",
    operation_id="rekeyLocation",
    status_code=200,
    opt={"retryable": True},
    responses=refusals(NotFound),
    tags=["places"],
)
async def rekey_location(location: FromPath[UUID], actor: NamedDependency[Actor], clock: NamedDependency[Clock]) -> LocationOut:
    """Make all posters and numbers given out for this location invalid, and give it new ones; print again afterwards."""
    await _load(location, actor, Act.REKEY_LOCATION)
    return _out(await service.rekey_location(location, actor=actor.person, clock=clock), actor)


@get("/locations/{location:uuid}/rotating-code", operation_id="getRotatingCode", responses=refusals(NotFound), tags=["places"])
async def get_rotating_code(
    location: FromPath[UUID],
    actor: NamedDependency[Actor],
    clock: NamedDependency[Clock],
    keys: NamedDependency[Keys],
    settings: NamedDependency[Settings],
) -> RotatingCode:
    """The code that a tablet at the post shows for the present 30 seconds."""
    found = await _load(location, actor, Act.GET_ROTATING_CODE)
    return printing.rotating_code(found, clock=clock, keys=keys, public_url=settings.public_url)


@get(
    "/neighbourhoods/{neighbourhood:uuid}/posters",
    operation_id="printPosters",
    opt={"transaction": False},
    media_type="application/pdf",
    responses=refusals(NotFound),
    tags=["places"],
)
async def print_posters(
    neighbourhood: FromPath[UUID],
    actor: NamedDependency[Actor],
    keys: NamedDependency[Keys],
    settings: NamedDependency[Settings],
    location: FromQuery[UUID | None] = None,
) -> Response[bytes]:
    """The posters of all locations as one PDF on A4, a page each; with `location`, of that one."""
    actor.require(Act.PRINT_POSTERS, neighbourhood)
    async with transaction():
        run = await printing.load_posters(neighbourhood, location, keys=keys, public_url=settings.public_url)
    pdf = await asyncio.to_thread(run.pdf)
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="posters.pdf"'})


@post(
    "/neighbourhoods/{neighbourhood:uuid}/geocoding",
    operation_id="geocode",
    status_code=200,
    opt={"transaction": False, "limited": True},
    responses=refusals(GeocodingOff, GeocoderFailed, RateLimited),
    tags=["places"],
)
async def geocode(
    neighbourhood: FromPath[UUID],
    data: JSONBody[GeocodeAddress],
    actor: NamedDependency[Actor],
    limits: NamedDependency[RateLimits],
    settings: NamedDependency[Settings],
) -> GeocodeResults:
    """Look an address up, when that is turned on; a position can always be typed in instead. Changes nothing: the address stands
    in the body, since it may be somebody's."""
    actor.require(Act.GEOCODE, neighbourhood)
    if settings.geocoder == "off":
        raise GeocodingOff
    # Nominatim's usage policy asks for one request a second at most, from all of us together.
    await limits.take("geocode:person", str(actor.person), limit=20, per=timedelta(minutes=1))
    await limits.take("geocode:all", "", limit=60, per=timedelta(minutes=1))
    return GeocodeResults(items=await geocoding.geocode(data.query, settings))


async def _load(location: UUID, actor: Actor, act: Act) -> Location:
    """The location, if the actor may. Raises NotFound, Forbidden."""
    found = await service.load_location(location)
    actor.require(act, found.neighbourhood)
    return found


def _out(location: Location, actor: Actor) -> LocationOut:
    return LocationOut(
        id=location.id,
        neighbourhood=location.neighbourhood,
        area=location.area,
        area_name=location.area_name,
        plate=location.plate,
        name=location.name,
        address=location.address,
        latitude=location.latitude,
        longitude=location.longitude,
        source_datum=location.source_datum,
        fence_radius=location.fence_radius,
        key_version=location.key_version,
        number=location.number if actor.may(Act.PRINT_POSTERS, location.neighbourhood) else None,
    )


router = Router(
    path="/",
    route_handlers=[
        list_areas,
        create_an_area,
        list_locations,
        create_location,
        get_location,
        update_location,
        rekey_location,
        get_rotating_code,
        print_posters,
        geocode,
    ],
)
