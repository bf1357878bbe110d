"""What an installation can set, from `mingxun.toml` in its data directory and from the environment.

A variable `MINGXUN_PUBLIC_URL` wins over `public_url` in the file; the database is `DATABASE_URL`, as everywhere.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

FILE_NAME = "mingxun.toml"
_PREFIX = "MINGXUN_"
_OTHERS = frozenset({"MINGXUN_STARTED_FOR", "MINGXUN_PYTHON", "MINGXUN_SERVER", "MINGXUN_CHROMIUM"})
"""Variables of the scripts and of the app's own server, which are no settings."""


class SettingsError(Exception):
    """A setting is missing or wrong. The text names the setting and says what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one installation, checked when it starts."""

    data_dir: Path
    """Where keys, photos and the embedded database are kept."""
    database_url: str | None = None
    """A PostgreSQL of one's own; None: the embedded one."""
    public_url: str = "http://localhost:8321"
    """How phones reach this server; it stands in codes and links. HTTPS everywhere but on localhost."""
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8321
    processes: Annotated[int, Meta(ge=1, le=64)] = 1
    """Server processes."""
    pool_size: Annotated[int, Meta(ge=2, le=200)] = 10
    """Database connections of each process."""
    timezone_name: str = "Asia/Shanghai"
    geocoder: Literal["off", "nominatim", "baidu"] = "off"
    geocoder_key: str = ""
    geocoder_url: str = ""
    """Another Nominatim than the public one, e.g. one's own."""
    vapid_subject: str = "mailto:mingxun@localhost.localdomain"
    """Whom a push service may write to (RFC 8292): an https or mailto URI."""
    push_allow_private: bool = False
    """Allow push services on private addresses; for tests and closed networks."""
    trusted_proxies: list[str] = []
    """Addresses whose `X-Forwarded-For` is believed."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    session_days: Annotated[int, Meta(ge=1, le=400)] = 90

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone_name)

    @property
    def secure(self) -> bool:
        """True behind TLS: cookies are Secure and HSTS is sent."""
        return self.public_url.startswith("https://")

    @property
    def local(self) -> bool:
        """True when it is reached on its own machine only."""
        return urlsplit(self.public_url).hostname in {"localhost", "127.0.0.1", "::1"}

    @property
    def origin(self) -> str:
        """Scheme, host and port of `public_url`, as a browser's `Origin` header says it."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}".lower()


def load(data_dir: Path, environ: Mapping[str, str] = os.environ, **overrides: object) -> Settings:
    """Read the settings of the installation in `data_dir`. `overrides` (from the command line) win.

    Raises SettingsError.
    """
    path = data_dir / FILE_NAME
    values: dict[str, object] = {}
    if path.exists():
        try:
            values = msgspec.toml.decode(path.read_bytes())
        except (msgspec.DecodeError, OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} can't be read: {error}. Mend it, or move it away to run with the defaults.") from error
    known = {field.name: field for field in msgspec.structs.fields(Settings)}
    for name, text in environ.items():
        if name.startswith(_PREFIX):
            key = name.removeprefix(_PREFIX).lower()
            if key not in known:
                continue
            values[key] = text.split(",") if key == "trusted_proxies" else text
    if environ.get("DATABASE_URL"):
        values["database_url"] = environ["DATABASE_URL"]
    values |= {key: value for key, value in overrides.items() if value is not None}
    values["data_dir"] = str(data_dir.resolve())
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting is wrong: {error}. Mend it in {path} or in the variables {_PREFIX}….") from error
    _check(settings)
    return settings


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """What is wrong with the names of variables that look like settings and are none, each in a sentence."""
    known = [field.name.upper() for field in msgspec.structs.fields(Settings)]
    said = []
    for name in sorted(environ):
        key = name.removeprefix(_PREFIX)
        if name.startswith(_PREFIX) and name not in _OTHERS and key not in known:
            (near,) = difflib.get_close_matches(key, known, n=1) or [""]
            said.append(f"{name} is no setting and does nothing." + (f" Is {_PREFIX}{near} meant?" if near else ""))
    return said


def _check(settings: Settings) -> None:
    try:
        settings.timezone  # noqa: B018 - the look-up is the check
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"timezone_name: there is no time zone {settings.timezone_name!r}; e.g. Asia/Shanghai.") from error
    parts = urlsplit(settings.public_url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise SettingsError(f"public_url: {settings.public_url!r} is not like https://mingxun.example.org (no path).")
    if settings.database_url is not None and urlsplit(settings.database_url).scheme not in {"postgres", "postgresql"}:
        raise SettingsError("database_url: only PostgreSQL is supported: postgresql://user:password@host/database.")
    if not settings.vapid_subject.startswith(("mailto:", "https://")):
        raise SettingsError(f"vapid_subject: {settings.vapid_subject!r} must begin with mailto: or https:// (RFC 8292).")
    if settings.geocoder == "baidu" and not settings.geocoder_key:
        raise SettingsError('geocoder_key: the Baidu geocoder needs a key; or set geocoder = "off".')
