"""Whom PostgreSQL runs as: whoever starts Mingxun; but root, whom PostgreSQL refuses, steps down to a system user."""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from mingxun.kit.children import User

SYSTEM_USER = "mingxun"
"""Made when root starts Mingxun for the first time; it owns the cluster and nothing else."""


class PostgresFailed(Exception):
    """PostgreSQL can't be started; the text says why and what to do."""


def step_down(data_dir: Path, cluster: Path, binaries: Path) -> User | None:
    """Whom to run PostgreSQL as: None for ourselves; for root the cluster's owner or the system user, who can then reach it all.

    Raises PostgresFailed when the cluster is somebody else's.
    """
    me = os.geteuid()
    owner = cluster.stat().st_uid if cluster.exists() else None
    if me != 0:
        if owner not in (None, me):
            raise PostgresFailed(
                f"{cluster} belongs to user {_name(owner)}. Start Mingxun as that user, or: chown -R {_name(me)} {data_dir}"
            )
        return None
    user = User(owner, cluster.stat().st_gid) if owner else system_user()
    _let_reach(user, data_dir)
    _let_reach(user, binaries)
    _let_read(user, binaries.parent)
    if owner == 0:  # copied here by root: give it to the user who must read it
        for path in (cluster, *cluster.rglob("*")):
            os.chown(path, user.uid, user.gid, follow_symlinks=False)
    return user


def system_user() -> User:
    """The system user, made if there is none. Only root may. Raises PostgresFailed."""
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        nologin = next((path for path in ("/usr/sbin/nologin", "/sbin/nologin") if Path(path).exists()), "/bin/false")
        for command in (
            [
                "useradd",
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                nologin,
                SYSTEM_USER,
            ],
            ["adduser", "-S", "-D", "-H", "-s", nologin, SYSTEM_USER],  # busybox
        ):
            if (program := shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin")) is not None:
                subprocess.run([program, *command[1:]], capture_output=True, check=False)
                with contextlib.suppress(KeyError):
                    entry = pwd.getpwnam(SYSTEM_USER)
                    break
        else:
            raise PostgresFailed(
                f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} could not be made. "
                f"Make it (useradd --system {SYSTEM_USER}), or start Mingxun as an ordinary user."
            ) from None
    return User(entry.pw_uid, entry.pw_gid)


def _let_reach(user: User, directory: Path) -> None:
    """Let the user pass through every directory above `directory` and into it; not list them."""
    for place in (directory.resolve(), *directory.resolve().parents):
        found = place.stat()
        passes = found.st_mode & (
            stat.S_IXUSR if found.st_uid == user.uid else stat.S_IXGRP if found.st_gid == user.gid else stat.S_IXOTH
        )
        if not passes:
            place.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _let_read(user: User, installed: Path) -> None:
    """Let the user read the installed binaries also when they were installed under a strict umask."""
    for probe in (installed / "bin" / "postgres", installed / "lib", installed / "share"):
        if not probe.stat().st_mode & stat.S_IROTH and probe.stat().st_uid != user.uid:
            break
    else:
        return
    for path in (installed, *installed.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return str(uid)
