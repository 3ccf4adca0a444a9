"""Rendered pictures as data sets, in a folder for data of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from benchmarks.own_images import render
from vae.data import import_folder
from vae.data.import_folder import ImportSettings
from vae.storage import paths


def data_folder(root: Path, counts: Mapping[str, int]) -> Path:
    """What VAE_DATA is to be: so many pictures of each kind named, imported at 32 × 32, and MNIST where it is."""
    data, mnist = root / "data", paths.data_dir() / "MNIST"
    data.mkdir(parents=True)
    if mnist.is_dir():
        (data / "MNIST").symlink_to(mnist)
    with mock.patch.dict(os.environ, {"VAE_DATA": str(data)}):
        for kind in render.KINDS:
            if kind.name in counts:
                render.write(kind.normal, counts[kind.name], root / kind.name, seed=0)
                import_folder.write(kind.name, root / kind.name, ImportSettings())
    return data
