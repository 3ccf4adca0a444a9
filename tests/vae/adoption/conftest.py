"""Data sets of rendered pictures and models that were trained on them, once for all files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.vae.adoption import models
from vae.adoption import from_python, torch_export
from vae.adoption.weighted_graph import WeightedGraph
from vae.checkpoints import checkpoint_files, loading
from vae.data import datasets, import_arrays
from vae.model.pixels import to_unit

SETS = {"grey": (1, 16, 16), "colour": (3, 64, 64)}
Range = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, the data set that it was trained on, and how it has the pixels that are [0, 1] here."""

    model: Any
    dataset: str
    to_its_range: Range
    to_unit_range: Range

    def expected(self, x: Tensor) -> Tensor:
        """Its own reconstructions, in [0, 1]."""
        return self.to_unit_range(models.reconstructed(self.model, x, self.to_its_range))


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where data sets `grey` and `colour` are."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAE_DATA", str(folder))
        for name, shape in SETS.items():
            import_arrays.write(name, models.pictures(150, shape), np.arange(150) % 3)
    return folder


@pytest.fixture(autouse=True)
def _rendered(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VAE_DATA", str(data_folder))
    yield


_FOLLOWED: dict[tuple[int, str, tuple[int, ...]], WeightedGraph] = {}


def followed_once(module: Any, given: tuple[int, ...], what: str) -> WeightedGraph:
    """`graph_of_module`; a trained model's own method, which gives the same each time, is followed once."""
    method = getattr(module.function, "called", None)
    owner = getattr(method, "__self__", None)
    if not isinstance(owner, models.Linear | models.Joint | models.Convolutional):
        return torch_export.graph_of_module(module, given, what)
    key = (id(owner), str(method.__name__), given)
    if key not in _FOLLOWED:
        _FOLLOWED[key] = torch_export.graph_of_module(module, given, what)
    return _FOLLOWED[key]


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.export takes a second or two."""
    monkeypatch.setattr(from_python, "graph_of_module", followed_once)


def shown(dataset: str, split: str = "test") -> Tensor:
    """Images (N, C, H, W) in [0, 1]."""
    return to_unit(torch.tensor(np.asarray(datasets.load(dataset, split).images)))


def _trained(kind: Callable[[], Any], dataset: str, steps: int, signed: bool) -> Trained:
    torch.manual_seed(0)
    model = kind()
    one = (lambda x: 2 * x - 1, lambda x: (x + 1) / 2) if signed else (lambda x: x, lambda x: x)
    x = torch.tensor(models.pictures(150, SETS[dataset])) / 255
    models.train(model, one[0](x), steps)
    return Trained(model, dataset, *one)


@pytest.fixture(scope="session")
def linear() -> Trained:
    """pytorch/examples' VAE."""
    return _trained(models.Linear, "grey", 150, signed=False)


@pytest.fixture(scope="session")
def joint() -> Trained:
    """A sequential VAE with one joint answer."""
    return _trained(models.Joint, "grey", 200, signed=False)


@pytest.fixture(scope="session")
def convolutional() -> Trained:
    """Convolutions with batch normalization."""
    return _trained(models.Convolutional, "colour", 250, signed=True)


def here(name: str, x: Tensor) -> Tensor:
    """What the adopted model reconstructs."""
    model = loading.load_model(checkpoint_files.read(name))
    with torch.inference_mode():
        return model.decode_mean(model.encode(x).mu)
