"""Outliers made from normal images: what each kind does, on images where that can be known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.anomaly import synthetic, synthetic_geometry
from vae.data import datasets
from vae.errors import ScoreError


def noise(count: int = 6, channels: int = 1, height: int = 8, width: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, channels, height, width), np.uint8)


def blocks(count: int = 8, side: int = 28) -> np.ndarray:
    """A white square off the centre of a black image, elsewhere in each."""
    images = np.zeros((count, 1, side, side), np.uint8)
    for k, image in enumerate(images):
        image[0, 4 + k : 12 + k, 6:14] = 255
    return images


@pytest.mark.parametrize("kind", synthetic.names())
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 10, 17), (1, 1, 1), (2, 3, 1)])
def test_every_kind_makes_as_many_images_of_the_same_shape(kind: str, shape: tuple[int, int, int]) -> None:
    images = noise(5, *shape)
    before = images.copy()
    made = synthetic.make(images, kind)
    assert made.shape == images.shape
    assert made.dtype == np.uint8
    assert np.array_equal(images, before)  # the normal images are left alone


@pytest.mark.parametrize("kind", synthetic.names())
def test_the_seed_decides(kind: str) -> None:
    images = noise(40)
    assert np.array_equal(synthetic.make(images, kind, 3), synthetic.make(images, kind, 3))
    assert not np.array_equal(synthetic.make(images, kind, 3), synthetic.make(images, kind, 4))


@pytest.mark.parametrize("kind", synthetic.names())
def test_digits_are_changed_by_every_kind(kind: str) -> None:
    images = datasets.load("digits", "validation").images
    changed = np.abs(synthetic.make(images, kind).astype(int) - images).sum((1, 2, 3)) > 0
    assert changed.mean() > 0.9  # a symmetric zero stays one when it is mirrored, a patch may land on its own place


def test_a_blend_is_the_mean_of_two_different_images() -> None:
    images = np.stack([np.full((1, 4, 4), value, np.uint8) for value in (0, 40, 200)])
    values = synthetic.make(images, "blend")[:, 0, 0, 0]
    assert set(values) == {20, 100, 120}  # every pair once


def test_halves_are_of_two_images() -> None:
    images = np.stack([np.full((1, 6, 6), value, np.uint8) for value in (10, 90, 170, 250)])
    for own, made in zip((10, 90, 170, 250), synthetic.make(images, "halves"), strict=True):
        assert (made == own).sum() == 18
        assert len(np.unique(made)) == 2


def test_erasing_only_removes_and_what_it_removes_was_something() -> None:
    images = blocks()
    made = synthetic.make(images, "erase")
    assert (made <= images).all()
    assert (made.sum((1, 2, 3)) < images.sum((1, 2, 3))).all()


def test_erasing_an_inverted_image_leaves_its_white_background() -> None:
    images = 255 - blocks()
    assert (synthetic.make(images, "erase") >= images).all()


def test_a_stroke_only_adds_ink_and_about_as_much_as_a_pen_would() -> None:
    images = blocks()
    made = synthetic.make(images, "stroke").astype(int)
    assert (made >= images).all()
    added = (made - images).sum((1, 2, 3)) / 255
    assert added.max() < 28 * 28 / 8
    assert (synthetic.make(255 - blocks(), "stroke") <= 255 - blocks()).all()  # dark on white


def test_pasting_keeps_to_the_image_s_own_pixels() -> None:
    images = noise(10, height=12, width=9)
    for image, made in zip(images, synthetic.make(images, "cut_paste"), strict=True):
        assert set(made.ravel()) <= set(image.ravel())
        changed = np.argwhere(made[0] != image[0])
        assert (np.ptp(changed, axis=0) < (6, 5)).all()  # one patch of at most half of each side


def test_turning_only_moves_pixels_and_quarters_need_a_square() -> None:
    for shape in ((6, 6), (5, 8)):
        images = noise(30, 1, *shape)
        made = synthetic.make(images, "turn")
        assert np.array_equal(np.sort(made.reshape(30, -1)), np.sort(images.reshape(30, -1)))
        assert not any(np.array_equal(a, b) for a, b in zip(made, images, strict=True))


@pytest.mark.parametrize("kind", ["affine", "elastic"])
def test_a_plain_image_has_nothing_to_distort(kind: str) -> None:
    images = np.full((4, 3, 11, 11), 77, np.uint8)
    assert (synthetic.make(images, kind) == 77).all()


def test_reading_where_the_pixels_are_gives_the_image_and_beyond_it_the_background() -> None:
    images = blocks()
    y, x = (np.broadcast_to(axis, (len(images), 28, 28)) for axis in synthetic_geometry.centred(images))
    assert np.array_equal(synthetic_geometry.sampled(images, y, x), images)
    assert np.array_equal(synthetic_geometry.sampled(images, y + 1, x)[:, :, :-1], images[:, :, 1:])
    half = synthetic_geometry.sampled(images, y, x + 0.5)[0, 0, 6]
    assert half[4:8].tolist() == [0, 127.5, 255, 255]
    assert (synthetic_geometry.sampled(images, y + 100, x) == 0).all()


def test_noise_has_the_size_it_says() -> None:
    images = np.full((20, 1, 28, 28), 128, np.uint8)
    assert np.std(synthetic.make(images, "noise").astype(float)) == pytest.approx(25.5, rel=0.03)


def test_what_can_not_be_damaged_is_refused() -> None:
    with pytest.raises(ScoreError, match=r"Unknown kind .*sepia.* blend, halves"):
        synthetic.make(noise(), "sepia")
    with pytest.raises(ScoreError, match="expected 2 to 20,000"):
        synthetic.make(noise(1), "erase")
    for images in (noise().astype(np.float32), noise()[0]):
        with pytest.raises(ScoreError, match=r"expected uint8 \(N, C, H, W\)"):
            synthetic.make(images, "erase")
