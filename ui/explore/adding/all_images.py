"""All images on the map without being asked: their latents are made in the background, once for each model.

The map comes first, with the test images. A job of low priority then encodes the others and makes the PCA map of all;
t-SNE and UMAP of so many take minutes, and are made when they are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from streamlit.delta_generator import DeltaGenerator

from ui.explore.shown_images import OnMap
from ui.explore.state import STATE
from vae.errors import JobError

SETTING = "VAE_ALL_IMAGES"  # `ask`: only when somebody presses the button


def is_wanted() -> bool:
    """Whether to begin without a click: nobody has chosen the test images alone, nor switched it off."""
    return os.environ.get(SETTING, "") != "ask" and STATE.chosen("images") != "test"


def add(on_map: OnMap, lacking: int, place: DeltaGenerator, otherwise: Callable[[], None]) -> None:
    """Begin, or show how far it is, in `place`; `otherwise` draws the button where it was stopped or has failed.

    Called once everything else is drawn: it brings the queue of jobs with it.
    """
    from ui.shared import job_card

    checkpoint = on_map.checkpoint
    arguments = ("map", str(checkpoint.path), "--method", "pca", "--images", "all", "--low-priority")
    work = job_card.Command("map", f"All images of {checkpoint.name}", arguments, lane="background")
    jobs = work.jobs()
    if not jobs:
        try:
            work.start()
        except JobError:  # a full disk or queue: the button says so to whoever presses it
            otherwise()
            return
        jobs = work.jobs()
    if not jobs or not jobs[-1].active:
        otherwise()
        return
    with place:
        job_card.line(jobs[-1].id, f"Adding {lacking:,} images", "adding_images")
