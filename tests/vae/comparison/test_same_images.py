"""Two checkpoints beside each other: only of the same images, only numbers that were measured alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.vae.helpers import TINY, TINY_CONV, new_checkpoint, random_latents
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, Metric, NewCheckpoint
from vae.comparison import same_images
from vae.errors import CheckpointError
from vae.maps import pca


def stored(folder: Path, name: str, new: NewCheckpoint) -> Checkpoint:
    checkpoint_writing.write(new, folder / name)
    return checkpoint_files.read(name, folder)


def test_models_of_other_latent_sizes_are_compared_on_the_same_images(tmp_path: Path) -> None:
    a = stored(tmp_path, "a", new_checkpoint(TINY))
    b = stored(tmp_path, "b", new_checkpoint(TINY_CONV, seed=1))
    found = same_images.neighbourhoods_of(a, b)
    assert found.images == 40
    assert 0 < found.mean < 0.6
    assert same_images.neighbourhoods_of(a, a).mean == 1


def test_other_images_and_other_numbers_of_them_are_refused(tmp_path: Path) -> None:
    new = new_checkpoint()
    a = stored(tmp_path, "a", new)
    other = replace(new, dataset=replace(new.dataset, title="Faces", test_fingerprint="0" * 64))
    with pytest.raises(
        CheckpointError, match=r"b was measured on other test images \(Faces, 00000000\), expected"
    ) as one:
        same_images.check(a, stored(tmp_path, "b", other))
    assert "same data set" in one.value.hint
    fewer = random_latents(30)
    short = replace(new, latents=fewer, maps=[pca.fit(fewer.mu)])
    with pytest.raises(CheckpointError, match="c has latents of 30 test images, expected 40 as a has"):
        same_images.metric_pairs(a, stored(tmp_path, "c", short))


def test_only_numbers_of_one_protocol_are_comparable(tmp_path: Path) -> None:
    new, measured = new_checkpoint(), Metric(3.0, "nats per image", "one way")
    a = stored(tmp_path, "a", replace(new, metrics={"kl": measured, "elbo": measured, "squared_error": measured}))
    otherwise = {"elbo": replace(measured, protocol="another way"), "kl": replace(measured, value=4.0), "new": measured}
    pairs = same_images.metric_pairs(a, stored(tmp_path, "b", replace(new, metrics=otherwise)))
    assert [(pair.name, pair.comparable) for pair in pairs] == [
        ("kl", True),
        ("elbo", False),
        ("squared_error", False),
        ("new", False),
    ]
    assert pairs[2].b is None
    assert pairs[3].a is None


def test_an_autoencoders_kl_is_no_number_of_the_comparison(tmp_path: Path) -> None:
    new, measured = new_checkpoint(), Metric(3.0, "nats per image", "one way")
    kept = {"kl": measured, "elbo": measured, "squared_error": measured}
    a = stored(tmp_path, "a", replace(new, metrics=kept))
    b = stored(tmp_path, "b", replace(new, metrics=kept, train=replace(new.train, objective="autoencoder")))
    assert [(pair.name, pair.b is None) for pair in same_images.metric_pairs(a, b)] == [
        ("kl", True),
        ("elbo", True),
        ("squared_error", False),
    ]
    assert [pair.name for pair in same_images.metric_pairs(b, b)] == ["squared_error"]
