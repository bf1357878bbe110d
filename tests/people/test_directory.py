"""What the features above ask about people."""

from datetime import timedelta

import pytest

from mingxun.kit.database import execute, fetch
from mingxun.people import (
    Language,
    Role,
    handlers_of,
    languages,
    leaders_of,
    live_sessions,
    load_candidate,
    load_candidates,
    load_parties,
    load_party,
    names,
    people_with_role,
    phone_of,
    planners_of,
)
from tests.conftest import TestClock
from tests.world import World, add_membership, give_session

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


async def test_leaders_are_those_of_the_building_and_of_the_grid_around_it_who_can_sign_in(world: World) -> None:
    leader, (first, second, _) = world.here.building_leader, world.here.buildings
    assert await leaders_of(first.id) == {leader.id}
    assert await leaders_of(second.id) == frozenset()
    await add_membership(world.here.volunteer, Role.BUILDING_LEADER, world.here.grid)
    assert await leaders_of(second.id) == {world.here.volunteer.id}
    await execute("UPDATE account SET disabled_at = now() WHERE person = $1", leader.id)
    assert await leaders_of(first.id) == {world.here.volunteer.id}


async def test_where_nobody_plans_the_administrators_of_the_subdistrict_do(world: World) -> None:
    here = world.here
    assert await planners_of(here.id) == {here.coordinator.id, here.secretary.id}
    await execute("UPDATE account SET disabled_at = now() WHERE person = $1", here.coordinator.id)
    assert await planners_of(here.id) == {here.secretary.id}
    await execute("UPDATE membership SET ended_at = now() WHERE person = $1", here.secretary.id)
    assert await planners_of(here.id) == {world.subdistrict_admin.id}
    assert await planners_of(world.there.id) == {world.there.coordinator.id, world.there.secretary.id}
    await add_membership(world.subdistrict_admin, Role.COORDINATOR, here.area)
    assert await planners_of(here.id) == {world.subdistrict_admin.id}


async def test_a_session_is_live_until_it_ends_or_its_account_does(world: World, clock: TestClock) -> None:
    now, person = clock.now(), world.here.volunteer.id
    for _ in range(3):
        await give_session(person, at=now, days=1)
    ids = [row["id"] for row in await fetch("SELECT id FROM session WHERE person = $1 ORDER BY id", person)]
    assert await live_sessions([*ids, person], now=now) == dict.fromkeys(ids, person)
    await execute("UPDATE session SET ended_at = $2 WHERE id = $1", ids[0], now)
    assert set(await live_sessions(ids, now=now)) == set(ids[1:])
    assert await live_sessions(ids, now=now + timedelta(days=1)) == {}
    await execute("UPDATE account SET disabled_at = $2 WHERE person = $1", person, now)
    assert await live_sessions(ids, now=now) == {}


async def test_a_party_has_its_handlers(world: World) -> None:
    company, owners = world.here.property.id, world.here.owners.id
    assert await handlers_of([company, owners]) == {company: {world.here.handler.id}}
    await execute("UPDATE account SET disabled_at = now() WHERE person = $1", world.here.handler.id)
    assert await handlers_of([company, owners]) == {}, "who can't sign in can't act"
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
