"""The installation's keys."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mingxun.kit.signing import BrokenKey, load_or_make


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    first = load_or_make(tmp_path)
    assert load_or_make(tmp_path) == first
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: load_or_make(tmp_path), range(8)))) == 1
    assert len(list((tmp_path / "keys").iterdir())) == 2


@pytest.mark.parametrize("name", ["secret.key", "vapid.pem"])
def test_a_damaged_key_is_never_replaced_by_a_new_one(tmp_path: Path, name: str) -> None:
    load_or_make(tmp_path)
    (tmp_path / "keys" / name).write_bytes(b"damaged")
    with pytest.raises(BrokenKey, match="backup"):
        load_or_make(tmp_path)


@pytest.mark.parametrize("sign", ["postgres/PG_VERSION", "migrated"])
@pytest.mark.parametrize("name", ["secret.key", "vapid.pem"])
def test_a_key_that_an_installation_has_lost_is_not_silently_another(tmp_path: Path, name: str, sign: str) -> None:
    before = load_or_make(tmp_path)
    (tmp_path / sign).parent.mkdir(exist_ok=True)
    (tmp_path / sign).touch()
    kept = (tmp_path / "keys" / name).read_bytes()
    (tmp_path / "keys" / name).unlink()
    with pytest.raises(BrokenKey, match=r"backup.*mingxun make-keys"):
        load_or_make(tmp_path)
    assert not (tmp_path / "keys" / name).exists()
    assert load_or_make(tmp_path, anew=True) != before
    (tmp_path / "keys" / name).write_bytes(kept)
    assert load_or_make(tmp_path) == before


@pytest.mark.parametrize("name", ["secret.key", "vapid.pem"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    load_or_make(tmp_path)
    path = tmp_path / "keys" / name
    path.chmod(mode)
    with pytest.raises(BrokenKey, match=f"chmod 600 {path}"):
        load_or_make(tmp_path)


def test_macs_of_different_purposes_differ(tmp_path: Path) -> None:
    keys = load_or_make(tmp_path)
    assert keys.mac("code", b"x") != keys.mac("device", b"x")
    assert len(keys.vapid_public) == 87
