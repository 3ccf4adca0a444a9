"""Whose a job is, where several people share one server (`VAE_SHARED=1`): who hasn't started it only sees it.

There are no accounts: a person is a session, which ends with its browser tab. The run folder keeps a hash of the
session, which says nothing about who it was. Without the variable everybody may do everything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets

import streamlit as st

from vae.jobs.job import Job, read_values
from vae.storage import kinds
from vae.storage.files import write_atomically

FILE = "owner.json"  # in the run folder
UNSHARED = ("", "0", "no", "false", "off")
MARK = "ownership_mark"  # in the session
OTHERS = "Another session started it, or a terminal, and several people share this server (VAE_SHARED)."
SWITCHED_OFF = "Several people share this server (VAE_SHARED), so nothing that is kept is deleted here."


def shared() -> bool:
    """Whether several people share this server. Who wrote `true` or `yes` meant it, too."""
    return os.environ.get("VAE_SHARED", "").strip().lower() not in UNSHARED


def claim(job: Job) -> None:
    """Note that this session has started it. A job whose folder can't be written to belongs to nobody."""
    if shared():
        with contextlib.suppress(OSError):
            write_atomically(job.folder / FILE, json.dumps({"session": _me()}).encode())


def may_change(job: Job) -> bool:
    """Whether this session may stop, resume or delete it."""
    if not shared():
        return True
    return (read_values(job.folder / FILE, kinds.OWNER) or {}).get("session") == _me()


def _me() -> str:
    mark: str = st.session_state.setdefault(MARK, secrets.token_hex(16))
    return hashlib.sha256(mark.encode()).hexdigest()
