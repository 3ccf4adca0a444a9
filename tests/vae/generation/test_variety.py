"""Whether pictures are all alike."""

from __future__ import annotations

import numpy as np

from vae.generation import variety

RNG = np.random.default_rng(0)
DATA = RNG.integers(0, 256, (50, 1, 6, 6), np.uint8)


def test_the_share_is_one_of_pictures_that_vary_like_the_images() -> None:
    assert abs(variety.share(RNG.integers(0, 256, (400, 1, 6, 6), np.uint8), DATA) - 1) < 0.1
    assert variety.share(DATA, np.repeat(DATA[:1], 9, 0)) == 1.0


def test_pictures_that_hardly_differ_are_alike() -> None:
    noisy = np.clip(128 + RNG.integers(-9, 10, (100, 1, 6, 6)), 0, 255).astype(np.uint8)
    assert variety.alike(noisy, DATA)
    assert not variety.alike(DATA, DATA)
    assert not variety.alike(noisy[: variety.FEWEST - 1], DATA)  # of so few nothing is said


def test_without_images_only_what_no_eye_tells_apart_is_alike() -> None:
    assert variety.alike(np.repeat(DATA[:1], 20, 0), None)
    assert not variety.alike(DATA, None)
