"""What settings follow: numbers, sizes and kinds of images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vae.commands.test_arguments import call
from vae.data import datasets, traits
from vae.data.traits import Traits
from vae.errors import DatasetError

INK = np.where(np.random.default_rng(0).random((20, 8, 8)) < 0.3, 250, 3).astype(np.uint8)
SHADES = np.random.default_rng(1).integers(40, 220, (20, 8, 8), np.uint8)


@pytest.mark.parametrize(("pixels", "two_tone"), [(INK, True), (255 - INK, True), (SHADES, False)])
def test_own_images_are_looked_at(
    pixels: np.ndarray, two_tone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    (tmp_path / "source").mkdir()
    for i, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / "source" / f"{i}.png")
    call("import", "mine", str(tmp_path / "source"), "--size", "8")
    found = traits.traits("mine")
    assert (found.image_shape, found.two_tone, found.colour) == ((1, 8, 8), two_tone, False)
    assert found.train_images < 20


def test_a_damaged_set_stops_nobody_from_choosing_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    (tmp_path / "source").mkdir()
    for i, picture in enumerate(INK):
        Image.fromarray(picture).save(tmp_path / "source" / f"{i}.png")
    call("import", "mine", str(tmp_path / "source"), "--size", "8")
    pixels = tmp_path / "data" / "folders" / "mine" / "train.npy"
    pixels.write_bytes(bytes(pixels.stat().st_size))
    with pytest.raises(DatasetError):
        datasets.load("mine", "train")
    assert traits.traits("mine").two_tone is False


def test_a_training_of_some_classes_has_their_share_of_the_images() -> None:
    assert traits.traits("digits") == Traits(1_257, (1, 8, 8), two_tone=True)
    assert traits.traits("digits", ("3",)).train_images == 126
    assert traits.traits("digits", [str(i) for i in range(10)]).train_images == 1_257
