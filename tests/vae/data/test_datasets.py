"""Splits never change; what is missing or damaged is said."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from vae.data import datasets
from vae.data.built_in import mnist
from vae.data.image_dataset import ImageDataset
from vae.errors import DatasetError

Digits = dict[str, ImageDataset]
BUILT_IN = ("digits", "mnist", "shapes", "shapes-64")
FINGERPRINTS = {
    "train": "2684e61b76e115f662d42a233de1baacf96077102f86274ac9a044f6ccc127f6",
    "validation": "e17a6eb70fd76878fa12420582c6cc14991ed43fb78b5a90280096e029a2a849",
    "test": "2328169b7014e142b54e90af6c73a2bbba340073ad024af591241a99a2f3758e",
}


# --- digits -----------------------------------------------------------------------------------------------------------


def test_digits_splits_are_fixed(digits: Digits) -> None:
    assert {split: len(d) for split, d in digits.items()} == {"train": 1257, "validation": 180, "test": 360}
    assert {split: d.fingerprint for split, d in digits.items()} == FINGERPRINTS


def test_digits_splits_share_no_image(digits: Digits) -> None:
    """Together they are scikit-learn's images, each once, with its label."""
    bunch = load_digits()
    expected = sorted(zip((i.astype(np.uint8).tobytes() for i in bunch.images), bunch.target, strict=True))
    images = np.concatenate([d.images for d in digits.values()])
    counts = np.round(images / 255 * 16).astype(np.uint8)  # as scikit-learn stores them
    labels = np.concatenate([d.labels for d in digits.values()])
    assert sorted(zip((c.tobytes() for c in counts), labels, strict=True)) == expected


def test_digits_are_grey_bytes_that_nobody_can_change(digits: Digits) -> None:
    test = digits["test"]
    assert (test.images.shape, test.images.dtype, test.labels.dtype) == ((360, 1, 8, 8), np.uint8, np.int64)
    assert (test.images.min(), test.images.max(), test.image_shape) == (0, 255, (1, 8, 8))
    assert test.class_names[test.labels.max()] == "9"
    with pytest.raises(ValueError, match="read-only"):
        test.images[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        test.labels[0] = 0


def test_unknown_names_and_splits() -> None:
    with pytest.raises(DatasetError, match=r"Unknown data set 'cats'\. Known ones: digits, mnist"):
        datasets.load("cats", "test")
    with pytest.raises(DatasetError, match=r"Unknown split 'holdout'\. Expected one of train, validation, test"):
        datasets.load("digits", "holdout")


def test_the_registry_tells_the_shape_that_loading_gives(digits: Digits) -> None:
    known = datasets.info("digits")
    assert known.image_shape == digits["train"].image_shape
    assert known.class_names == digits["train"].class_names
    assert known.on_this_machine()


def test_built_in_sets_keep_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))  # no imported set, and a folder that is not there
    assert datasets.names() == BUILT_IN
    assert (datasets.is_built_in("MNIST"), datasets.is_built_in("cats")) == (True, False)


def test_files_that_were_replaced_can_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    assert (datasets.info("digits").changed(), datasets.info("mnist").changed()) == (0, 0)
    mnist.raw_dir().mkdir(parents=True)
    os.utime(mnist.raw_dir(), ns=(5, 5))
    assert datasets.info("mnist").changed() == 5


@pytest.mark.parametrize("wrong", [255, 10, -1])
def test_a_label_that_names_no_class_is_told_before_the_work(wrong: int, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = datasets.load("digits", "test")
    labels = digits.labels.copy()
    labels[3] = wrong
    damaged = dataclasses.replace(digits, labels=labels)
    monkeypatch.setattr(datasets, "info", lambda name: SimpleNamespace(load_split=lambda split: damaged))
    with pytest.raises(DatasetError, match=f"has labels from {min(wrong, 0)} to {max(wrong, 9)}, expected 0 to 9"):
        datasets.load("digits", "test")
