"""What an import does to the people who are there."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mingxun.kit.ids import new_id
from mingxun.people.roster.addresses import parse_address
from mingxun.people.roster.fields import Found, Trouble
from mingxun.people.roster.planning import Known, Plan, plan
from mingxun.people.roster.reading import Record
from mingxun.people.schemas import Role, RowFate

NEW, CHANGED, SAME, DUPLICATE, REFUSED = RowFate.NEW, RowFate.CHANGED, RowFate.SAME, RowFate.DUPLICATE, RowFate.REFUSED


def row(name: str = "张三", phone: str | None = None, address: str = "", number: int = 2, **more: Any) -> Record:
    where = parse_address(address)
    return Record(
        row=number, name=name, phone=phone, key=where.key, building=where.building, exact=where.exact, room=where.room, **more
    )


def somebody(name: str = "张三", phone: str | None = None, address: str = "", **more: Any) -> Known:
    where = parse_address(address)
    known: dict[str, Any] = {
        "phone_note": "", "gender": "", "born": "", "political_status": "", "skills": (), "availability": "", "remark": "",
        "volunteer": True, "leads": frozenset(), "kept_here": True,
    }  # fmt: skip
    return Known(id=new_id(), name=name, phone=phone, key=where.key, room=where.room, **(known | more))


def fates(found: Plan) -> list[RowFate]:
    return [planned.fate for planned in found.rows]


A, B = "+8613812345678", "+8613912345678"


def test_somebody_unknown_is_new_and_becomes_a_volunteer() -> None:
    found = plan([row(phone=A, address="37号202")], [], {})
    assert fates(found) == [NEW]
    assert found.rows[0].roles == (Role.VOLUNTEER,)
    assert found.new_buildings == (("37", "37号"),)


def test_a_building_that_is_there_is_not_made_again_however_it_is_called() -> None:
    assert plan([row(address="37-202")], [], {"37": ["37号楼"]}).new_buildings == ()


def test_a_new_building_is_called_as_somebody_wrote_it_out() -> None:
    assert plan([row(address="37-202"), row("李四", address="37幢101")], [], {}).new_buildings == (("37", "37幢"),)


def test_the_same_name_and_number_is_the_same_person() -> None:
    known = somebody(phone=A, address="37号202")
    assert fates(plan([row(phone=A, address="37号202")], [known], {"37": ["37号"]})) == [SAME]


def test_a_changed_number_is_known_by_name_and_room() -> None:
    known = somebody(phone=A, address="37号202", phone_note="子女")
    found = plan([row(phone=B, address="37号202")], [known], {"37": ["37号"]})
    assert fates(found) == [CHANGED]
    assert [(c.field, c.before, c.after) for c in found.rows[0].changes] == [("phone", A, B), ("phone_note", "子女", "")]
    assert found.rows[0].person == known.id


def test_a_changed_address_is_known_by_name_and_number_and_takes_the_room_along() -> None:
    known = somebody(phone=A, address="37号202")
    found = plan([row(phone=A, address="38号")], [known], {"37": ["37号"], "38": ["38号"]})
    assert [(c.field, c.before, c.after) for c in found.rows[0].changes] == [("building", "37号", "38号"), ("room", "202", "")]


def test_an_empty_cell_erases_nothing() -> None:
    known = somebody(phone=A, address="37号202", born="1948-04", remark="会弹琴", skills=("急救",), gender="女")
    assert fates(plan([row(phone=A)], [known], {"37": ["37号"]})) == [SAME]


def test_a_less_exact_birthday_is_no_change() -> None:
    known = somebody(phone=A, born="1948-04-04")
    assert fates(plan([row(phone=A, born="1948")], [known], {})) == [SAME]
    assert fates(plan([row(phone=A, born="1949")], [known], {})) == [CHANGED]


def test_couples_who_share_a_number_are_two() -> None:
    assert fates(plan([row("张三", A, "37号202"), row("李芳", A, "37号202", 3)], [], {})) == [NEW, NEW]


def test_the_same_name_in_another_room_is_somebody_else() -> None:
    assert fates(plan([row(phone=A, address="37号202"), row(phone=B, address="38号101")], [], {})) == [NEW, NEW]
    assert fates(plan([row(address="37号202"), row(address="38号101")], [], {})) == [NEW, NEW]


def test_the_same_name_and_number_twice_is_a_duplicate_and_says_if_the_address_differs() -> None:
    found = plan([row(phone=A, address="37号202"), row(phone=A, address="38号101"), row(phone=A)], [], {})
    assert fates(found) == [NEW, DUPLICATE, DUPLICATE]
    assert [[f.trouble for f in r.found] for r in found.rows] == [[], [Trouble.OTHER_ADDRESS], []]


def test_rows_that_hang_together_are_one_person_and_each_difference_is_said() -> None:
    found = plan([row(address="37号202"), row(phone=A, address="37号202"), row(phone=A)], [], {})
    assert fates(found) == [NEW, DUPLICATE, DUPLICATE]
    assert [[f.trouble for f in r.found] for r in found.rows] == [[], [Trouble.OTHER_PHONE], [Trouble.OTHER_PHONE]]


def test_a_number_is_a_surer_sign_than_a_room_wherever_it_stands_in_the_file() -> None:
    known = somebody(phone=A, address="37号202")
    found = plan([row(phone=B, address="37号202"), row(phone=A, address="38号101")], [known], {"37": ["37号"], "38": ["38号"]})
    assert fates(found) == [NEW, CHANGED]


def test_the_same_name_and_room_twice_is_a_duplicate_and_says_if_the_number_differs() -> None:
    found = plan([row(phone=A, address="37号202"), row(phone=B, address="37-202")], [], {})
    assert fates(found) == [NEW, DUPLICATE]
    assert [f.trouble for f in found.rows[1].found] == [Trouble.OTHER_PHONE]


def test_a_bare_name_is_the_only_person_of_that_name() -> None:
    found = plan([row()], [somebody(phone=A)], {})
    assert fates(found) == [SAME]
    assert [f.trouble for f in found.rows[0].found] == [Trouble.MATCHED_BY_NAME]


def test_a_bare_name_that_several_people_have_is_refused() -> None:
    found = plan([row()], [somebody(phone=A), somebody(phone=B)], {})
    assert fates(found) == [REFUSED]
    assert [f.trouble for f in found.rows[0].found] == [Trouble.AMBIGUOUS]


def test_a_row_without_a_usable_name_is_refused() -> None:
    bad = row(found=[Found(trouble=Trouble.NAME_MISSING, field="name", value="")])
    assert fates(plan([bad], [], {})) == [REFUSED]


def test_a_leader_gets_the_role_of_their_building_once() -> None:
    new = plan([row(phone=A, address="37号202", leader=True)], [], {})
    assert new.rows[0].roles == (Role.VOLUNTEER, Role.BUILDING_LEADER)
    known = somebody(phone=A, address="37号202")
    found = plan([row(phone=A, address="37号202", leader=True)], [known], {"37": ["37号"]})
    assert [(c.field, c.after) for c in found.rows[0].changes] == [("roles", "building_leader")]
    leads = somebody(phone=A, address="37号202", leads=frozenset({"37"}))
    assert fates(plan([row(phone=A, address="37号202", leader=True)], [leads], {"37": ["37号"]})) == [SAME]


def test_a_guest_gets_a_role_and_keeps_the_record_that_another_neighbourhood_has() -> None:
    guest = somebody(phone=A, volunteer=False, kept_here=False)
    found = plan([row(phone=A, address="37号202", remark="x")], [guest], {})
    assert fates(found) == [CHANGED]
    assert found.rows[0].updates == {}
    assert found.new_buildings == ()


def test_two_buildings_of_one_number_are_said() -> None:
    found = plan([row(phone=A, address="9号101")], [], {"9": ["9号", "9幢"]})
    assert [f.trouble for f in found.rows[0].found] == [Trouble.BUILDING_AMBIGUOUS]


def applied(roster: Sequence[Known], found: Plan) -> list[Known]:
    """The roster after the import, as `service._apply` writes it."""
    after = {known.id: known for known in roster}
    for planned in found.rows:
        record = planned.record
        leads = {record.key} if Role.BUILDING_LEADER in planned.roles else set()
        if planned.fate is NEW:
            known = somebody(
                record.name,
                record.phone,
                born=record.born,
                remark=record.remark,
                skills=tuple(record.skills),
                leads=frozenset(leads),
            )
            after[known.id] = Known(**(_fields(known) | {"key": record.key, "room": record.room}))
        elif planned.fate is CHANGED and planned.person:
            known = after[planned.person]
            updates: dict[str, Any] = {{"building": "key"}.get(k, k): v for k, v in planned.updates.items()}
            if "skills" in updates:
                updates["skills"] = tuple(record.skills)
            updates |= {"volunteer": True, "leads": known.leads | leads}
            after[planned.person] = Known(**(_fields(known) | updates))
    return list(after.values())


def _fields(known: Known) -> dict[str, Any]:
    return {field: getattr(known, field) for field in known.__struct_fields__}


NAMES = st.sampled_from(["张三", "李四"])
PHONES = st.sampled_from([None, A, B])
PLACES = st.sampled_from(["", "37号", "37号202", "37-202", "38号101"])
RECORDS = st.builds(
    row,
    NAMES,
    PHONES,
    PLACES,
    st.integers(2, 9),
    remark=st.sampled_from(["", "x"]),
    born=st.sampled_from(["", "1948", "1948-04"]),
)
PEOPLE = st.builds(
    somebody,
    NAMES,
    PHONES,
    PLACES,
    volunteer=st.booleans(),
    born=st.sampled_from(["", "1948-04"]),
    remark=st.sampled_from(["", "y"]),
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(RECORDS, max_size=6), st.lists(PEOPLE, max_size=4))
def test_importing_the_same_file_again_changes_nothing(records: list[Record], roster: list[Known]) -> None:
    buildings = {"37": ["37号"], "38": ["38号"]}
    first = plan(records, roster, buildings)
    again = plan(records, applied(roster, first), buildings)
    assert set(fates(again)) <= {SAME, DUPLICATE, REFUSED}
    assert again.new_buildings == ()


@given(st.lists(RECORDS, max_size=6), st.lists(PEOPLE, max_size=4))
def test_a_plan_is_the_same_when_made_again_whatever_order_the_database_gives(records: list[Record], roster: list[Known]) -> None:
    buildings = {"37": ["37号"], "38": ["38号"]}
    assert plan(records, roster, buildings).digest() == plan(records, roster[::-1], buildings).digest()
