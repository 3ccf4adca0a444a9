"""Map files: those inside a checkpoint, and those made later and kept in derived/."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vae.errors import CheckpointError
from vae.maps.projection import LinearMap, ProjectionMap
from vae.storage import door, kinds, probe
from vae.storage.door import Bytes
from vae.storage.files import write_atomically
from vae.storage.json_files import parse_json
from vae.storage.paths import derived_folder
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.tensor_files import read_metadata, tensors_of
from vae.storage.validation import check_array, finite, short

OF_TEST_IMAGES, OF_EVERY_IMAGE = "map", "every-image-map"  # what derived maps are of, as their files' names begin


def write_derived_map(identity: str, projection: ProjectionMap, images: str = OF_TEST_IMAGES) -> Path:
    """Keep a map that was made after the checkpoint; replaces an earlier one of that method in one step."""
    path = derived_folder(identity) / f"{images}-{projection.method}.safetensors"
    with write_errors_as(CheckpointError, path):
        write_atomically(path, to_bytes([projection]))
    return path


def read_derived_maps(identity: str, shape: tuple[int, int], images: str = OF_TEST_IMAGES) -> dict[str, ProjectionMap]:
    """Maps made later of latent means of this shape (N, d), by method; one that is damaged or of others is left out."""
    found: dict[str, ProjectionMap] = {}
    for path in derived_map_files(identity, images):
        try:
            with storage_errors_as(CheckpointError):
                read_metadata(path, kinds.DERIVED_MAP)  # before a gigabyte of what is no such file is read
                content = door.read_at_once(path, kinds.DERIVED_MAP)
            maps = maps_of(content, door.where(path))
            for m in maps.values():
                check_map(m, shape, path.name)
        except CheckpointError:
            continue
        found |= maps
    return found


def derived_map_files(identity: str, images: str = OF_TEST_IMAGES) -> list[Path]:
    """Where maps that were made later are, by name."""
    return [path for path in probe.entries(derived_folder(identity)) if path.match(f"{images}-*.safetensors")]


@storage_errors_as(CheckpointError)
def maps_of(content: Bytes, where: str) -> dict[str, ProjectionMap]:
    """Every map in a file's content, by method. Raises CheckpointError for a damaged one, which it calls `where`."""
    tensors, metadata = tensors_of(content, where)
    maps: dict[str, ProjectionMap] = {}
    try:
        for method, about in parse_json(metadata["maps"]).items():
            linear = None
            if f"{method}.components" in tensors:
                linear = LinearMap(tensors[f"{method}.mean"], tensors[f"{method}.components"])
            xy = tensors[f"{method}.xy"]
            xy.flags.writeable = False
            maps[method] = ProjectionMap(method, xy, about["parameters"], about["quality"], linear)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{where} is incomplete: {error!s:.200}.") from error
    return maps


@storage_errors_as(CheckpointError)
def check_map(m: ProjectionMap, shape: tuple[int, int], name: str) -> None:
    """Raise CheckpointError for a map that can't be of means of this shape (N, d), or whose quality can't be shown."""
    what = f"{name}: the {short(m.method)[1:-1]} map"
    count, latent_dim = shape
    check_array(m.xy, (count, 2), what)
    if m.linear:
        check_array(m.linear.mean, (latent_dim,), f"{what}'s mean")
        check_array(m.linear.components, (2, latent_dim), f"{what}'s components")
    for part in ("parameters", "quality"):
        if not isinstance(getattr(m, part), dict):
            raise CheckpointError(f"{what}'s {part} are {short(getattr(m, part))}, expected an object.")
    for measured in ("trustworthiness", "continuity", "neighbourhood_hit", "hit_by_chance"):
        if measured in m.quality:
            finite(m.quality[measured], f"{what}'s {measured}")
    if not isinstance(m.quality.get("protocol", ""), str):
        raise CheckpointError(f"{what}'s protocol is {short(m.quality['protocol'])}, expected text.")
    shares = m.quality.get("explained_variance_ratio", [])
    if not isinstance(shares, list):
        raise CheckpointError(f"{what}'s explained_variance_ratio is {short(shares)}, expected a list of numbers.")
    for share in shares:
        finite(share, f"{what}'s explained_variance_ratio")


def to_bytes(maps: list[ProjectionMap]) -> bytes:
    tensors: dict[str, NDArray[np.float32]] = {}
    about = {m.method: {"parameters": m.parameters, "quality": m.quality} for m in maps}
    for m in maps:
        tensors[f"{m.method}.xy"] = np.ascontiguousarray(m.xy, np.float32)
        if m.linear:
            tensors[f"{m.method}.mean"] = np.ascontiguousarray(m.linear.mean, np.float32)
            tensors[f"{m.method}.components"] = np.ascontiguousarray(m.linear.components, np.float32)
    return safetensors.numpy.save(tensors, {"maps": json.dumps(about)})
