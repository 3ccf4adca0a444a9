"""The film of a training run as bytes for film.js: a run's previews, checked and packed. No torch, no streamlit.

A reel is 4 bytes (length of the header, little endian), a JSON header and zlib-compressed numbers. The first reel
holds what stays (originals, labels), each other one up to REEL_FRAMES frames; a reel that is full never changes again,
so a new epoch sends only the last one. What a run folder holds is trusted little: what has the wrong shape or type is
left out.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.storage import kinds, probe
from vae.training.run_folder import film_files
from vae.training.run_folder.film_files import Fixed, Frame, Pixels

BUDGET = 3_000_000  # bytes of a whole film; more makes a page slow over a network
REEL_FRAMES = 16
MAX_PLACES = 5_000
MAX_ROW, MAX_SAMPLES, MAX_CLASSES = 20, 36, 1_000
MAX_SIDE = 32  # pixels; larger pictures are shown smaller, they are no wider on the page
SHADES = 8  # grey levels are rounded to multiples of it: compresses twice as well and can't be seen at this size
COMPRESSED = 0.5  # what zlib leaves of such pictures, at most


@dataclass(frozen=True)
class Reel:
    """Some frames of a film. `stamps` (epoch, size, time of change) name exactly what it holds."""

    number: int
    stamps: tuple[tuple[int, int, int], ...]


def fixed(run_folder: Path) -> Fixed | None:
    """What stays through the film, or None where it is missing, damaged or too large."""
    found = film_files.read_fixed(run_folder)
    if found is None or not _is_pictures(found.originals) or found.labels.ndim != 1:
        return None
    counts = len(found.originals) <= MAX_ROW and 0 < len(found.labels) <= MAX_PLACES
    named = 0 < len(found.class_names) <= MAX_CLASSES and found.labels.dtype == np.int64
    return found if counts and named and _within(found.labels, len(found.class_names)) else None


def of_run(run_folder: Path, stays: Fixed) -> list[Reel]:
    """The film of a run so far: all frames, or every second, fourth … where all would be too large; and the newest."""
    found = _stamps(run_folder)
    stride = 1
    while len(found) // stride * _frame_bytes(stays) > BUDGET:
        stride *= 2  # doubling: as a run goes on, its reels change rarely
    kept = found[::stride]
    if found and found[-1] != kept[-1]:
        kept.append(found[-1])
    return [Reel(i, tuple(kept[at : at + REEL_FRAMES])) for i, at in enumerate(range(0, len(kept), REEL_FRAMES))]


def _stamps(run_folder: Path) -> list[tuple[int, int, int]]:
    found = []
    for epoch in film_files.epochs(run_folder):
        about = probe.stamp(run_folder / film_files.FOLDER / f"epoch-{epoch:06d}.safetensors")
        if about and 0 < about.size <= kinds.FILM.most:
            found.append((epoch, about.size, about.changed))
    return found


def fixed_bytes(stays: Fixed, film: str, name: str) -> bytes:
    """The first reel: originals and labels. `film` and `name` tell film.js where it belongs."""
    originals = _shrunk(stays.originals)
    count, channels, height, width = originals.shape
    header = {
        "film": film,
        "name": name,
        "shape": [channels, height, width],
        "originals": count,
        "places": len(stays.labels),
        "class_names": list(stays.class_names),
    }
    return _packed(header, [originals, stays.labels.astype("<u2")])


def frame_bytes(run_folder: Path, reel: Reel, stays: Fixed, film: str, name: str) -> bytes:
    """One reel of frames; those that can't be read or don't fit what stays are left out."""
    read = (film_files.read_frame(run_folder, epoch) for epoch, _, _ in reel.stamps)
    frames = [frame for frame in read if frame is not None and _fits(frame, stays)]
    arrays: list[NDArray[Any]] = []
    about = []
    for frame in frames:
        low, high = frame.xy.min(0).astype(float), frame.xy.max(0).astype(float)
        about.append(
            {"epoch": frame.epoch, "axes": frame.axes, "samples": len(frame.samples), "low": [*low], "high": [*high]}
        )
        arrays += [_quantised(frame.xy, low, high), _shaded(_shrunk(frame.reconstructions))]
        arrays.append(_shaded(_shrunk(frame.samples)))
    return _packed({"film": film, "name": name, "frames": about}, arrays)


def _packed(header: dict[str, Any], arrays: list[NDArray[Any]]) -> bytes:
    text = json.dumps(header).encode()
    body = zlib.compress(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays), 6)
    return len(text).to_bytes(4, "little") + text + body


def _fits(frame: Frame, stays: Fixed) -> bool:
    places = frame.xy.shape == (len(stays.labels), 2) and frame.xy.dtype == np.float32
    if not places or not np.isfinite(frame.xy).all() or np.abs(frame.xy).max() > 1e30:  # their spread must be finite
        return False
    rows = frame.reconstructions.dtype == np.uint8 and frame.reconstructions.shape == stays.originals.shape
    return rows and _is_pictures(frame.samples, stays.originals.shape[1:]) and len(frame.samples) <= MAX_SAMPLES


def _is_pictures(pixels: Pixels, shape: tuple[int, ...] | None = None) -> bool:
    """Whether they are uint8 (N, C, H, W), at least one, with 1 to 4 channels (and of this shape)."""
    whole = pixels.dtype == np.uint8 and pixels.ndim == 4 and pixels.size > 0
    return whole and 1 <= pixels.shape[1] <= 4 and (shape is None or pixels.shape[1:] == shape)


def _within(labels: NDArray[np.int64], classes: int) -> bool:
    return bool(labels.min() >= 0 and labels.max() < classes)


def _quantised(xy: NDArray[np.float32], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.uint16]:
    """(n, 2) -> 0 to 65,535 between low and high, first all x, then all y: those compress better."""
    spread = np.where(high > low, high - low, 1.0)
    return np.round((xy - low) / spread * 65_535).astype("<u2").T


def _shaded(pixels: Pixels) -> Pixels:
    """Fewer grey levels; black and white stay."""
    levels = 255 // SHADES
    return np.round(np.round(pixels / 255 * levels) * (255 / levels)).astype(np.uint8)


def _shrunk(pixels: Pixels) -> Pixels:
    """(N, C, H, W) with sides of at most MAX_SIDE: means over blocks; what a block leaves over at the edge is cut."""
    factor = -(-max(pixels.shape[2:]) // MAX_SIDE)
    if factor == 1:
        return pixels
    by = [min(factor, side) for side in pixels.shape[2:]]  # an image may be one pixel high
    height, width = (side // by_one for side, by_one in zip(pixels.shape[2:], by, strict=True))
    whole = pixels[:, :, : height * by[0], : width * by[1]].astype(np.float32)
    blocks = whole.reshape(*pixels.shape[:2], height, by[0], width, by[1])
    means: Pixels = np.round(blocks.mean((3, 5))).astype(np.uint8)
    return means


def _frame_bytes(stays: Fixed) -> int:
    """About what a frame of this film takes, compressed."""
    count, channels, height, width = stays.originals.shape
    factor = -(-max(height, width) // MAX_SIDE)
    area = max(1, height // factor) * max(1, width // factor)
    return int(4 * len(stays.labels) + COMPRESSED * (count + 16) * channels * area)
