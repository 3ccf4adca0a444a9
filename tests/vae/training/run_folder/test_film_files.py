"""The film's files: they come back as written, and a damaged or hostile one is None, never an error."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from vae.training.run_folder import film_files
from vae.training.run_folder.film_files import Fixed, Frame

Arrays = dict[str, Any]


def fixed() -> Fixed:
    rng = np.random.default_rng(0)
    return Fixed(rng.integers(0, 256, (3, 1, 4, 5)).astype(np.uint8), rng.integers(0, 3, 20), ("naïve", "Käse", "2"))


def frame(epoch: int = 7) -> Frame:
    rng = np.random.default_rng(epoch)
    pictures = rng.integers(0, 256, (5, 1, 4, 5)).astype(np.uint8)
    return Frame(epoch, "pca", rng.normal(size=(20, 2)).astype(np.float32), pictures[:3], pictures[3:])


def same(found: Fixed | Frame | None, expected: Fixed | Frame) -> None:
    assert type(found) is type(expected)
    for field in dataclasses.fields(expected):
        value, wanted = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(wanted, np.ndarray):
            assert value.dtype == wanted.dtype
            np.testing.assert_array_equal(value, wanted)
        else:
            assert value == wanted


def frame_file(folder: Path, epoch: int = 7) -> Path:
    return folder / film_files.FOLDER / f"epoch-{epoch:06d}.safetensors"


def forge(path: Path, arrays: Arrays, about: dict[str, str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(safetensors.numpy.save(arrays, about))


def test_a_film_comes_back(tmp_path: Path) -> None:
    film_files.write_fixed(tmp_path, fixed())
    for epoch in (12, 0, 100_000, 3):
        film_files.write_frame(tmp_path, frame(epoch))
    same(film_files.read_fixed(tmp_path), fixed())
    assert film_files.epochs(tmp_path) == [0, 3, 12, 100_000]
    for epoch in (0, 3, 12, 100_000):
        same(film_files.read_frame(tmp_path, epoch), frame(epoch))


def test_views_are_written_as_they_look(tmp_path: Path) -> None:
    """Not as they lie in memory: safetensors would keep the order of the bytes."""
    turned = dataclasses.replace(frame(), xy=np.asfortranarray(frame().xy), samples=frame().samples[..., ::-1])
    film_files.write_frame(tmp_path, turned)
    same(film_files.read_frame(tmp_path, 7), turned)


def test_a_frame_is_replaced_by_a_later_one_of_the_same_epoch(tmp_path: Path) -> None:
    film_files.write_frame(tmp_path, frame())
    later = dataclasses.replace(frame(8), epoch=7, axes="latent")
    film_files.write_frame(tmp_path, later)
    same(film_files.read_frame(tmp_path, 7), later)
    assert [path.name for path in (tmp_path / film_files.FOLDER).iterdir()] == [frame_file(tmp_path).name]


def test_where_there_is_no_film_there_is_nothing(tmp_path: Path) -> None:
    assert film_files.epochs(tmp_path) == []
    assert film_files.read_fixed(tmp_path) is None
    assert film_files.read_frame(tmp_path, 0) is None


def test_other_files_are_no_frames(tmp_path: Path) -> None:
    film_files.write_frame(tmp_path, frame())
    for name in ("epoch-7.safetensors", ".epoch-000008.safetensors.1.tmp", "epoch-000009.safetensors.bak", "fixed"):
        (tmp_path / film_files.FOLDER / name).write_bytes(b"")
    assert film_files.epochs(tmp_path) == [7]


@pytest.mark.parametrize("keep", [0, 4, 8, 60, 0.5, 0.99])
def test_a_truncated_file_is_none(tmp_path: Path, keep: float) -> None:
    film_files.write_frame(tmp_path, frame())
    film_files.write_fixed(tmp_path, fixed())
    for path in (frame_file(tmp_path), tmp_path / film_files.FOLDER / film_files.FIXED):
        content = path.read_bytes()
        path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    assert film_files.read_frame(tmp_path, 7) is None
    assert film_files.read_fixed(tmp_path) is None


def test_garbage_or_a_folder_is_none(tmp_path: Path) -> None:
    frame_file(tmp_path, 1).parent.mkdir()
    frame_file(tmp_path, 1).write_bytes(bytes(range(256)) * 20)
    frame_file(tmp_path, 2).write_bytes(b"\xff" * 8 + b"{}")  # a header of 2^64 bytes
    frame_file(tmp_path, 3).mkdir()
    assert [film_files.read_frame(tmp_path, epoch) for epoch in (1, 2, 3)] == [None] * 3


def frame_arrays() -> Arrays:
    return {"xy": frame().xy, "reconstructions": frame().reconstructions, "samples": frame().samples}


@pytest.mark.parametrize("missing", ["xy", "reconstructions", "samples"])
def test_a_frame_without_a_part_is_none(tmp_path: Path, missing: str) -> None:
    arrays = frame_arrays()
    del arrays[missing]
    forge(frame_file(tmp_path), arrays, {"axes": "pca"})
    assert film_files.read_frame(tmp_path, 7) is None


def test_a_frame_that_does_not_name_its_axes_is_none(tmp_path: Path) -> None:
    forge(frame_file(tmp_path), frame_arrays(), {})
    assert film_files.read_frame(tmp_path, 7) is None


@pytest.mark.parametrize(
    "change",
    [
        {"xy": np.zeros(20, np.float32)},
        {"xy": np.zeros((20, 3), np.float32)},
        {"xy": np.full((20, 2), np.nan, np.float32)},  # the next frame would be aligned to it
        {"reconstructions": np.zeros((3, 20), np.uint8)},
        {"samples": np.zeros((2, 1, 4, 5), np.float32)},
    ],
)
def test_a_frame_of_the_wrong_shape_or_type_is_none(tmp_path: Path, change: Arrays) -> None:
    forge(frame_file(tmp_path), frame_arrays() | change, {"axes": "pca"})
    assert film_files.read_frame(tmp_path, 7) is None


@pytest.mark.parametrize("names", [None, "", "nonsense", "3", "null", "[" * 100_000])
def test_fixed_without_a_list_of_class_names_is_none(tmp_path: Path, names: str | None) -> None:
    arrays = {"originals": fixed().originals, "labels": fixed().labels}
    forge(tmp_path / film_files.FOLDER / film_files.FIXED, arrays, {} if names is None else {"class_names": names})
    assert film_files.read_fixed(tmp_path) is None


@pytest.mark.parametrize("missing", ["originals", "labels"])
def test_fixed_without_a_part_is_none(tmp_path: Path, missing: str) -> None:
    arrays = {"originals": fixed().originals, "labels": fixed().labels}
    del arrays[missing]
    forge(tmp_path / film_files.FOLDER / film_files.FIXED, arrays, {"class_names": json.dumps(fixed().class_names)})
    assert film_files.read_fixed(tmp_path) is None


@pytest.mark.parametrize("epochs", [1, 2, 10, 199, 200, 201, 399, 400, 401, 1_234, 99_999, 100_000])
def test_a_film_has_the_first_and_last_epoch_and_not_too_many(epochs: int) -> None:
    due = [epoch for epoch in range(epochs + 1) if film_files.is_due(epoch, epochs)]
    assert {0, 1, epochs} <= set(due)
    assert len(due) <= film_files.MAX_FRAMES + 2
    assert len(due) >= min(epochs + 1, film_files.MAX_FRAMES // 2)
    gaps = np.diff(due)
    assert gaps.max() <= -(-epochs // film_files.MAX_FRAMES)  # no part of the run is missing


@pytest.mark.parametrize("epochs", [1, 10, 200])
def test_a_short_film_has_every_epoch(epochs: int) -> None:
    assert all(film_files.is_due(epoch, epochs) for epoch in range(epochs + 1))


def test_a_film_is_not_written_behind_a_link(tmp_path: Path) -> None:
    outside, run = tmp_path / "outside", tmp_path / "run"
    outside.mkdir()
    run.mkdir()
    (run / film_files.FOLDER).symlink_to(outside)
    for write in (lambda: film_files.write_fixed(run, fixed()), lambda: film_files.write_frame(run, frame())):
        with pytest.raises(OSError, match="behind a link"):
            write()
    assert list(outside.iterdir()) == []
