"""`mingxun doctor`: each fault is made, found, and answered with its mend."""

import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mingxun import doctor, findings
from mingxun.findings import Finding, Level
from mingxun.kit import database
from mingxun.kit.ids import new_id
from mingxun.kit.settings import Settings
from mingxun.kit.signing import load_or_make
from mingxun.notifications import PushHealth
from tests.installation import free_port
from tests.notifications.conftest import subscribe
from tests.push_service import Browser
from tests.world import World


def bad(findings: Iterable[Finding]) -> list[Finding]:
    found = [finding for finding in findings if finding.level is not Level.OK]
    assert all(finding.mend for finding in found), "whoever finds a fault says how to mend it"
    return found


@pytest.fixture
async def on_its_own() -> None:
    """Without the pool that tests before it shared: doctor opens its own, and in an event loop of its own."""
    await database.close_pool()


def settings(data_dir: Path, **changes: object) -> Settings:
    return Settings(**{"data_dir": data_dir, "port": free_port(), **changes})  # type: ignore[arg-type]


def test_an_old_python_is_named() -> None:
    assert bad(doctor.check_python((3, 10)))[0].level is Level.ERROR
    assert bad(doctor.check_python((3, 11))) == []


def test_packages_are_compared_with_the_lock_file(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        f"click=={version('click')} \\\n    --hash=sha256:00\n    # via mingxun\nnope==1.0 ; sys_platform == 'plan9' \\\n"
    )
    assert bad(doctor.check_packages(lock)) == []
    lock.write_text("click==0.1 \\\n    --hash=sha256:00\nsurely-not-installed==1.0\n")
    missing, other = bad(doctor.check_packages(lock))
    assert "surely-not-installed" in missing.what
    assert missing.level is Level.ERROR
    assert f"click {version('click')}" in other.what


def test_an_app_that_is_not_built_is_named(tmp_path: Path) -> None:
    assert "scripts/start" in bad(doctor.check_app(tmp_path))[0].mend
    (tmp_path / "index.html").touch()
    assert bad(doctor.check_app(tmp_path)) == []


@pytest.mark.parametrize(
    ("public_url", "host", "subject", "levels"),
    [
        ("https://mx.example.org", "127.0.0.1", "mailto:office@mx.example.org", []),
        ("http://localhost:8321", "127.0.0.1", "mailto:mingxun@localhost.localdomain", [Level.WARNING, Level.WARNING]),
        ("http://192.0.2.7:8321", "0.0.0.0", "mailto:office@mx.example.org", [Level.ERROR, Level.WARNING]),
        ("https://mx.example.org", "0.0.0.0", "mailto:mingxun@localhost.localdomain", [Level.ERROR]),
        ("https://mx.example.org", "127.0.0.1", "https://mx.example.org/contact", []),
    ],
)
def test_an_address_that_phones_can_not_use_is_named(
    tmp_path: Path, public_url: str, host: str, subject: str, levels: list[Level]
) -> None:
    changes = {"public_url": public_url, "host": host, "vapid_subject": subject, "trusted_proxies": ["127.0.0.1"]}
    found = bad(doctor.check_addresses(settings(tmp_path, **changes)))
    assert [finding.level for finding in found] == levels


def test_a_proxy_that_makes_all_phones_one_is_named(tmp_path: Path) -> None:
    public = settings(tmp_path, public_url="https://mx.example.org", vapid_subject="mailto:office@mx.example.org")
    (found,) = bad(doctor.check_addresses(public))
    assert found.level is Level.WARNING
    assert 'trusted_proxies = ["127.0.0.1"]' in found.mend


def test_a_variable_that_is_misspelt_is_named() -> None:
    (found,) = bad(doctor.check_variables({"MINGXUN_PUBLIC_URI": "https://mx.example.org"}))
    assert "MINGXUN_PUBLIC_URL meant" in found.what


def test_a_data_directory_open_to_others_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert f"chmod go-rw {tmp_path}" in bad(doctor.check_data_dir(tmp_path))[0].mend
    tmp_path.chmod(0o711)  # as it is when root started it: others pass through to the cluster
    assert bad(doctor.check_data_dir(tmp_path)) == []


def test_keys_that_are_missing_open_or_broken_are_named(tmp_path: Path) -> None:
    assert "backup" in bad(doctor.check_keys(tmp_path))[0].mend
    load_or_make(tmp_path)
    assert bad(doctor.check_keys(tmp_path)) == []
    secret = tmp_path / "keys" / "secret.key"
    secret.chmod(0o644)
    assert f"chmod 600 {secret}" in [finding.mend for finding in bad(doctor.check_keys(tmp_path))]
    secret.chmod(0o600)
    secret.write_bytes(b"short")
    assert "backup" in bad(doctor.check_keys(tmp_path))[0].mend
    assert secret.read_bytes() == b"short", "looking changes nothing"


