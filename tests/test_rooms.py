"""The house: which room may import which, that nothing goes in circles, and that each room can be seen whole."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from vae.storage.paths import PROJECT

# A room may import what stands above it here and is named beside it. docs/architecture.md shows the same table.
ROOMS = """
vae.errors          -
vae.storage         errors
vae.recognition     errors storage
vae.graph           errors storage
vae.foreign         errors storage graph
vae.config          errors storage graph
vae.neighbours      -
vae.model           errors foreign config graph
vae.budget          errors config model
vae.data            errors storage recognition config budget
vae.maps            errors storage neighbours
vae.checkpoints     errors storage recognition config model budget maps
vae.jobs            errors storage
vae.training        errors storage config model budget data maps checkpoints jobs
vae.selection       errors storage neighbours checkpoints
vae.comparison      errors neighbours checkpoints
vae.generation      errors storage recognition neighbours checkpoints selection
vae.sample_quality  errors storage neighbours model data checkpoints generation
vae.anomalies       errors storage recognition config neighbours model data checkpoints generation
vae.adoption        errors storage foreign config graph model budget data maps checkpoints jobs
vae.export          errors storage foreign config graph model checkpoints
ui.palette          -
ui.components       ui.palette; storage graph model maps checkpoints training generation
ui.shared           ui.palette ui.components; errors storage model budget data maps checkpoints jobs training
                    generation selection sample_quality adoption export
ui.decoding         ui.components ui.shared; errors checkpoints
ui.explore          ui.palette ui.components ui.shared ui.decoding; errors storage data maps checkpoints
                    comparison generation selection
ui.sharing          ui.palette ui.components ui.shared ui.explore; errors storage data maps checkpoints generation
ui.train            ui.palette ui.components ui.shared; errors storage config model data checkpoints jobs training
ui.generate         ui.palette ui.components ui.shared ui.decoding; errors budget data checkpoints generation
                    sample_quality
ui.anomalies        ui.palette ui.components ui.shared; errors storage neighbours budget data maps checkpoints jobs
                    training anomalies
ui.library          ui.components ui.shared; errors storage recognition config data checkpoints jobs training

vae.commands        ui.sharing; errors storage recognition config model budget data maps checkpoints jobs training
                    generation sample_quality anomalies adoption export
vae                 ui.sharing; adoption

app                 ui.shared ui.decoding ui.explore ui.sharing
pages               ui.components ui.shared ui.train ui.generate ui.anomalies ui.library; errors checkpoints anomalies
"""
MOST_FILES = 16  # source files directly in one folder
SOURCES = {".py", ".js", ".css", ".html"}


def table(text: str = ROOMS) -> dict[str, list[str]]:
    """Each room, and the rooms that it may import, by their full names."""
    rooms: dict[str, list[str]] = {}
    for line in filter(None, re.sub(r"\n {8,}", " ", text).splitlines()):  # an indented line goes on
        room, names = line.split(maxsplit=1)
        words = [word for word in names.replace(";", " ").split() if word != "-"]
        rooms[room] = [word if word.startswith("ui.") else f"vae.{word}" for word in words]
    return rooms


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    paths = [PROJECT / "app.py", *(p for folder in ("pages", "ui", "vae") for p in (PROJECT / folder).rglob("*.py"))]
    return {".".join(p.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}


def room_of(module: str) -> str:
    """`vae.data.datasets` stands in `vae.data`, `pages.train` in `pages`."""
    return ".".join(module.split(".")[: 2 if module.startswith(("vae.", "ui.")) else 1])


def imports() -> dict[str, set[str]]:
    """The project's own modules that each module imports, anywhere in it."""
    known = modules()
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                full = [f"{node.module}.{alias.name}" for alias in node.names]
                found[name] |= {one if one in known else str(node.module) for one in full} & known.keys()
            elif isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names} & known.keys()
    return found


def arrows() -> dict[tuple[str, str], list[str]]:
    """From room to room, with the imports that make each arrow."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, others in imports().items():
        for other in others:
            if room_of(module) != room_of(other) and module != "vae.__main__":
                found[room_of(module), room_of(other)].append(f"{module} imports {other}")
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The first way round that is found, from a module back to itself; empty where there is none."""
    done: set[str] = set()
    for start in sorted(graph):
        way: list[str] = []
        stack = [(start, iter(sorted(graph[start])))] if start not in done else []
        while stack:
            node, rest = stack[-1]
            way = [name for name, _ in stack]
            for other in rest:
                if other in way:
                    return [*way[way.index(other) :], other]
                if other not in done:
                    stack.append((other, iter(sorted(graph.get(other, ())))))
                    break
            else:
                done.add(node)
                stack.pop()
    return []


def test_a_room_imports_only_what_the_table_allows() -> None:
    allowed = table()
    refused = [text for (room, other), texts in arrows().items() if other not in allowed[room] for text in texts]
    assert sorted(refused) == []


def test_the_table_allows_nothing_that_nobody_needs() -> None:
    there = arrows()
    assert [
        f"{room} {other}" for room, others in table().items() for other in others if (room, other) not in there
    ] == []


def test_every_arrow_of_the_table_goes_up() -> None:
    order = list(table())
    assert [(r, o) for r, others in table().items() for o in others if order.index(o) >= order.index(r)] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle(imports()) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"e"}, "e": {"b"}}
    way = circle(graph)
    assert way[0] == way[-1] and all(b in graph[a] for a, b in pairwise(way)) and set(way) == {"b", "d", "e"}
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_the_architecture_page_shows_this_table() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    missing = [line for line in ROOMS.strip().splitlines() if line and line not in page]
    assert missing == []


@pytest.mark.parametrize("top", ["vae", "ui", "tests", "benchmarks", "pages"])
def test_a_folder_can_be_seen_whole(top: str) -> None:
    counts = Counter(path.parent for path in (PROJECT / top).rglob("*") if path.suffix in SOURCES)
    assert {str(folder.relative_to(PROJECT)): n for folder, n in counts.items() if n > MOST_FILES} == {}


def test_no_alias_tells_two_own_modules_apart() -> None:
    aliases = re.compile(r"^\s*(?:from (?:vae|ui)\S* import \w+ as|import (?:vae|ui)\S* as).*", re.MULTILINE)
    found = {name: aliases.findall(path.read_text(encoding="utf-8")) for name, path in modules().items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_class_has_a_name_of_its_own() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for name, path in modules().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
