"""MNIST: absent, damaged, and (where its files are on this machine) equal to torchvision's."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from vae.data import datasets
from vae.data.image_dataset import SPLITS
from vae.errors import DatasetError, DatasetMissingError, StorageError
from vae.storage import kinds, paths
from vae.storage.array_files import read_idx

CANDIDATES = [Path(os.environ["VAE_DATA"])] if os.environ.get("VAE_DATA") else []
CANDIDATES += [paths.PROJECT.parent / "shared" / "data", paths.PROJECT / "data"]
REAL = next((folder for folder in CANDIDATES if (folder / "MNIST/raw/t10k-labels-idx1-ubyte").is_file()), None)


def plant(folder: Path, name: str, *shape: int) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    header = b"\0\0\x08" + bytes([len(shape)]) + np.array(shape, ">u4").tobytes()
    (raw / name).write_bytes(header + bytes(int(np.prod(shape))))


@pytest.fixture()
def small_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Well-formed files of three images each, where MNIST's should be."""
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    for part in ("train", "t10k"):
        plant(tmp_path, f"{part}-images-idx3-ubyte", 3, 28, 28)
        plant(tmp_path, f"{part}-labels-idx1-ubyte", 3)
    return tmp_path / "MNIST" / "raw"


def test_absent_mnist_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    assert not datasets.info("mnist").on_this_machine()
    with pytest.raises(DatasetMissingError, match="python -m vae fetch mnist") as error:
        datasets.load("mnist", "test")
    assert str(tmp_path) in error.value.message
    assert list(tmp_path.iterdir()) == []  # nothing is downloaded by reading


def test_one_file_absent_is_mnist_absent(small_mnist: Path) -> None:
    assert datasets.info("mnist").on_this_machine()
    (small_mnist / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DatasetMissingError):
        datasets.load("mnist", "test")


@pytest.mark.parametrize(("split", "expected"), [("train", "60,000"), ("validation", "60,000"), ("test", "10,000")])
@pytest.mark.usefixtures("small_mnist")
def test_another_number_of_images_is_damage(split: str, expected: str) -> None:
    with pytest.raises(DatasetError, match=rf"hold \(3, 28, 28\) images .* expected {expected} of 28×28"):
        datasets.load("mnist", split)


def test_a_truncated_file_is_damage(small_mnist: Path) -> None:
    path = small_mnist / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match="t10k-images-idx3-ubyte holds 2,351 bytes"):
        datasets.load("mnist", "test")


@pytest.mark.skipif(REAL is None, reason=f"MNIST is in none of {[str(c) for c in CANDIDATES]}")
def test_real_mnist_is_torchvisions(monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision

    monkeypatch.setenv("VAE_DATA", str(REAL))
    train, validation, test = (datasets.load("mnist", split) for split in SPLITS)
    assert (len(train), len(validation), len(test)) == (55_000, 5_000, 10_000)
    for parts, is_train in (((train, validation), True), ((test,), False)):
        expected = torchvision.datasets.MNIST(str(REAL), train=is_train)
        assert np.array_equal(np.concatenate([p.images[:, 0] for p in parts]), expected.data.numpy())
        assert np.array_equal(np.concatenate([p.labels for p in parts]), expected.targets.numpy())


# --- IDX files --------------------------------------------------------------------------------------------------------


def idx(*sizes: int, magic: bytes = b"\0\0\x08", data: bytes = b"") -> bytes:
    return magic + bytes([len(sizes)]) + np.array(sizes, ">u4").tobytes() + data


def planted(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_an_idx_file_is_read(tmp_path: Path) -> None:
    found = read_idx(planted(tmp_path / "a", idx(2, 1, 3, data=bytes(range(6)))), kinds.IDX)
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
    with pytest.raises(StorageError, match=message):
        read_idx(planted(tmp_path / "a", content), kinds.IDX)


def test_an_absent_idx_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="absent can't be read: No such file"):
        read_idx(tmp_path / "absent", kinds.IDX)
