"""Tokens that name places in latent space."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tests.vae.helpers import TINY_CONV, new_checkpoint
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation import anchors, sampling
from vae.storage import paths


@pytest.fixture()
def checkpoint() -> Checkpoint:
    """40 test images, 3 latent dimensions, classes 0 to 9."""
    checkpoint_writing.write(new_checkpoint(TINY_CONV), paths.checkpoints_dir() / "a")
    return checkpoint_files.read("a")


def test_a_row_is_its_posterior_mean(checkpoint: Checkpoint) -> None:
    found = anchors.parse("row:12", checkpoint)
    assert np.array_equal(found.vector, checkpoint.latents.mu[12])
    label = int(checkpoint.latents.labels[12])
    assert (found.row, found.label, found.title) == (12, label, f"image 12, class {label}")


def test_a_class_is_the_mean_of_its_means(checkpoint: Checkpoint) -> None:
    label = int(checkpoint.latents.labels[0])
    found = anchors.parse(f"class:{label}", checkpoint)
    members = checkpoint.latents.mu[checkpoint.latents.labels == label]
    np.testing.assert_allclose(found.vector, members.mean(0), atol=1e-6)
    assert (found.row, found.label) == (None, label)


def test_a_class_may_be_called_anything(checkpoint: Checkpoint) -> None:
    names = ("a:b", "ä @,", "row:1", *"3456789")
    named = dataclasses.replace(checkpoint, dataset=dataclasses.replace(checkpoint.dataset, class_names=names))
    labels = {anchors.parse(f"class:{name}", named).label for name in names[:3]}
    assert labels == {0, 1, 2}


def test_a_vector_is_its_numbers(checkpoint: Checkpoint) -> None:
    found = anchors.parse("z:0.1,-2,3e-1@my é place", checkpoint)
    assert (found.z, found.title, found.row, found.label) == ((0.1, -2.0, 0.3), "my é place", None, None)
    assert found.vector.dtype == np.float32
    assert anchors.parse("z:1,2,3", checkpoint).title == "z"


def test_a_sample_is_the_priors(checkpoint: Checkpoint) -> None:
    expected = sampling.from_prior(20, 3, seed=5)
    assert np.array_equal(anchors.parse("sample:5:19", checkpoint).vector, expected[19])
    assert np.array_equal(anchors.parse("sample:5:0", checkpoint).vector, expected[0])


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "names no place"),
        ("row", "names no place in latent space. Expected row:12, class:NAME"),
        ("place:1", "'place:1' names no place"),
        ("row:", "names no test image, expected row:0 to row:39"),
        ("row:40", "row:0 to row:39"),
        ("row:-1", "row:0 to row:39"),
        ("row:1.5", "row:0 to row:39"),
        ("row:１", "row:0 to row:39"),
        ("row:" + "9" * 500, "row:0 to row:39"),
        ("class:cat", "There is no class 'cat' in scikit-learn digits. Classes: 0, 1, 2"),
        ("class:", "There is no class ''"),
        ("z:1,2", "The anchor has 2 numbers, a has 3 latent dimensions"),
        ("z:1,2,3,4", "4 numbers"),
        ("z:", "expected numbers with commas"),
        ("z:1,,3", "has '', expected numbers"),
        ("z:1,nan,3", "has 'nan', expected numbers"),
        ("z:1,inf,3", "has 'inf'"),
        ("z:1,1_0,3", "has '1_0'"),
        ("z:1, 2,3", "has ' 2'"),
        ("z:1,2,100.1", "number is 100.1, expected −100 to 100"),
        ("z:1,2,1e999", "number is inf"),
        ("z:1,2,3@", "title is ''"),
        ("z:1,2,3@a@b", "without @"),
        ("z:1,2,3@a\x00b", "printable"),
        ("z:1,2,3@\u202eabc", "printable"),
        ("z:1,2,3@" + "x" * 41, "1 to 40 printable"),
        ("z:" + "0" * 5000, "5,002 characters, expected at most 4,000"),
        ("sample:1", "expected sample:SEED:INDEX"),
        ("sample:1:2:3", "expected sample:SEED:INDEX"),
        ("sample:-1:0", "expected sample:SEED:INDEX"),
        ("sample:0:10000", "sample is 10,000, expected 0 to 9,999"),
        ("sample:9999999999:0", "seed is 9999999999"),
    ],
)
def test_a_bad_token_is_refused(checkpoint: Checkpoint, token: str, message: str) -> None:
    with pytest.raises(GenerationError) as error:
        anchors.parse(token, checkpoint)
    assert message in str(error.value)
    assert len(str(error.value)) < 300


def test_a_class_without_images_is_refused(checkpoint: Checkpoint) -> None:
    latents = dataclasses.replace(checkpoint.latents, labels=np.zeros(40, np.int64))
    with pytest.raises(GenerationError, match="Class '7' has no test images"):
        anchors.parse("class:7", dataclasses.replace(checkpoint, latents=latents))


def test_a_vectors_token_comes_back(checkpoint: Checkpoint) -> None:
    made = anchors.of_vector(np.array([1.23456, -0.00001, -100.0]), "my @ pic\x00ture.png " + "x" * 60)
    assert made.token.startswith("z:1.2346,0,-100@my  picture.png xxx")
    assert made.z == (1.2346, 0.0, -100.0)
    assert len(made.title) <= 40
    again = anchors.parse(made.token, checkpoint)
    assert again == made
    assert anchors.of_vector(np.zeros(3)) == anchors.parse("z:0,0,0", checkpoint)


def test_every_value_comes_back(checkpoint: Checkpoint) -> None:
    for z in np.random.default_rng(0).normal(0, 20, (200, 3)).clip(-100, 100):
        made = anchors.of_vector(z.astype(np.float32), "t")
        assert anchors.parse(made.token, checkpoint) == made
        np.testing.assert_allclose(made.vector, z, atol=6e-5)


def test_the_longest_vector_fits_a_token() -> None:
    assert len(anchors.of_vector(np.full(128, -12.3456), "x" * 99).token) < anchors.MAX_TOKEN


@pytest.mark.parametrize("value", [math.nan, math.inf, -100.1])
def test_a_vector_that_no_token_holds_is_refused(value: float) -> None:
    with pytest.raises(GenerationError, match="expected −100 to 100"):
        anchors.of_vector(np.array([0.0, value]))
