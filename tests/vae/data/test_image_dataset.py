"""One split in memory: what arrays it takes, and that its fingerprint sees all of them."""

from __future__ import annotations

import numpy as np
import pytest

from vae.data.image_dataset import ImageDataset, fingerprint
from vae.errors import DatasetError


def test_the_fingerprint_sees_every_pixel_and_label() -> None:
    images, labels = np.zeros((2, 1, 2, 2), np.uint8), np.zeros(2, np.int64)
    other_pixel, other_label = images.copy(), labels.copy()
    other_pixel[1, 0, 1, 1], other_label[1] = 1, 1
    variants = [(images, labels), (other_pixel, labels), (images, other_label), (images.reshape(2, 1, 1, 4), labels)]
    fingerprints = {ImageDataset("x", "test", i.copy(), t.copy(), ()).fingerprint for i, t in variants}
    assert len(fingerprints) == 4


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((2, 8, 8), np.uint8), np.zeros(2, np.int64)),
        (np.zeros((2, 1, 8, 8), np.float32), np.zeros(2, np.int64)),
        (np.zeros((2, 1, 8, 8), np.uint8), np.zeros(3, np.int64)),
    ],
)
def test_arrays_of_another_kind_are_refused(images: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(DatasetError, match="expected uint8"):
        ImageDataset("x", "test", images, labels, ())


def test_a_known_fingerprint_is_believed() -> None:
    images, labels = np.zeros((2, 1, 2, 2), np.uint8), np.zeros(2, np.int64)
    assert ImageDataset("x", "test", images, labels, (), "f" * 64).fingerprint == "f" * 64


def test_large_images_are_hashed_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = np.random.default_rng(0).integers(0, 256, (10, 1, 4, 4), np.uint8), np.arange(10)
    whole = fingerprint(images, labels)
    monkeypatch.setattr("vae.data.image_dataset.HASH_BYTES", 40)
    assert fingerprint(images, labels) == whole
