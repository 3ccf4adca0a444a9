"""scikit-learn's digits, 8×8, which everybody has. Imports no torch.

One fixed permutation of its 1,797 images: the first 360 are test, the next 180 validation, the remaining 1,257 train.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.data.image_dataset import DatasetInfo, ImageDataset
from vae.errors import DatasetMissingError
from vae.storage import probe

TRAIN, VALIDATION, TEST, SEED = 1_257, 180, 360, 0
CLASS_NAMES = tuple("0123456789")


def _load(split: str) -> ImageDataset:
    table = _table()
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(table))
    bounds = {
        "test": slice(0, TEST),
        "validation": slice(TEST, TEST + VALIDATION),
        "train": slice(TEST + VALIDATION, None),
    }
    rows = order[bounds[split]]
    counts, labels = table[rows, :-1].reshape(-1, 1, 8, 8), table[rows, -1]
    pixels = np.round(counts * (255 / 16)).astype(np.uint8)  # stored as counts 0..16
    return ImageDataset("digits", split, pixels, labels.astype(np.int64), CLASS_NAMES)


@cache  # text of 1,797 lines, which takes longer to read than an epoch on it to train
def _table() -> NDArray[np.float64]:
    """(1797, 65): 64 counts and the class, as scikit-learn ships them. Its code takes seconds to import."""
    found = find_spec("sklearn")
    file = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz" if found and found.origin else None
    if file is None or not probe.is_file(file):
        raise DatasetMissingError(
            f"scikit-learn's digits are not on this machine (looked in {file}).", "Install scikit-learn again."
        )
    return np.loadtxt(file, delimiter=",")


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
