"""docs/operations.md: its table has every setting, with the default that the code has."""

from __future__ import annotations

import ast
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chatsite import environment
from tests.servers.site import ROOT

SYSTEMS = {"PATH", "PYTHONPATH"}
"""Variables that are read and are not the site's."""
READERS = {"os.environ.get", "os.getenv", "environ.get", "getenv"}


def sources() -> list[Path]:
    """The product's own modules, as far as they are under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", ":!tests", ":!benchmarks"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


def settings_read() -> Iterator[tuple[str, object]]:
    """Each variable that the code or the Procfile reads, with its default where that is plain."""
    for path in sources():
        in_settings = path == ROOT / "chatsite" / "settings.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                if isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Constant):
                    yield str(node.slice.value), None
            elif isinstance(node, ast.Call) and node.args and (name := _name(node.args[0])):
                reader = ast.unparse(node.func)
                # The settings have readers of their own, which take the name first.
                own = in_settings and (reader.startswith("env.") or hasattr(environment, reader))
                if own or reader in READERS:
                    yield name, _default(node)
    for name in re.findall(r"\$\{(\w+)", (ROOT / "Procfile").read_text("utf-8")):
        yield name, None


def _name(node: ast.expr) -> str:
    """A variable's name in the manner of the handbook, or nothing."""
    match node:
        case ast.Constant(value=str() as name):
            pass
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str() as rest)]):
            name = f"CHATSITE_BACKEND_<NAME>{rest}"
        case _:
            return ""
    return name if re.fullmatch(r"[A-Z][A-Z0-9_<>]+", name) else ""


def _default(call: ast.Call) -> object:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "default"]
    if not given and not ast.unparse(call.func).startswith("env."):
        given = call.args[1:2]  # of os.environ.get, and the first choice of several
    return given[0].value if given and isinstance(given[0], ast.Constant) else None


def table() -> dict[str, str]:
    """Each setting of the handbook with the cell of its default."""
    handbook = (ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_<>]+)` \| (.*?) ?\|", handbook, re.MULTILINE)
    names = [name for name, _ in rows]
    assert len(set(names)) == len(names)
    return dict(rows)


def test_every_setting_is_in_the_handbook_and_no_other() -> None:
    read = {name for name, _ in settings_read()}
    assert len(read) > 50
    assert set(table()) == read - SYSTEMS


def test_the_handbooks_defaults_are_the_codes() -> None:
    cells = table()
    wrong = {
        name: (cells[name], default)
        for name, default in settings_read()
        if name in cells
        and (default or default is False)  # an empty one or 0 is none here
        and f"`{_written(default)}`" not in cells[name]
    }
    assert wrong == {}


def test_the_handbooks_backup_can_be_made_again_and_is_private(tmp_path: Path) -> None:
    handbook = (ROOT / "docs" / "operations.md").read_text("utf-8")
    found = re.search(r"^    .*VACUUM INTO.*\n(?:    .*\n)*", handbook, re.MULTILINE)
    assert found is not None
    command = found[0].replace(".venv/bin/python", sys.executable)
    (tmp_path / "var").mkdir()
    with closing(sqlite3.connect(tmp_path / "var" / "db.sqlite3")) as database:
        database.execute("CREATE TABLE people (name)")
    for _ in range(2):
        subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=True)
        time.sleep(1.1)  # names are told apart by their seconds
    copies = list(tmp_path.glob("backup-*.sqlite3"))
    assert [copy.stat().st_mode & 0o777 for copy in copies] == [0o600, 0o600]
    for copy in copies:
        with closing(sqlite3.connect(copy)) as database:
            assert database.execute("SELECT * FROM people").fetchall() == []


def _written(default: object) -> str:
    match default:
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
        case _:
            return str(default)
