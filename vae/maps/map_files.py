"""Map files: those inside a checkpoint, and those made later and kept in derived/."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import safetensors.numpy

from vae.checkpoints.checkpoint import Checkpoint, FloatArray, LinearMap, ProjectionMap
from vae.errors import CheckpointError
from vae.storage import paths
from vae.storage.files import parse_json, read_tensors, write_atomically
from vae.storage.validation import check_map


def derived_folder(identity: str) -> Path:
    """Where things derived from the checkpoint of this identity are kept."""
    return paths.derived_dir() / identity[:16]


def write_derived_map(identity: str, projection: ProjectionMap) -> Path:
    """Keep a map that was made after the checkpoint; replaces an earlier one of that method in one step."""
    path = derived_folder(identity) / f"map-{projection.method}.safetensors"
    try:
        write_atomically(path, to_bytes([projection]))
    except OSError as error:
        raise CheckpointError(f"{path} can't be written: {error.strerror or error}.") from error
    return path


def read_derived_maps(checkpoint: Checkpoint) -> dict[str, ProjectionMap]:
    """Maps made later, by method; one that is damaged or of another data set is left out."""
    found: dict[str, ProjectionMap] = {}
    for path in sorted(derived_folder(checkpoint.identity).glob("map-*.safetensors")):
        try:
            maps = read_maps(path)
            for m in maps.values():
                check_map(m, checkpoint.latents, checkpoint.name)
        except CheckpointError:
            continue
        found |= maps
    return found


def read_maps(path: Path) -> dict[str, ProjectionMap]:
    """Every map in one file, by method. Raises CheckpointError for a damaged one."""
    tensors, metadata = read_tensors(path)
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
        raise CheckpointError(f"{path.parent.name}: {path.name} is incomplete: {error!s}.") from error
    return maps


def to_bytes(maps: list[ProjectionMap]) -> bytes:
    tensors: dict[str, FloatArray] = {}
    about = {m.method: {"parameters": m.parameters, "quality": m.quality} for m in maps}
    for m in maps:
        tensors[f"{m.method}.xy"] = np.ascontiguousarray(m.xy, np.float32)
        if m.linear:
            tensors[f"{m.method}.mean"] = np.ascontiguousarray(m.linear.mean, np.float32)
            tensors[f"{m.method}.components"] = np.ascontiguousarray(m.linear.components, np.float32)
    return safetensors.numpy.save(tensors, {"maps": json.dumps(about)})
