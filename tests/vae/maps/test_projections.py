"""Maps: PCA against scikit-learn, t-SNE on blobs, and the measure of both."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from vae.errors import ConfigError
from vae.maps import pca, quality, tsne
from vae.maps.projection import ProjectionMap

Array = np.ndarray


def cloud(count: int = 120, latent_dim: int = 6, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, latent_dim)) * np.arange(1, latent_dim + 1) + 3).astype(np.float32)


def blobs(latent_dim: int = 5) -> tuple[Array, Array]:
    """Three clusters, 20 standard deviations apart."""
    labels = np.repeat(np.arange(3), 40)
    centres = 20 * np.eye(3, latent_dim) if latent_dim > 1 else np.array([[0.0], [20.0], [40.0]])
    return (centres[labels] + np.random.default_rng(0).normal(size=(120, latent_dim))).astype(np.float32), labels


def nearest_share_label(xy: Array, labels: Array) -> float:
    distances = np.linalg.norm(xy[:, None] - xy[None], axis=-1) + np.diag(np.full(len(xy), np.inf))
    return float((labels[distances.argmin(1)] == labels).mean())


# --- PCA --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("latent_dim", [2, 6, 128])
def test_pca_is_scikit_learns_up_to_sign(latent_dim: int) -> None:
    mu = cloud(latent_dim=latent_dim)
    reference = PCA(2).fit(mu.astype(np.float64))
    expected, found = reference.transform(mu), pca.fit(mu)
    signs = np.sign((expected * found.xy).sum(0))
    np.testing.assert_allclose(found.xy * signs, expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(found.quality["explained_variance_ratio"], reference.explained_variance_ratio_)


@pytest.mark.parametrize("latent_dim", [1, 2, 6])
def test_the_linear_map_places_latents_on_the_map(latent_dim: int) -> None:
    mu = cloud(latent_dim=latent_dim)
    found = pca.fit(mu)
    assert found.linear is not None
    assert (found.linear.mean.shape, found.linear.components.shape) == ((latent_dim,), (2, latent_dim))
    np.testing.assert_allclose((mu - found.linear.mean) @ found.linear.components.T, found.xy, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("latent_dim", [1, 2, 7])
def test_the_linear_map_leads_back_to_the_latents(latent_dim: int) -> None:
    mu = np.random.default_rng(3).normal(size=(60, latent_dim)).astype(np.float32) * 3 + 1
    found = pca.fit(mu)
    assert found.linear is not None
    elsewhere = mu[::-1]
    z = found.linear.latent(found.xy, elsewhere)
    np.testing.assert_allclose(found.linear.place(z), found.xy, atol=1e-4)
    if latent_dim <= 2:  # the map shows all of it, wherever one comes from
        np.testing.assert_allclose(z, mu, atol=1e-4)
    shown = found.linear.components.T @ found.linear.components
    rest = np.eye(latent_dim) - shown
    np.testing.assert_allclose(z @ rest, elsewhere @ rest, atol=1e-4)  # what it doesn't show stays
    np.testing.assert_allclose(found.linear.latent(found.xy, mu), mu, atol=1e-4)


def test_pca_of_one_latent_dimension_is_a_line() -> None:
    mu = cloud(latent_dim=1)
    found = pca.fit(mu)
    assert (found.xy.shape, found.xy.dtype) == ((120, 2), np.float32)
    np.testing.assert_allclose(np.abs(found.xy[:, 0]), np.abs(mu - mu.mean())[:, 0], rtol=1e-3, atol=1e-4)
    assert not found.xy[:, 1].any()
    assert found.quality["trustworthiness"] == pytest.approx(1.0)


# --- t-SNE ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tsne_map() -> ProjectionMap:
    return tsne.fit(blobs()[0], perplexity=15, seed=3)


def test_tsne_keeps_well_separated_blobs_apart(tsne_map: ProjectionMap) -> None:
    assert (tsne_map.xy.shape, tsne_map.xy.dtype) == ((120, 2), np.float32)
    assert nearest_share_label(tsne_map.xy, blobs()[1]) == 1.0
    assert tsne_map.quality["trustworthiness"] > 0.9
    assert (tsne_map.method, tsne_map.linear) == ("tsne", None)
    assert (tsne_map.parameters["perplexity"], tsne_map.parameters["seed"]) == (15, 3)


def test_tsne_repeats_from_its_seed(tsne_map: ProjectionMap) -> None:
    assert np.array_equal(tsne.fit(blobs()[0], perplexity=15, seed=3).xy, tsne_map.xy)


def test_tsne_of_one_latent_dimension() -> None:
    mu, labels = blobs(latent_dim=1)
    found = tsne.fit(mu, perplexity=15)
    assert nearest_share_label(found.xy, labels) == 1.0
    assert found.parameters["init"] == "random"
    assert not np.array_equal(tsne.fit(mu, perplexity=15, seed=1).xy, found.xy)


@pytest.mark.parametrize("perplexity", [0.0, 0.5, -3.0, 40.0, float("nan"), float("inf")])
def test_tsne_refuses_a_perplexity_that_the_images_cant_have(perplexity: float) -> None:
    with pytest.raises(ConfigError, match=r"for 120 images, expected a number from 1 to 39\.6667"):
        tsne.fit(blobs()[0], perplexity=perplexity)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_tsne_refuses_a_seed_that_is_out_of_range(seed: int) -> None:
    with pytest.raises(ConfigError, match=f"seed is {seed}, expected"):
        tsne.fit(blobs()[0], perplexity=15, seed=seed)


@pytest.mark.parametrize(("count", "perplexity"), [(4, 1.0), (21, 20 / 3), (60, 59 / 3), (91, 30.0), (200, 30.0)])
def test_tsne_without_a_perplexity_takes_one_that_the_images_can_have_and_says_so(
    count: int, perplexity: float
) -> None:
    found = tsne.fit(cloud(count))
    assert found.parameters["perplexity"] == pytest.approx(perplexity)
    assert np.isfinite(found.xy).all()
    assert np.ptp(found.xy, axis=0).min() > 0.1
    said = f"Perplexity {perplexity:.3g} instead of 30, because there are only {count} images."
    assert found.adapted() == (said if count < 91 else "")


@pytest.mark.parametrize(("count", "found"), [(1, "is 1 image"), (3, "are 3 images")])
def test_tsne_of_fewer_than_four_images_says_how_many_it_needs(count: int, found: str) -> None:
    with pytest.raises(ConfigError, match=f"There {found} to map, t-SNE needs at least 4. PCA maps any number"):
        tsne.fit(cloud(count))


def test_tsne_of_equal_means_beside_one_that_is_not() -> None:
    mu = np.repeat(cloud(1), 30, axis=0)
    mu[7] += 1
    assert np.isfinite(tsne.fit(mu).xy).all()


def test_what_a_strangers_map_says_of_its_perplexity_is_not_shown() -> None:
    for parameters in ({}, {"perplexity": 5.0}, {"adapted": True}, {"adapted": True, "perplexity": "<b>"}):
        assert ProjectionMap("tsne", np.zeros((2, 2), np.float32), parameters, {}).adapted() == ""


@pytest.mark.parametrize("count", [1, 2])
def test_pca_of_one_or_two_images_promises_nothing(count: int) -> None:
    found = pca.fit(cloud(count))
    assert np.isfinite(found.xy).all()
    assert "trustworthiness" not in found.quality


def test_tsne_refuses_a_collapsed_posterior() -> None:
    with pytest.raises(ConfigError, match="same posterior mean"):
        tsne.fit(np.full((120, 4), 0.5, np.float32))


# --- quality ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "latent_dim", "neighbours"), [(60, 3, 12), (300, 8, 5), (30, 2, 1), (700, 4, 12)])
def test_trustworthiness_is_scikit_learns_when_all_are_asked(count: int, latent_dim: int, neighbours: int) -> None:
    high = cloud(count, latent_dim)
    low = high[:, :2] + np.random.default_rng(1).normal(size=(count, 2))
    found = quality.trustworthiness(high, low, neighbours, queries=count)
    assert found == pytest.approx(sklearn_trustworthiness(high, low, n_neighbors=neighbours), abs=1e-9)


def test_trustworthiness_of_a_sample_is_near_that_of_all() -> None:
    high = cloud(600)
    low = high[:, -2:]
    found = quality.trustworthiness(high, low, queries=200)
    assert found == pytest.approx(sklearn_trustworthiness(high, low, n_neighbors=12), abs=0.02)


def test_a_perfect_map_and_a_meaningless_one() -> None:
    high = cloud(300)
    assert quality.trustworthiness(high, high) == 1.0
    assert quality.trustworthiness(high, cloud(300, 2, seed=9)) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_few_images_need_few_neighbours(count: int) -> None:
    assert quality.trustworthiness(cloud(count), cloud(count)) == 1.0


def test_the_protocol_names_what_was_asked() -> None:
    mu = cloud(1_200, 2)
    protocol = quality.neighbours_kept(mu, mu)["protocol"]
    assert protocol == "12 neighbours, 1,000 sampled images asked about, all 1,200 candidates"
