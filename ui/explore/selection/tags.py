"""The tags that are kept of the images on the map."""

from __future__ import annotations

from ui.explore.shown_images import OnMap
from vae.selection import tag_files
from vae.selection.tag_files import Tag


def of(on_map: OnMap) -> list[Tag]:
    """By name."""
    return tag_files.saved(on_map.checkpoint.identity, len(on_map.images.latents.mu))


def stamp(on_map: OnMap) -> str:
    """Stands for all of them."""
    return repr(tag_files.stamps(on_map.checkpoint.identity))
