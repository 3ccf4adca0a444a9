"""Imported sets that were damaged, cut short or deleted since."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae.data import datasets, import_folder, imported_dataset
from vae.data.folders import class_table
from vae.data.import_folder import ImportSettings
from vae.data.tables import csv_rows
from vae.errors import DatasetError, DatasetMissingError

BUILT_IN = tuple(datasets.BUILT_IN)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "folders"


@pytest.fixture()
def pets(tmp_path: Path) -> Path:
    """The folder of an imported set: 24, 8 and 8 images in two classes."""
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)):
        path = tmp_path / "source" / ("cats" if i % 2 else "dogs") / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return import_folder.write("pets", tmp_path / "source", ImportSettings(8, 8)).folder


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "expected an object"),
        (b"{}", r"meta\.json lacks format_version, image_shape, class_names, splits"),
        ({"format_version": 2}, "format_version is 2, expected 1"),
        ({"image_shape": [3, 8]}, r"image_shape is \[3, 8\], expected a list of 3"),
        ({"image_shape": [3, 8, 99_999]}, r"image_shape\[2\] is 99999, expected a whole number from 1 to 1,024"),
        ({"image_shape": [2, 8, 8]}, r"image_shape\[0\] is 2, expected one of 1, 3"),
        ({"class_names": []}, r"class_names is \[\], expected the names of the classes"),
        ({"class_names": "ab"}, "class_names is 'ab', expected the names of the classes"),
        ({"splits": {}}, "splits lacks train, validation, test"),
        (
            {"splits": {"train": {"count": 34, "fingerprint": "x"}}},
            "fingerprint is 'x', expected 64 hexa",
        ),
    ],
)
def test_a_damaged_set_is_left_out_and_says_why(pets: Path, values: object, message: str) -> None:
    meta = pets / "meta.json"
    raw = values if isinstance(values, bytes) else json.dumps(json.loads(meta.read_bytes()) | values).encode()
    meta.write_bytes(raw)
    assert datasets.names() == BUILT_IN
    with pytest.raises(DatasetError, match=message):
        datasets.info("pets")


@pytest.mark.parametrize("file", ["meta.json", "train.npy", "test-labels.npy"])
def test_a_set_that_vanished_says_what_to_do(pets: Path, file: str) -> None:
    known = datasets.info("pets")
    (pets / file).unlink()
    assert not known.on_this_machine()
    for read in (lambda: datasets.load("pets", "train"), lambda: known.load_split("train")):
        with pytest.raises(DatasetMissingError, match="`python -m vae import pets FOLDER`"):
            read()
    shutil.rmtree(pets)
    with pytest.raises(DatasetMissingError):
        known.load_split("train")
    with pytest.raises(DatasetError, match="Unknown data set 'pets'"):
        datasets.load("pets", "train")


def test_a_file_cut_short_is_missing_images(pets: Path) -> None:
    os.truncate(pets / "train.npy", 500)
    with pytest.raises(DatasetMissingError, match="or not all of them"):
        datasets.load("pets", "train")


def test_arrays_of_another_kind_are_refused_and_nothing_is_unpickled(pets: Path) -> None:
    path = pets / "train-labels.npy"
    size = path.stat().st_size
    np.save(path, np.array([print] * 5, dtype=object))
    os.truncate(path, size)
    with pytest.raises(DatasetError, match="expected plain numbers"):
        datasets.load("pets", "train")
    np.save(path, np.full(24, 2))
    with pytest.raises(DatasetError, match="labels that name no class"):
        datasets.load("pets", "train")


def test_what_a_killed_import_left_is_no_data_set(data: Path) -> None:
    (data / ".pets.abcd.tmp").mkdir(parents=True)
    (data / "stray.txt").touch()
    assert (datasets.names(), imported_dataset.names()) == (BUILT_IN, ())


def test_a_table_of_millions_of_cells_is_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "MOST_CELLS", 10)
    (tmp_path / "a.csv").write_text("file,class\n" + "a.png" + "," * 20 + "\n")
    with pytest.raises(DatasetError, match=r"a\.csv has 23 cells, expected at most 10"):
        class_table.read(tmp_path / "a.csv", ["a.png"])
