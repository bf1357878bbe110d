"""Where things stand: floors, names, sizes. What is a sentence in docs/architecture.md is a test here."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "server" / "mingxun"
FEATURES = ("ledger", "areas", "people", "places", "shifts", "tickets", "checkins", "notifications")
LONGEST = 450
"""Lines; past about 400 a file is split by verb, and this is what “about” can mean."""
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc", "core"}


def modules() -> Iterator[Path]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def committed(*patterns: str) -> list[Path]:
    """Files that are in the repository, or would be with the next commit."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()]


def test_calls_go_down_and_rules_are_pure(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert status == 0, capsys.readouterr().out


def test_a_module_is_named_for_what_it_is_about() -> None:
    assert [str(path) for path in modules() if EMPTY_WORDS & {path.stem, path.parent.name}] == []


def test_no_file_grows_past_what_a_reader_holds() -> None:
    lengths = {path.relative_to(PACKAGE).as_posix(): len(path.read_text().splitlines()) for path in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [str(path) for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))] == []


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_says_what_others_may_use(feature: str) -> None:
    tree = ast.parse((PACKAGE / feature / "__init__.py").read_text())
    assert any(
        isinstance(node, ast.Assign) and [t.id for t in node.targets if isinstance(t, ast.Name)] == ["__all__"]
        for node in tree.body
    )


def test_no_feature_reads_the_real_clock() -> None:
    """Time comes through `Clock`, so that a test can stand at any instant."""
    asks = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|\btime\.time\(")
    found = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for feature in FEATURES
        for path in sorted((PACKAGE / feature).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if asks.search(line)
    ]
    assert found == []


def test_services_never_commit() -> None:
    """One transaction a request or job, opened and ended at the boundary."""
    ends = re.compile(r"\.(commit|rollback)\(|open_pool\(|_Transaction\(")
    found = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for feature in FEATURES
        for path in sorted((PACKAGE / feature).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ends.search(line)
    ]
    assert found == []


def test_every_refusal_is_explained() -> None:
    """A member of an enum of refusals has a docstring below it."""
    silent = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and re.search(r"Refusal$|Fault$|Flag$", node.name):
                for member, following in zip(node.body, [*node.body[1:], None], strict=True):
                    if isinstance(member, ast.Assign) and not (
                        isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
                    ):
                        silent.append(f"{path.relative_to(PACKAGE)}: {node.name}.{ast.unparse(member.targets[0])}")
    assert silent == []


def test_nothing_in_the_repository_names_this_machine_or_a_registry() -> None:
    """Lock files hold hashes, not addresses: every machine takes the packages from wherever it does."""
    here = str(ROOT)
    hosts = re.compile(r"https?://(registry\.npmjs\.org|registry\.npmmirror\.com|pypi\.org/simple|files\.pythonhosted\.org)")
    found = []
    for path in committed():
        if path.suffix in {".png", ".jpg", ".jpeg", ".heic", ".woff2", ".ico", ".xls", ".xlsx", ".pdf", ".webp", ".mjpeg"}:
            continue
        text = path.read_text(errors="replace")
        if hosts.search(text) or (len(here) > 4 and here in text):
            found.append(path.relative_to(ROOT).as_posix())
    assert found == []
