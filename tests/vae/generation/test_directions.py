"""Directions between groups: planted ones are found, noise is not, and angles agree with closed forms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import binom, norm

from tests.vae.helpers import new_checkpoint, random_latents
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.config import ModelConfig
from vae.errors import GenerationError
from vae.generation import directions, groups, separation
from vae.generation.directions import Direction, Directions
from vae.maps import pca
from vae.storage import paths

D, COUNT, SIGMA = 8, 1_000, 0.7


def planted(mu: FloatArray, name: str = "planted") -> Checkpoint:
    """A checkpoint with these means (2n, d): first half class 0, second half class 1."""
    count, latent_dim = mu.shape
    latents = dataclasses.replace(
        random_latents(count, latent_dim), mu=mu.astype(np.float32), labels=np.repeat([0, 1], count // 2)
    )
    new = dataclasses.replace(
        new_checkpoint(ModelConfig("mlp", (1, 8, 8), latent_dim, hidden=(4,))), latents=latents, maps=[pca.fit(mu)]
    )
    checkpoint_writing.write(new, paths.checkpoints_dir() / name)
    return checkpoint_files.read(name)


def blobs(shift: float, seed: int = 0) -> tuple[Checkpoint, FloatArray]:
    rng = np.random.default_rng(seed)
    true = rng.normal(size=D)
    true /= np.linalg.norm(true)
    mu = rng.normal(5, SIGMA, (2 * COUNT, D))
    mu[:COUNT] += shift * true
    return planted(mu), true.astype(np.float32)


def between(checkpoint: Checkpoint, a: str = "class:0", b: str = "class:1") -> Directions:
    return directions.from_groups("a to b", groups.pair(a, b, checkpoint), checkpoint)


def test_a_planted_direction_is_found_by_both() -> None:
    checkpoint, true = blobs(3 * SIGMA)
    found = between(checkpoint)
    expected = float(norm.cdf(3 / 2))  # Φ(shift / 2σ), the best any rule can do
    for direction, kind in ((found.mean, "mean difference"), (found.classifier, "linear classifier")):
        assert directions.angle(direction.vector, true) < 5
        assert np.linalg.norm(direction.vector) == pytest.approx(1, abs=1e-12)
        assert direction.gap == pytest.approx(3 * SIGMA, rel=0.05)
        assert direction.accuracy == pytest.approx(expected, abs=0.03)
        assert direction.accuracy_low < direction.accuracy < direction.accuracy_high
        assert direction.spread == pytest.approx(SIGMA * np.sqrt(1 + 1.5**2), rel=0.05)
        assert directions.reading(direction).startswith("Real: ")
        assert (direction.kind, direction.count_a, direction.count_b) == (kind, COUNT, COUNT)
        assert "5 stratified folds, 1,000 and 1,000 test images of scikit-learn digits" in direction.protocol


def test_it_points_from_b_to_a() -> None:
    checkpoint, true = blobs(3 * SIGMA)
    there, back = between(checkpoint), between(checkpoint, "class:1", "class:0")
    assert directions.angle(back.mean.vector, true) > 175
    assert directions.angle(back.mean.vector, there.mean.vector) == pytest.approx(180)
    assert directions.angle(back.classifier.vector, there.classifier.vector) == pytest.approx(180, abs=0.1)
    assert back.classifier.gap == pytest.approx(there.classifier.gap, rel=1e-4)


def test_correlated_dimensions_turn_the_mean_but_not_the_classifier() -> None:
    """With a covariance S the best normal is S⁻¹ (mean A − mean B) (Fisher 1936), not the difference itself."""
    rng = np.random.default_rng(1)
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]])
    mu = rng.multivariate_normal([0, 0], covariance, 4_000)
    mu[:2_000] += (1.0, 0.0)
    found = between(planted(mu.astype(np.float32)))
    assert directions.angle(found.mean.vector, [1, 0]) < 5
    assert directions.angle(found.classifier.vector, np.linalg.solve(covariance, [1, 0])) < 5
    assert found.classifier.accuracy > found.mean.accuracy + 0.1


def test_random_groups_are_not_shown() -> None:
    rng = np.random.default_rng(2)
    found = between(planted(rng.normal(size=(400, 32)).astype(np.float32)))
    for direction in (found.mean, found.classifier):
        assert directions.reading(direction).startswith("Not shown: the interval includes 50 %")
        assert direction.gap > 0


def test_neighbours_in_noise_are_no_finding() -> None:
    """Two neighbourhoods are apart in any latent space, also where there is nothing."""
    noise = planted(np.random.default_rng(8).normal(size=(10_000, 16)).astype(np.float32))
    found = between(noise, "near:0:50", "near:1:50")
    assert found.mean.accuracy_low > 0.6  # which would be called real
    for direction in (found.mean, found.classifier):
        assert directions.reading(direction) == (
            "Not a test: neighbours are apart by construction, "
            f"{100 * direction.accuracy:.1f} % balanced accuracy on held-out images."
        )


@pytest.mark.parametrize(
    ("a", "b"), [("near:3:5", "rest"), ("class:0", "near:3:5"), ("rows:1-9 + near:3:5", "class:0"), (" near:3:5", "x")]
)
def test_a_neighbourhood_on_either_side_is_no_test(a: str, b: str) -> None:
    direction = dataclasses.replace(along(1, 0), group_a=a, group_b=b)
    assert directions.reading(direction).startswith("Not a test: ")
    assert directions.reading(dataclasses.replace(direction, measured_on="1" * 64)).startswith("Not measured here")


def test_a_class_that_is_called_near_is_none() -> None:
    assert directions.reading(dataclasses.replace(along(1, 0), group_a="class:near:3:5")).startswith("Real: ")


def test_worse_than_chance_is_not_shown_either() -> None:
    worse = dataclasses.replace(along(1, 0), accuracy=0.3, accuracy_low=0.2, accuracy_high=0.4)
    assert directions.reading(worse).startswith("Not shown: the interval lies below 50 % (20.0 % to 40.0 %)")


def test_a_small_shift_is_weak() -> None:
    found = between(blobs(0.4 * SIGMA)[0])
    assert directions.reading(found.mean).startswith("Weak: ")


def test_groups_of_very_different_size() -> None:
    """Balanced: always answering "rest" is worth 50 %, though it is right for 99 % of the images."""
    rng = np.random.default_rng(3)
    checkpoint = planted(rng.normal(size=(2_000, 4)).astype(np.float32))
    found = between(checkpoint, "rows:0-19", "rest")
    for direction in (found.mean, found.classifier):
        assert abs(direction.accuracy - 0.5) < 0.2
        assert direction.accuracy_low <= 0.5


def test_the_smallest_groups() -> None:
    checkpoint = planted(np.array([[0, 1], [0, 1.1], [0, -1], [0, -1.1]], np.float32))
    found = between(checkpoint)
    assert "2 stratified folds" in found.classifier.protocol
    assert found.mean.accuracy == 1
    assert found.mean.accuracy_low < 0.6  # four right answers prove little
    assert found.mean.accuracy_high == 1


def test_the_classifier_learns_from_a_draw_of_large_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directions, "MAX_TRAINED", 300)
    checkpoint, true = blobs(3 * SIGMA)
    first, again = between(checkpoint), between(checkpoint)
    assert first == again
    assert "300 drawn of 1,000 and 300 drawn of 1,000" in first.classifier.protocol
    assert "drawn" not in first.mean.protocol
    assert directions.angle(first.classifier.vector, true) < 12


def test_scale_and_place_of_the_latents_change_no_direction() -> None:
    rng = np.random.default_rng(4)
    mu = rng.normal(size=(400, 4))
    mu[:200] += (1, 2, 0, 0)
    here, there = (between(planted(m.astype(np.float32), n)) for m, n in ((mu, "here"), (mu * 1e-4 + 1e-2, "there")))
    assert directions.angle(here.classifier.vector, there.classifier.vector) < 0.1
    assert there.mean.gap == pytest.approx(here.mean.gap * 1e-4, rel=1e-3)


def test_equal_means_have_no_direction() -> None:
    half = np.random.default_rng(5).normal(size=(20, 3)).astype(np.float32)
    with pytest.raises(GenerationError, match="same mean in latent space"):
        between(planted(np.concatenate([half, half])))


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "two\nlines", "\ud800", "\u202eabc"])
def test_names_that_are_none(name: str) -> None:
    checkpoint = planted(np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32))
    with pytest.raises(GenerationError, match="is no name"):
        directions.from_groups(name, groups.pair("class:0", "class:1", checkpoint), checkpoint)


def test_numbers_of_another_checkpoint_are_not_read_as_ones_own() -> None:
    direction = dataclasses.replace(between(blobs(3)[0]).mean, measured_on="0" * 64)
    assert directions.reading(direction).startswith("Not measured here")


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(6)
    truth = (0.95 + 0.6) / 2
    intervals = [separation.balanced_accuracy(rng.random(60) < 0.95, rng.random(200) < 0.6) for _ in range(2_000)]
    covered = sum(i.low <= truth <= i.high for i in intervals)
    assert binom.ppf(1e-4, 2_000, 0.93) <= covered <= binom.ppf(1 - 1e-4, 2_000, 0.97)


def along(*vector: float, gap: float = 2.0) -> Direction:
    unit = np.array(vector) / np.linalg.norm(vector)
    return Direction(
        "x", "mean difference", tuple(unit.tolist()), gap, 1.0, "class:0", "class:1", 2, 2, 0.9, 0.8, 0.95,
        "p", "c", "0" * 64, len(vector),
    )  # fmt: skip


def test_strength_one_is_the_way_between_the_means() -> None:
    checkpoint, _ = blobs(3)
    mu, direction = checkpoint.latents.mu, between(checkpoint).mean
    moved = directions.apply(mu[COUNT:].mean(0), direction, [0, 1, -0.5])
    np.testing.assert_allclose(moved[0], mu[COUNT:].mean(0), atol=1e-6)
    np.testing.assert_allclose(moved[1], mu[:COUNT].mean(0), atol=1e-5)
    assert (moved.shape, moved.dtype) == ((3, D), np.float32)


@pytest.mark.parametrize(("z", "strengths"), [((0, 0, 0), [1]), ((0, 0), [np.nan]), ((0, 0), 1.0)])
def test_what_cant_be_applied(z: tuple[float, ...], strengths: object) -> None:
    with pytest.raises(GenerationError):
        directions.apply(np.array(z, np.float32), along(1, 0), strengths)  # type: ignore[arg-type]


@pytest.mark.parametrize("degrees", [0, 1e-6, 30, 90, 135, 180 - 1e-6, 180])
def test_angles_against_the_closed_form(degrees: float) -> None:
    turned = np.array([np.cos(np.radians(degrees)), 0, np.sin(np.radians(degrees))])
    assert directions.angle([2, 0, 0], 7 * turned) == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize(("u", "v"), [([0, 0], [1, 0]), ([1, 0], [1, 0, 0]), ([np.nan, 1], [1, 0]), ([[1]], [[1]])])
def test_what_has_no_angle(u: list[float], v: list[float]) -> None:
    with pytest.raises(GenerationError):
        directions.angle(u, v)


def test_the_closest_axis() -> None:
    near = directions.closest_axis(along(0, -np.sqrt(3), 1))
    assert (near.dim, near.degrees) == (1, pytest.approx(30))


@pytest.mark.parametrize("latent_dim", [2, 3, 8, 64])
def test_random_angles_against_simulation(latent_dim: int) -> None:
    rng = np.random.default_rng(7)
    u, v = (rng.normal(size=(40_000, latent_dim)) for _ in range(2))
    cosine = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    found = directions.random_angle(latent_dim)
    measured = np.percentile(np.degrees(np.arccos(cosine)), [2.5, 97.5])
    np.testing.assert_allclose((found.low, found.high), measured, atol=1.0)


def test_random_angles_in_closed_form() -> None:
    """In the plane angles are uniform; in space their cosine is (Archimedes); on a line there are two."""
    assert directions.random_angle(2).low == pytest.approx(0.025 * 180)
    assert directions.random_angle(3).high == pytest.approx(np.degrees(np.arccos(-0.95)))
    assert directions.random_angle(1) == directions.RandomAngle(0, 180, 1)
    with pytest.raises(GenerationError, match="at least 1"):
        directions.random_angle(0)


def test_arithmetic() -> None:
    found = directions.arithmetic([3, 1], [1, 1], [0, 5])
    assert (found.tolist(), found.dtype) == ([2, 5], np.float32)
    with pytest.raises(GenerationError, match="can't be added"):
        directions.arithmetic([1, 2], [1], [1, 2])
