"""The rendered shapes are what their factors say, always the same, and each factor can be read from the pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vae.data import datasets
from vae.data.built_in import shapes
from vae.data.built_in.shapes import Factors

FINGERPRINTS = {
    "shapes": "f461e15104babd12e63714ffb0bb5c7229d181c27829c2998467f5e02e62b38b",
    "shapes-64": "d58e1327974b624fc6010038398c1c10368dbff5778e67bf1cc2d61676dbccbb",
}


def one(**changed: float) -> Factors:
    """An upright red square in the middle, changed."""
    usual = {"shape": 1, "hue": 0.0, "radius": 0.2, "x": 0.5, "y": 0.5, "rotation": 0.0} | changed
    return Factors(
        **{name: np.array([value], np.int64 if name == "shape" else np.float64) for name, value in usual.items()}
    )


def inside(image: np.ndarray) -> np.ndarray:
    """(H, W) how much of each pixel is of the shape, 0 to 1, of a picture (3, H, W)."""
    ground = np.array(shapes.GROUND)[:, None, None]
    away = np.abs(image - ground).sum(0)
    return away / away.max()


@pytest.mark.parametrize("name", ["shapes", "shapes-64"])
def test_the_images_are_fixed(name: str) -> None:
    assert datasets.load(name, "test").fingerprint == FINGERPRINTS[name]


def test_both_sizes_show_the_same_scenes() -> None:
    small, large = (datasets.load(name, "validation") for name in ("shapes", "shapes-64"))
    assert (small.image_shape, large.image_shape, len(small)) == ((3, 32, 32), (3, 64, 64), 1_000)
    assert (small.labels == large.labels).all()
    halved = large.images.reshape(1_000, 3, 32, 2, 32, 2).mean((3, 5))
    assert np.abs(halved - small.images).mean() < 1  # of 255; edges are a pixel soft in both


def test_splits_share_no_scene() -> None:
    hues = [shapes.factors(split).hue for split in shapes.COUNTS]
    assert len(np.unique(np.concatenate(hues))) == sum(shapes.COUNTS.values())


@pytest.mark.parametrize("shape", range(3))
def test_a_shape_stands_where_its_factors_say(shape: int) -> None:
    """The middle of its pixels, for the triangle too: its tip is twice as far from there as its base."""
    places = [(0.35, 0.6), (0.6, 0.4)]
    for x, y in places:
        [image] = shapes.render(one(shape=shape, x=x, y=y), 64)
        weight = inside(image)
        rows, columns = np.mgrid[:64, :64] + 0.5
        assert (columns * weight).sum() / weight.sum() / 64 == pytest.approx(x, abs=0.01)
        assert (rows * weight).sum() / weight.sum() / 64 == pytest.approx(y, abs=0.01)


def test_the_area_grows_with_the_square_of_the_radius() -> None:
    small, large = (inside(shapes.render(one(radius=radius), 64)[0]).sum() for radius in (0.14, 0.28))
    assert large / small == pytest.approx(4, rel=0.05)
    assert small / 64**2 == pytest.approx((2 * 0.7 * 0.14) ** 2, rel=0.05)


def test_an_ellipse_is_turned_by_its_rotation() -> None:
    for rotation in (-40.0, 0.0, 25.0):
        weight = inside(shapes.render(one(shape=0, radius=0.3, rotation=rotation), 64)[0])
        rows, columns = np.mgrid[:64, :64] - 31.5
        spread = np.cov(np.stack([columns.ravel(), rows.ravel()]), aweights=weight.ravel())
        along = np.linalg.eigh(spread)[1][:, -1]
        along = along if along[1] < 0 else -along  # its upper end
        assert np.rad2deg(np.arctan2(along[0], -along[1])) == pytest.approx(rotation, abs=1)


@pytest.mark.parametrize(("hue", "most", "least"), [(0, 0, 1), (120, 1, 0), (240, 2, 0)])
def test_the_hue_is_the_colour(hue: float, most: int, least: int) -> None:
    colour = shapes.render(one(hue=hue), 64)[0, :, 32, 32]
    assert colour[most] == round(255 * shapes.VALUE)
    assert colour[least] == round(255 * shapes.VALUE * (1 - shapes.SATURATION))


def test_every_shape_lies_within_its_picture() -> None:
    edge = replace(
        one(),
        **{name: np.array([value]) for name, value in (("radius", 0.28), ("x", 0.3), ("y", 0.7), ("rotation", 40.0))},
    )
    for shape in range(3):
        weight = inside(shapes.render(replace(edge, shape=np.array([shape])), 64)[0])
        assert max(weight[:, 0].max(), weight[-1].max()) < 0.1
