"""Settings are checked at start, with errors that say what to do."""

from pathlib import Path

import pytest

from mingxun.kit.settings import SettingsError, load, unknown_variables


def test_the_defaults_are_sound(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={})
    assert settings.port == 8321
    assert not settings.secure


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    (tmp_path / "mingxun.toml").write_text('port = 1\nhost = "::"\nprocesses = 3\n')
    settings = load(tmp_path, environ={"MINGXUN_PORT": "2", "MINGXUN_HOST": "0.0.0.0"}, port=4)
    assert (settings.port, settings.host, settings.processes) == (4, "0.0.0.0", 3)


def test_a_variable_that_is_no_setting_is_said_to_be_none() -> None:
    environ = {"MINGXUN_PROT": "1", "MINGXUN_DATA_DIR": "/x", "MINGXUN_STARTED_FOR": "/x", "MINGXUN_QQQQ": "1", "PORT": "1"}
    assert unknown_variables(environ) == [
        "MINGXUN_PROT is no setting and does nothing. Is MINGXUN_PORT meant?",
        "MINGXUN_QQQQ is no setting and does nothing.",
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("port = 70000", "port"),
        ('public_url = "mingxun.example.org"', "public_url"),
        ('public_url = "https://a.example/app"', "public_url"),
        ('timezone_name = "Asia/Shanghia"', "timezone_name"),
        ('geocoder = "baidu"', "geocoder_key"),
        ('database_url = "mysql://x"', "database_url"),
        ('vapid_subject = "me"', "vapid_subject"),
        ("prot = 1", "prot"),
        ("= nonsense", "mingxun.toml"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "mingxun.toml").write_text(text)
    with pytest.raises(SettingsError, match=named):
        load(tmp_path, environ={})
