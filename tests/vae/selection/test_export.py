"""Selected images as files: everything reads back, and no cell is a formula."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from tests.vae.selection.test_description import latents
from vae.checkpoints.every_image import EveryImage
from vae.selection import export

MU = np.random.default_rng(3).normal(size=(9, 2)).astype(np.float32)
IMAGES = EveryImage(latents(MU, np.arange(9) % 3), {"test": 4, "validation": 2, "train": 3})
CLASSES = ("cat", "=HYPERLINK(1)", "hund, groß")
ROWS = np.array([1, 4, 8])
FILES = [f"{'+=-@'[k % 4]}a/{k}.png" for k in range(9)]


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_a_table_reads_back_with_every_digit() -> None:
    tags = {"odd": np.array([1, 3]), "=late": np.array([1, 8])}
    found = read(export.table(IMAGES, ROWS, CLASSES, FILES, tags))
    assert [line["row"] for line in found] == ["1", "4", "8"]
    assert [(line["split"], line["row_in_split"]) for line in found] == [
        ("test", "1"),
        ("validation", "0"),
        ("train", "2"),
    ]
    np.testing.assert_array_equal([[np.float32(line[f"z{j}"]) for j in range(2)] for line in found], MU[ROWS])
    np.testing.assert_array_equal([np.float32(line["kl"]) for line in found], IMAGES.latents.kl[ROWS])
    assert [line["tags"] for line in found] == ["odd; =late", "", "'=late"]
    assert [line["class"] for line in found] == ["'=HYPERLINK(1)", "'=HYPERLINK(1)", "hund, groß"]
    assert [line["file"] for line in found] == ["'=a/1.png", "'+a/4.png", "'+a/8.png"]


def test_what_is_not_known_has_no_column() -> None:
    (line, *_) = read(export.table(IMAGES, ROWS, CLASSES))
    assert not {"file", "tags"} & set(line)


def test_arrays_read_back_without_pickle() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 1, 4, 5), dtype=np.uint8)
    with np.load(io.BytesIO(export.arrays(pictures, IMAGES, ROWS, CLASSES)), allow_pickle=False) as found:
        np.testing.assert_array_equal(found["images"], pictures)
        np.testing.assert_array_equal(found["mu"], MU[ROWS])
        np.testing.assert_array_equal(found["rows"], ROWS)
        assert [found["class_names"][label] for label in found["labels"]] == [CLASSES[k % 3] for k in ROWS]


@pytest.mark.parametrize("rows", [np.array([], np.int64), np.arange(9)])
def test_none_and_all_are_tables_too(rows: np.ndarray) -> None:
    assert len(read(export.table(IMAGES, rows, CLASSES, FILES))) == len(rows)
