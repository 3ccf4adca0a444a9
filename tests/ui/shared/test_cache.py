"""The images of a checkpoint: read once, read again when they were replaced, and never other ones."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vae.helpers import new_checkpoint
from ui.shared import cache
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, DatasetRef
from vae.data import datasets, import_folder
from vae.data.image_dataset import ImageDataset
from vae.data.import_folder import ImportSettings
from vae.errors import DatasetError, DatasetMissingError


@pytest.fixture()
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "folders"


def bring(folder: Path, seed: int) -> ImageDataset:
    """Import 20 images as `pets`; the test split."""
    folder.mkdir()
    for i, pixels in enumerate(np.random.default_rng(seed).integers(0, 256, (20, 8, 8), np.uint8)):
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    import_folder.write("pets", folder, ImportSettings(8, 8))
    return datasets.load("pets", "test")


@pytest.fixture()
def chosen(data: Path, tmp_path: Path) -> Checkpoint:
    """A checkpoint of `pets`, which is on this machine."""
    test = bring(tmp_path / "first", 0)
    ref = DatasetRef("pets", "pets", test.image_shape, tuple("0123456789"), test.fingerprint)
    checkpoint_writing.write(replace(new_checkpoint(), dataset=ref), tmp_path / "checkpoints" / "a")
    return checkpoint_files.read("a", tmp_path / "checkpoints")


def test_imported_images_are_read_once(chosen: Checkpoint) -> None:
    images = cache.test_images(chosen)
    np.testing.assert_array_equal(images.images, datasets.load("pets", "test").images)
    assert cache.test_images(chosen) is images


def test_images_that_were_imported_anew_are_read_again(chosen: Checkpoint, data: Path, tmp_path: Path) -> None:
    cache.test_images(chosen)
    shutil.rmtree(data / "pets")
    bring(tmp_path / "second", 1)
    with pytest.raises(DatasetError, match=r"are not those that a was measured on.*`python -m vae import pets FOLDER`"):
        cache.test_images(chosen)
    shutil.rmtree(data / "pets")
    import_folder.write("pets", tmp_path / "first", ImportSettings(8, 8))
    assert cache.test_images(chosen).fingerprint == chosen.dataset.test_fingerprint


@pytest.mark.parametrize("what", ["pets", "pets/test.npy", "pets/meta.json"])
def test_images_that_vanished_are_missing(chosen: Checkpoint, data: Path, what: str) -> None:
    cache.test_images(chosen)
    if what == "pets":
        shutil.rmtree(data / "pets")
    else:
        (data / what).unlink()
    with pytest.raises(DatasetMissingError, match="`python -m vae import pets FOLDER`"):
        cache.test_images(chosen)
    assert cache.missing_dataset(chosen) is None  # nothing that could be downloaded
