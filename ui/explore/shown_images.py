"""Which images Explore shows: those of every split where their latents are kept, the test images where not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from ui.shared import cache
from vae.checkpoints import every_image
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.every_image import EveryImage
from vae.data.image_dataset import ImageDataset
from vae.errors import DatasetError
from vae.maps import map_files
from vae.maps.projection import ProjectionMap
from vae.storage import probe
from vae.storage.probe import Stamp


@dataclass(frozen=True)
class OnMap:
    """A checkpoint, and the images that are shown of it.

    `shown` is the checkpoint with the latents of all images on the map, test images first; what is told as measured on
    held-out images comes from `checkpoint`. A map in `maps` is of these images, or of the test images alone.
    """

    checkpoint: Checkpoint
    images: EveryImage
    maps: Mapping[str, ProjectionMap]
    shown: Checkpoint

    @property
    def every(self) -> bool:
        """Whether these are the images of all splits."""
        return len(self.images.latents.mu) > self.images.counts["test"]

    @property
    def sheet_name(self) -> str:
        """By which the page knows the sheet of all these images (ui/explore/sheet)."""
        return f"{len(self.images.latents.mu)}-{self.checkpoint.dataset.test_fingerprint}"

    def placed(self, method: str) -> int:
        """How many of the images, from the first, have a place on this map."""
        return len(self.images.latents.mu) if method == "latent" else len(self.maps[method].xy)


def of(checkpoint: Checkpoint) -> OnMap:
    """What there is to show of this checkpoint now."""
    stamp = probe.stamp(every_image.latents_path(checkpoint.identity))
    images = every_image.test_images(checkpoint) if stamp is None else _images(checkpoint.identity, stamp, checkpoint)
    maps = cache.all_maps(checkpoint)
    if images.counts["train"] + images.counts["validation"]:
        files = map_files.derived_map_files(checkpoint.identity, map_files.OF_EVERY_IMAGE)
        stamps = tuple((path.name, probe.changed(path)) for path in files)
        maps = maps | _maps(checkpoint.identity, len(images.latents.mu), stamps, images)
    return OnMap(checkpoint, images, maps, _shown(checkpoint, images))


@st.cache_resource(max_entries=8, show_spinner=False)
def _images(identity: str, stamp: Stamp, _checkpoint: Checkpoint) -> EveryImage:
    return every_image.kept(_checkpoint) or every_image.test_images(_checkpoint)


@st.cache_resource(max_entries=8, show_spinner=False)
def _maps(
    identity: str, count: int, stamps: tuple[tuple[str, int], ...], _images: EveryImage
) -> dict[str, ProjectionMap]:
    return map_files.read_derived_maps(identity, _images.latents.mu.shape, map_files.OF_EVERY_IMAGE)


def _shown(checkpoint: Checkpoint, images: EveryImage) -> Checkpoint:
    if images.latents is checkpoint.latents:
        return checkpoint
    return dataclasses.replace(checkpoint, latents=images.latents)


def image_set(on_map: OnMap, split: str) -> ImageDataset:
    """The images of one split. Raises DatasetMissingError and DatasetError as `cache.test_images` does."""
    return cache.images_of(on_map.checkpoint, split)


def file_names(on_map: OnMap) -> tuple[str, ...] | None:
    """Relative paths of the files of all images on the map; None where they are not known."""
    test = cache.file_names(on_map.checkpoint)
    if test is None or not on_map.every:
        return test
    counts = tuple(on_map.images.counts[split] for split in every_image.SPLITS)
    return _every_name(on_map.checkpoint.identity, counts, hash(test), on_map)


@st.cache_resource(max_entries=4, show_spinner=False)
def _every_name(identity: str, counts: tuple[int, ...], names: int, _on_map: OnMap) -> tuple[str, ...] | None:
    found: list[str] = []
    try:
        for split, count in zip(every_image.SPLITS, counts, strict=True):
            names_of_split = image_set(_on_map, split).file_names
            if names_of_split is None or len(names_of_split) != count:
                return None
            found.extend(names_of_split)
    except DatasetError:
        return None
    return tuple(found)
