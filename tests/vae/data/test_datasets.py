"""Splits never change; what is missing or damaged is said."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from vae.data import datasets
from vae.errors import DatasetError

Digits = dict[str, datasets.ImageDataset]
FINGERPRINTS = {
    "train": "2684e61b76e115f662d42a233de1baacf96077102f86274ac9a044f6ccc127f6",
    "validation": "e17a6eb70fd76878fa12420582c6cc14991ed43fb78b5a90280096e029a2a849",
    "test": "2328169b7014e142b54e90af6c73a2bbba340073ad024af591241a99a2f3758e",
}


def idx(*sizes: int, magic: bytes = b"\0\0\x08", data: bytes = b"") -> bytes:
    return magic + bytes([len(sizes)]) + np.array(sizes, ">u4").tobytes() + data


def planted(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


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


def test_the_fingerprint_sees_every_pixel_and_label() -> None:
    images, labels = np.zeros((2, 1, 2, 2), np.uint8), np.zeros(2, np.int64)
    other_pixel, other_label = images.copy(), labels.copy()
    other_pixel[1, 0, 1, 1], other_label[1] = 1, 1
    variants = [(images, labels), (other_pixel, labels), (images, other_label), (images.reshape(2, 1, 1, 4), labels)]
    fingerprints = {datasets.ImageDataset("x", "test", i.copy(), t.copy(), ()).fingerprint for i, t in variants}
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
        datasets.ImageDataset("x", "test", images, labels, ())


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
    assert datasets.names() == ("digits", "mnist")
    assert (datasets.is_built_in("MNIST"), datasets.is_built_in("cats")) == (True, False)


def test_files_that_were_replaced_can_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    assert (datasets.info("digits").changed(), datasets.info("mnist").changed()) == (0, 0)
    datasets.mnist_raw_dir().mkdir(parents=True)
    os.utime(datasets.mnist_raw_dir(), ns=(5, 5))
    assert datasets.info("mnist").changed() == 5


def test_a_known_fingerprint_is_believed() -> None:
    images, labels = np.zeros((2, 1, 2, 2), np.uint8), np.zeros(2, np.int64)
    assert datasets.ImageDataset("x", "test", images, labels, (), "f" * 64).fingerprint == "f" * 64


# --- IDX files --------------------------------------------------------------------------------------------------------


def test_an_idx_file_is_read(tmp_path: Path) -> None:
    found = datasets.read_idx(planted(tmp_path / "a", idx(2, 1, 3, data=bytes(range(6)))))
    assert found.tolist() == [[[0, 1, 2]], [[3, 4, 5]]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"\0\0", "not an IDX file"),
        (idx(2, magic=b"\x1f\x8b\x08", data=b"ab"), "not an IDX file"),  # still compressed
        (idx(2, magic=b"\0\0\x0d", data=b"ab"), "not an IDX file"),  # floats
        (idx(2, 3, data=b"abcde"), r"holds 5 bytes of data, its header promises \(2, 3\)"),
        (idx(2, 3, data=b"abcdefg"), "holds 7 bytes of data"),
        (idx(2, 3)[:9], "header promises"),
        (b"\0\0\x08\0", "header promises"),
        (idx(2**31, 2**31, 4), "header promises"),  # the product wraps to 0 in 64 bits
    ],
)
def test_damaged_idx_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        datasets.read_idx(planted(tmp_path / "a", content))


def test_an_absent_idx_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="absent can't be read: No such file"):
        datasets.read_idx(tmp_path / "absent")
