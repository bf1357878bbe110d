"""Places in the world's neighbourhoods, for the tests of this feature."""

from collections.abc import Awaitable, Callable

import hypothesis
import pytest

from mingxun.places.rules import Location
from mingxun.places.schemas import CreateLocation, Position
from mingxun.places.service import create_location
from tests.conftest import TestClock
from tests.world import Neighbourhood

# A slow moment of a shared machine is no failure of a property.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

Add = Callable[..., Awaitable[Location]]


@pytest.fixture
def add(clock: TestClock) -> Add:
    """`await add(neighbourhood, name, plate=…, position=…)`: a location made by the neighbourhood's coordinator."""

    async def make(
        neighbourhood: Neighbourhood, name: str, *, plate: str | None = None, position: Position | None = None, address: str = ""
    ) -> Location:
        wanted = CreateLocation(area=neighbourhood.id, name=name, plate=plate, position=position, address=address)
        return await create_location(neighbourhood.id, wanted, actor=neighbourhood.coordinator.id, clock=clock)

    return make
