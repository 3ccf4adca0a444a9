"""New latents on an old map."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vae.maps.test_projections import blobs, cloud
from vae.maps import making, placing
from vae.neighbours import nearest


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_mapped_latents_land_on_themselves_and_new_ones_in_their_cluster(method: str) -> None:
    mu, labels = blobs()
    found = making.fit(method, mu)
    own = placing.placed(found, mu, mu)
    assert (own.shape, own.dtype) == ((120, 2), np.float32)
    np.testing.assert_allclose(own, found.xy, atol=1e-3)
    moved = placing.placed(found, mu, mu + np.float32(0.1))
    assert (labels[nearest(moved, found.xy).rows[:, 0]] == labels).all()


def test_one_that_lies_between_two_is_placed_between_them() -> None:
    mu = cloud(60)
    found = making.fit("umap", mu)
    between = placing.placed(found, mu, mu[:1] + np.float32(1e-3) * (mu[1:2] - mu[:1]))
    assert 0 < np.linalg.norm(between[0] - found.xy[0]) < 0.2 * np.ptp(found.xy)
    few = placing.placed(found, mu[:60], np.full((2, 6), 1e4, np.float32))  # far from all: among those nearest
    assert (few >= found.xy.min(0)).all() and (few <= found.xy.max(0)).all()
