"""Nearest images, against all distances."""

from __future__ import annotations

import numpy as np
import pytest

from vae.selection import near


def test_latent_neighbours_are_those_of_all_distances() -> None:
    mu = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    distances = np.linalg.norm(mu - mu[17], axis=1)
    order = np.argsort(distances, kind="stable")[1:9]
    found = near.in_latent_space(mu, 17, 8)
    assert [one.row for one in found] == order.tolist()
    np.testing.assert_allclose([one.distance for one in found], distances[order], rtol=1e-5)
    assert len(near.in_latent_space(mu[:3], 0, 8)) == 2


@pytest.mark.parametrize("row", [0, 39, 40, 99])
def test_pixel_neighbours_are_found_in_every_part(row: int) -> None:
    images = np.random.default_rng(1).integers(0, 256, (100, 3, 4, 5), dtype=np.uint8)
    images[70] = images[row] if row != 70 else images[0]  # a copy
    parts = [images[:40], images[40:40], images[40:]]
    distances = np.sqrt((((images.astype(float) - images[row]) / 255) ** 2).sum((1, 2, 3)))
    distances[row] = np.inf
    order = np.argsort(distances, kind="stable")[:6]
    found = near.in_pixels(parts, row, 6)
    assert [one.row for one in found] == order.tolist()
    assert found[0] == near.Neighbour(70, 0.0)
    np.testing.assert_allclose([one.distance for one in found], distances[order], rtol=1e-6)
    assert len(near.in_pixels([images[:3]], 1, 6)) == 2
    assert near.in_pixels([images[:1]], 0, 6) == ()
