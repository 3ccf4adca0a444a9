"""Directions in files: they come back as they were, and nothing hostile comes in."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vae.helpers import TINY_CONV, new_checkpoint
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation import direction_files, directions, groups
from vae.generation.directions import Direction
from vae.storage import paths
from vae.storage.paths import derived_folder

Document = dict[str, Any]


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """3 latent dimensions; made once, nothing here changes it."""
    new = new_checkpoint(TINY_CONV)
    about = (new.model, new.train, new.dataset, new.command, new.latents, {}, new.metrics, new.history)
    return Checkpoint("a", Path("a"), "cd" * 32, *about)


@pytest.fixture(scope="module")
def direction(checkpoint: Checkpoint) -> Direction:
    pair = groups.pair("rows:0-19", "rest", checkpoint)
    return directions.from_groups("thick – 'dünn' <b>", pair, checkpoint).classifier


def document(*values: Direction) -> Document:
    return dict(json.loads(direction_files.to_json(values)))


def test_a_kept_direction_comes_back(checkpoint: Checkpoint, direction: Direction) -> None:
    path = direction_files.save(direction)
    assert path.parent == derived_folder(checkpoint.identity) / "directions"
    assert direction_files.saved(checkpoint) == [direction]


def test_the_same_name_is_replaced_only_on_purpose_and_others_are_sorted(
    checkpoint: Checkpoint, direction: Direction
) -> None:
    newer = dataclasses.replace(direction, gap=9.0)
    first = dataclasses.replace(direction, name="a")
    for one in (direction, first):
        direction_files.save(one)
    with pytest.raises(GenerationError, match="already a direction"):
        direction_files.save(newer)
    assert direction_files.saved(checkpoint) == [first, direction]
    direction_files.replace(newer)
    assert direction_files.saved(checkpoint) == [first, newer]


def test_a_deleted_direction_is_gone(checkpoint: Checkpoint, direction: Direction) -> None:
    path = direction_files.save(direction)
    direction_files.delete(checkpoint, "another name")
    assert direction_files.saved(checkpoint) == [direction]
    for _ in range(2):  # the second time it is not there
        direction_files.delete(checkpoint, direction.name)
        assert direction_files.saved(checkpoint) == []
    assert list(path.parent.iterdir()) == []


def test_damaged_and_foreign_files_hide_no_other(checkpoint: Checkpoint, direction: Direction) -> None:
    path = direction_files.save(direction)
    path.with_name("cut.json").write_bytes(path.read_bytes()[:-20])
    path.with_name("empty.json").write_text(json.dumps(document()))
    path.with_name("folder.json").mkdir()
    path.with_name("copy.json").write_bytes(path.read_bytes())  # not at the place of its name: delete would miss it
    foreign = direction_files.save(dataclasses.replace(direction, name="foreign", identity="0" * 64))
    (path.parent / foreign.name).write_bytes(foreign.read_bytes())
    assert direction_files.saved(checkpoint) == [direction]


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"gap": float("nan")}, {"identity": "../../x"}, {"group_a": "\ud800"}]
)
def test_what_couldnt_be_read_isnt_kept(checkpoint: Checkpoint, direction: Direction, change: Document) -> None:
    with pytest.raises(GenerationError):
        direction_files.save(dataclasses.replace(direction, **change))
    assert not paths.derived_dir().exists()


def test_a_folder_that_cant_be_written(direction: Direction) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    with pytest.raises(GenerationError, match="can't be written"):
        direction_files.save(direction)


def test_a_document_comes_back(checkpoint: Checkpoint, direction: Direction) -> None:
    several = [direction, dataclasses.replace(direction, name="猫", kind="mean difference")]
    text = direction_files.to_json(several)
    for raw in (text, text.encode(), text.encode("utf-16")):
        imported = direction_files.from_json(raw, checkpoint)
        assert (imported.directions, imported.notes) == (several, [])
    assert not paths.derived_dir().exists()  # nothing is kept by reading


def test_another_checkpoint_of_the_same_dimension(checkpoint: Checkpoint, direction: Direction) -> None:
    other = dataclasses.replace(checkpoint, identity="ab" * 32, name="other")
    imported = direction_files.from_json(direction_files.to_json([direction]), other)
    (found,) = imported.directions
    assert (found.identity, found.measured_on, found.vector) == (other.identity, direction.identity, direction.vector)
    assert "measured on another checkpoint (a, " in imported.notes[0]
    assert "don't carry over to other" in imported.notes[0]
    direction_files.save(found)
    assert direction_files.saved(other) == [found]  # it still says so when read again
    assert direction_files.saved(checkpoint) == []
    home = direction_files.from_json(direction_files.to_json([found]), checkpoint)
    assert (home.directions, home.notes) == ([direction], [])


def test_an_import_replaces_nothing_that_is_kept(checkpoint: Checkpoint, direction: Direction) -> None:
    direction_files.save(direction)
    newer = dataclasses.replace(direction, gap=9.0)
    text = direction_files.to_json([direction, newer])
    imported = direction_files.from_json(text, checkpoint)
    free = f"{direction.name} (2)"
    assert imported.directions == [dataclasses.replace(newer, name=free)]
    assert imported.notes[0] == f'"{direction.name}" is kept already.'
    assert imported.notes[1] == f'Two directions are called "{direction.name}": one is now "{free}".'
    for one in imported.directions:
        direction_files.save(one)
    assert direction_files.saved(checkpoint) == [direction, *imported.directions]
    again = direction_files.from_json(text, checkpoint)  # the second time there is nothing new
    assert (again.directions, again.notes[1]) == ([], f'"{free}" is kept already.')


def test_an_import_of_another_checkpoint_twice(checkpoint: Checkpoint, direction: Direction) -> None:
    other = dataclasses.replace(checkpoint, identity="ab" * 32, name="other")
    text = direction_files.to_json([direction])
    for one in direction_files.from_json(text, other).directions:
        direction_files.save(one)
    assert direction_files.from_json(text, other).directions == []


def test_no_more_are_kept_than_can_be_written_to_one_file(
    checkpoint: Checkpoint, direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direction_files, "MAX_DIRECTIONS", 3)
    a, b, c, d = (dataclasses.replace(direction, name=name) for name in "abcd")
    elsewhere = dataclasses.replace(direction, identity="ab" * 32)
    for one in (a, b, c, elsewhere):
        direction_files.save(one)
    direction_files.replace(dataclasses.replace(c, gap=9.0))
    for refused in (lambda: direction_files.save(d), lambda: direction_files.from_json(one_of(d), checkpoint)):
        with pytest.raises(GenerationError, match=r"4 directions would be kept .* at most 3\. Delete one first"):
            refused()
    assert [one.name for one in direction_files.saved(checkpoint)] == ["a", "b", "c"]
    assert direction_files.to_json(direction_files.saved(checkpoint))
    direction_files.delete(checkpoint, "a")
    direction_files.save(d)


def test_all_that_is_kept_fits_into_one_file_by_its_size(
    checkpoint: Checkpoint, direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = (dataclasses.replace(direction, name=name) for name in "abc")
    monkeypatch.setattr(direction_files, "MAX_BYTES", len(direction_files.to_json([a, b])))
    for one in (a, b, b):
        direction_files.replace(one)
    with pytest.raises(GenerationError, match=r"kept for this checkpoint would take .* bytes"):
        direction_files.save(c)
    text = direction_files.to_json(direction_files.saved(checkpoint))
    for one in (a, b):
        direction_files.delete(checkpoint, one.name)
    assert direction_files.from_json(text, checkpoint).directions == [a, b]  # what is exported can be imported


def one_of(direction: Direction) -> str:
    return direction_files.to_json([direction])


def test_equal_names_are_told_apart(checkpoint: Checkpoint, direction: Direction) -> None:
    long = dataclasses.replace(direction, name="x" * 60)
    imported = direction_files.from_json(direction_files.to_json([long, long, long]), checkpoint)
    assert [d.name for d in imported.directions] == ["x" * 60, "x" * 56 + " (2)", "x" * 56 + " (3)"]
    assert len(imported.notes) == 2


def test_another_dimension_says_both(checkpoint: Checkpoint, direction: Direction) -> None:
    plane = dataclasses.replace(direction, vector=(0.6, 0.8), latent_dim=2)
    with pytest.raises(GenerationError, match=r"has 2 dimensions, this checkpoint's latent space 3"):
        direction_files.from_json(direction_files.to_json([direction, plane]), checkpoint)


def test_a_nearly_unit_vector_is_made_one(checkpoint: Checkpoint, direction: Direction) -> None:
    near = dataclasses.replace(direction, vector=(0.6004, 0.8, 0.0))
    (found,) = direction_files.from_json(direction_files.to_json([near]), checkpoint).directions
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-12)
    assert directions.angle(found.vector, near.vector) == pytest.approx(0, abs=1e-9)


WRONG_VALUES: list[tuple[str, Any, str]] = [
    ("vector", [1.0, 0.0], "has 2 .said to be 3. dimensions"),
    ("vector", [0] * 300_000, "has 300,000"),
    ("vector", [1.0, 1.0, 0.0], "length 1.41421, expected 1"),
    ("vector", [0.0, 0.0, 0.0], "length 0"),
    ("vector", [1.7e308, 1.7e308, 0.0], "length inf"),
    ("vector", [1.0, float("nan"), 0.0], "expected a finite number"),
    ("vector", [1.0, "0", 0.0], "expected a finite number"),
    ("vector", [True, False, False], "expected a finite number"),
    ("vector", [10**400, 0, 0], "expected a finite number"),
    ("vector", {"0": 1}, "expected a list"),
    ("latent_dim", 4, "said to be 4"),
    ("latent_dim", "3", "latent_dim is '3', expected a whole number"),
    ("kind", "magic", "expected one of mean difference, linear classifier"),
    ("kind", ["mean difference"], "expected one of"),
    ("name", "", "is no name"),
    ("name", "x" * 61, "is no name"),
    ("name", "a\u202eb", "is no name"),
    ("name", None, "expected text"),
    ("accuracy", 1.5, "expected shares"),
    ("accuracy", float("inf"), "finite"),
    ("accuracy_low", 0.999999, "in order"),
    ("accuracy_high", -0.1, "in order"),
    ("gap", 0, "gap is 0"),
    ("gap", -1, "gap is -1"),
    ("gap", 1e300, "at most"),
    ("spread", -1e-9, "spread"),
    ("count_a", 2.5, "whole number"),
    ("count_b", True, "whole number"),
    ("count_b", 10**30, "whole number"),
    ("group_a", "x" * 2_001, "at most 2,000 characters"),
    ("group_b", 7, "expected text"),
    ("protocol", None, "expected text"),
    ("checkpoint", "x" * 201, "at most 200"),
    ("identity", "../../../etc", "64 hexadecimal"),
    ("identity", "0" * 63 + "\n", "64 hexadecimal"),
    ("measured_on", "..", "64 hexadecimal"),
]


@pytest.mark.parametrize(("key", "value", "message"), WRONG_VALUES)
def test_one_wrong_value_refuses_the_whole_file(
    checkpoint: Checkpoint, direction: Direction, key: str, value: Any, message: str
) -> None:
    hostile = document(direction, dataclasses.replace(direction, name="second"))
    hostile["directions"][1][key] = value
    with pytest.raises(GenerationError, match=message) as caught:
        direction_files.from_json(json.dumps(hostile), checkpoint)
    assert len(str(caught.value)) < 300


def test_every_missing_key_is_named(checkpoint: Checkpoint, direction: Direction) -> None:
    for key in dataclasses.asdict(direction):
        hostile = document(direction)
        del hostile["directions"][0][key]
        if key == "measured_on":  # empty for most
            assert direction_files.from_json(json.dumps(hostile), checkpoint).directions == [direction]
            continue
        with pytest.raises(GenerationError, match=f"lacks {key}"):
            direction_files.from_json(json.dumps(hostile), checkpoint)


def changed(**changes: Any) -> Callable[[Document], str]:
    return lambda good: json.dumps(good | changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda good: "", "not valid JSON"),
        (lambda good: b"\xff\xfe\x00", "not valid JSON"),
        (lambda good: b"\x89PNG\r\n", "not valid JSON"),
        (lambda good: "[" * 200_000, "not valid JSON"),
        (lambda good: '{"a":' * 100_000 + "1" + "}" * 100_000, "not valid JSON"),
        (lambda good: "9" * 5_000, "not valid JSON"),
        (lambda good: json.dumps(good).replace("rows:0-19", "\\ud800"), "lone surrogate"),
        (lambda good: json.dumps(good).replace("rows:0-19", "\ud800"), "lone surrogate"),
        (lambda good: json.dumps(good) + " " * 1_000_000, "more than 1,000,000 bytes"),
        (lambda good: "[" + "0," * 1_000_000 + "0]", "more than 1,000,000 bytes"),
        (lambda good: "[]", "no list of directions"),
        (lambda good: "null", "no list of directions"),
        (lambda good: json.dumps(good["directions"]), "no list of directions"),
        (changed(format="other"), "no list of directions"),
        (changed(version=2), "version 2, expected 1"),
        (changed(version=True), "version True"),
        (changed(version=None), "version None"),
        (changed(directions={}), "no list of at most 200"),
        (changed(directions=[{}] * 201), "no list of at most 200"),
        (changed(directions=[[]]), r"A direction is \[\], expected an object"),
        (changed(directions=[{}]), "A direction lacks name, kind"),
    ],
)
def test_hostile_documents(
    checkpoint: Checkpoint, direction: Direction, make: Callable[[Document], str | bytes], message: str
) -> None:
    with pytest.raises(GenerationError, match=message) as caught:
        direction_files.from_json(make(document(direction)), checkpoint)
    assert len(str(caught.value)) < 400


def test_no_more_is_written_than_would_be_read(direction: Direction) -> None:
    with pytest.raises(GenerationError, match="201 directions"):
        direction_files.to_json([direction] * 201)
    with pytest.raises(GenerationError, match="bytes, expected at most"):
        direction_files.to_json([dataclasses.replace(direction, group_a="ä" * 2_000)] * 100)
