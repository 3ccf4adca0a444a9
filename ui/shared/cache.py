"""Cached loading for all pages, keyed by identities and fingerprints, never by arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components.model_store import browser_model
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint, FloatArray, Summary
from vae.data import datasets
from vae.data.image_dataset import DatasetInfo, ImageDataset
from vae.errors import CheckpointError, DatasetError, DatasetMissingError
from vae.maps import map_files
from vae.maps.projection import ProjectionMap
from vae.storage import paths, probe
from vae.storage.probe import Stamp

if TYPE_CHECKING:  # torch is imported where something is computed, what writes mixtures where one is wanted
    from vae.generation.directions import Directions
    from vae.generation.holes import Reach
    from vae.generation.mixture_files import FittedTo
    from vae.generation.sampling import Mixture
    from vae.model.vae import VAE
    from vae.sample_quality.copies import References

COMPARED = 1_500  # test images whose reconstructions say how near to a training image is usual


def checkpoint(name: str, identity: str) -> Checkpoint:
    """The verified checkpoint `name`, as long as its files are those of `identity`. Raises CheckpointError."""
    found = _checkpoint(str(checkpoint_files.checkpoint_path(name)), identity)
    if found.identity != identity:
        raise CheckpointError(f"{name} was replaced while it was opened.", "Reload the page.")
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _checkpoint(path: str, identity: str) -> Checkpoint:
    folder = Path(path)
    return checkpoint_files.read(folder.name, folder.parent)


def summaries() -> list[Summary]:
    """All checkpoints as they are on disk now."""
    return checkpoint_files.summaries()


def all_maps(chosen: Checkpoint) -> dict[str, ProjectionMap]:
    """The checkpoint's maps; one that was made again later replaces the first."""
    stamps = tuple((path.name, probe.changed(path)) for path in map_files.derived_map_files(chosen.identity))
    return chosen.maps | _derived_maps(chosen.identity, stamps, chosen)


@st.cache_resource(max_entries=8, show_spinner=False)
def _derived_maps(
    identity: str, stamps: tuple[tuple[str, int], ...], _checkpoint: Checkpoint
) -> dict[str, ProjectionMap]:
    return map_files.read_derived_maps(_checkpoint.identity, _checkpoint.latents.mu.shape) if stamps else {}


def model_bytes(chosen: Checkpoint, projections: Mapping[str, ProjectionMap]) -> bytes:
    """What the page's store is sent for this checkpoint."""
    return _model_bytes(browser_model.fingerprint(chosen, projections), chosen, projections)


def fingerprint(chosen: Checkpoint) -> str:
    """By which the page's store knows this checkpoint."""
    return browser_model.fingerprint(chosen, all_maps(chosen))


@st.cache_resource(max_entries=8, show_spinner=False)
def _model_bytes(fingerprint: str, _checkpoint: Checkpoint, _maps: Mapping[str, ProjectionMap]) -> bytes:
    return browser_model.pack(_checkpoint, checkpoint_files.read_weights(_checkpoint), _maps)


def encoder_bytes(chosen: Checkpoint) -> bytes:
    """What the page is sent of this checkpoint's encoder."""
    return _encoder_bytes(chosen.identity, chosen)


@st.cache_resource(max_entries=4, show_spinner=False)
def _encoder_bytes(identity: str, _checkpoint: Checkpoint) -> bytes:
    return browser_model.pack_encoder(_checkpoint, checkpoint_files.read_weights(_checkpoint))


def test_images(chosen: Checkpoint) -> ImageDataset:
    """The images that the checkpoint's latents belong to.

    Raises DatasetMissingError when they are not on this machine, DatasetError when they are other images.
    """
    known = _known(chosen)
    images = _dataset(known.name, "test", str(paths.data_dir()), known.changed())
    if images.fingerprint != chosen.dataset.test_fingerprint:
        again = f"fetch {known.name}" if known.download_mb else f"import {known.name} FOLDER"
        raise DatasetError(
            f"The {chosen.dataset.title} test images on this machine are not those that {chosen.name} was measured on.",
            f"Get them again with `python -m vae {again}`.",
        )
    return images


def file_names(chosen: Checkpoint) -> tuple[str, ...] | None:
    """Relative paths of the files of the checkpoint's test images; None where they are not known."""
    return None if datasets.is_built_in(chosen.dataset.name) else _names_of(chosen)


def lacks_file_names(chosen: Checkpoint) -> bool:
    """Whether its images were files, but of before their names were kept."""
    name = chosen.dataset.name
    if datasets.is_built_in(name) or not datasets.is_known(name) or file_names(chosen) is not None:
        return False
    try:
        return datasets.report(name) is None
    except DatasetError:
        return False


def _names_of(chosen: Checkpoint) -> tuple[str, ...] | None:
    try:
        found = test_images(chosen).file_names
    except DatasetError:
        return None
    return found if found and len(found) == len(chosen.latents.mu) else None


def images_of(chosen: Checkpoint, split: str) -> ImageDataset:
    """One split of the checkpoint's data set. Raises as `test_images` does."""
    test = test_images(chosen)  # one fingerprint stands for the data set: its other splits have none in a checkpoint
    known = _known(chosen)
    return test if split == "test" else _dataset(known.name, split, str(paths.data_dir()), known.changed())


def train_images(chosen: Checkpoint) -> ImageDataset:
    """The images that the checkpoint was trained on. Raises as `test_images` does."""
    return images_of(chosen, "train")


def split(name: str, which: str) -> ImageDataset:
    """One split of a data set. Raises DatasetError and DatasetMissingError."""
    known = datasets.info(name)
    return _dataset(name, which, str(paths.data_dir()), known.changed())


