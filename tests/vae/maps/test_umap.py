"""UMAP: its graph against the definition, its map of blobs, and sets that are small or odd."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vae.maps.test_projections import blobs, cloud, nearest_share_label
from vae.errors import ConfigError
from vae.maps import making, umap, umap_graph
from vae.maps.making import MapSettings
from vae.maps.projection import ProjectionMap
from vae.neighbours import nearest


@pytest.fixture(scope="module")
def umap_map() -> ProjectionMap:
    mu, labels = blobs()
    return umap.fit(mu, neighbours=10, seed=3, labels=labels)


def test_well_separated_blobs_stay_apart(umap_map: ProjectionMap) -> None:
    assert (umap_map.xy.shape, umap_map.xy.dtype) == ((120, 2), np.float32)
    assert nearest_share_label(umap_map.xy, blobs()[1]) == 1.0
    assert umap_map.quality["trustworthiness"] > 0.9
    assert umap_map.quality["neighbourhood_hit"] == 1.0
    assert (umap_map.method, umap_map.linear) == ("umap", None)
    assert (umap_map.parameters["neighbours"], umap_map.parameters["seed"]) == (10, 3)


def test_it_repeats_from_its_seed_and_another_seed_gives_another_map(umap_map: ProjectionMap) -> None:
    again, other = (making.fit("umap", blobs()[0], settings=MapSettings(neighbours=10, seed=seed)) for seed in (3, 4))
    assert np.array_equal(again.xy, umap_map.xy)
    assert not np.array_equal(other.xy, umap_map.xy)


def test_the_graph_is_umaps() -> None:
    """The nearest neighbour has the weight 1, a point's weights add up to log2(k + 1), and both ends' are joined."""
    mu, k = cloud(80), 7
    near = nearest(mu, mu, k, np.arange(80))
    graph = umap_graph.fuzzy_graph(near).toarray()
    apart = near.distances - near.distances[:, :1]
    directed = np.zeros((80, 80))
    for i in range(80):
        low, high = 1e-6, 1e6
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (low, middle) if np.exp(-apart[i] / middle).sum() > np.log2(k + 1) else (middle, high)
        directed[i, near.rows[i]] = np.exp(-apart[i] / low)
    np.testing.assert_allclose(graph, directed + directed.T - directed * directed.T, atol=1e-6)
    np.testing.assert_allclose(graph.max(1), 1.0)


@pytest.mark.parametrize(("count", "neighbours"), [(4, 2), (21, 6), (60, 15), (200, 15)])
def test_few_images_have_few_neighbours_and_the_map_says_so(count: int, neighbours: int) -> None:
    found = umap.fit(cloud(count))
    assert found.parameters["neighbours"] == neighbours
    assert np.isfinite(found.xy).all()
    assert np.ptp(found.xy, axis=0).min() > 0.1
    said = f"{neighbours} neighbours instead of 15, because there are only {count} images."
    assert found.adapted() == (said if count < 46 else "")


@pytest.mark.parametrize("count", [1, 3])
def test_fewer_than_four_images_say_how_many_it_needs(count: int) -> None:
    with pytest.raises(ConfigError, match=r"to map, UMAP needs at least 4\. PCA maps any number"):
        umap.fit(cloud(count))


@pytest.mark.parametrize("neighbours", [1, 120, -3])
def test_neighbours_that_the_images_cant_have_are_refused(neighbours: int) -> None:
    with pytest.raises(ConfigError, match="for 120 images, expected a whole number from 2 to 119"):
        umap.fit(blobs()[0], neighbours=neighbours)


def test_a_collapsed_posterior_and_a_seed_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="same posterior mean"):
        umap.fit(np.full((120, 4), 0.5, np.float32))
    with pytest.raises(ConfigError, match="seed is -1, expected"):
        umap.fit(blobs()[0], seed=-1)


def test_copies_beside_one_that_is_none_and_one_latent_dimension() -> None:
    mu = np.repeat(cloud(1), 60, axis=0)
    mu[7] += 1
    assert np.isfinite(umap.fit(mu).xy).all()
    line, labels = blobs(latent_dim=1)
    assert nearest_share_label(umap.fit(line).xy, labels) == 1.0


def test_two_hundred_classes_of_which_each_has_two_images() -> None:
    labels = np.repeat(np.arange(200), 2)
    mu = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)[labels] * 10
    mu += np.random.default_rng(1).normal(size=mu.shape).astype(np.float32)
    found = umap.fit(mu, labels=labels)
    assert nearest_share_label(found.xy, labels) > 0.4  # by chance 1 of 399
    assert found.quality["neighbourhood_hit"] <= 1 / 12 + 1e-9  # there is one other of its class


def test_progress_reaches_its_end_and_can_stop_it() -> None:
    heard: list[tuple[int, int]] = []
    umap.fit(blobs()[0], on_step=lambda done, total: heard.append((done, total)))
    done, totals = [step for step, _ in heard], {total for _, total in heard}
    assert done == sorted(done)
    assert (done[-1],) == tuple(totals)

    def stop(done: int, total: int) -> None:
        if 2 * done > total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        umap.fit(blobs()[0], on_step=stop)
