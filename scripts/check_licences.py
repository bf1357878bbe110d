"""Fails when something that Mingxun brings along has a licence that `scripts/licences.toml` does not allow."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Package(NamedTuple):
    """Something installed from a registry, and the licence it states."""

    registry: str
    name: str
    licence: str


def python_packages() -> Iterator[Package]:
    """What `requirements.lock` names and this environment has (the lock file is for every platform)."""
    locked = {line.split("==")[0].lower() for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    out = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json"], check=True, capture_output=True, text=True
    ).stdout
    for package in json.loads(out):
        if _normal(package["Name"]) in {_normal(name) for name in locked}:
            yield Package("pypi", _normal(package["Name"]), package["License"])


def node_packages() -> Iterator[Package]:
    """All that `package-lock.json` names; what the app is built with is named, too."""
    for path, package in json.loads((ROOT / "pwa" / "package-lock.json").read_text())["packages"].items():
        if path and not package.get("link"):
            name = path.rpartition("node_modules/")[2]
            yield Package("npm", name, package.get("license", "not stated"))


def allowed(licence: str, licences: frozenset[str]) -> bool:
    """Whether an SPDX expression or a classifier can be met with `licences`: one side of an OR, every side of an AND."""
    text = licence.strip()
    if text in licences:
        return True
    if text.startswith("(") and text.endswith(")"):
        return allowed(text[1:-1], licences)
    if re.search(r"\bOR\b", text):
        return any(allowed(part, licences) for part in re.split(r"\bOR\b", text))
    if re.search(r"\bAND\b|;", text):
        return all(allowed(part, licences) for part in re.split(r"\bAND\b|;", text))
    return False


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    rules = tomllib.loads((ROOT / "scripts" / "licences.toml").read_text())
    licences = frozenset(rules["allowed"])
    exceptions = {(registry, name): why for registry in ("pypi", "npm") for name, why in rules[registry].items()}
    packages = [*python_packages(), *node_packages()]
    refused = [p for p in packages if not allowed(p.licence, licences) and (p.registry, p.name) not in exceptions]
    for package in sorted(set(refused)):
        print(f"{package.registry}: {package.name}: {package.licence}")
    if refused:
        print("Not allowed by scripts/licences.toml. Do without it; or, after reading its licence, add it there with the reason.")
        return 1
    print(f"{len(packages)} packages, every licence allowed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
