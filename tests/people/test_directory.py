"""What the features above ask about people."""

import pytest

from mingxun.kit.database import execute
from mingxun.people import (
    Language,
    Role,
    languages,
    load_candidate,
    load_candidates,
    load_parties,
    load_party,
    names,
    party_members,
    people_with_role,
    phone_of,
)
from tests.world import World

pytestmark = pytest.mark.usefixtures("db")


async def test_names_and_languages_are_found_by_id(world: World) -> None:
    person = world.here.volunteer
    assert await names([person.id, world.subdistrict.id]) == {person.id: person.name}
    assert await languages([person.id]) == {person.id: Language.ZH}
    assert await names([]) == {}


async def test_the_number_to_call_is_the_rosters_or_else_the_accounts(world: World) -> None:
    person = world.here.volunteer
    await execute("UPDATE person SET phone = '+8613700000000' WHERE id = $1", person.id)
    assert await phone_of([person.id]) == {person.id: "+8613700000000"}
    await execute("UPDATE person SET phone = NULL WHERE id = $1", person.id)
    assert await phone_of([person.id]) == {person.id: person.phone}


async def test_leaders_are_found_by_building_and_coordinators_by_whatever_is_below_them(world: World) -> None:
    first, second = world.here.buildings[:2]
    assert await people_with_role(world.here.id, [Role.BUILDING_LEADER], first.id) == [world.here.building_leader.id]
    assert await people_with_role(world.here.id, [Role.BUILDING_LEADER], second.id) == []
    assert await people_with_role(world.here.id, [Role.COORDINATOR], second.id) == [world.here.coordinator.id]
    assert set(await people_with_role(world.here.id, [Role.COORDINATOR, Role.SUBDISTRICT_ADMIN])) == {
        world.here.coordinator.id,
        world.subdistrict_admin.id,
    }


async def test_a_party_has_its_handlers(world: World) -> None:
    assert await party_members(world.here.property.id) == [world.here.handler.id]
    assert (await load_parties([world.here.property.id]))[world.here.property.id].name == world.here.property.name
    assert await load_party(world.here.property.id, world.there.id) is None
    found = await load_party(world.here.property.id, world.here.id)
    assert found is not None
    assert found.id == world.here.property.id


async def test_a_candidate_brings_roles_skills_and_party_membership(world: World) -> None:
    await execute("UPDATE person SET skills = '{急救}' WHERE id = $1", world.here.second_volunteer.id)
    candidate = await load_candidate(world.here.second_volunteer.id, world.here.id)
    assert candidate is not None
    assert candidate.party_member
    assert candidate.skills == ("急救",)
    assert candidate.roles == {Role.VOLUNTEER}
    other = await load_candidate(world.here.volunteer.id, world.here.id)
    assert other is not None
    assert not other.party_member


async def test_nobody_is_a_candidate_where_they_have_no_role(world: World) -> None:
    assert await load_candidate(world.there.volunteer.id, world.here.id) is None
    assert await load_candidate(world.subdistrict_admin.id, world.here.id) is not None
    assert set(await load_candidates([world.here.volunteer.id, world.there.volunteer.id], world.here.id)) == {
        world.here.volunteer.id
    }


async def test_an_ended_role_counts_no_more(world: World) -> None:
    await execute("UPDATE membership SET ended_at = now() WHERE person = $1", world.here.volunteer.id)
    assert await load_candidate(world.here.volunteer.id, world.here.id) is None
    assert world.here.volunteer.id not in await people_with_role(world.here.id, [Role.VOLUNTEER])
