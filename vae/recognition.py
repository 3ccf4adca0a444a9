"""What stands where something else was wanted, in words that help on: found by looking at it, never by its name alone.

A file is recognised by its first bytes, a folder by the names in it. Nothing is opened further, unpacked or unpickled.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vae.errors import StorageError
from vae.storage import door, kinds, probe
from vae.storage.printing import visible

MOST_NAMES = 3
LONGEST = 200  # characters of a path in a message
OWN_MODELS = (
    "Models of other programs can't be read, and pickles are never opened: they can run code. A checkpoint is a folder "
    "that `python -m vae train` has written."
)
CHECKPOINT = "a checkpoint"
SAFETENSORS, TEXT, EMPTY = "a safetensors file", "a text file", "an empty file"
UNPACK = "Unpack it, and give the folder."
IMPORT = "Images are imported from a folder: `python -m vae import NAME DIR`."
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".jfif", ".avif"})


@dataclass(frozen=True)
class Thing:
    """What something is, as in "it is a picture (PNG)", and what can be done with it."""

    words: str
    hint: str


def at(path: Path) -> Thing | None:
    """What is at a path; None for nothing, and for what can't be looked at."""
    if probe.is_folder(path):
        return _folder(path)
    if not probe.is_file(path):
        return None
    try:
        head = door.read_beginning(path, kinds.UNKNOWN)
    except StorageError:
        return None
    found = of_content(path.name, head)
    return _part(path, found) if found.words in (SAFETENSORS, TEXT) else found


def instead(path: Path, found: Thing, expected: str) -> str:
    """The message of an error where `expected` was wanted at a path, and something else is there."""
    return f"{visible(str(path))[:LONGEST]} is {found.words}, expected {expected}."


def nearest(word: str, known: Iterable[str]) -> str:
    """ "Did you mean mnist or digits?" of a name that isn't known; empty where none is like it."""
    names = {name.casefold(): name for name in known}
    alike = difflib.get_close_matches(word.casefold()[:LONGEST], names, MOST_NAMES, 0.6)
    return f"Did you mean {' or '.join(visible(names[name]) for name in alike)}?" if alike else ""


@dataclass(frozen=True)
class _Signature:
    """Bytes at a place by which a kind of file is known."""

    offset: int
    content: bytes
    thing: Thing


PICTURE = "Give the folder that it is in."
OTHER = Thing("a file of another kind", "")
SIGNATURES = (
    *(
        _Signature(offset, content, Thing(f"a picture ({name})", PICTURE))
        for offset, content, name in (
            (0, b"\x89PNG", "PNG"),
            (0, b"\xff\xd8\xff", "JPEG"),
            (0, b"GIF8", "GIF"),
            (0, b"BM", "BMP"),
            (0, b"II*\0", "TIFF"),
            (0, b"MM\0*", "TIFF"),
            (8, b"WEBP", "WebP"),
            (4, b"ftypavi", "AVIF"),
        )
    ),
    *(
        _Signature(offset, content, Thing(f"an archive ({name})", UNPACK))
        for offset, content, name in (
            (0, b"\x1f\x8b", "gzip"),
            (0, b"BZh", "bzip2"),
            (0, b"\xfd7zXZ", "xz"),
            (0, b"7z\xbc\xaf", "7z"),
            (0, b"Rar!", "RAR"),
            (257, b"ustar", "tar"),
        )
    ),
    *(
        _Signature(0, bytes((0x80, protocol)), Thing("a pickle, as older PyTorch files are", OWN_MODELS))
        for protocol in range(2, 6)
    ),
    _Signature(0, b"\x89HDF", Thing("an HDF5 file, as Keras keeps models", OWN_MODELS)),
    _Signature(0, b"\x93NUMPY", Thing("a NumPy array", IMPORT)),
)


def of_content(name: str, head: bytes) -> Thing:
    """What a file of this name is that begins with these bytes, such as one that somebody has uploaded."""
    ending = Path(name).suffix.lower()
    if not head:
        return Thing(EMPTY, "It may be an incomplete copy.")
    if head.startswith(b"PK\x03\x04"):
        return _zip(head, ending)
    for known in SIGNATURES:
        if head.startswith(known.content, known.offset):
            return known.thing
    if ending == ".onnx":
        return Thing("a model in ONNX's format", OWN_MODELS)
    if head[8:9] == b"{" and ending == ".safetensors":
        return Thing(SAFETENSORS, OWN_MODELS)
    return Thing(TEXT, "") if b"\0" not in head else OTHER


def _zip(head: bytes, ending: str) -> Thing:
    if b"data.pkl" in head or ending in (".pt", ".pth", ".ckpt"):
        return Thing("a PyTorch file (pickles in a ZIP archive)", OWN_MODELS)
    if ending == ".keras":
        return Thing("a Keras model", OWN_MODELS)
    if ending == ".npz" or b".npy" in head:
        return Thing("an archive of NumPy arrays", IMPORT)
    return Thing("an archive (ZIP)", UNPACK)


def _part(path: Path, found: Thing) -> Thing:
    """A file that may be one of a checkpoint's."""
    if _is_checkpoint({entry.name for entry in probe.entries(path.parent)}):
        return Thing(f"{found.words} of a checkpoint", f"Give its folder: {visible(str(path.parent))[:LONGEST]}.")
    return found


def _folder(path: Path) -> Thing:
    names = {entry.name for entry in probe.entries(path)}
    here = visible(str(path))[:LONGEST]
    if not names:
        return Thing("an empty folder", "")
    if _is_checkpoint(names):
        return Thing(CHECKPOINT, "It can be given wherever CHECKPOINT is asked for.")
    if {"request.json", "job.json"} & names:
        return Thing("the folder of a run", "Its model is a checkpoint: `python -m vae list` names them.")
    if {"meta.json", "train.npy"} <= names:
        return Thing("an imported data set", f"Give its name: {visible(path.name)}.")
    if "saved_model.pb" in names:
        return Thing("a TensorFlow model", OWN_MODELS)
    within = [entry for entry in probe.entries(path) if probe.is_folder(entry)]
    if any(_is_checkpoint({entry.name for entry in probe.entries(one)}) for one in within[:20]):
        return Thing(
            "a folder of checkpoints", f"Give one of those in it, such as {visible(str(within[0]))[:LONGEST]}."
        )
    if any(Path(name).suffix.lower() in ENDINGS for name in names) or any(
        entry.suffix.lower() in ENDINGS for one in within[:5] for entry in probe.entries(one)[:100]
    ):
        return Thing("a folder of images", f"Import it, and train on it: `python -m vae import NAME {here}`.")
    return Thing("a folder of other files", "")


def _is_checkpoint(names: set[str]) -> bool:
    return {"config.json", "weights.safetensors"} <= names
