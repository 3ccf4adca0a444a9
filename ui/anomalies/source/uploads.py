"""Uploaded images, kept in the session: a visit to another page takes nothing away."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from ui.anomalies.scoring import Wanted
from ui.components import clicks
from ui.shared import page
from ui.shared.formatting import count, size
from vae.anomalies import sources
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import image_decoding
from vae.data.folders import image_names
from vae.errors import ScoreError

UPLOADS = "anomalies_uploads"  # in the session: what was uploaded
ROUND = "anomalies_uploads_round"  # in the session: each uploader takes files once, then the next one stands there
MOST_BYTES = 128 * 2**20  # of one session
NAMED = 3  # files


@dataclass(frozen=True)
class Upload:
    """One file: its name, content, and a digest of both."""

    name: str
    content: bytes
    digest: bytes


def kept() -> tuple[Upload, ...]:
    """All files that were uploaded in this session and not removed."""
    found: tuple[Upload, ...] = st.session_state.get(UPLOADS, ())
    return found


def wanted(checkpoint: Checkpoint) -> Wanted | None:
    """The uploaded images; None while there are none. Raises ScoreError and DatasetError."""
    number = st.session_state.get(ROUND, 0)
    # any file may be dropped here: what is no image is called what it is
    files = st.file_uploader(
        "Images",
        accept_multiple_files=True,
        key=f"anomalies-files-{number}",
        max_upload_size=image_decoding.MAX_CONTENT_BYTES // 2**20,
        help=f"{image_names.KINDS}. They stay in the server's memory while this tab is open, at most "
        f"{MOST_BYTES // 2**20} MB together, and are written nowhere.",
    )
    if files:
        _add([_upload(file.name, file.getvalue()) for file in files])
        st.session_state[ROUND] = number + 1
        st.rerun()
    have = kept()
    if not have:
        return None
    names = ", ".join(upload.name for upload in have[:NAMED])
    more = f" and {len(have) - NAMED:,} more" if len(have) > NAMED else ""
    bytes_of = size(sum(len(upload.content) for upload in have))
    st.caption(f"{count(len(have), 'file')}, {bytes_of}: {page.escape(names)}{more}")
    if clicks.button("Remove them", "anomalies-remove-files", icon=":material/delete:"):
        st.session_state.pop(UPLOADS)
        st.rerun()
    digest = hashlib.blake2b(b"".join(upload.digest for upload in have), digest_size=12).hexdigest()
    content = [(upload.name, upload.content) for upload in have]
    source = sources.from_files(content, checkpoint.model.image_shape, checkpoint.dataset.reading)
    return Wanted(source, f"files {digest}")


def _upload(name: str, content: bytes) -> Upload:
    digest = hashlib.blake2b(name.encode("utf-8", "replace") + hashlib.blake2b(content).digest(), digest_size=16)
    return Upload(name, content, digest.digest())


def _add(new: list[Upload]) -> None:
    """Keep new ones, each once. Raises ScoreError where they are too many; those before stay."""
    together = tuple({upload.digest: upload for upload in (*kept(), *new)}.values())
    total = sum(len(upload.content) for upload in together)
    if len(together) > sources.MAX_UPLOADS or total > MOST_BYTES:
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
        raise ScoreError(
            f"These would be {count(len(together), 'file')}, {size(total)} together; a page takes "
            f"{sources.MAX_UPLOADS:,} and {size(MOST_BYTES)}.",
            "Put them in a folder: `python -m vae score CHECKPOINT --images DIR` takes any number.",
        )
    st.session_state[UPLOADS] = together
