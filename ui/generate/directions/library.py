"""The directions that are kept beside a checkpoint: choose, compare, delete, export, import."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.components import clicks
from ui.generate import layout, state
from ui.generate.state import FIELDS
from ui.shared import page
from ui.shared.sessions import deletion, ownership
from ui.shared.sessions.deletion import Deletion
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import VAEError
from vae.generation import direction_files, directions
from vae.generation.directions import Direction

CHOSEN, NOTES = "direction", "direction_notes"
GROUPS = ""  # no kept one: the two groups'


def chosen(checkpoint: Checkpoint, bar: DeltaGenerator) -> Direction | None:
    """The kept direction that is chosen, None for that of the two groups; the field is there once one is kept."""
    kept = {direction.name: direction for direction in direction_files.saved(checkpoint)}
    if not kept:
        state.option(CHOSEN, [GROUPS], GROUPS)  # a link may name one
        return None
    with layout.field(bar, 200):
        name = FIELDS.choice("Direction", CHOSEN, [GROUPS, *kept], GROUPS, {GROUPS: "Of the two groups"})
    return kept.get(name)


def show(checkpoint: Checkpoint, current: Direction | None) -> None:
    """All kept ones with their angle to the current one, and the files."""
    kept = direction_files.saved(checkpoint)
    for note in st.session_state.pop(NOTES, []):
        st.info(page.escape(note), icon=":material/info:")
    if kept:
        _table(checkpoint, kept, current)
        st.download_button(
            "Export all (JSON)",
            lambda: direction_files.to_json(kept),
            f"{checkpoint.name}-directions.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
    else:
        st.caption("None is kept yet. Kept directions can be compared, exported and applied to any image.")
    name = state.text(CHOSEN, GROUPS)
    if name and current is not None:
        note = note_of(checkpoint, name)
        mine = ownership.may_change(note)
        if clicks.button(
            f"Delete {page.escape(name)}",
            f"direction-delete-{name}",
            icon=":material/delete:",
            help=None if mine else ownership.refusal(note),
            disabled=not mine,
        ):
            deletion.ask(_deletion(checkpoint, name))
    _import(checkpoint)


def _table(checkpoint: Checkpoint, kept: list[Direction], current: Direction | None) -> None:
    nothing = directions.random_angle(checkpoint.model.latent_dim)
    few = " In a space of few dimensions an angle alone says little." if nothing.latent_dim < 4 else ""
    rows = []
    for direction in kept:
        axis = directions.closest_axis(direction)
        row: dict[str, object] = {
            "name": direction.name,
            "angle": None if current is None else round(directions.angle(current.vector, direction.vector)),
            "held-out": None if direction.measured_on else round(100 * direction.accuracy, 1),
            "nearest axis": f"z{axis.dim} {axis.degrees:.0f}°",
        }
        rows.append(row)
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(width=90),
            "held-out": st.column_config.NumberColumn(
                "held-out %", help="Balanced accuracy; 50 % is chance. Empty: not measured on this checkpoint."
            ),
            "angle": st.column_config.NumberColumn(
                "angle °",
                help="To the direction that is applied now, in degrees. 95 % of pairs of random directions in "
                f"{nothing.latent_dim} dimensions are {nothing.low:.0f}° to {nothing.high:.0f}° apart: an angle in "
                f"that range can't be told from chance.{few}",
            ),
        },
    )


def _import(checkpoint: Checkpoint) -> None:
    file = st.file_uploader("Import directions (JSON)", type=["json"], key="direction-import", max_upload_size=1)
    if file is None or not clicks.button("Import", "direction-import-now"):
        return
    try:
        imported = direction_files.from_json(file.getvalue(), checkpoint)
        for direction in imported.directions:
            direction_files.save(direction)
            ownership.claim(note_of(checkpoint, direction.name))
    except VAEError as error:
        page.show_error(error)
        return
    names = ", ".join(direction.name for direction in imported.directions)
    st.session_state[NOTES] = [f"Imported {names}." if names else "Imported nothing new.", *imported.notes]
    st.rerun()  # of a whole run too: it can hold the click of a fragment's button


def note_of(checkpoint: Checkpoint, name: str) -> Path:
    """Where it is noted who keeps the direction of this name."""
    return ownership.of_kept(direction_files.path_of(checkpoint.identity, name))


def _deletion(checkpoint: Checkpoint, name: str) -> Deletion:
    def delete() -> None:
        direction_files.delete(checkpoint, name)
        ownership.forget(note_of(checkpoint, name))
        state.put(CHOSEN, GROUPS)

    lost = f"The direction **{page.escape(name)}** goes for good."
    return Deletion("direction", lost, note_of(checkpoint, name), delete, "direction_delete")
