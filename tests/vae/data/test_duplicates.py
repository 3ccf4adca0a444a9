"""Near copies across splits: all that there are, as if every pair had been compared."""

from __future__ import annotations

import numpy as np
import pytest

from vae.data.report import duplicates


@pytest.mark.parametrize("spread", [0, 60], ids=["equally bright", "dark and bright"])
def test_twins_are_those_of_all_pairs(spread: int) -> None:
    rng = np.random.default_rng(1)
    images = rng.integers(60, 190, (700, 1, 16, 16)) + rng.integers(-spread, spread + 1, (700, 1, 1, 1))
    images[400:420] = images[:20] + rng.integers(-2, 3, (20, 1, 16, 16))  # near copies
    images[420:430] = images[20:30] + 3  # a little brighter
    images[430:440] = images[30:40] + 30  # another exposure, no copy
    seen = duplicates.signatures(images.clip(0, 255).astype(np.uint8))
    splits = {"train": np.arange(400), "validation": np.arange(400, 500), "test": np.arange(699, 499, -1)}
    usual = duplicates.usual_distance(seen)
    found = duplicates.twins(seen, splits, usual)
    held = np.concatenate([splits["validation"], splits["test"]])
    exact = seen.astype(np.float64)
    distances = np.sqrt(((exact[held][:, None] - exact[None, :400]) ** 2).mean(2))
    near = distances.min(1) <= duplicates.NEAR * usual
    assert near.sum() >= 20 and not near[30:40].any()
    np.testing.assert_array_equal(found.held_out, held[near])
    np.testing.assert_array_equal(found.train, distances.argmin(1)[near])
    assert found.looked_at == 300


def test_no_twins_are_none() -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), np.uint8)
    images[20:] = 255
    seen = duplicates.signatures(images)
    splits = {"train": np.arange(20), "validation": np.arange(20, 25), "test": np.arange(25, 30)}
    found = duplicates.twins(seen, splits, duplicates.usual_distance(seen))
    assert (len(found.held_out), len(found.train), found.looked_at) == (0, 0, 10)
