"""scikit-learn's digits, 8×8, which everybody has. Imports no torch.

One fixed permutation of its 1,797 images: the first 360 are test, the next 180 validation, the remaining 1,257 train.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from vae.data.image_dataset import DatasetInfo, ImageDataset

TRAIN, VALIDATION, TEST, SEED = 1_257, 180, 360, 0
CLASS_NAMES = tuple("0123456789")


def _load(split: str) -> ImageDataset:
    bunch = _bunch()
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(bunch.images))
    bounds = {
        "test": slice(0, TEST),
        "validation": slice(TEST, TEST + VALIDATION),
        "train": slice(TEST + VALIDATION, None),
    }
    rows = order[bounds[split]]
    pixels = np.round(bunch.images[rows] * (255 / 16)).astype(np.uint8)  # stored as counts 0..16
    return ImageDataset("digits", split, pixels[:, None], bunch.target[rows].astype(np.int64), CLASS_NAMES)


@cache  # text of 1,797 lines, which takes longer to read than an epoch on it to train
def _bunch() -> Any:
    """scikit-learn's own, for reading only: `images` (1797, 8, 8) of counts, `target` (1797,)."""
    from sklearn.datasets import load_digits  # takes a second: only where digits are read

    return load_digits()


INFO = DatasetInfo(
    name="digits",
    title="scikit-learn digits",
    image_shape=(1, 8, 8),
    class_names=CLASS_NAMES,
    counts={"train": TRAIN, "validation": VALIDATION, "test": TEST},
    download_mb=0,
    load_split=_load,
    on_this_machine=lambda: True,
    changed=lambda: 0,
)
