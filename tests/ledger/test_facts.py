"""What may stand in the ledger, which can't forget: ids, enums, instants and numbers."""

from collections.abc import Iterator
from importlib import import_module

import msgspec
import pytest
from msgspec import inspect

from mingxun.kit.migrate import APPS
from mingxun.ledger import Fact, fact_kinds

for _feature in APPS:
    try:
        import_module(f"mingxun.{_feature}.facts")
    except ModuleNotFoundError:
        continue

TEXTS = {
    ("area_created", "name"): "what a building or grid is called; no person's name",
    ("location_created", "name"): "hangs on the poster for all to read",
    ("location_created", "plate"): "hangs on the poster for all to read",
    ("location_changed", "before"): "of a place: its name, plate and address",
    ("location_changed", "after"): "of a place: its name, plate and address",
    **{
        (f"ticket_{step}", "number"): "counted by the service"
        for step in ("opened", "claimed", "declined", "handed_over", "resolved", "verified", "reopened", "overdue")
    },
}
"""The fields that are texts, each with the reason why nobody's name or number gets into it."""


def kinds() -> list[type[Fact]]:
    return [kind for kind in fact_kinds().values() if kind.__module__.startswith("mingxun.") and not kind.__subclasses__()]


def texts_in(kind: inspect.Type) -> Iterator[inspect.Type]:
    """Every plain text in a type, however deep."""
    match kind:
        case inspect.StrType():
            yield kind
        case inspect.ListType(item_type=inner) | inspect.SetType(item_type=inner):
            yield from texts_in(inner)
        case inspect.DictType(value_type=inner):
            yield from texts_in(inner)
        case inspect.UnionType(types=several):
            for inner in several:
                yield from texts_in(inner)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from texts_in(field.type)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: str(kind.__struct_config__.tag))
def test_a_fact_has_no_room_for_what_somebody_types(kind: type[Fact]) -> None:
    tag = str(kind.__struct_config__.tag)
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    found = {(tag, field.name) for field in described.fields if any(texts_in(field.type))}
    assert found == {known for known in TEXTS if known[0] == tag}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: str(kind.__struct_config__.tag))
def test_a_fact_of_a_version_with_more_fields_can_be_read(kind: type[Fact]) -> None:
    assert not kind.__struct_config__.forbid_unknown_fields
    for field in msgspec.structs.fields(kind):
        inner = inspect.type_info(field.type)
        assert not (isinstance(inner, inspect.StructType) and inner.cls.__struct_config__.forbid_unknown_fields)
