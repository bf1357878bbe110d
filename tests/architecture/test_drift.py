"""What is written down twice says the same: contract and code, tables and database, licences and list."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from piccolo.columns.base import Column
from piccolo.table import Table

from mingxun.kit.database import fetch
from mingxun.kit.migrate import APPS
from scripts.check_licences import allowed

ROOT = Path(__file__).resolve().parents[2]


def test_the_generated_schemas_are_those_of_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate_schemas.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nRenew them: .venv/bin/python scripts/generate_schemas.py"


def tables() -> list[type[Table]]:
    return [table for app in APPS for table in import_module(f"mingxun.{app}.piccolo_app").APP_CONFIG.table_classes]


def as_the_database_calls_it(column: Column) -> str:
    return {"timestamptz": "timestamp with time zone", "varchar": "character varying", "real": "double precision"}.get(
        name := column.column_type.lower().split("(")[0], "ARRAY" if name.endswith("[]") else name
    )


@pytest.mark.parametrize("table", tables(), ids=lambda table: table._meta.tablename)
async def test_a_table_in_python_is_the_table_in_the_database(table: type[Table], db: None) -> None:
    rows = await fetch(
        """SELECT column_name, data_type, is_nullable FROM information_schema.columns
           WHERE table_schema = 'public' AND table_name = $1""",
        table._meta.tablename,
    )
    there = {row["column_name"]: (row["data_type"], row["is_nullable"] == "YES") for row in rows}
    here = {column._meta.db_column_name: (as_the_database_calls_it(column), column._meta.null) for column in table._meta.columns}
    assert here == there


async def test_every_table_has_a_class(db: None) -> None:
    """Besides those of the libraries: Piccolo's list of migrations and PgQueuer's queue."""
    rows = await fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    there = {row["table_name"] for row in rows if not row["table_name"].startswith("pgqueuer")} - {"migration"}
    assert there == {table._meta.tablename for table in tables()}


async def test_whatever_a_reader_waits_for_is_found_by_its_neighbourhood(db: None) -> None:
    """A table with a neighbourhood has an index that begins with it, or is reached through its parent's key."""
    rows = await fetch(
        """SELECT c.table_name FROM information_schema.columns c
           JOIN information_schema.tables t USING (table_schema, table_name)
           WHERE c.table_schema = 'public' AND c.column_name = 'neighbourhood' AND t.table_type = 'BASE TABLE' AND NOT EXISTS (
               SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
               WHERE i.indrelid = quote_ident(c.table_name)::regclass AND a.attname = 'neighbourhood')"""
    )
    through_their_parent = {
        "assignment",
        "need",
        "evidence",
        "ticket_event",
        "delivery",
        "message",
        "photo",
        "ticket_photo",
        "location_key",
    }
    assert {row["table_name"] for row in rows} - through_their_parent == set()


HARMLESS_WITHOUT_A_KEY = {
    "signIn": "nobody is signed in yet whose key it could be; a lost reply leaves a session that ends unused",
    "signInByLink": "as signIn; a link whose reply is lost is followed by number and password",
    "signOut": "whoever is signed out already is answered 401, and is out",
    "previewInvitation": "reads; a POST so that the token stands in no address",
    "acceptInvitation": "may be repeated for ten minutes with the same token, number and password",
    "searchPeople": "reads; a POST so that the name stands in no address",
    "geocode": "reads; a POST so that the address looked for stands in no address",
    "readCode": "reads; a POST so that the code stands in no address",
    "checkIn": "once by the id that the phone gives it, for ever",
    "checkOut": "once by the id that the phone gives it, for ever",
    "uploadPhoto": "once by the id that the phone gives it and the bytes",
    "confirmPushShown": "what was shown twice was shown",
}
"""Operations that change something, or look so, and take no `Idempotency-Key`: each with the reason why a retry does no harm."""


def test_every_write_can_be_retried() -> None:
    contract = json.loads((ROOT / "schemas" / "openapi.json").read_text("utf-8"))
    without = {
        operation["operationId"]
        for item in contract["paths"].values()
        for method, operation in item.items()
        if method != "get" and not any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", ()))
    }
    assert without == HARMLESS_WITHOUT_A_KEY.keys()


def test_every_licence_is_on_the_list() -> None:
    done = subprocess.run([sys.executable, "scripts/check_licences.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("licence", "fits"),
    [
        ("MIT", True),
        ("(MIT OR GPL-3.0)", True),
        ("MIT AND GPL-3.0", False),
        ("MIT AND (GPL-3.0 OR Apache-2.0)", False),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("BSD License; MIT", True),
        ("BSD License; Proprietary", False),
        ("GPL-3.0", False),
        ("", False),
    ],
)
def test_an_expression_of_licences_is_read_as_it_is_meant(licence: str, fits: bool) -> None:
    assert allowed(licence, frozenset({"MIT", "Apache-2.0", "BSD License"})) is fits


def test_every_test_of_a_promise_stands_in_the_list_of_promises() -> None:
    listed = (ROOT / "docs" / "promises.md").read_text("utf-8")
    assert [path.stem for path in sorted((ROOT / "tests" / "faults").glob("test_*.py")) if f"`{path.stem}`" not in listed] == []