def test_a_full_disk_is_named_before_it_is_full(tmp_path: Path) -> None:
    levels = [bad(doctor.check_disk(tmp_path, free)) for free in (100 << 20, 1 << 30, 5 << 30)]
    assert [[finding.level for finding in found] for found in levels] == [[Level.ERROR], [Level.WARNING], []]


def test_a_port_that_somebody_else_has_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = settings(tmp_path, port=other.getsockname()[1])
        found = bad(doctor.check_port(taken, serves=False))
    assert "not Mingxun" in found[0].what
    free = settings(tmp_path)
    assert "does not run" in bad(doctor.check_port(free, serves=doctor.answers(free)))[0].what


def test_a_cluster_that_was_never_made_is_not_made_by_looking(tmp_path: Path) -> None:
    found = bad(doctor.check_database(settings(tmp_path), serves=False))
    assert "scripts/start" in found[0].mend
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    elsewhere = settings(tmp_path, database_url=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert "DATABASE_URL" in bad(doctor.check_database(elsewhere, serves=False))[0].mend


def test_a_stopped_database_is_started_looked_into_and_stopped_again(on_its_own: None, tmp_path: Path) -> None:
    from mingxun.kit.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(tmp_path)
    server.start()
    server.stop()
    found = list(doctor.check_database(settings(tmp_path), serves=False))
    assert "migration(s) have not run" in bad(found)[0].what
    assert "mingxun migrate" in bad(found)[0].mend
    assert any(finding.what.startswith("PostgreSQL 18") for finding in found)
    assert not server.answers()


def a_day(**counts: Any) -> PushHealth:
    quiet = {
        "subscriptions": 40,
        "accepted": 100,
        "failed": 3,
        "key_refused": 0,
        "unreachable": 0,
        "silent_services": [],
        "stuck": 0,
    }
    return PushHealth(**{**quiet, **counts})


def test_a_day_of_pushes_that_arrived_is_told_in_numbers() -> None:
    (finding,) = doctor.check_push(a_day())
    assert finding == findings.ok(
        "40 phone(s) take notifications; in the last 24 hours 100 push(es) were accepted and 3 given up."
    )


@pytest.mark.parametrize(
    ("counts", "level", "said", "mend"),
    [
        ({"key_refused": 2}, Level.ERROR, "refused our key for 2 push(es)", "vapid_subject"),
        ({"unreachable": 5, "silent_services": ["push.example"]}, Level.WARNING, "from: push.example", "firewall"),
        ({"accepted": 0, "unreachable": 5, "silent_services": ["push.example"]}, Level.ERROR, "No answer to 5", "firewall"),
        ({"stuck": 7}, Level.ERROR, "7 push(es) have waited", "worker"),
        ({"accepted": 12, "failed": 13}, Level.WARNING, "13 push(es) were given up", "trial message"),
    ],
)
def test_push_that_dies_is_named_with_its_mend(counts: dict[str, Any], level: Level, said: str, mend: str) -> None:
    (finding,) = bad(doctor.check_push(a_day(**counts)))
    assert finding.level is level
    assert said in finding.what
    assert mend in finding.mend


async def test_pushes_are_looked_at_in_the_database(committed_database: str, world: World, tmp_path: Path) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    async with database.transaction():
        browser = Browser("https://push.example/1", ec.generate_private_key(ec.SECP256R1()), b"0" * 16, None)
        subscription = await subscribe(world.here.volunteer.id, browser, now)
        message = new_id()
        await database.execute(
            """INSERT INTO message (id, person, kind, language, title, body, path, at, push)
               VALUES ($1, $2, 'assigned', 'zh', '题', '文', '/', $3, 'waiting')""",
            message,
            world.here.volunteer.id,
            now,
        )
        await database.execute(
            "INSERT INTO delivery (id, message, subscription, state, attempts, at) VALUES ($1, $2, $3, 'waiting', 0, $4)",
            new_id(),
            message,
            subscription,
            now,
        )
    await database.close_pool()
    found = await doctor._look_into(committed_database, settings(tmp_path), serves=False)
    durable = "acknowledges writes"  # the tests' database does not wait for the disk, and that is named, too
    assert [finding.what for finding in bad(found) if durable not in finding.what] == [
        "1 push(es) have waited for more than ten minutes and were never tried."
    ]


def test_a_wrong_setting_is_a_finding_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "mingxun.toml").write_text('port = "many"\n')
    found = bad(doctor.examine(tmp_path))
    assert any("port" in finding.what for finding in found)


def test_errors_are_counted_and_every_finding_is_written() -> None:
    said: list[str] = []
    each = [findings.ok("Fine."), findings.warning("Hm.", "Look."), findings.error("Bad.", "Mend.")]
    assert findings.report(iter(each), said.append) == 1
    assert said == ["✓ Fine.", "! Hm.\n    → Look.", "✗ Bad.\n    → Mend."]
