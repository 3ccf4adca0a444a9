"""The kinds of files of checkpoints, of what is derived from them, and of imported images, with their readers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tests.hostile.house import CHOICE, House
from tests.vae.helpers import edit_config
from vae.anomalies import detector_files
from vae.anomalies.evaluation import comparison_files
from vae.checkpoints import checkpoint_files
from vae.data import imported_dataset
from vae.errors import GenerationError
from vae.generation import direction_files, mixture_files
from vae.maps import map_files
from vae.sample_quality import quality_files

SMALL = 64 * 2**20  # bytes; of a larger file config.json knows the size only
FAMILIES = ("json", "tensors", "tensors with metadata", "table", "npy", "labels")


@dataclass(frozen=True)
class Kind:
    """A kind of file. `read` gives what can be used of it, nothing (None, empty) where it is passed over, or raises a
    VAEError; `agree` makes what stands beside a damaged file agree with it, as somebody would who forges it.
    """

    name: str
    family: str
    place: Callable[[House], Path]
    read: Callable[[House], object]
    agree: Callable[[House], object] = lambda house: None


def _rehash(house: House) -> None:
    folder, files = house.checkpoint, {}
    for name in checkpoint_files.FILES:
        path = folder / name
        size = path.stat().st_size if _is_file(path) else 0
        known = _is_file(path) and size < SMALL
        files[name] = {"bytes": size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest() if known else "0" * 64}
    edit_config(folder, files=files)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _same_size(house: House) -> None:
    """config.json keeps its identity: what is derived from it is found."""


def _checkpoint(house: House) -> object:
    checkpoint_files.summaries()  # a list of them comes whatever one of them holds
    return house.read_checkpoint()


def _weights(house: House) -> object:
    return checkpoint_files.read_weights(house.read_checkpoint())


def _maps(house: House) -> object:
    checkpoint = house.read_checkpoint()
    return map_files.read_derived_maps(checkpoint.identity, checkpoint.latents.mu.shape)


def _mixture(house: House) -> object:
    refuse = mock.Mock(side_effect=GenerationError("It is fitted anew."))
    with mock.patch.object(mixture_files, "fit_mixture", refuse):
        return mixture_files.mixture_of(house.read_checkpoint(), 2)


def _detectors(house: House) -> object:
    checkpoint = house.read_checkpoint()
    detector_files.saved(checkpoint)
    return detector_files.read(checkpoint, "first")


def _comparison(house: House) -> object:
    return comparison_files.saved(house.read_checkpoint(), CHOICE)


def _quality(house: House) -> object:
    checkpoint = house.read_checkpoint()
    quality_files.recorded(checkpoint)
    return quality_files.read(quality_files.derived_path(checkpoint.identity), checkpoint)


def _images(house: House) -> object:
    imported_dataset.names()
    return imported_dataset.info("own").load_split("train")


def _in_checkpoint(name: str, family: str, read: Callable[[House], object] = _checkpoint) -> Kind:
    agree = _same_size if name == checkpoint_files.CONFIG else _rehash
    return Kind(f"checkpoint's {name}", family, lambda house: house.checkpoint / name, read, agree)


def _only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


KINDS = (
    _in_checkpoint("config.json", "json"),
    _in_checkpoint("metrics.json", "json"),
    _in_checkpoint("weights.safetensors", "tensors", _weights),
    _in_checkpoint("latents.safetensors", "tensors"),
    _in_checkpoint("maps.safetensors", "tensors with metadata"),
    _in_checkpoint("history.csv", "table"),
    Kind("derived map", "tensors with metadata", lambda house: house.derived / "map-tsne.safetensors", _maps),
    Kind("mixture", "tensors", lambda house: _only(house.derived, "mixture-*"), _mixture),
    Kind(
        "direction",
        "json",
        lambda house: _only(house.derived, "directions/*"),
        lambda house: direction_files.saved(house.read_checkpoint()),
    ),
    Kind("detector", "tensors with metadata", lambda house: _only(house.derived, "detectors/*"), _detectors),
    Kind("comparison", "tensors with metadata", lambda house: _only(house.derived, "anomalies/*"), _comparison),
    Kind("quality record", "json", lambda house: house.derived / "quality.json", _quality),
    Kind("imported meta.json", "json", lambda house: house.images / "meta.json", _images),
    Kind("imported images", "npy", lambda house: house.images / "train.npy", _images),
    Kind("imported labels", "labels", lambda house: house.images / "train-labels.npy", _images),
)
