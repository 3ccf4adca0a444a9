"""Latents of every split: test images first, and kept as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.vae.helpers import new_checkpoint, random_latents
from vae.checkpoints import checkpoint_files, checkpoint_writing, every_image
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.every_image import NAMES, EveryImage, ImagePlace
from vae.errors import CheckpointError


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """Of 40 test images."""
    monkeypatch.setenv("VAE_DERIVED", str(tmp_path / "derived"))
    return checkpoint_files.read_folder(checkpoint_writing.write(new_checkpoint(), tmp_path / "tiny"), "tiny")


@pytest.fixture
def found(checkpoint: Checkpoint) -> EveryImage:
    """40 test images, 5 for validation, 20 for training."""
    return every_image.joined(
        checkpoint, {"train": random_latents(20, seed=2), "validation": random_latents(5, seed=1)}
    )


def test_test_images_keep_their_rows(checkpoint: Checkpoint, found: EveryImage) -> None:
    assert found.counts == {"test": 40, "validation": 5, "train": 20}
    assert (found.latents.take(np.arange(40)).mu == checkpoint.latents.mu).all()
    assert [found.place(row) for row in (0, 39, 40, 45, 64)] == [
        ImagePlace("test", 0),
        ImagePlace("test", 39),
        ImagePlace("validation", 0),
        ImagePlace("train", 0),
        ImagePlace("train", 19),
    ]
    with pytest.raises(IndexError):
        found.place(65)
    assert (found.latents.mu[found.rows("train")] == random_latents(20, seed=2).mu).all()
    assert np.bincount(found.split_codes()).tolist() == [40, 5, 20]


def test_what_is_kept_is_read_again(checkpoint: Checkpoint, found: EveryImage) -> None:
    assert every_image.kept(checkpoint) is None
    before = {path.name: path.read_bytes() for path in checkpoint.path.iterdir()}
    every_image.keep(checkpoint, found)
    again = every_image.kept(checkpoint)
    assert again is not None and again.counts == found.counts
    for name in NAMES:
        assert (getattr(again.latents, name) == getattr(found.latents, name)).all()
    assert {path.name: path.read_bytes() for path in checkpoint.path.iterdir()} == before  # nothing measured changed


@pytest.mark.parametrize(
    "wrong",
    [
        {"split": np.array([0] * 25)},
        {"split": np.array([2, 1] * 12 + [1])},
        {"split": np.ones(24, np.int64)},
        {"split": np.ones(25, np.int32)},
        {"mu": np.zeros((25, 3), np.float32)},
        {"labels": np.full(25, 99)},
        {"elbo": np.full(25, np.nan, np.float32)},
    ],
)
def test_latents_of_something_else_are_passed_over(
    checkpoint: Checkpoint, found: EveryImage, wrong: dict[str, np.ndarray]
) -> None:
    import safetensors.numpy

    every_image.keep(checkpoint, found)
    path = every_image.latents_path(checkpoint.identity)
    path.write_bytes(safetensors.numpy.save(safetensors.numpy.load(path.read_bytes()) | wrong))
    assert every_image.kept(checkpoint) is None


def test_a_folder_that_is_closed_is_told(checkpoint: Checkpoint, found: EveryImage) -> None:
    every_image.latents_path(checkpoint.identity).parent.parent.mkdir(parents=True)
    every_image.latents_path(checkpoint.identity).parent.write_text("a file in the way")
    with pytest.raises(CheckpointError, match="other-latents"):
        every_image.keep(checkpoint, found)


def test_a_checkpoint_alone_shows_its_test_images(checkpoint: Checkpoint) -> None:
    alone = every_image.test_images(replace(checkpoint))
    assert (alone.latents is checkpoint.latents, alone.counts["train"], alone.place(39).split) == (True, 0, "test")
