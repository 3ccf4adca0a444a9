"""Frames of a film: the same of the same model, and lying like the frame before."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA

from vae.config import ModelConfig
from vae.data.image_dataset import ImageDataset
from vae.model.vae import VAE, new_model
from vae.training.run_folder.film import POINTS, RECONSTRUCTIONS, SAMPLES, SEED, Film
from vae.training.run_folder.film_files import Frame

Digits = dict[str, ImageDataset]
DIMS = [1, 2, 8]


def model_of(latent_dim: int, seed: int = 0) -> VAE:
    return new_model(ModelConfig("mlp", (1, 8, 8), latent_dim, (16,)), seed)


def turned(model: VAE, rotation: NDArray[np.float64]) -> VAE:
    """The same encoder with its latent space turned: mu becomes rotation · mu."""
    other, d = new_model(model.config, 0), model.config.latent_dim
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        weight, bias = list(other.encoder.parameters())[-2:]
        weight[:d] = torch.from_numpy(rotation).float() @ weight[:d]
        bias[:d] = torch.from_numpy(rotation).float() @ bias[:d]
    return other


def some_images(count: int, seed: int = 0) -> ImageDataset:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 1, 8, 8)).astype(np.uint8)
    return ImageDataset("random", "validation", images, rng.integers(0, 2, count), ("a", "b"))


def same(found: Frame, expected: Frame) -> None:
    for field in dataclasses.fields(Frame):
        value, wanted = getattr(found, field.name), getattr(expected, field.name)
        assert np.array_equal(value, wanted), field.name


@torch.inference_mode()
def means(model: VAE, images: ImageDataset) -> NDArray[np.float32]:
    mu: NDArray[np.float32] = model.encode(torch.tensor(images.images).float() / 255).mu.numpy()
    return mu


@pytest.mark.parametrize("latent_dim", DIMS)
def test_frames_of_one_model_are_equal(digits: Digits, latent_dim: int) -> None:
    film, model = Film(digits["validation"]), model_of(latent_dim)
    first = film.frame(model, 3)
    torch.manual_seed(7)
    torch.rand(5)
    same(Film(digits["validation"]).frame(model, 3), first)
    np.testing.assert_allclose(film.frame(model, 4).xy, first.xy, atol=1e-6)
    assert np.array_equal(film.frame(model, 5).samples, first.samples)


@pytest.mark.parametrize("latent_dim", DIMS)
def test_a_frame_is_what_the_model_makes_of_images_and_samples(digits: Digits, latent_dim: int) -> None:
    model, images = model_of(latent_dim), digits["validation"]
    frame = Film(images).frame(model, 9)
    z = torch.randn(SAMPLES, latent_dim, generator=torch.Generator().manual_seed(SEED))
    with torch.inference_mode():
        samples = model.decode_mean(z).numpy() * 255
        pictures = model.decode_mean(torch.from_numpy(means(model, images)[:RECONSTRUCTIONS])).numpy() * 255
    assert frame.epoch == 9
    assert frame.samples.dtype == frame.reconstructions.dtype == np.uint8
    np.testing.assert_allclose(frame.samples, samples, atol=0.501)
    np.testing.assert_allclose(frame.reconstructions, pictures, atol=0.501)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_one_and_two_dimensions_are_shown_as_they_are(digits: Digits, latent_dim: int) -> None:
    film = Film(digits["validation"])
    film.frame(model_of(latent_dim, 5), 0)  # no alignment to what was before
    frame, mu = film.frame(model_of(latent_dim), 1), means(model_of(latent_dim), digits["validation"])
    assert (frame.axes, frame.xy.dtype, frame.xy.shape) == ("latent", np.float32, (180, 2))
    np.testing.assert_allclose(frame.xy[:, :latent_dim], mu, atol=1e-6)
    assert not frame.xy[:, latent_dim:].any()


def test_more_dimensions_are_shown_in_the_plane_of_largest_variance(digits: Digits) -> None:
    model = model_of(8)
    frame = Film(digits["validation"]).frame(model, 0)
    expected = PCA(2).fit_transform(means(model, digits["validation"]).astype(np.float64))
    assert (frame.axes, frame.xy.dtype) == ("pca", np.float32)
    np.testing.assert_allclose(np.abs(frame.xy), np.abs(expected), atol=1e-4)


@pytest.mark.parametrize("turn", ["mirrored", "random"])
def test_a_turned_latent_space_lies_as_it_lay_before(digits: Digits, turn: str) -> None:
    """What PCA alone does not do: its signs depend on the components."""
    random = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0]
    model, rotation = model_of(8), -np.eye(8) if turn == "mirrored" else random
    film = Film(digits["validation"])
    before = film.frame(model, 0)
    np.testing.assert_allclose(film.frame(turned(model, rotation), 1).xy, before.xy, atol=1e-3)
    assert np.abs(before.xy).max() > 0.1


def test_alignment_keeps_sizes_so_that_growth_can_be_seen(digits: Digits) -> None:
    film, model = Film(digits["validation"]), model_of(8)
    before = film.frame(model, 0)
    after = film.frame(turned(model, 3 * np.eye(8)), 1)
    np.testing.assert_allclose(pdist(after.xy), 3 * pdist(before.xy), rtol=1e-3, atol=1e-4)


def test_each_frame_is_aligned_to_the_one_before_also_in_a_resumed_run(digits: Digits) -> None:
    images, models = digits["validation"], [model_of(8, seed) for seed in range(3)]
    film = Film(images)
    frames = [film.frame(model, epoch) for epoch, model in enumerate(models)]
    same(Film(images, frames[1]).frame(models[2], 2), frames[2])


def test_a_frame_of_another_film_is_no_reference(digits: Digits) -> None:
    other = Film(some_images(30)).frame(model_of(8), 0)
    same(Film(digits["validation"], other).frame(model_of(8), 1), Film(digits["validation"]).frame(model_of(8), 1))


def test_only_the_first_images_of_the_validation_split_are_in_it() -> None:
    images = some_images(POINTS + 200)
    changed = images.images.copy()
    changed[POINTS:] = 0
    other = ImageDataset("random", "validation", changed, images.labels, images.class_names)
    first, second = Film(images), Film(other)
    for latent_dim in (2, 8):
        same(first.frame(model_of(latent_dim), 0), second.frame(model_of(latent_dim), 0))
    assert first.frame(model_of(8), 1).xy.shape == (POINTS, 2)
    assert np.array_equal(first.fixed.originals, images.images[:RECONSTRUCTIONS])
    assert np.array_equal(first.fixed.labels, images.labels[:POINTS])
    assert first.fixed.class_names == ("a", "b")


@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("latent_dim", DIMS)
def test_a_split_of_few_images_has_a_film(latent_dim: int, count: int) -> None:
    """20 imported images make a validation split of one."""
    film = Film(some_images(count))
    for epoch in range(2):
        frame = film.frame(model_of(latent_dim), epoch)
        assert frame.xy.shape == (count, 2)
        assert np.isfinite(frame.xy).all()
        assert len(frame.reconstructions) == count


def test_a_collapsed_model_has_a_film(digits: Digits) -> None:
    film, collapsed = Film(digits["validation"]), turned(model_of(8), np.zeros((8, 8)))
    film.frame(model_of(8), 0)
    np.testing.assert_allclose(film.frame(collapsed, 1).xy, 0, atol=1e-6)


def test_filming_leaves_training_as_it_was(digits: Digits) -> None:
    model = model_of(8).train()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    Film(digits["validation"]).frame(model, 0)
    assert torch.equal(torch.rand(3), expected)
    assert not model.training
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
