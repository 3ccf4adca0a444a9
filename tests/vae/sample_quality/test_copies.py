"""The nearest training image, against brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from vae import neighbours
from vae.data.image_dataset import ImageDataset
from vae.errors import GenerationError
from vae.sample_quality import copies
from vae.sample_quality.copies import Reference


def images(count: int, shape: tuple[int, int, int], seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def brute_force(queries: NDArray[np.uint8], data: NDArray[np.uint8]) -> NDArray[np.float64]:
    a, b = (images.reshape(len(images), -1).astype(np.float64) / 255 for images in (queries, data))
    return np.asarray(cdist(a, b))


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 19, 27)])
def test_as_brute_force(shape: tuple[int, int, int]) -> None:
    queries, data = images(9, shape, 0), images(1_500, shape, 1)
    expected, found = brute_force(queries, data), copies.nearest(queries, data)
    assert np.array_equal(found.row, expected.argmin(1))
    np.testing.assert_allclose(found.distance, expected.min(1), rtol=1e-6)
    assert (found.row.dtype, found.distance.dtype) == (np.int64, np.float32)


def test_many_chunks_of_queries_and_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "POINT_BYTES", 4 * 64 * 13)
    monkeypatch.setattr(neighbours, "QUERY_BYTES", 4 * 64 * 7)
    queries, data = images(30, (1, 8, 8), 0), images(100, (1, 8, 8), 1)
    heard: list[tuple[int, int]] = []
    found = copies.nearest(queries, data, on_batch=lambda done, total: heard.append((done, total)))
    assert np.array_equal(found.row, brute_force(queries, data).argmin(1))
    assert len(heard) == 5 * 8  # 30 queries by 7, 100 images by 13
    assert heard[-1] == (3_000, 3_000)


@pytest.mark.parametrize("level", [0, 127, 255])
def test_differences_of_one_level_are_seen(level: int) -> None:
    """White images: float32 alone would lose 1 in a sum of 50 million."""
    data = np.full((3, 3, 40, 40), level, np.uint8)
    data[0, 0, 0, :2] ^= 1
    data[1, 2, 39, 39] ^= 1
    found = copies.nearest(np.full((1, 3, 40, 40), level, np.uint8), data[:2])
    assert found.row.tolist() == [1]
    np.testing.assert_allclose(found.distance, 1 / 255, rtol=1e-6)
    assert copies.nearest(data[:1], data).distance.tolist() == [0.0]


def test_opposite_images_are_as_far_as_can_be() -> None:
    found = copies.nearest(np.zeros((1, 3, 32, 32), np.uint8), np.full((2, 3, 32, 32), 255, np.uint8))
    np.testing.assert_allclose(found.distance, np.sqrt(3 * 32 * 32), rtol=1e-6)
    assert found.row.tolist() == [0]  # the first of equals


def test_a_planted_copy_in_a_memory_map(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", images(3_000, (3, 28, 28), 3))
    data = np.load(tmp_path / "data.npy", mmap_mode="r")
    found = copies.nearest(np.array(data[[2_999, 17]]), data)
    assert (found.row.tolist(), found.distance.tolist()) == ([2_999, 17], [0.0, 0.0])


def test_no_query_finds_nothing() -> None:
    assert len(copies.nearest(images(0, (1, 8, 8), 0), images(4, (1, 8, 8), 0)).row) == 0


@pytest.mark.parametrize(
    ("queries", "data", "message"),
    [
        (np.zeros((1, 1, 8, 8), np.float32), images(2, (1, 8, 8), 0), "pictures are float32"),
        (images(1, (1, 8, 8), 0)[0], images(2, (1, 8, 8), 0), "expected uint8"),
        (images(1, (1, 8, 8), 0), images(2, (3, 8, 8), 0), "can't be compared"),
        (images(1, (1, 8, 8), 0), images(0, (1, 8, 8), 0), "0 training images"),
    ],
)
def test_what_cant_be_compared(queries: NDArray[np.uint8], data: NDArray[np.uint8], message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        copies.nearest(queries, data)


def test_references_are_percentiles_of_the_distances_near_each_class(digits: dict[str, ImageDataset]) -> None:
    train, test = digits["train"], digits["test"].images
    distances = brute_force(test, train.images)
    expected, of = distances.min(1), train.labels[distances.argmin(1)]
    found = copies.references(test, train.images, train.labels, train.class_names)
    for known, here in ((found.of_all, expected), (found.near(3), expected[of == 3])):
        measured = (known.median, known.p95, known.p5, known.p1)
        np.testing.assert_allclose(measured, np.percentile(here, [50, 95, 5, 1]), rtol=1e-5)
        assert known.count == len(here)
    assert (found.of_all.of_class, found.near(3).of_class) == ("", "3")
    few = copies.references(test[:19], train.images, train.labels, train.class_names)
    assert few.near(3) == few.of_all
    with pytest.raises(GenerationError, match="0 reconstructions"):
        copies.references(test[:0], train.images, train.labels, train.class_names)


def test_a_picture_is_measured_by_the_class_that_it_is_near() -> None:
    """Strokes lie near each other: pooled, they alone were called copies."""
    stroke, blob = Reference(1.0, 2.0, 0.5, 0.3, 150, "1"), Reference(6.0, 9.0, 4.0, 3.0, 150, "8")
    known = copies.References(Reference(4.0, 8.0, 0.8, 0.6, 300), {1: stroke, 8: blob})
    found = copies.NearestImages(np.array([0, 1, 1, 2, 0]), np.array([0.4, 2.9, 3.1, 0.5, 0.0], np.float32))
    assert known.may_be_copies(found, np.array([1, 8, 5])).tolist() == [False, True, False, True, True]
    assert Reference(4.0, 8.0, 2.0, 1.0, 99).near == 2.0
    assert Reference(4.0, 8.0, 2.0, 1.0, 19).near == 0.0
    assert "near class 8 (their median is 6.00, 150 of them): may be a copy" in copies.standing(2.9, blob).sentence


@pytest.mark.parametrize(
    ("distance", "count", "said"),
    [
        (0.0, 500, "Identical to a training image, pixel for pixel: a copy."),
        (0.5, 500, "Nearer to a training image than 99 % of {}: may be a copy."),
        (0.5, 99, "Nearer to a training image than 95 % of {}: compare"),
        (1.5, 500, "Nearer to a training image than 95 % of {}: compare"),
        (0.5, 19, "As near to a training image as {} usually are"),
        (3.0, 500, "As near to a training image as {} usually are: no sign of a copy."),
        (4.0, 500, "As near to a training image as {} usually are: no sign of a copy."),
        (8.0, 500, "Farther from every training image than half of the {}: no sign of a copy."),
        (9.0, 19, "Farther from every training image than half of the {}: no sign of a copy."),
        (
            9.0,
            500,
            "Farther from every training image than 95 % of {}: no sign of a copy, and perhaps unlike the data.",
        ),
    ],
)
def test_readings(distance: float, count: int, said: str) -> None:
    them = f"reconstructions of test images (their median is 4.00, {count} of them)"
    reading = copies.standing(distance, Reference(median=4.0, p95=8.0, p5=2.0, p1=1.0, count=count)).sentence
    assert reading.startswith(said.format(them))
    assert them in reading
