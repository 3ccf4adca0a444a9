"""Readers of structured text, with what hypothesis draws: a VAEError, or something that can be used."""

from __future__ import annotations

import copy
import csv
import io
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile import house as houses
from tests.hostile.contents import tensor_files
from tests.hostile.guard import MOST_CHARACTERS
from tests.hostile.house import House
from tests.hostile.kinds import KINDS, Kind
from vae.errors import VAEError
from vae.training.run_folder import status

# the same inputs each time, and no clock: a busy machine fails nothing
drawn = settings(
    derandomize=True,
    deadline=None,
    max_examples=12,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
BY_NAME = {kind.name: kind for kind in KINDS}
WITH_VALUES = [kind for kind in KINDS if kind.family == "json"]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, -(2**64), 10**400]),
    st.floats(),
    st.text(max_size=30),
    st.text("\ud800\x1b\u202e\0../", min_size=1, max_size=10),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
TREES = st.recursive(ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch:
        for name in houses.FOLDERS:
            patch.setenv(f"VAE_{name.upper()}", "")  # and back to what it was
        patch.chdir(Path.cwd())
        yield houses.build(tmp_path_factory.mktemp("drawn") / "house")


def steps(values: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value of a document."""
    if path:
        yield path
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for step, inner in inside:
        yield from steps(inner, (*path, step))


def exchanged(values: Any, path: tuple[str | int, ...], other: Any) -> Any:
    found = inner = copy.deepcopy(values)
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = other
    return found


@contextmanager
def content(path: Path) -> Iterator[Path]:
    """A file that is good again after the block."""
    good = path.read_bytes()
    try:
        yield path
    finally:
        path.write_bytes(good)


def used_or_refused(kind: Kind, house: House) -> None:
    kind.agree(house)
    try:
        kind.read(house)
    except VAEError as error:
        assert 0 < len(str(error)) <= MOST_CHARACTERS


@pytest.mark.parametrize("kind", WITH_VALUES, ids=lambda kind: kind.name)
@drawn
@given(data=st.data())
def test_one_value_of_a_document_is_another(house: House, kind: Kind, data: st.DataObject) -> None:
    with content(kind.place(house)) as path:
        values = json.loads(path.read_bytes())
        other = exchanged(values, data.draw(st.sampled_from(list(steps(values)))), data.draw(ODD))
        path.write_text(json.dumps(other), encoding="utf-8")
        used_or_refused(kind, house)


@pytest.mark.parametrize("kind", WITH_VALUES, ids=lambda kind: kind.name)
@drawn
@given(values=TREES)
def test_a_document_is_another_altogether(house: House, kind: Kind, values: Any) -> None:
    with content(kind.place(house)) as path:
        path.write_text(json.dumps(values), encoding="utf-8")
        used_or_refused(kind, house)


@pytest.mark.parametrize("name", ["mixture", "detector", "checkpoint's maps.safetensors"])
@drawn
@given(
    entry=st.fixed_dictionaries(
        {"dtype": st.sampled_from(["F32", "I64", "BOOL", "F8_E4M3", "BF16", "C64", ""]) | st.text(max_size=5)},
        optional={
            "shape": st.lists(st.integers(-1, 2**64), max_size=4) | ODD,
            "data_offsets": st.tuples(st.integers(-1, 2**40), st.integers(-1, 2**40)) | ODD,
        },
    ),
    size=st.integers(0, 64),
)
def test_a_header_of_tensors(house: House, name: str, entry: dict[str, Any], size: int) -> None:
    kind = BY_NAME[name]
    with content(kind.place(house)) as path:
        values, data = tensor_files.split(path.read_bytes())
        one = next(key for key in values if key != "__metadata__")
        path.write_bytes(tensor_files.raw(values | {one: entry}, data[:size]))
        kind.agree(house)
        with pytest.raises(VAEError):
            kind.read(house)


@drawn
@given(rows=st.lists(st.lists(st.text(max_size=6) | st.floats().map(str), max_size=4), max_size=5), tail=st.binary())
def test_a_table(house: House, rows: list[list[str]], tail: bytes) -> None:
    kind = BY_NAME["run's history.csv"]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    with content(kind.place(house)) as path:
        path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass") + tail)
        for row in status.rows(house.job()):
            assert all(map(math.isfinite, row.values()))


FILES = [kind for kind in KINDS if kind.family not in ("text", "picture")]


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.name)
@settings(drawn, max_examples=6)
@given(data=st.data())
def test_some_bytes_are_others(house: House, kind: Kind, data: st.DataObject) -> None:
    with content(kind.place(house)) as path:
        good = path.read_bytes()
        begin = data.draw(st.integers(0, len(good)))
        end = data.draw(st.integers(begin, min(begin + 20, len(good))))
        path.write_bytes(good[:begin] + data.draw(st.binary(max_size=20)) + good[end:])
        used_or_refused(kind, house)
