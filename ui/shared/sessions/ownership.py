"""Who made a thing: a run, a kept detector or direction. It is told before a deletion, and where several people share
one server (`VAE_SHARED=1`), who has not made it only sees it.

There are no accounts: a person is a session, which ends with its browser tab. What is kept is a hash of the session,
which says nothing about who it was; its first digits are the session's name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path

import streamlit as st

from vae.jobs.job import Job, read_values
from vae.storage import kinds
from vae.storage.files import write_atomically

FILE = "owner.json"  # in a run folder
FOLDER = "owners"  # beside the folders of detectors and directions
UNSHARED = ("", "0", "no", "false", "off")
MARK = "ownership_mark"  # in the session
DIGITS = 6  # of the hash: a session's name
NOBODY = "Who made it is not known: a terminal, or an earlier version."


def shared() -> bool:
    """Whether several people share this server. Who wrote `true` or `yes` meant it, too."""
    return os.environ.get("VAE_SHARED", "").strip().lower() not in UNSHARED


def of_run(job: Job) -> Path:
    """Where it is noted who started a run."""
    return job.folder / FILE


def of_kept(kept: Path) -> Path:
    """Where it is noted who keeps a file below a checkpoint's derived folder, such as detectors/NAME."""
    return kept.parent.parent / FOLDER / f"{kept.parent.name}-{kept.name}.json"


def claim(note: Path) -> None:
    """Note that this session made it. Where nothing can be written it belongs to nobody."""
    with contextlib.suppress(OSError):
        write_atomically(note, json.dumps({"session": _me()}).encode())


def forget(note: Path) -> None:
    """What it was about is gone."""
    with contextlib.suppress(OSError):
        note.unlink(missing_ok=True)


def may_change(note: Path) -> bool:
    """Whether this session may stop, resume, replace or delete it."""
    return not shared() or _owner(note) == _me()


def whose(note: Path) -> str:
    """Who made it, in a sentence."""
    owner = _owner(note)
    if owner == _me():
        return "This tab made it."
    if not owner:
        return NOBODY
    return f"Session {owner[:DIGITS]} made it: another tab, yours or somebody else's. This tab is {_me()[:DIGITS]}."


def refusal(note: Path) -> str:
    """Why this session may not change it."""
    return f"{whose(note)} Several people share this server (VAE_SHARED), so only the tab that made it may change it."


def _owner(note: Path) -> str:
    found = (read_values(note, kinds.OWNER) or {}).get("session")
    return found if isinstance(found, str) and found.isalnum() else ""


def _me() -> str:
    mark: str = st.session_state.setdefault(MARK, secrets.token_hex(16))
    return hashlib.sha256(mark.encode()).hexdigest()
