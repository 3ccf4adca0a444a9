"""Planted anomalies among test digits: each score ranks on top those that it can see.

The model is the shipped digits-mlp-8; normal are the training digits, compared with the test digits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_sample_images
from sklearn.metrics import roc_auc_score

from vae.anomalies import normal_images
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files, loading
from vae.data import datasets
from vae.data.image_dataset import ImageDataset
from vae.data.image_decoding import fitted
from vae.model.vae import VAE
from vae.storage import paths

Images = NDArray[np.uint8]
COUNT = 90  # of planted images of a kind


def constant(images: Images) -> Images:
    """Grey levels from black to white, one an image."""
    levels = np.linspace(0, 255, len(images)).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], images.shape).copy()


def photographs(images: Images) -> Images:
    """Pieces of the two photographs that ship with scikit-learn, four times as large, made as small as the images."""
    random, shape, photos = np.random.default_rng(0), images.shape[1:], load_sample_images().images
    side, pieces = 4 * shape[1], []
    for photo in (photos[k % len(photos)] for k in range(len(images))):
        top, left = (int(random.integers(0, size - side + 1)) for size in photo.shape[:2])
        pieces.append(photo[top : top + side, left : left + side].transpose(2, 0, 1))
    return fitted(np.stack(pieces), shape)


PLANTED: dict[str, Callable[[Images], Images]] = {
    "noise": lambda images: np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8),
    "inverted": lambda images: 255 - images,
    "shifted": lambda images: np.roll(images, 3, axis=3),  # to the right, what leaves comes back on the left
    "constant": constant,
    "photographs": photographs,
}
ALL = tuple(PLANTED)
SEEN = {  # which kinds each score ranks above test digits with AUROC > 0.9
    "error_and_place": ALL,
    "combined": ALL,
    "combined_distance": ALL,
    "squared_error": ALL,
    "normalised_error": ALL,
    "smoothed_error": ALL,
    "reconstruction": ALL,
    "negative_elbo": ALL,
    "importance_weighted": ALL,
    "kl": ("shifted",),
    "mahalanobis": ("noise", "inverted", "shifted"),
    "knn": ("inverted", "shifted"),
    "lof": ("inverted", "shifted"),
    "mixture_density": ALL,
    "regret": ALL,
    "pca_lof": ALL,
    "pca_forest": ALL,
}
BLIND = {"kl": "constant", "knn": "constant"}  # what each takes for normal: AUROC below 0.7


@pytest.fixture(scope="module")
def test(digits_vae: VAE, digits: dict[str, ImageDataset]) -> Pass:
    return passes(digits_vae, digits["test"].images)


@pytest.fixture(scope="module")
def planted(digits_vae: VAE, test: Pass) -> dict[str, Pass]:
    return {kind: passes(digits_vae, change(test.pixels[:COUNT])) for kind, change in PLANTED.items()}


def test_every_score_is_tried() -> None:
    assert set(SEEN) == set(registry.SCORES)


@pytest.mark.parametrize("name", list(SEEN))
def test_planted_anomalies_rank_on_top(
    name: str, digits_vae: VAE, normal_digits: Pass, test: Pass, planted: dict[str, Pass]
) -> None:
    score = registry.get(name)
    state = score.fit(normal_digits, digits_vae)
    some = slice(None, None, 6 if name in registry.SLOW else 1)
    inliers = score.score(test.take(some), state, digits_vae)
    areas = {kind: area(inliers, score.score(batch.take(some), state, digits_vae)) for kind, batch in planted.items()}
    assert {kind: areas[kind] for kind in SEEN[name] if areas[kind] <= 0.9} == {}
    if name in BLIND:
        assert areas[BLIND[name]] < 0.7


def test_another_data_set_ranks_on_top(
    digits_vae: VAE, normal_digits: Pass, test: Pass, planted: dict[str, Pass]
) -> None:
    score = registry.get(registry.DEFAULT)
    state = score.fit(normal_digits, digits_vae)
    inliers, outliers = (score.score(batch, state, digits_vae) for batch in (test, planted["photographs"]))
    assert area(inliers, outliers) > 0.95


def test_other_data_sets_rank_on_top_of_mnist(digits: dict[str, ImageDataset]) -> None:
    """Digits of scikit-learn, enlarged, are written digits too, and photographs are not."""
    if not datasets.info("mnist").on_this_machine():
        pytest.skip("MNIST is not on this machine")
    checkpoint = checkpoint_files.read("mnist-conv-16", paths.PROJECT / "checkpoints")
    model, score = loading.load_model(checkpoint), registry.get(registry.DEFAULT)
    state = score.fit(passes(model, normal_images.reference(checkpoint, NormalChoice(), 2_000).images), model)
    mnist = passes(model, np.asarray(datasets.load("mnist", "test").images[:500]))
    inliers = score.score(mnist, state, model)
    for others in (fitted(digits["test"].images[:COUNT], (1, 28, 28)), photographs(mnist.pixels[:COUNT])):
        assert area(inliers, score.score(passes(model, others), state, model)) > 0.95


def test_what_a_score_says_of_itself_is_true(digits_vae: VAE, normal_digits: Pass, test: Pass) -> None:
    """KL takes blank images for the most normal ones; the error does not."""
    black = passes(digits_vae, np.zeros((1, 1, 8, 8), np.uint8))
    for name, expected in (("kl", 0.0), ("squared_error", 1.0), ("normalised_error", 1.0)):
        score = registry.get(name)
        state = score.fit(normal_digits, digits_vae)
        assert area(score.score(test, state), score.score(black, state)) == pytest.approx(expected, abs=0.02)


def area(inliers: NDArray[np.float32], outliers: NDArray[np.float32]) -> float:
    """AUROC."""
    truth = np.r_[np.zeros(len(inliers)), np.ones(len(outliers))]
    return float(roc_auc_score(truth, np.r_[inliers, outliers]))
