"""What can be done with a selection: a tag that is kept, files, and the pages where it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from ui.components import clicks
from ui.explore import shown_images
from ui.explore.selection import pictures, selected, tags
from ui.explore.selection.selected import Selection
from ui.explore.shown_images import OnMap
from ui.shared import page
from ui.shared.keeping import keeping_fields, offers
from ui.shared.keeping.keeping_fields import Keeping
from ui.shared.keeping.offers import Offer
from ui.shared.sessions import deletion, ownership
from ui.shared.sessions.deletion import Deletion
from vae.data import image_export
from vae.errors import DatasetError, GenerationError
from vae.generation import groups
from vae.selection import export, tag_files
from vae.selection.tag_files import Tag

MOST_BYTES = 512 * 2**20  # of pictures in memory, for a file
ON_A_SHEET = 400  # pictures
USE_WIDTH = 300  # CSS pixels
CLASS_JOIN = "\n"  # as Anomalies has its normal classes in the URL
NOT_NORMAL = (
    "Anomalies takes entire classes as normal, not single images. Select all of a class with the tools on the map; or "
    "export these images as NPZ, add the file in the Library and train on it: its model takes just them as normal."
)


def show(on_map: OnMap, selection: Selection) -> None:
    """A row of buttons; without a selection only its tags."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="tray_actions"):
        _tags(on_map, selection)
        if not len(selection.rows):
            return
        _files(on_map, selection)
        _go_on(on_map, selection)


# --- tags -------------------------------------------------------------------------------------------------------------


def _tags(on_map: OnMap, selection: Selection) -> None:
    kept = tags.of(on_map)
    with st.popover("Tags", icon=":material/sell:", help="Names for images, kept with this model"):
        if len(selection.rows):
            keeping = Keeping(
                [tag.name for tag in kept],
                _keeper(on_map, selection, tag_files.save),
                _keeper(on_map, selection, tag_files.replace),
                lambda name: note_of(on_map, name),
            )
            if keeping_fields.show(keeping, f"tag {len(kept) + 1}", "tray-tag"):
                st.rerun()
        elif not kept:
            st.caption("Select images, then give them a name here.")
        for tag in kept:
            _kept_tag(on_map, tag)


def _keeper(on_map: OnMap, selection: Selection, write: Callable[[str, Tag], None]) -> Callable[[str], None]:
    def keep(name: str) -> None:
        write(on_map.checkpoint.identity, Tag(name, selection.rows))
        selected.put(groups.of_tag(name))

    return keep


def _kept_tag(on_map: OnMap, tag: Tag) -> None:
    note = note_of(on_map, tag.name)
    mine = ownership.may_change(note)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        label = f"{page.escape(tag.name)} · {len(tag.rows):,}"
        if clicks.button(label, f"tray-take-{tag.name}", type="tertiary", help="Select the images of this tag"):
            selected.put(groups.of_tag(tag.name))
            st.rerun()
        if clicks.button(
            "Delete",
            f"tray-delete-{tag.name}",
            icon=":material/delete:",
            type="tertiary",
            help=None if mine else ownership.refusal(note),
            disabled=not mine,
        ):
            deletion.ask(_deletion(on_map, tag.name))


def _deletion(on_map: OnMap, name: str) -> Deletion:
    note = note_of(on_map, name)

    def delete() -> None:
        tag_files.delete(on_map.checkpoint.identity, name)
        ownership.forget(note)
        if selected.here(on_map.shown).text == groups.of_tag(name):
            selected.put("")

    return Deletion(
        "tag", f"The tag **{page.escape(name)}** goes for good; its images stay.", note, delete, "tag_delete"
    )


def note_of(on_map: OnMap, name: str) -> Path:
    """Where it is noted who keeps the tag of this name."""
    return ownership.of_kept(tag_files.path_of(on_map.checkpoint.identity, name))


# --- files ------------------------------------------------------------------------------------------------------------


