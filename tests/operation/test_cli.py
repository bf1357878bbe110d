"""The command `mingxun`, run as people run it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from mingxun.cli import main
from mingxun.doctor import check_database
from mingxun.findings import Finding, Level
from mingxun.kit import database
from mingxun.kit.postgres import EmbeddedPostgres
from mingxun.kit.settings import Settings
from mingxun.kit.signing import load_or_make
from tests.installation import ROOT

ROSTER = "姓名,性别,楼栋,室号,联系电话\n金宝娣,女,9号楼,301,19900001001\n金林根,男,9号楼,102,199000\n"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="mx-cli-"))
    load_or_make(place)
    server = EmbeddedPostgres(place, extra_settings={"fsync": "off"})
    server.start()  # commands find it running
    yield place
    server.stop()
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def run(data: Path) -> Run:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MINGXUN_") and name != "DATABASE_URL"
    }
    environment |= {"PYTHONPATH": str(ROOT / "server"), "MINGXUN_DATA_DIR": str(data)}

    def command(*words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mingxun.cli", *words],
            env=environment,
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )

    return command


@pytest.fixture(scope="module")
def migrated(run: Run) -> Run:
    done = run("migrate")
    assert done.returncode == 0, done.stderr
    assert "kit: " in done.stdout
    return run


def test_every_command_says_what_it_is_for() -> None:
    said = CliRunner().invoke(main, ["--help"])
    assert said.exit_code == 0
    for name in (
        *("serve", "worker", "migrate", "demo", "invite", "disable", "enable", "import-roster", "posters", "make-keys", "doctor"),
    ):
        assert re.search(rf"^  {name}  +\S", said.output, re.MULTILINE), name


def test_help_needs_no_feature_to_be_loaded() -> None:
    """It comes at once on a slow machine."""
    code = "import sys, mingxun.cli; sys.exit(any(name in sys.modules for name in ('litestar', 'piccolo', 'asyncpg')))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "server")}, check=False
        ).returncode
        == 0
    )


def test_a_database_that_lacks_migrations_is_told_with_the_mend(run: Run, data: Path) -> None:
    done = run("demo")
    if done.returncode == 0:
        pytest.fail("this test must run before the migrations")
    assert done.returncode == 1
    assert "mingxun migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrations_run_once(migrated: Run) -> None:
    assert migrated("migrate").stdout == "The database is up to date.\n"


def test_from_nothing_to_a_roster_and_its_posters(migrated: Run, tmp_path: Path) -> None:
    first = migrated("invite", "--role", "coordinator", "--area", "凌云里", "--name", "陆敏", "--subdistrict", "东明路街道")
    assert first.returncode == 1
    assert "invite a subdistrict_admin first" in first.stderr

    admin = migrated("invite", "--role", "subdistrict_admin", "--area", "东明路街道", "--name", "沈佩华")
    assert admin.returncode == 0, admin.stderr
    assert re.search(r"^http://localhost:8321/i#[\w-]{43}$", admin.stdout, re.MULTILINE)
    assert "▀" in admin.stdout

    early = migrated("invite", "--role", "coordinator", "--area", "凌云里", "--name", "陆敏", "--subdistrict", "东明路街道")
    assert early.returncode == 1
    assert "follow the link" in early.stderr


def test_names_that_are_not_there_are_answered_with_those_that_are(migrated: Run, tmp_path: Path) -> None:
    roster = tmp_path / "名册.csv"
    roster.write_text(ROSTER)
    for words in (
        ("posters", str(tmp_path / "posters.pdf"), "--neighbourhood", "无此里"),
        ("import-roster", str(roster), "--neighbourhood", "无此里"),
        ("invite", "--role", "volunteer", "--area", "无此楼", "--name", "金宝娣"),
        ("invite", "--role", "boss", "--area", "无此楼", "--name", "金宝娣"),
    ):
        done = migrated(*words)
        assert done.returncode == 1, words
        assert done.stderr.startswith("Error: There is no "), done.stderr


def test_the_demonstration_by_command_and_what_can_be_done_with_it(migrated: Run, tmp_path: Path) -> None:
    assert migrated("demo").stdout == "Made the demonstration neighbourhood.\n"
    assert "already" in migrated("demo").stdout

    pdf = tmp_path / "posters.pdf"
    done = migrated("posters", str(pdf), "--neighbourhood", "凌云里", "--location", "03")
    assert done.returncode == 0, done.stderr
    assert pdf.read_bytes().startswith(b"%PDF")
    wrong = migrated("posters", str(pdf), "--neighbourhood", "凌云里", "--location", "99")
    assert "03 垃圾分类厢房" in wrong.stderr

    link = migrated("invite", "--role", "building_leader", "--area", "12号楼", "--name", "新组长")
    assert link.returncode == 0, link.stderr
    assert "新组长 · building_leader · 12号楼" in link.stdout
    refused = migrated("invite", "--role", "handler", "--area", "凌云里", "--name", "新师傅")
    assert refused.returncode == 1
    assert "party_needed" in refused.stderr

    roster = tmp_path / "名册.csv"
    roster.write_text(ROSTER.replace("金宝娣", "新来的"))
    declined = migrated("import-roster", str(roster), "--neighbourhood", "凌云里", answer="n\n")
    assert "Nothing was changed." in declined.stdout
    done = migrated("import-roster", str(roster), "--neighbourhood", "凌云里", "--yes")
    assert done.returncode == 0, done.stderr
    assert "row 3" in done.stdout
    assert "added" in done.stdout


def test_whoever_must_not_come_in_any_more_is_shut_out(migrated: Run, data: Path) -> None:
    """Stands on the demonstration that was made above."""
    volunteer, secretary = "19900001001", "19900000002"
    assert migrated("disable", volunteer).stdout == "金宝娣 can't sign in any more.\n"
    assert "disabled already" in migrated("disable", volunteer).stderr
    refused = migrated("disable", secretary)
    assert refused.returncode == 1
    assert "last_secretary" in refused.stderr
    assert "顾海燕" in migrated("disable", "--even-the-last", secretary).stdout
    assert migrated("enable", volunteer, secretary).stdout.count("can sign in again") == 2
    assert "13800138000" in migrated("enable", "13800138000").stderr


def test_accounts_with_a_published_password_are_named_where_everybody_can_come(
    migrated: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stands on the demonstration that was made above."""
    monkeypatch.setattr(database.ENGINE, "pool", None)  # other tests' pool, to another database, comes back afterwards
    monkeypatch.setattr(database, "_side", None)
    public = Settings(data_dir=data, public_url="https://mx.example.org")

    def found() -> list[Finding]:
        return [one for one in check_database(public, serves=False) if "demonstration" in one.what]

    (finding,) = found()
    assert finding.level is Level.ERROR
    assert found_nothing_at_home(data)
    words = finding.mend.split()
    assert words[:2] == ["mingxun", "disable"]
    done = migrated(*words[1:])
    assert done.returncode == 0, done.stderr
    assert found() == []


def found_nothing_at_home(data: Path) -> bool:
    return not any("demonstration" in one.what for one in check_database(Settings(data_dir=data), serves=False))


def test_lost_keys_stop_everything_until_somebody_says_that_they_are_lost(migrated: Run, data: Path) -> None:
    secret = data / "keys" / "secret.key"
    kept = secret.read_bytes()
    secret.unlink()
    try:
        done = migrated("migrate")
        assert done.returncode == 1
        assert "backup" in done.stderr
        assert "Nothing" not in migrated("make-keys", answer="n\n").stdout
        assert not secret.exists()
        assert "Made in" in migrated("make-keys", "--yes").stdout
        assert secret.read_bytes() != kept
        assert "all in" in migrated("make-keys").stdout
    finally:
        secret.write_bytes(kept)
