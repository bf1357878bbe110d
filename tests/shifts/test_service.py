"""Shifts and places on them, against the database."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest

from mingxun.kit.database import execute, fetch, fetch_value, transaction
from mingxun.kit.problems import Forbidden, NotFound
from mingxun.people.access import Role
from mingxun.shifts import (
    joining,
    open_shifts_here,
    planning,
    reading,
    shifts_around,
    shifts_for_check_in,
    take_place,
)
from mingxun.shifts.facts import ShiftCancelled, ShiftChanged, SignedUp, Unassigned, Wording
from mingxun.shifts.problems import (
    NeedsBelowTaken,
    ShiftChangeConflicts,
    ShiftClosed,
    ShiftInPast,
    ShiftInvalid,
    ShiftStale,
    SignUpRefused,
    WithdrawRefused,
)
from mingxun.shifts.schemas import (
    CancelShift,
    Effect,
    NeedIn,
    NeedRole,
    ShiftFault,
    ShiftState,
    SignUpRefusal,
    UpdateShift,
    WithdrawRefusal,
)
from tests.conftest import TestClock
from tests.recorded import facts_about
from tests.shifts.given import HOUR, a_location, a_shift, actor_of, counted, facts_of, insert, needs, wanted_shift
from tests.world import Person, World, add_membership, add_person

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
async def gate(world: World, clock: TestClock) -> UUID:
    return await a_location(world.here, clock)


async def refusals_of(world: World, clock: TestClock, shift: UUID, who: Person | None = None) -> SignUpRefused:
    with pytest.raises(SignUpRefused) as refused:
        await joining.sign_up(await actor_of(who or world.here.volunteer, clock), shift, now=clock.now())
    return refused.value


# planning


async def test_a_planned_shift_is_open_with_its_needs_in_order_and_recorded(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(3, NeedRole.PARTY_MEMBER), needs(2))
    assert shift.state is ShiftState.OPEN
    assert [(n.role, n.maximum, n.taken) for n in shift.needs] == [(NeedRole.PARTY_MEMBER, 3, 0), (NeedRole.ANYONE, 2, 0)]
    assert (shift.minimum, shift.desired, shift.maximum, shift.taken, shift.version) == (2, 2, 5, 0, 1)
    assert (shift.location_name, shift.plate) == ("东门", "01")
    assert await facts_of(shift.id, "shift_created") == 1
    assert await fetch_value("SELECT count(*) FROM pgqueuer") == 0, "nobody is told, so nothing is enqueued"


async def test_every_fault_of_a_wanted_shift_is_told_at_once(world: World, clock: TestClock, gate: UUID) -> None:
    bad = NeedIn(minimum=3, desired=2, maximum=1)
    stranger = needs(id=uuid4())
    wanted = wanted_shift(gate, clock, begins=timedelta(days=800), lasts=-HOUR, wants=[needs(), bad, stranger])
    with pytest.raises(ShiftInvalid) as refused:
        await planning.create_shift(await actor_of(world.here.coordinator, clock), world.here.id, wanted, now=clock.now())
    assert refused.value.members == {
        "reasons": [
            ShiftFault.ENDS_TOO_EARLY,
            ShiftFault.TOO_FAR_AHEAD,
            ShiftFault.NEEDS_OUT_OF_ORDER,
            ShiftFault.NEED_UNKNOWN,
        ],
        "needs": [1, 2],
    }


async def test_duty_of_the_last_31_days_can_still_be_entered_but_none_before(world: World, clock: TestClock, gate: UUID) -> None:
    await a_shift(world.here, gate, clock, begins=timedelta(days=-31))
    with pytest.raises(ShiftInPast):
        await a_shift(world.here, gate, clock, begins=timedelta(days=-31, hours=-1))
    planned = await a_shift(world.here, gate, clock)
    coordinator = await actor_of(world.here.coordinator, clock)
    earlier = UpdateShift(starts_at=clock.now() - 25 * HOUR, ends_at=clock.now() - 23 * HOUR)
    with pytest.raises(ShiftInPast):
        await planning.update_shift(coordinator, planned.id, earlier, now=clock.now())


async def test_a_duty_that_is_entered_afterwards_gets_its_people_and_a_mistake_can_be_undone(
    world: World, clock: TestClock, gate: UUID
) -> None:
    here = world.here
    coordinator = await actor_of(here.coordinator, clock)
    shift = await a_shift(here, gate, clock, begins=timedelta(days=-3))
    for person in (here.volunteer, here.second_volunteer):
        await joining.assign(coordinator, shift.id, person.id, need=None, now=clock.now())
    with pytest.raises(SignUpRefused) as refused:
        await joining.sign_up(await actor_of(here.building_leader, clock), shift.id, now=clock.now())
    assert SignUpRefusal.ENDED in refused.value.members["reasons"]
    with pytest.raises(ShiftClosed) as closed:
        await planning.cancel_shift(coordinator, shift.id, CancelShift(reason="记错了"), now=clock.now())
    assert closed.value.members == {"state": "took_place"}
    for person in (here.volunteer, here.second_volunteer):
        await joining.unassign(coordinator, shift.id, person.id, now=clock.now())
    change = await planning.cancel_shift(coordinator, shift.id, CancelShift(reason="记错了"), now=clock.now())
    assert (change.applied, change.affected, change.shift.state) == (True, [], ShiftState.CANCELLED)


async def test_a_shift_takes_place_in_its_own_neighbourhood(world: World, clock: TestClock) -> None:
    elsewhere = await a_location(world.there, clock)
    with pytest.raises(NotFound):
        await a_shift(world.here, elsewhere, clock)


async def test_the_database_itself_refuses_a_location_of_another_neighbourhood(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    elsewhere = await a_location(world.there, clock)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with transaction():
            await execute("UPDATE shift SET location = $2 WHERE id = $1", shift.id, elsewhere)


# signing up


async def test_signing_up_takes_a_place_and_is_recorded_with_all_that_a_message_needs(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    volunteer = await actor_of(world.here.volunteer, clock)
    place = await joining.sign_up(volunteer, shift.id, now=clock.now())
    assert (place.shift, place.person, place.need, place.assigned) == (shift.id, volunteer.person, shift.needs[0].id, False)
    assert await counted(shift.id) == (1, 1)
    recorded = (await facts_about(shift.id))[-1]
    fact = msgspec.json.decode(recorded.data, type=SignedUp)
    assert (recorded.actor, fact.person, fact.duty.location) == (volunteer.person, volunteer.person, gate)
    assert (fact.duty.starts_at, fact.duty.made_by) == (shift.starts_at, world.here.coordinator.id)


async def test_signing_up_twice_gives_the_same_place(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(1))
    volunteer = await actor_of(world.here.volunteer, clock)
    first = await joining.sign_up(volunteer, shift.id, now=clock.now())
    clock.forward(timedelta(days=3))
    assert await joining.sign_up(volunteer, shift.id, now=clock.now()) == first
    assert await counted(shift.id) == (1, 1)
    assert await facts_of(shift.id, "signed_up") == 1


async def test_a_person_takes_the_most_specific_place_that_fits_and_then_the_next(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock, needs(3), needs(1, NeedRole.PARTY_MEMBER))
    anyone, member = shift.needs
    another = await add_person("金红星", "+8619900190001", neighbourhood=world.here.id, political_status="中共党员")
    await add_membership(another, Role.VOLUNTEER, world.here.area)
    taken = [
        (await joining.sign_up(await actor_of(who, clock), shift.id, now=clock.now())).need
        for who in (world.here.second_volunteer, another, world.here.volunteer)
    ]
    assert taken == [member.id, anyone.id, anyone.id]


async def test_building_leaders_and_first_aiders_fill_their_own_needs(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(1), needs(1, NeedRole.BUILDING_LEADER), needs(1, NeedRole.FIRST_AID))
    aider = await add_person("金护士", "+8619900190002", neighbourhood=world.here.id, skills=("红十字急救员",))
    await add_membership(aider, Role.VOLUNTEER, world.here.area)
    for who, role in ((aider, NeedRole.FIRST_AID), (world.here.building_leader, NeedRole.BUILDING_LEADER)):
        place = await joining.sign_up(await actor_of(who, clock), shift.id, now=clock.now())
        assert place.need == next(n.id for n in shift.needs if n.role is role)


async def test_spare_volunteers_do_not_make_up_for_a_missing_first_aider(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(2), needs(1, NeedRole.FIRST_AID))
    coordinator = await actor_of(world.here.coordinator, clock)
    lacking = [shift.lacking]
    for who in (world.here.volunteer, world.here.second_volunteer):
        await joining.sign_up(await actor_of(who, clock), shift.id, now=clock.now())
        lacking.append((await reading.get_shift(coordinator, shift.id, now=clock.now())).lacking)
    assert lacking == [2, 1, 1]


async def test_what_a_person_lacks_is_named(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(1, NeedRole.PARTY_MEMBER))
    refused = await refusals_of(world, clock, shift.id)
    assert refused.members == {
        "reasons": [SignUpRefusal.NO_FITTING_NEED],
        "conflict": None,
        "missing": [NeedRole.PARTY_MEMBER],
    }


async def test_a_full_shift_says_so(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(1))
    await joining.sign_up(await actor_of(world.here.second_volunteer, clock), shift.id, now=clock.now())
    assert (await refusals_of(world, clock, shift.id)).members["reasons"] == [SignUpRefusal.FULL]
    assert await counted(shift.id) == (1, 1)


async def test_an_overlap_names_the_other_shift_with_its_times(world: World, clock: TestClock, gate: UUID) -> None:
    first = await a_shift(world.here, gate, clock, title="早巡逻")
    second = await a_shift(world.here, gate, clock, begins=25 * HOUR)
    volunteer = await actor_of(world.here.volunteer, clock)
    await joining.sign_up(volunteer, first.id, now=clock.now())
    refused = await refusals_of(world, clock, second.id)
    assert refused.members["reasons"] == [SignUpRefusal.OVERLAPS]
    conflict = refused.members["conflict"]
    assert (conflict.shift, conflict.title, conflict.starts_at, conflict.ends_at) == (
        first.id,
        "早巡逻",
        first.starts_at,
        first.ends_at,
    )


async def test_a_shift_that_begins_when_the_other_ends_does_not_overlap(world: World, clock: TestClock, gate: UUID) -> None:
    first = await a_shift(world.here, gate, clock)
    second = await a_shift(world.here, gate, clock, begins=26 * HOUR)
    volunteer = await actor_of(world.here.volunteer, clock)
    await joining.sign_up(volunteer, first.id, now=clock.now())
    await joining.sign_up(volunteer, second.id, now=clock.now())


async def test_a_place_given_back_makes_the_time_free_again(world: World, clock: TestClock, gate: UUID) -> None:
    first = await a_shift(world.here, gate, clock)
    second = await a_shift(world.here, gate, clock, begins=25 * HOUR)
    volunteer = await actor_of(world.here.volunteer, clock)
    await joining.sign_up(volunteer, first.id, now=clock.now())
    await joining.withdraw(volunteer, first.id, now=clock.now())
    await joining.sign_up(volunteer, second.id, now=clock.now())
    assert await counted(first.id) == (0, 0)
    assert await facts_of(first.id, "withdrew") == 1
    assert await fetch_value("SELECT state FROM assignment WHERE shift = $1", first.id) == "withdrawn"


async def test_the_database_itself_refuses_overlaps_overbooking_and_a_second_place(
    world: World, clock: TestClock, gate: UUID
) -> None:
    first = await a_shift(world.here, gate, clock, needs(1))
    second = await a_shift(world.here, gate, clock, begins=25 * HOUR)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), first.id, now=clock.now())
    with pytest.raises(asyncpg.ExclusionViolationError, match="assignment_no_overlap"):
        async with transaction():
            await insert(second.id, second.needs[0].id, world.here.volunteer.id)
    with pytest.raises(asyncpg.PostgresError, match=r"assignment_once|assignment_no_overlap"):
        async with transaction():
            await insert(first.id, first.needs[0].id, world.here.volunteer.id)
    with pytest.raises(asyncpg.CheckViolationError, match="need_not_overbooked"):
        async with transaction():
            await insert(first.id, first.needs[0].id, world.here.second_volunteer.id)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="assignment_times"):
        async with transaction():
            await execute("UPDATE assignment SET ends_at = ends_at - interval '1 hour' WHERE shift = $1", first.id)


async def test_the_database_counts_whoever_writes_and_nobody_tells_it_the_count(
    world: World, clock: TestClock, gate: UUID
) -> None:
    here = world.here
    shift = await a_shift(here, gate, clock, needs(2), needs(2, NeedRole.PARTY_MEMBER))
    first, second = (need.id for need in shift.needs)

    async def taken() -> list[int]:
        rows = await fetch("SELECT taken FROM need WHERE shift = $1 ORDER BY position", shift.id)
        return [row["taken"] for row in rows]

    for person in (here.volunteer, here.second_volunteer):
        await insert(shift.id, first, person.id)
    assert await taken() == [2, 0]
    await execute("UPDATE assignment SET need = $2 WHERE shift = $1 AND person = $3", shift.id, second, here.volunteer.id)
    assert await taken() == [1, 1]
    await execute(
        "UPDATE assignment SET state = 'withdrawn', ended_by = person, ended_at = $2 WHERE shift = $1 AND need = $3",
        shift.id,
        clock.now(),
        first,
    )
    assert await taken() == [0, 1]
    await execute("DELETE FROM assignment WHERE shift = $1", shift.id)
    assert await taken() == [0, 0]
    for told in ("UPDATE need SET taken = 1 WHERE id = $1", "UPDATE need SET taken = taken + 1 WHERE id = $1"):
        with pytest.raises(asyncpg.RestrictViolationError, match="counted"):
            async with transaction():
                await execute(told, first)
    with pytest.raises(asyncpg.RestrictViolationError, match="counted"):
        async with transaction():
            await execute(
                """INSERT INTO need (id, neighbourhood, shift, position, role, minimum, desired, maximum, taken)
                   VALUES ($1, $2, $3, 5, 'anyone', 0, 1, 2, 1)""",
                uuid4(),
                here.id,
                shift.id,
            )


# withdrawing, assigning, unassigning


async def test_nobody_withdraws_from_a_shift_that_has_begun_or_that_they_are_not_on(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    volunteer = await actor_of(world.here.volunteer, clock)
    with pytest.raises(WithdrawRefused) as refused:
        await joining.withdraw(volunteer, shift.id, now=clock.now())
    assert refused.value.members["reasons"] == [WithdrawRefusal.NOT_IN]
    await joining.sign_up(volunteer, shift.id, now=clock.now())
    clock.forward(24 * HOUR)
    with pytest.raises(WithdrawRefused) as refused:
        await joining.withdraw(volunteer, shift.id, now=clock.now())
    assert refused.value.members["reasons"] == [WithdrawRefusal.STARTED]
    assert await counted(shift.id) == (1, 1)


async def test_a_coordinator_adds_people_until_31_days_after_the_end_and_keeps_those_who_are_in(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    coordinator = await actor_of(world.here.coordinator, clock)
    clock.forward(25 * HOUR)
    place = await joining.assign(coordinator, shift.id, world.here.volunteer.id, need=None, now=clock.now())
    assert place.assigned
    assert await joining.assign(coordinator, shift.id, world.here.volunteer.id, need=None, now=clock.now()) == place
    assert await facts_of(shift.id, "assigned") == 1
    clock.forward(HOUR + timedelta(days=31))
    with pytest.raises(SignUpRefused) as refused:
        await joining.assign(coordinator, shift.id, world.here.second_volunteer.id, need=None, now=clock.now())
    assert refused.value.members["reasons"] == [SignUpRefusal.ENDED]


async def test_a_coordinator_can_choose_the_need_but_not_one_that_does_not_fit(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock, needs(1), needs(1, NeedRole.PARTY_MEMBER))
    anyone, member = shift.needs
    coordinator = await actor_of(world.here.coordinator, clock)
    with pytest.raises(SignUpRefused) as refused:
        await joining.assign(coordinator, shift.id, world.here.volunteer.id, need=member.id, now=clock.now())
    assert refused.value.members["reasons"] == [SignUpRefusal.NO_FITTING_NEED]
    place = await joining.assign(coordinator, shift.id, world.here.second_volunteer.id, need=anyone.id, now=clock.now())
    assert place.need == anyone.id
    with pytest.raises(NotFound):
        await joining.assign(coordinator, shift.id, world.here.volunteer.id, need=uuid4(), now=clock.now())


async def test_only_people_of_the_neighbourhood_are_assigned(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    coordinator = await actor_of(world.here.coordinator, clock)
    for person in (world.there.volunteer.id, world.stranger.id, uuid4()):
        with pytest.raises(NotFound):
            await joining.assign(coordinator, shift.id, person, need=None, now=clock.now())


async def test_a_coordinator_learns_when_but_not_where_somebody_serves_in_another_neighbourhood(
    world: World, clock: TestClock, gate: UUID
) -> None:
    await add_membership(world.here.volunteer, Role.VOLUNTEER, world.there.area)
    there = await a_shift(world.there, await a_location(world.there, clock), clock)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), there.id, now=clock.now())
    here = await a_shift(world.here, gate, clock)
    with pytest.raises(SignUpRefused) as refused:
        await joining.assign(
            await actor_of(world.here.coordinator, clock), here.id, world.here.volunteer.id, need=None, now=clock.now()
        )
    conflict = refused.value.members["conflict"]
    assert (conflict.shift, conflict.title, conflict.starts_at) == (None, None, there.starts_at)
    own = await refusals_of(world, clock, here.id)
    assert own.members["conflict"].shift == there.id


async def test_whoever_is_unassigned_is_named_in_the_fact_and_the_place_is_free(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), shift.id, now=clock.now())
    coordinator = await actor_of(world.here.coordinator, clock)
    clock.forward(25 * HOUR)
    await joining.unassign(coordinator, shift.id, world.here.volunteer.id, now=clock.now())
    assert await counted(shift.id) == (0, 0)
    fact = msgspec.json.decode((await facts_about(shift.id))[-1].data, type=Unassigned)
    assert fact.person == world.here.volunteer.id
    with pytest.raises(NotFound):
        await joining.unassign(coordinator, shift.id, world.here.volunteer.id, now=clock.now())


async def test_the_times_and_words_of_a_shift_that_is_over_stay_and_after_31_days_all_of_it(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), shift.id, now=clock.now())
    clock.forward(26 * HOUR)
    coordinator = await actor_of(world.here.coordinator, clock)
    with pytest.raises(ShiftClosed):
        await planning.update_shift(coordinator, shift.id, UpdateShift(note="晚了"), now=clock.now())
    clock.forward(timedelta(days=31))
    coordinator = await actor_of(world.here.coordinator, clock)
    with pytest.raises(ShiftClosed):
        await joining.unassign(coordinator, shift.id, world.here.volunteer.id, now=clock.now())
    with pytest.raises(ShiftClosed) as refused:
        await planning.cancel_shift(coordinator, shift.id, CancelShift(reason="晚了"), now=clock.now())
    assert refused.value.members == {"state": "over"}


# changing


async def test_moving_a_shift_keeps_its_people_and_tells_them(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    other = await a_location(world.here, clock, "西门")
    volunteer = world.here.volunteer
    await joining.sign_up(await actor_of(volunteer, clock), shift.id, now=clock.now())
    later = UpdateShift(starts_at=shift.starts_at + HOUR, ends_at=shift.ends_at + HOUR, location=other, version=1)
    change = await planning.update_shift(await actor_of(world.here.coordinator, clock), shift.id, later, now=clock.now())
    assert change.applied
    assert [(a.person, a.name, a.effect) for a in change.affected] == [
        (volunteer.id, volunteer.name, Effect.MOVED),
        (volunteer.id, volunteer.name, Effect.RELOCATED),
    ]
    assert (change.shift.starts_at, change.shift.location, change.shift.version, change.shift.taken) == (
        shift.starts_at + HOUR,
        other,
        2,
        1,
    )
    assert await fetch_value("SELECT starts_at FROM assignment WHERE shift = $1", shift.id) == shift.starts_at + HOUR
    fact = msgspec.json.decode((await facts_about(shift.id))[-1].data, type=ShiftChanged)
    assert (fact.before.location, fact.after.location) == (gate, other)
    assert [(a.person, a.effect) for a in fact.affected] == [(volunteer.id, Effect.MOVED), (volunteer.id, Effect.RELOCATED)]


async def test_what_a_shift_was_called_is_kept_beside_the_ledger_where_it_can_be_erased(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    coordinator = await actor_of(world.here.coordinator, clock)
    await planning.update_shift(coordinator, shift.id, UpdateShift(title="巡夜", preview=True), now=clock.now())
    assert await fetch_value("SELECT count(*) FROM shift_change") == 0
    await planning.update_shift(coordinator, shift.id, UpdateShift(title="巡夜", note="带手电"), now=clock.now())
    recorded = (await facts_about(shift.id))[-1]
    assert msgspec.json.decode(recorded.data, type=ShiftChanged).reworded == [Wording.TITLE, Wording.NOTE]
    assert "巡" not in recorded.data.decode()
    rows = await fetch("SELECT fact, field, before, after, at FROM shift_change WHERE shift = $1 ORDER BY field DESC", shift.id)
    assert [tuple(row) for row in rows] == [
        (recorded.id, "title", "巡逻", "巡夜", clock.now()),
        (recorded.id, "note", "", "带手电", clock.now()),
    ]
    await planning.update_shift(coordinator, shift.id, UpdateShift(needs=[needs(5, id=shift.needs[0].id)]), now=clock.now())
    assert msgspec.json.decode((await facts_about(shift.id))[-1].data, type=ShiftChanged).reworded == []


async def test_a_preview_says_the_same_and_changes_nothing(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), shift.id, now=clock.now())
    coordinator = await actor_of(world.here.coordinator, clock)
    wanted = UpdateShift(ends_at=shift.ends_at + HOUR, needs=[needs(5, id=shift.needs[0].id), needs(2, NeedRole.FIRST_AID)])
    preview = await planning.update_shift(coordinator, shift.id, msgspec.structs.replace(wanted, preview=True), now=clock.now())
    assert not preview.applied
    assert (preview.shift.ends_at, preview.shift.maximum) == (shift.ends_at + HOUR, 7)
    assert [a.effect for a in preview.affected] == [Effect.MOVED]
    assert (await reading.get_shift(coordinator, shift.id, now=clock.now())).ends_at == shift.ends_at
    assert await facts_of(shift.id, "shift_changed") == 0


async def test_a_change_of_words_informs_and_one_of_numbers_touches_nobody(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), shift.id, now=clock.now())
    coordinator = await actor_of(world.here.coordinator, clock)
    said = await planning.update_shift(coordinator, shift.id, UpdateShift(note="带伞"), now=clock.now())
    assert [a.effect for a in said.affected] == [Effect.INFORMED]
    more = await planning.update_shift(
        coordinator, shift.id, UpdateShift(needs=[needs(9, id=shift.needs[0].id)]), now=clock.now()
    )
    assert more.affected == []
    assert (more.shift.maximum, more.shift.taken, more.shift.version) == (9, 1, 3)


async def test_a_change_of_nothing_leaves_no_trace(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    same = UpdateShift(title=shift.title, starts_at=shift.starts_at, needs=[needs(2, id=shift.needs[0].id)])
    change = await planning.update_shift(await actor_of(world.here.coordinator, clock), shift.id, same, now=clock.now())
    assert change.shift.version == 1
    assert await facts_of(shift.id, "shift_changed") == 0


async def test_a_shift_is_not_moved_onto_another_duty_of_somebody_on_it(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    other = await a_shift(world.here, gate, clock, begins=48 * HOUR, title="值守")
    for who in (world.here.volunteer, world.here.second_volunteer):
        await joining.sign_up(await actor_of(who, clock), shift.id, now=clock.now())
    await joining.sign_up(await actor_of(world.here.volunteer, clock), other.id, now=clock.now())
    coordinator = await actor_of(world.here.coordinator, clock)
    wanted = UpdateShift(starts_at=other.starts_at - HOUR, ends_at=other.starts_at + HOUR)
    with pytest.raises(ShiftChangeConflicts) as refused:
        await planning.update_shift(coordinator, shift.id, wanted, now=clock.now())
    (conflict,) = refused.value.members["conflicts"]
    assert (conflict.person, conflict.name, conflict.shift, conflict.title) == (
        world.here.volunteer.id,
        world.here.volunteer.name,
        other.id,
        "值守",
    )
    preview = await planning.update_shift(coordinator, shift.id, msgspec.structs.replace(wanted, preview=True), now=clock.now())
    assert {(a.person, a.effect) for a in preview.affected} == {
        (world.here.volunteer.id, Effect.CONFLICT),
        (world.here.second_volunteer.id, Effect.MOVED),
    }
    assert (preview.shift.starts_at, preview.applied) == (other.starts_at - HOUR, False)
    assert (await reading.get_shift(coordinator, shift.id, now=clock.now())).starts_at == shift.starts_at


async def test_a_shift_may_be_moved_to_overlap_with_its_own_old_time(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), shift.id, now=clock.now())
    wanted = UpdateShift(starts_at=shift.starts_at + HOUR / 2, ends_at=shift.ends_at + HOUR / 2)
    change = await planning.update_shift(await actor_of(world.here.coordinator, clock), shift.id, wanted, now=clock.now())
    assert change.applied


async def test_places_never_sink_below_those_who_are_in(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    for who in (world.here.volunteer, world.here.second_volunteer):
        await joining.sign_up(await actor_of(who, clock), shift.id, now=clock.now())
    coordinator = await actor_of(world.here.coordinator, clock)
    for wants, maximum in ([needs(1, id=shift.needs[0].id)], 1), ([needs(5)], 0):
        with pytest.raises(NeedsBelowTaken) as refused:
            await planning.update_shift(coordinator, shift.id, UpdateShift(needs=wants), now=clock.now())
        (below,) = refused.value.members["needs"]
        assert (below.need, below.taken, below.maximum, below.excess) == (shift.needs[0].id, 2, maximum, 2 - maximum)


async def test_a_need_that_is_struck_out_takes_nobody_and_its_history_stays(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(1, NeedRole.PARTY_MEMBER), needs(1))
    member = await actor_of(world.here.second_volunteer, clock)
    await joining.sign_up(member, shift.id, now=clock.now())
    await joining.withdraw(member, shift.id, now=clock.now())
    change = await planning.update_shift(
        await actor_of(world.here.coordinator, clock),
        shift.id,
        UpdateShift(needs=[needs(1, id=shift.needs[1].id)]),
        now=clock.now(),
    )
    assert [n.id for n in change.shift.needs] == [shift.needs[1].id]
    place = await joining.sign_up(member, shift.id, now=clock.now())
    assert place.need == shift.needs[1].id


async def test_an_edit_made_on_an_older_state_is_refused(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    coordinator = await actor_of(world.here.coordinator, clock)
    await planning.update_shift(coordinator, shift.id, UpdateShift(title="夜巡", version=1), now=clock.now())
    with pytest.raises(ShiftStale) as refused:
        await planning.update_shift(coordinator, shift.id, UpdateShift(title="早巡", version=1), now=clock.now())
    assert refused.value.members == {"version": 2}


# cancelling


async def test_a_cancelled_shift_names_those_who_were_on_it_and_frees_their_time(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock)
    volunteer = await actor_of(world.here.volunteer, clock)
    await joining.sign_up(volunteer, shift.id, now=clock.now())
    coordinator = await actor_of(world.here.coordinator, clock)
    preview = await planning.cancel_shift(coordinator, shift.id, CancelShift(reason="台风", preview=True), now=clock.now())
    assert (preview.applied, preview.shift.state) == (False, ShiftState.CANCELLED)
    assert (await reading.get_shift(coordinator, shift.id, now=clock.now())).state is ShiftState.OPEN
    change = await planning.cancel_shift(coordinator, shift.id, CancelShift(reason="台风"), now=clock.now())
    assert [(a.person, a.effect) for a in change.affected] == [(volunteer.person, Effect.REMOVED)]
    assert (change.shift.cancel_reason, change.shift.taken) == ("台风", 0)
    assert [a.person for a in change.shift.assignees] == [volunteer.person]
    fact = msgspec.json.decode((await facts_about(shift.id))[-1].data, type=ShiftCancelled)
    assert fact.persons == [volunteer.person]
    assert await counted(shift.id) == (0, 0)
    refused = await refusals_of(world, clock, shift.id)
    assert refused.members["reasons"] == [SignUpRefusal.CANCELLED]
    again = await a_shift(world.here, gate, clock)
    await joining.sign_up(volunteer, again.id, now=clock.now())
    mine = await reading.list_my_shifts(volunteer.person, since=clock.now(), until=None, cursor=None, limit=50)
    assert [(s.id, s.state) for s in mine.items] == [(shift.id, ShiftState.CANCELLED), (again.id, ShiftState.OPEN)]


async def test_a_cancelled_shift_stays_cancelled(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    coordinator = await actor_of(world.here.coordinator, clock)
    await planning.cancel_shift(coordinator, shift.id, CancelShift(reason="雨"), now=clock.now())
    with pytest.raises(ShiftClosed) as refused:
        await planning.cancel_shift(coordinator, shift.id, CancelShift(reason="雨"), now=clock.now())
    assert refused.value.members == {"state": "cancelled"}
    with pytest.raises(ShiftClosed):
        await planning.update_shift(coordinator, shift.id, UpdateShift(title="晴"), now=clock.now())


# reading


async def test_a_list_shows_what_touches_the_time_asked_for_in_order_and_in_pages(
    world: World, clock: TestClock, gate: UUID
) -> None:
    night = await a_shift(world.here, gate, clock, begins=-2 * HOUR, lasts=8 * HOUR)
    soon = await a_shift(world.here, gate, clock, begins=HOUR)
    twin = await a_shift(world.here, gate, clock, begins=HOUR)
    late = await a_shift(world.here, gate, clock, begins=30 * HOUR)
    await a_shift(world.there, await a_location(world.there, clock), clock, begins=HOUR)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), twin.id, now=clock.now())

    async def page(cursor: str | None, limit: int = 2, until: timedelta = 24 * HOUR):  # type: ignore[no-untyped-def]
        return await reading.list_shifts(
            world.here.id,
            reader=world.here.volunteer.id,
            since=clock.now(),
            until=clock.now() + until,
            cursor=cursor,
            limit=limit,
        )

    first = await page(None)
    second = await page(first.next_cursor)
    assert [s.id for s in first.items + second.items] == [night.id, soon.id, twin.id]
    assert [s.mine for s in first.items + second.items] == [False, False, True]
    assert second.next_cursor is None
    assert [s.id for s in (await page(None, limit=50, until=31 * HOUR)).items][-1] == late.id


async def test_a_list_can_be_narrowed(world: World, clock: TestClock, gate: UUID) -> None:
    other = await a_location(world.here, clock, "西门")
    here = await a_shift(world.here, gate, clock)
    there = await a_shift(world.here, other, clock)
    await planning.cancel_shift(
        await actor_of(world.here.coordinator, clock), there.id, CancelShift(reason="雨"), now=clock.now()
    )

    async def found(**only: object) -> list[UUID]:
        shown = await reading.list_shifts(
            world.here.id,
            reader=world.here.volunteer.id,
            since=clock.now(),
            until=clock.now() + 48 * HOUR,
            **only,  # type: ignore[arg-type]
        )
        return [s.id for s in shown.items]

    assert await found(location=other) == [there.id]
    assert await found(state=ShiftState.OPEN) == [here.id]
    assert await found(kind=here.kind, location=gate, state=ShiftState.CANCELLED) == []


async def test_names_are_seen_by_those_on_the_shift_telephones_by_leaders(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    served = world.here.volunteer
    await joining.sign_up(await actor_of(served, clock), shift.id, now=clock.now())

    async def seen(reader: Person) -> tuple[str, str | None]:
        found = await reading.get_shift(await actor_of(reader, clock), shift.id, now=clock.now())
        (assignee,) = [a for a in found.assignees if a.person == served.id]
        return assignee.name, assignee.phone

    assert await seen(world.here.second_volunteer) == ("金", None)
    assert await seen(served) == (served.name, None)
    assert await seen(world.here.building_leader) == (served.name, served.phone)
    assert await seen(world.here.coordinator) == (served.name, served.phone)
    assert await seen(world.subdistrict_admin) == (served.name, served.phone)
    await joining.sign_up(await actor_of(world.here.second_volunteer, clock), shift.id, now=clock.now())
    assert await seen(world.here.second_volunteer) == (served.name, None)


async def test_a_reader_sees_beforehand_why_they_could_not_sign_up(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(1, NeedRole.PARTY_MEMBER))
    volunteer, member = await actor_of(world.here.volunteer, clock), await actor_of(world.here.second_volunteer, clock)
    assert (await reading.get_shift(volunteer, shift.id, now=clock.now())).refusals == [SignUpRefusal.NO_FITTING_NEED]
    assert (await reading.get_shift(member, shift.id, now=clock.now())).refusals == []
    await joining.sign_up(member, shift.id, now=clock.now())
    assert (await reading.get_shift(member, shift.id, now=clock.now())).refusals == [SignUpRefusal.ALREADY_IN]
    clock.forward(24 * HOUR)
    late = (await reading.get_shift(volunteer, shift.id, now=clock.now())).refusals
    assert late == [SignUpRefusal.STARTED, SignUpRefusal.FULL]


async def test_who_may_not_is_told_so_and_strangers_learn_nothing(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock)
    for stranger in (world.there.coordinator, world.stranger):
        with pytest.raises(NotFound):
            await reading.get_shift(await actor_of(stranger, clock), shift.id, now=clock.now())
    with pytest.raises(Forbidden):
        await joining.sign_up(await actor_of(world.here.handler, clock), shift.id, now=clock.now())
    with pytest.raises(Forbidden):
        await planning.cancel_shift(
            await actor_of(world.here.building_leader, clock), shift.id, CancelShift(reason="雨"), now=clock.now()
        )


# what features above use


async def test_a_check_in_finds_the_shift_here_before_one_elsewhere_from_an_hour_before(
    world: World, clock: TestClock, gate: UUID
) -> None:
    other = await a_location(world.here, clock, "西门")
    elsewhere = await a_shift(world.here, other, clock, begins=2 * HOUR, lasts=HOUR / 2)
    here = await a_shift(world.here, gate, clock, begins=3 * HOUR)
    volunteer = await actor_of(world.here.volunteer, clock)
    for shift in (elsewhere, here):
        await joining.sign_up(volunteer, shift.id, now=clock.now())

    async def found(at: timedelta) -> list[UUID]:
        return [s.id for s in await shifts_for_check_in(volunteer.person, gate, clock.now() + at)]

    assert await found(HOUR - timedelta(seconds=1)) == []
    assert await found(HOUR) == [elsewhere.id]
    assert await found(2 * HOUR) == [here.id, elsewhere.id]
    assert await found(2.5 * HOUR) == [here.id]
    assert await found(5 * HOUR - timedelta(seconds=1)) == [here.id]
    assert await found(5 * HOUR) == []


async def test_whoever_checks_in_may_take_a_place_after_the_start_judged_by_the_time_of_the_scan(
    world: World, clock: TestClock, gate: UUID
) -> None:
    shift = await a_shift(world.here, gate, clock, begins=HOUR)
    scanned = clock.now() + 2 * HOUR
    clock.forward(30 * HOUR)
    await take_place(shift.id, world.here.volunteer.id, at=scanned, now=clock.now())
    with pytest.raises(SignUpRefused) as refused:
        await take_place(shift.id, world.here.second_volunteer.id, at=shift.ends_at, now=clock.now())
    assert refused.value.members["reasons"] == [SignUpRefusal.ENDED]


async def test_open_shifts_here_are_todays_with_a_place_left_and_not_ones_own(world: World, clock: TestClock, gate: UUID) -> None:
    clock.at = clock.at.replace(hour=2, minute=0, second=0)  # 10:00 in Shanghai
    zone = ZoneInfo("Asia/Shanghai")
    runs = await a_shift(world.here, gate, clock, begins=-HOUR)
    own = await a_shift(world.here, gate, clock, begins=2 * HOUR)
    full = await a_shift(world.here, gate, clock, needs(1), begins=2 * HOUR)
    tonight = await a_shift(world.here, gate, clock, begins=13 * HOUR)
    await a_shift(world.here, gate, clock, begins=14 * HOUR)  # tomorrow, 00:00
    await a_shift(world.here, gate, clock, begins=-2 * HOUR, lasts=2 * HOUR)  # just over
    await joining.sign_up(await actor_of(world.here.volunteer, clock), own.id, now=clock.now())
    await joining.sign_up(await actor_of(world.here.second_volunteer, clock), full.id, now=clock.now())
    shown = await open_shifts_here(gate, world.here.volunteer.id, clock.now(), zone=zone)
    assert [s.id for s in shown] == [runs.id, tonight.id]


async def test_shifts_around_an_instant_are_those_that_run_or_begin_soon(world: World, clock: TestClock, gate: UUID) -> None:
    runs = await a_shift(world.here, gate, clock, begins=HOUR)
    empty = await a_shift(world.here, gate, clock, begins=HOUR)
    cancelled = await a_shift(world.here, gate, clock, begins=HOUR)
    await joining.sign_up(await actor_of(world.here.volunteer, clock), runs.id, now=clock.now())
    await planning.cancel_shift(
        await actor_of(world.here.coordinator, clock), cancelled.id, CancelShift(reason="雨"), now=clock.now()
    )
    reader = world.here.volunteer.id

    async def around(neighbourhood: UUID, at: datetime, ahead: timedelta = timedelta(0)) -> list[tuple[UUID, int, bool]]:
        found = await shifts_around(neighbourhood, at, ahead=ahead, limit=50, reader=reader)
        return [(shift.id, shift.taken, shift.mine) for shift in found]

    assert await around(world.here.id, clock.now()) == []
    assert await around(world.there.id, clock.now() + HOUR) == []
    expected = [(runs.id, 1, True), (empty.id, 0, False)]
    assert await around(world.here.id, clock.now() + HOUR) == expected
    assert await around(world.here.id, clock.now(), HOUR) == expected


async def test_what_is_taken_always_equals_those_who_are_in(world: World, clock: TestClock, gate: UUID) -> None:
    shift = await a_shift(world.here, gate, clock, needs(2), needs(2, NeedRole.PARTY_MEMBER))
    coordinator = await actor_of(world.here.coordinator, clock)
    volunteer = await actor_of(world.here.volunteer, clock)
    for _ in range(3):
        await joining.sign_up(volunteer, shift.id, now=clock.now())
        await joining.assign(coordinator, shift.id, world.here.second_volunteer.id, need=None, now=clock.now())
        await joining.withdraw(volunteer, shift.id, now=clock.now())
        await joining.unassign(coordinator, shift.id, world.here.second_volunteer.id, now=clock.now())
        assert await counted(shift.id) == (0, 0)
    rows = await fetch("SELECT state, count(*) AS n FROM assignment WHERE shift = $1 GROUP BY state", shift.id)
    assert {row["state"]: row["n"] for row in rows} == {"withdrawn": 3, "unassigned": 3}
