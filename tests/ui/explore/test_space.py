"""The map in three dimensions: where images are on it, and that every point is its image's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from ui.explore.space import coordinates
from ui.explore.space.space import solid
from ui.shared import figures
from ui.shared.figures import Axis
from vae.checkpoints.dimension_names import NONE, DimensionName, DimensionNames
from vae.maps import pca


def means(count: int = 300, d: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(count, d)) * np.array([5, 3, 2, 0.5, 0.2, 0.1])[:d] + 1).astype(np.float32)


def test_three_components_are_those_of_pca_and_the_first_two_those_of_the_flat_map() -> None:
    mu = means()
    found = coordinates.of_components(pca.fit(mu), mu)
    places = found.places(mu)
    np.testing.assert_allclose(places[:, :2], pca.fit(mu).xy, atol=1e-4)
    expected = PCA(3, svd_solver="full").fit(mu)
    third = expected.transform(mu)[:, 2]
    np.testing.assert_allclose(np.abs(places[:, 2]), np.abs(third), atol=1e-3)
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(3), atol=1e-5)
    shares = expected.explained_variance_ratio_
    assert found.titles == tuple(f"PC {k} ({share:.0%})" for k, share in enumerate(shares, 1))


@pytest.mark.parametrize("d", [3, 6])
def test_of_latents_that_are_all_one_nothing_is_made_up(d: int) -> None:
    mu = np.ones((20, d), np.float32)
    found = coordinates.of_components(pca.fit(mu), mu)
    assert np.isfinite(found.places(mu)).all()


def test_latent_axes_are_as_they_are_and_called_as_people_call_them() -> None:
    mu = means()
    found = coordinates.of_latent_axes((4, 0, 2), 6, DimensionNames((DimensionName(0, "slant"),)))
    np.testing.assert_array_equal(found.places(mu), mu[:, [4, 0, 2]])
    assert found.titles == ("z4", "z0 slant", "z2")
    assert coordinates.of_latent_axes((0, 1, 2), 3, NONE).titles == ("z0", "z1", "z2")


def test_every_point_keeps_its_row_class_and_look_and_the_mark_comes_last() -> None:
    mu, labels = means(), np.arange(300, dtype=np.int64) % 3
    flat = figures.class_map(mu[:, :2], labels, ("a", "b<b>", "c"), (Axis("x"), Axis("y")))
    drawn = solid(flat, mu[:, [0, 1, 5]], ("x", "y", "%{z}"))
    *classes, mark = drawn.data
    assert [trace.meta for trace in classes] == ["a", "b<b>", "c"]
    for trace, before in zip(classes, flat.data, strict=True):
        rows = np.asarray(trace.customdata)
        np.testing.assert_array_equal(rows, np.asarray(before.customdata))
        np.testing.assert_array_equal(np.stack([trace.x, trace.y, trace.z], 1), mu[rows][:, [0, 1, 5]])
        assert (trace.marker.color, trace.hovertemplate) == (before.marker.color, before.hovertemplate)
    assert (mark.name, len(mark.x), mark.meta) == ("here", 1, None)
    assert drawn.layout.scene.aspectmode == "data"
    assert "%{z}" not in drawn.layout.scene.zaxis.title.text


@pytest.mark.parametrize("extents", [(1, 1, 1), (5, 0.2, 0.1), (4, 3, 0.001), (1, 0, 0)])
def test_the_eye_begins_outside_of_all_that_is_drawn(extents: tuple[float, float, float]) -> None:
    places = np.linspace(-0.5, 0.5, 20, dtype=np.float32)[:, None] * np.array(extents, np.float32)
    flat = figures.class_map(places[:, :2], np.zeros(20, np.int64), ("a",), (Axis("x"), Axis("y")))
    eye = solid(flat, places, ("x", "y", "z")).layout.scene.camera.eye
    sides = np.array([side or 2.0 for side in extents])
    half_diagonal = np.linalg.norm(sides / np.cbrt(sides.prod())) / 2  # of a scene of volume 1, as Plotly's is
    assert np.linalg.norm([eye.x, eye.y, eye.z]) == pytest.approx(2.5 * half_diagonal, rel=1e-3)  # as of a cube
