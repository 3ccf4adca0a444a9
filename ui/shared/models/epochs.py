"""The chosen model as it was after an epoch of its training, where its run has kept the weights. No torch at first."""

from __future__ import annotations

import streamlit as st

from ui.shared import progress_cache
from vae.checkpoints.checkpoint import Checkpoint
from vae.storage import paths, probe


def kept(identity: str) -> tuple[int, ...]:
    """The epochs that are kept of the checkpoint of this identity."""
    if not (folders := probe.entries(paths.runs_dir())):
        return ()
    from vae.training.run_folder import epoch_files, status  # not before: they bring the queue of jobs with them

    stamps = [
        (folder.name, probe.changed(folder / epoch_files.FOLDER), probe.changed(folder / status.WRITTEN))
        for folder in folders
    ]
    # a folder of 0 is not there: most runs have none
    return _kept(identity, str(paths.runs_dir()), tuple(stamp for stamp in stamps if stamp[1]))


@st.cache_data(max_entries=64, show_spinner=False)
def _kept(identity: str, runs: str, stamps: tuple[tuple[str, int, int], ...]) -> tuple[int, ...]:
    if not stamps:
        return ()
    from vae.training.run_folder import epoch_checkpoints  # as above

    found = epoch_checkpoints.of(identity)
    return found.epochs if found else ()


def name_of(name: str, epoch: int) -> str:
    """What a model as it was after an epoch is called."""
    from vae.training.run_folder import epoch_checkpoints  # as above

    return epoch_checkpoints.name_of(name, epoch)


def read(checkpoint: Checkpoint, epoch: int) -> Checkpoint:
    """The checkpoint as it was then; the first time its test images are encoded, with a bar. Raises as
    `epoch_checkpoints.read` does.
    """

    from vae.training.run_folder import epoch_checkpoints  # as above

    def make() -> Checkpoint:
        with progress_cache.Bar(f"Encoding the test images by {name_of(checkpoint.name, epoch)}") as bar:
            return epoch_checkpoints.read(checkpoint, epoch, bar.update)

    return progress_cache.remembered(("epoch", checkpoint.identity, epoch), make)
