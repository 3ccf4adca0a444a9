"""`vae` as a package: what `pip install -e .` and a wheel bring."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from vae import commands
from vae.storage import paths

SETTINGS: dict[str, Any] = tomllib.loads((paths.PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements() -> set[str]:
    """The names in requirements.txt, which holds nothing but names and ranges: no -r, no address."""
    lines = (paths.PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [line.split(" #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]
    return {Requirement(line).name.lower() for line in needed}


def imported() -> set[str]:
    """The packages that the app and the library import, by the name under which they are installed."""
    found = set()
    for file in (
        paths.PROJECT / "app.py",
        *(f for room in ("vae", "ui", "pages") for f in (paths.PROJECT / room).rglob("*.py")),
    ):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).split(".")[0])
    names = packages_distributions()
    return {names.get(name, [name])[0].lower() for name in found - sys.stdlib_module_names - {"vae", "ui"}}


def test_what_is_needed_stands_in_requirements_txt_alone() -> None:
    assert "dependencies" not in SETTINGS["project"]
    assert SETTINGS["project"]["dynamic"] == ["dependencies"]
    assert SETTINGS["tool"]["setuptools"]["dynamic"] == {"dependencies": {"file": ["requirements.txt"]}}


def test_what_is_imported_is_required_and_what_is_required_is_imported() -> None:
    assert imported() == requirements()


def test_the_command_is_the_same_as_python_m_vae() -> None:
    module, function = SETTINGS["project"]["scripts"]["vae"].split(":")
    assert getattr(import_module(module), function) is commands.main


@pytest.mark.parametrize(
    ("started_as", "name"), [("/usr/bin/vae", "vae"), (r"vae.exe", "vae"), ("/x/vae/__main__.py", "python -m vae")]
)
def test_help_and_messages_name_the_command_as_it_was_typed(
    started_as: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [started_as])
    with pytest.raises(SystemExit):
        commands.main(["list", "--help"])
    assert capsys.readouterr().out.startswith(f"usage: {name} list ")
    assert commands.main(["evaluate", "nothing"]) == 2
    assert capsys.readouterr().err.startswith(f"{name} evaluate: There is no checkpoint")


@pytest.mark.parametrize("top", ["vae", "ui"])
def test_a_wheel_has_every_module_and_every_file_that_is_read(top: str) -> None:
    root = paths.PROJECT / top
    folders = {file.parent for file in root.rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []
    data = SETTINGS["tool"]["setuptools"]["package-data"].items()
    packed = {
        file
        for package, globs in data
        for glob in globs
        for file in (root.parent / package.replace(".", "/")).glob(glob)
    }
    others = {file for file in root.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert {file for file in others - packed if file.suffix not in (".py", ".md")} == set()
    assert packed


def test_without_its_project_it_works_in_the_folder_where_it_is(tmp_path: Path) -> None:
    shutil.copytree(paths.PROJECT / "vae" / "storage", tmp_path / "site" / "vae" / "storage")
    for name in ("__init__.py", "errors.py"):
        shutil.copy(paths.PROJECT / "vae" / name, tmp_path / "site" / "vae")
    program = "from vae.storage import paths; print(paths.runs_dir())"
    environment = {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == tmp_path.resolve() / "runs"
