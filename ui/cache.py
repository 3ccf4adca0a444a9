"""Cached loading for all pages, keyed by identities and fingerprints, never by arrays."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.live import payload
from vae import datasets, maps, paths, store
from vae.errors import CheckpointError, DatasetError, DatasetMissingError
from vae.records import Checkpoint, ProjectionMap, Summary


def checkpoint(name: str, identity: str) -> Checkpoint:
    """The verified checkpoint `name`, as long as its files are those of `identity`. Raises CheckpointError."""
    found = _checkpoint(str(store.checkpoint_path(name)), identity)
    if found.identity != identity:
        raise CheckpointError(f"{name} was replaced while it was opened.", "Reload the page.")
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _checkpoint(path: str, identity: str) -> Checkpoint:
    folder = Path(path)
    return store.read(folder.name, folder.parent)


def summaries() -> list[Summary]:
    """All checkpoints as they are on disk now."""
    return store.summaries()


def all_maps(chosen: Checkpoint) -> dict[str, ProjectionMap]:
    """The checkpoint's maps; one that was made again later replaces the first."""
    folder = maps.derived_folder(chosen.identity)
    stamps = tuple((path.name, path.stat().st_mtime_ns) for path in sorted(folder.glob("map-*.safetensors")))
    return chosen.maps | _derived_maps(chosen.identity, stamps, chosen)


@st.cache_resource(max_entries=8, show_spinner=False)
def _derived_maps(
    identity: str, stamps: tuple[tuple[str, int], ...], _checkpoint: Checkpoint
) -> dict[str, ProjectionMap]:
    return maps.read_derived_maps(_checkpoint) if stamps else {}


def model_bytes(chosen: Checkpoint, projections: dict[str, ProjectionMap]) -> bytes:
    """What the page's store is sent for this checkpoint."""
    return _model_bytes(payload.fingerprint(chosen, projections), chosen, projections)


@st.cache_resource(max_entries=8, show_spinner=False)
def _model_bytes(fingerprint: str, _checkpoint: Checkpoint, _maps: dict[str, ProjectionMap]) -> bytes:
    return payload.model_bytes(_checkpoint, store.read_weights(_checkpoint), _maps)


def test_images(chosen: Checkpoint) -> datasets.ImageDataset:
    """The images that the checkpoint's latents belong to.

    Raises DatasetMissingError when they are not on this machine, DatasetError when they are other images.
    """
    if not datasets.is_known(chosen.dataset.name):
        raise DatasetMissingError(
            f"{chosen.dataset.title}'s images are not on this machine.",
            f"If they are your own, `python -m vae import {chosen.dataset.name} FOLDER` brings them back.",
        )
    known = datasets.info(chosen.dataset.name)
    images = _dataset(known.name, "test", str(paths.data_dir()), known.changed())
    if images.fingerprint != chosen.dataset.test_fingerprint:
        again = f"fetch {known.name}" if known.download_mb else f"import {known.name} FOLDER"
        raise DatasetError(
            f"The {chosen.dataset.title} test images on this machine are not those that {chosen.name} was measured on.",
            f"Get them again with `python -m vae {again}`.",
        )
    return images


def missing_dataset(chosen: Checkpoint) -> datasets.DatasetInfo | None:
    """The checkpoint's data set when it is known but not on this machine, so that it can be offered."""
    if chosen.dataset.name not in datasets.names():
        return None
    known = datasets.info(chosen.dataset.name)
    return None if known.on_this_machine() else known


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset(name: str, split: str, folder: str, changed: int) -> datasets.ImageDataset:
    return datasets.load(name, split)
