"""A model of some classes is sampled and measured by these classes alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation import mixture_files
from vae.generation.sampling import fit_mixture
from vae.sample_quality import measure
from vae.storage import paths


@pytest.fixture(scope="module")
def digits() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")


@pytest.fixture
def ones_and_sevens(digits: Checkpoint) -> Checkpoint:
    """The same model, said to be trained on these two."""
    return dataclasses.replace(digits, identity="c" * 64, train=dataclasses.replace(digits.train, classes=("7", "1")))


def test_a_model_of_all_classes_keeps_its_latents(digits: Checkpoint) -> None:
    assert digits.trained_latents() is digits.latents
    assert digits.of_trained_classes() == ""


def test_other_classes_are_left_out(ones_and_sevens: Checkpoint) -> None:
    found, stored = ones_and_sevens.trained_latents(), ones_and_sevens.latents
    assert set(found.labels.tolist()) == {1, 7}
    rows = np.flatnonzero(np.isin(stored.labels, (1, 7)))
    np.testing.assert_array_equal(ones_and_sevens.trained_rows(), rows)
    np.testing.assert_array_equal(found.sigma, stored.sigma[rows])
    assert ones_and_sevens.of_trained_classes() == " of class 7, 1, which the model was trained on"


def test_classes_that_the_test_split_lacks_leave_all(digits: Checkpoint) -> None:
    strange = dataclasses.replace(digits, train=dataclasses.replace(digits.train, classes=("eleven",)))
    assert len(strange.trained_rows()) == len(digits.latents.mu)


def test_the_mixture_is_of_what_was_learned(ones_and_sevens: Checkpoint) -> None:
    mixture = mixture_files.mixture_of(ones_and_sevens, 2)
    np.testing.assert_allclose(mixture.means, fit_mixture(ones_and_sevens.trained_latents(), 2).means)
    with pytest.raises(GenerationError, match="0 images of class 3"):
        mixture_files.mixture_of(ones_and_sevens, 1, label=3)


def test_quality_compares_with_images_of_what_was_learned(ones_and_sevens: Checkpoint) -> None:
    found = measure.measure(ones_and_sevens, number=300)
    assert "which the model was trained on" in found.about
    for kind in ("reconstructions", "test"):
        shares = np.array(found.row(kind).shares)
        assert shares[[1, 7]].sum() > 0.9, kind
        assert found.row(kind).classes_seen == 2