def _known(chosen: Checkpoint) -> DatasetInfo:
    if not datasets.is_known(chosen.dataset.name):
        raise DatasetMissingError(
            f"{chosen.dataset.title}'s images are not on this machine.",
            f"If they are your own, `python -m vae import {chosen.dataset.name} FOLDER` brings them back.",
        )
    return datasets.info(chosen.dataset.name)


def missing_dataset(chosen: Checkpoint) -> DatasetInfo | None:
    """The checkpoint's data set when it is known but not on this machine, so that it can be offered."""
    if chosen.dataset.name not in datasets.names():
        return None
    known = datasets.info(chosen.dataset.name)
    return None if known.on_this_machine() else known


@st.cache_resource(max_entries=4, show_spinner=False)
def _dataset(name: str, split: str, folder: str, changed: int) -> ImageDataset:
    return datasets.load(name, split)


def decoded(chosen: Checkpoint, z: FloatArray) -> NDArray[np.uint8]:
    """E[x|z] of latents (N, d) by PyTorch, as pictures (N, C, H, W)."""
    loaded = model(chosen)  # first: it says that PyTorch is being loaded
    from vae.checkpoints import inference

    return inference.decode(loaded, z)


def encoded(chosen: Checkpoint, images: NDArray[np.uint8]) -> FloatArray:
    """Posterior means (N, d) of images (N, C, H, W) by PyTorch."""
    loaded = model(chosen)  # first: it says that PyTorch is being loaded
    from vae.checkpoints import inference

    return inference.posterior_means(loaded, images)


def mixture(chosen: Checkpoint, components: int, label: int | None) -> Mixture:
    """The Gaussian mixture fitted to the aggregate posterior of all images, or of one class."""
    return _mixture(chosen.identity, components, label, _training_latents(chosen), chosen)


def mixture_images(chosen: Checkpoint) -> FittedTo:
    """The images that mixtures are fitted to."""
    return _mixture_images(chosen.identity, _training_latents(chosen), chosen)


def _training_latents(chosen: Checkpoint) -> Stamp | None:
    """Changes when training images are encoded, which a job may do while the page is open."""
    from vae.generation import posterior_files

    return probe.stamp(posterior_files.latents_path(chosen))


@st.cache_resource(max_entries=4, show_spinner=False)
def _mixture_images(identity: str, encoded: Stamp | None, _checkpoint: Checkpoint) -> FittedTo:
    from vae.generation import mixture_files

    return mixture_files.fitted_to(_checkpoint)


@st.cache_resource(max_entries=16, show_spinner="Fitting the mixture: a few seconds, once for each model…")
def _mixture(
    identity: str, components: int, label: int | None, encoded: Stamp | None, _checkpoint: Checkpoint
) -> Mixture:
    from vae.generation import mixture_files

    return mixture_files.mixture_of(_checkpoint, components, label=label)


def directions_of(chosen: Checkpoint, a: str, b: str) -> Directions:
    """The directions between two groups, unnamed. Raises GenerationError for groups that have none."""
    from vae.selection import tag_files

    return _directions_of(chosen.identity, a, b, tag_files.stamps(chosen.identity), chosen)


@st.cache_data(max_entries=64, show_spinner="Comparing the groups…")
def _directions_of(
    identity: str, a: str, b: str, tags: tuple[tuple[str, int], ...], _checkpoint: Checkpoint
) -> Directions:
    from vae.generation import directions, groups

    return directions.from_groups("unnamed", groups.pair(a, b, _checkpoint), _checkpoint)


def reach(chosen: Checkpoint) -> Reach:
    """What counts as far from every image in latent space."""
    return _reach(chosen.identity, chosen)


def reach_in_a_page(chosen: Checkpoint) -> Reach:
    """The same for a page that looks for the nearest image in every frame, and not through more than it can."""
    return _reach_in_a_page(chosen.identity, chosen)


@st.cache_resource(max_entries=16, show_spinner=False)
def _reach_in_a_page(identity: str, _checkpoint: Checkpoint) -> Reach:
    from vae.generation import holes

    return holes.reach_in_a_page(_checkpoint.latents)


@st.cache_resource(max_entries=16, show_spinner=False)
def _reach(identity: str, _checkpoint: Checkpoint) -> Reach:
    from vae.generation import holes

    return holes.reach(_checkpoint.latents)


def copy_references(chosen: Checkpoint) -> References:
    """How near to a training image the reconstructions of test images are. Raises as `train_images` does."""
    return _copy_references(chosen.identity, str(paths.data_dir()), chosen)


@st.cache_data(max_entries=16, show_spinner="Comparing reconstructions with training images, once for each model…")
def _copy_references(identity: str, folder: str, _checkpoint: Checkpoint) -> References:
    from vae.sample_quality import copies

    mu = _checkpoint.latents.mu
    rows = np.random.default_rng(0).permutation(len(mu))[:COMPARED]
    data = train_images(_checkpoint)
    return copies.references(decoded(_checkpoint, mu[rows]), data.images, np.asarray(data.labels), data.class_names)


def model(chosen: Checkpoint) -> VAE:
    """The checkpoint's model in PyTorch, for what is decoded in Python. Never moved, trained or switched."""
    return _model(chosen.identity, chosen)


@st.cache_resource(max_entries=3, show_spinner="Loading PyTorch and the model…")
def _model(identity: str, _checkpoint: Checkpoint) -> VAE:
    from vae.checkpoints import loading

    return loading.load_model(_checkpoint)
