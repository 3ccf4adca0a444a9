"""The model looks at what is scored: for many images in steps, between which a person can stop it and go on later."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.anomalies import scoring
from ui.anomalies.scoring import COURSE, Course, Seen, Wanted
from ui.components import picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.shared import cache
from ui.shared.formatting import count
from ui.shared.progress_cache import Bar, known, remembered
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Chunk
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.folders import image_names
from vae.data.report.source_tally import SourceTally
from vae.errors import ScoreError

if TYPE_CHECKING:  # the first pictures are shown before torch is loaded
    from vae.anomalies.forward_pass import Pass

MOST_BYTES = 512 * 2**20  # of pixels on a page
MOST_STOPPED_BYTES = 64 * 2**20  # of pixels that a session keeps for somebody who may never go on
STEP_SECONDS = 1.0  # of work between two looks at what the person wants
FIRST, TILE = 16, 64  # pictures that are shown while the model looks, and their CSS pixels
LOOK = "anomalies_look"  # in the session: the look that has not ended


@dataclass(eq=False)
class Look:
    """Images of one source, as far as the model has seen them."""

    checkpoint: Checkpoint
    wanted: Wanted
    stopped: bool = False
    dropped: int = 0  # images that had been seen when it was stopped, and are not kept
    seconds: float = 0.0  # of work so far
    done: int = 0
    size: int = 0  # bytes of pixels
    later: int = 0  # normal images that the model looks at afterwards
    parts: list[Pass] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    labels: list[NDArray[np.int64]] = field(default_factory=list)
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    shown: Chunk | None = None  # whose first pictures stand above the bar
    tally: SourceTally = field(init=False)
    chunks: Iterator[Chunk] = field(init=False)

    def __post_init__(self) -> None:
        self.tally, self.chunks = self.wanted.source.tally(), self.wanted.source.read()

    def first(self) -> Chunk | None:
        """Its first images, without looking at them; None where there are none."""
        chunk = next(self.chunks, None)
        if chunk is not None:
            self.chunks = itertools.chain([chunk], self.chunks)
        return chunk

    @property
    def course(self) -> Course:
        """How far it is, with all that comes afterwards."""
        return Course(self.wanted.source.total + self.later, self.done, self.seconds)

    def go_on(self, bar: Bar, seconds: float) -> bool:
        """Look at images for so long, at least at one chunk; whether all are seen. Raises ScoreError."""
        model, begun = cache.model(self.checkpoint), time.monotonic()
        from vae.anomalies.forward_pass import passes

        for chunk in self.chunks:
            # no call of Streamlit's until it is added: one could end the run, and leave a hole
            self._add(chunk, passes(model, chunk.pixels, scoring.binarized(self.checkpoint)))
            spent = time.monotonic() - begun
            if spent > seconds:
                self.seconds += spent
                return False
            bar.update(self.done, self.course.total)
        self.seconds += time.monotonic() - begun
        return True

    def _add(self, chunk: Chunk, seen: Pass) -> None:
        title, checkpoint = self.wanted.source.title, self.checkpoint
        self.size += chunk.pixels.nbytes
        if self.size > MOST_BYTES:
            raise ScoreError(
                f"{title} has more than {MOST_BYTES // 2**20:,} MB of pixels, too many for a page.",
                f"Use `python -m vae score {checkpoint.name}`, which takes any number.",
            )
        if len(chunk.pixels):
            self.parts.append(seen)
            self.names += chunk.names
            self.labels += [] if chunk.labels is None else [chunk.labels]
            self.rows += [] if chunk.rows is None else [chunk.rows]
        self.tally.add(chunk.pixels, chunk.facts, chunk.labels)
        for one in chunk.skipped:
            self.tally.leave_out(f"can't be read: {one.why}", one.name)
        self.done += len(chunk.names) + len(chunk.skipped)

    def seen(self) -> Seen:
        """All of them. Raises ScoreError where none could be read."""
        from vae.anomalies.forward_pass import concatenate

        source = self.wanted.source
        if not self.parts:
            why = "; ".join(map(str, source.report(self.tally).left_out[:3]))
            raise ScoreError(f"No image can be read of {source.title}: {why}.", f"Choose {image_names.KINDS} files.")
        rows = np.concatenate(self.rows) if self.rows else None
        return Seen(
            source.title,
            concatenate(self.parts),
            tuple(self.names),
            rows,
            np.concatenate(self.labels) if self.labels else None,
            source.class_names,
            source.report(self.tally),
            rows if self.wanted.key == scoring.own_key(self.checkpoint) else None,
        )


def see(checkpoint: Checkpoint, wanted: Wanted, choice: NormalChoice) -> Seen | None:
    """All images of a source as the model sees them; None while a person has stopped that. May run the page again."""
    key = ("seen", checkpoint.identity, wanted.key)
    if (found := known(key)) is not None:
        st.session_state.pop(LOOK, None)
        seen: Seen = found
        return seen
    look: Look | None = st.session_state.get(LOOK)
    if look is None or (look.checkpoint.identity, look.wanted.key) != (checkpoint.identity, wanted.key):
        st.session_state[LOOK] = look = Look(checkpoint, wanted)
    look.later = scoring.still_to_see(checkpoint, choice)
    if look.stopped:
        _offer_to_go_on(look)
        return None
    _go_on(look)
    return remembered(key, look.seen)


def _go_on(look: Look) -> None:
    """Look at all that is left; after a step of it the page runs again, so that Stop is heard.

    Raises ScoreError, and BudgetError before the first step.
    """
    source, pictures = look.wanted.source, st.empty()
    if not look.done:
        scoring.check_room(look.checkpoint)
        if (chunk := look.first()) is not None and len(chunk.pixels):
            look.shown = chunk
    if look.shown is not None:
        with pictures.container():
            layout = SheetLayout("Images that are checked", tile=TILE, titles=look.shown.names[:FIRST])
            picture_sheet.show(look.shown.pixels[:FIRST], "anomalies-first", layout)
    bar, place = Bar(f"Looking at {source.title}", look.seconds), st.empty()
    if look.done:  # it takes longer than a step
        bar.update(look.done, look.course.total)
        place.button("Stop", key="anomalies-stop-look", icon=":material/stop_circle:", on_click=_stop, args=(True,))
    try:
        ended = look.go_on(bar, STEP_SECONDS)
    except Exception:  # it would fail again, or go on with a hole
        st.session_state.pop(LOOK, None)
        raise
    if not ended:
        st.rerun()  # the bar stays where it is
    st.session_state.pop(LOOK, None)
    st.session_state[COURSE] = look.course
    bar.end()
    for shown in (place, pictures):
        shown.empty()


def _stop(stopped: bool) -> None:
    look: Look | None = st.session_state.get(LOOK)
    if look is None:
        return
    if stopped and look.size > MOST_STOPPED_BYTES:
        st.session_state[LOOK] = look = Look(look.checkpoint, look.wanted, dropped=look.done)
    look.stopped = stopped


def _offer_to_go_on(look: Look) -> None:
    total = look.wanted.source.total
    said = f"Stopped after {look.dropped or look.done:,} of {count(total, 'image')}."
    if look.dropped:
        said += f" Their pixels take more than {MOST_STOPPED_BYTES // 2**20:,} MB, so they are not kept."
    st.info(said, icon=":material/stop_circle:")
    st.button(
        "Begin again" if look.dropped else "Go on",
        key="anomalies-go-on",
        icon=":material/play_arrow:",
        on_click=_stop,
        args=(False,),
    )