def _files(on_map: OnMap, selection: Selection) -> None:
    checkpoint, rows = on_map.checkpoint, selection.rows
    names = checkpoint.dataset.class_names
    size = len(rows) * int(np.prod(checkpoint.model.image_shape))
    missing = _missing(on_map)
    too_large = (
        f"{size / 2**20:,.0f} MB of pictures, expected at most {MOST_BYTES >> 20}: select fewer."
        if size > MOST_BYTES
        else ""
    )
    sheet = "Pictures (PNG)" if len(rows) <= ON_A_SHEET else f"The {ON_A_SHEET} most typical (PNG)"

    def table() -> bytes:
        tagged = {tag.name: tag.rows for tag in tags.of(on_map)}
        return export.table(on_map.images, rows, names, shown_images.file_names(on_map), tagged)

    def picture() -> bytes:
        typical = pictures.typical(on_map, rows, selection.digest)[:ON_A_SHEET]
        return image_export.png(image_export.sheet(pictures.of_rows(on_map, typical)))

    offers.show(
        f"{checkpoint.name}-{len(rows)}-selected",
        Offer("csv", "text/csv", "Table (CSV)", table),
        Offer(
            "npz",
            "application/octet-stream",
            "Images and latents (NPZ)",
            lambda: export.arrays(pictures.of_rows(on_map, rows), on_map.images, rows, names),
            missing or too_large,
        ),
        Offer("png", "image/png", sheet, picture, missing),
    )


def _missing(on_map: OnMap) -> str:
    """Why there are no pictures; empty where there are."""
    try:
        pictures.parts(on_map)
    except DatasetError as error:
        return str(error)
    return ""


# --- other pages ------------------------------------------------------------------------------------------------------


def _go_on(on_map: OnMap, selection: Selection) -> None:
    """Links that take the selection along."""
    checkpoint = on_map.checkpoint
    text, why_not, classes = "", "", _classes(on_map, selection)
    try:
        text = as_group(selection, len(checkpoint.latents.mu))
    except GenerationError as error:
        why_not = f"{error.message} Keep the selection as a tag first."
    with st.popover("Use", icon=":material/arrow_forward:"):
        st.page_link(
            "pages/generate.py",
            label="Generate: the direction towards these",
            icon=":material/auto_awesome:",
            query_params={"model": checkpoint.name, "view": "directions", "a": text, "b": groups.REST},
            disabled=not text,
            help=why_not or "Group A of Directions, of test images alone; group B is the rest.",
        )
        st.page_link(
            "pages/anomalies.py",
            label="Anomalies: these classes are normal",
            icon=":material/troubleshoot:",
            query_params={"model": checkpoint.name, "normal": CLASS_JOIN.join(classes), "step": "ask"},
            disabled=not classes,
        )
        if not classes:  # said in full: where there is no mouse, nobody sees a tooltip
            st.caption(NOT_NORMAL, width=USE_WIDTH)


def as_group(selection: Selection, tests: int) -> str:
    """What Generate calls these images, of which it takes the first `tests` rows. Raises GenerationError where it has
    no name for them.
    """
    is_tag = selection.text.startswith("tag:") and groups.JOIN not in selection.text
    if is_tag or groups.are_classes(selection.text):
        return selection.text  # of test images it means the same
    rows = selection.rows[selection.rows < tests]
    if len(rows) < groups.LEAST:
        raise GenerationError(f"Of the test images {len(rows)} are selected, Generate expects at least {groups.LEAST}.")
    return groups.of_rows(rows)


def _classes(on_map: OnMap, selection: Selection) -> list[str]:
    """The classes that are selected as wholes, by name or by a line around them; none where a part of one is."""
    labels, names = on_map.images.latents.labels, on_map.checkpoint.dataset.class_names
    chosen = np.unique(labels[selection.rows])
    if not groups.are_classes(selection.text) and np.isin(labels, chosen).sum() != len(selection.rows):
        return []
    return sorted({names[label] for label in chosen})
