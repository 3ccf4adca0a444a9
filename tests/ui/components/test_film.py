"""The bytes of a film: complete, small, the same for the same frames, and robust against what a folder may hold."""

from __future__ import annotations

import dataclasses
import json
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.runs import add_frames, fixed, frame
from ui.components.film import reels
from ui.components.film.reels import BUDGET, REEL_FRAMES
from vae.storage import kinds
from vae.training.run_folder import film_files
from vae.training.run_folder.film_files import Fixed, Frame


@dataclass(frozen=True)
class Unpacked:
    """A reel's header and numbers."""

    header: dict[str, Any]
    body: NDArray[np.uint8]


def unpack(content: bytes) -> Unpacked:
    """As reels.js does it."""
    length = int.from_bytes(content[:4], "little")
    return Unpacked(
        json.loads(content[4 : 4 + length]), np.frombuffer(zlib.decompress(content[4 + length :]), np.uint8)
    )


def pack(folder: Path, stays: Fixed) -> list[bytes]:
    return [reels.frame_bytes(folder, reel, stays, "film", "name") for reel in reels.of_run(folder, stays)]


def epochs(folder: Path) -> list[int]:
    """The epochs that arrive in the page."""
    stays = reels.fixed(folder)
    assert stays is not None
    return [about["epoch"] for content in pack(folder, stays) for about in unpack(content).header["frames"]]


def test_a_frame_arrives_as_it_was(tmp_path: Path) -> None:
    stays = add_frames(tmp_path, [3])
    [content] = pack(tmp_path, stays)
    unpacked, wanted = unpack(content), frame(3, stays)
    [about] = unpacked.header["frames"]
    assert (about["epoch"], about["axes"], about["samples"]) == (3, "latent", 16)
    places = unpacked.body[: 4 * 30].view("<u2").reshape(2, 30).astype(float)
    low, high = np.array(about["low"])[:, None], np.array(about["high"])[:, None]
    np.testing.assert_allclose(low + places / 65_535 * (high - low), wanted.xy.T, atol=1e-4)
    pictures = unpacked.body[4 * 30 :].reshape(26, 1, 8, 8)
    difference = pictures[:10].astype(int) - wanted.reconstructions
    assert abs(difference).max() <= reels.SHADES / 2 + 1
    assert abs(pictures[10:].astype(int) - wanted.samples).max() <= reels.SHADES / 2 + 1


def test_black_and_white_stay() -> None:
    np.testing.assert_array_equal(reels._shaded(np.array([0, 255], np.uint8)), [0, 255])


def test_what_stays_arrives_once(tmp_path: Path) -> None:
    add_frames(tmp_path, [0])
    stays = reels.fixed(tmp_path)
    assert stays is not None
    unpacked = unpack(reels.fixed_bytes(stays, "film", "name"))
    assert (unpacked.header["originals"], unpacked.header["places"]) == (10, 30)
    np.testing.assert_array_equal(unpacked.body[: 10 * 64].reshape(10, 1, 8, 8), stays.originals)
    np.testing.assert_array_equal(unpacked.body[10 * 64 :].view("<u2"), stays.labels)


def test_a_new_epoch_changes_the_last_reel_alone(tmp_path: Path) -> None:
    stays = add_frames(tmp_path, range(2 * REEL_FRAMES + 1))
    before = reels.of_run(tmp_path, stays)
    film_files.write_frame(tmp_path, frame(2 * REEL_FRAMES + 1, stays))
    after = reels.of_run(tmp_path, stays)
    assert [len(reel.stamps) for reel in after] == [REEL_FRAMES, REEL_FRAMES, 2]
    assert after[:2] == before[:2]
    assert after[2] != before[2]


def test_a_frame_written_anew_changes_its_reel(tmp_path: Path) -> None:
    stays = add_frames(tmp_path, [0, 1])
    before = reels.of_run(tmp_path, stays)
    path = tmp_path / film_files.FOLDER / "epoch-000001.safetensors"
    os.utime(path, ns=(1, 1))
    assert reels.of_run(tmp_path, stays) != before


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_200_frames_of_1000_places_fit_the_budget(tmp_path: Path) -> None:
    stays = fixed(1_000, (1, 28, 28))
    soft = np.cumsum(np.random.default_rng(0).normal(0, 12, (26, 1, 28, 28)), 3)  # as smooth as decoded pictures are
    pixels = np.clip(soft + 128, 0, 255).astype(np.uint8)
    film_files.write_fixed(tmp_path, stays)
    for epoch in range(200):
        one = replace(frame(epoch, stays), reconstructions=pixels[:10], samples=pixels[10:])
        film_files.write_frame(tmp_path, one)
    assert len(epochs(tmp_path)) == 200
    assert sum(map(len, pack(tmp_path, stays))) < BUDGET


def test_films_too_large_are_thinned_evenly_with_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stays = add_frames(tmp_path, range(10))
    monkeypatch.setattr(reels, "BUDGET", 4 * reels._frame_bytes(stays))
    assert epochs(tmp_path) == [0, 4, 8, 9]


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 100, 1), (4, 1, 200), (1, 1, 1), (3, 33, 47)])
def test_large_pictures_are_shrunk(shape: tuple[int, int, int]) -> None:
    pixels = np.full((2, *shape), 200, np.uint8)
    small = reels._shrunk(pixels)
    assert small.shape[:2] == (2, shape[0])
    assert max(small.shape[2:]) <= reels.MAX_SIDE
    assert small.size > 0
    assert set(small.ravel().tolist()) == {200}


# --- damage -----------------------------------------------------------------------------------------------------------


def broken(name: str, stays: Fixed) -> Frame:
    good = frame(1, stays)
    changes: dict[str, dict[str, Any]] = {
        "too few places": {"xy": good.xy[:-1]},
        "places in three dimensions": {"xy": np.zeros((30, 3), np.float32)},
        "places of another type": {"xy": good.xy.astype(np.float64)},
        "not a number": {"xy": np.full_like(good.xy, np.nan)},
        "infinitely far": {"xy": np.full_like(good.xy, np.inf)},
        "too far to tell apart": {"xy": np.where(np.arange(60).reshape(30, 2) % 2, 3e38, -3e38).astype(np.float32)},
        "a reconstruction missing": {"reconstructions": good.reconstructions[1:]},
        "reconstructions of another size": {"reconstructions": good.reconstructions[..., :4]},
        "samples of another size": {"samples": good.samples[..., :4]},
        "no samples": {"samples": good.samples[:0]},
        "too many samples": {"samples": np.repeat(good.samples, 10, 0)},
        "samples that are floats": {"samples": good.samples.astype(np.float32)},
    }
    return replace(good, **changes[name])


@pytest.mark.parametrize(
    "name",
    [
        "too few places",
        "places in three dimensions",
        "places of another type",
        "not a number",
        "infinitely far",
        "too far to tell apart",
        "a reconstruction missing",
        "reconstructions of another size",
        "samples of another size",
        "no samples",
        "too many samples",
        "samples that are floats",
    ],
)
def test_a_frame_that_does_not_fit_is_left_out(tmp_path: Path, name: str) -> None:
    stays = add_frames(tmp_path, [0, 2])
    film_files.write_frame(tmp_path, broken(name, stays))
    assert epochs(tmp_path) == [0, 2]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 200])
def test_a_frame_that_is_no_file_of_ours_is_left_out(tmp_path: Path, content: bytes) -> None:
    add_frames(tmp_path, [0, 1, 2])
    (tmp_path / film_files.FOLDER / "epoch-000001.safetensors").write_bytes(content)
    assert epochs(tmp_path) == [0, 2]


def test_a_huge_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stays = add_frames(tmp_path, [0, 1])
    size = (tmp_path / film_files.FOLDER / "epoch-000001.safetensors").stat().st_size
    monkeypatch.setattr(kinds, "FILM", dataclasses.replace(kinds.FILM, most=size - 1))
    assert reels.of_run(tmp_path, stays) == []
    assert reels.fixed(tmp_path) is not None
    monkeypatch.setattr(kinds, "FILM", dataclasses.replace(kinds.FILM, most=10))
    assert reels.fixed(tmp_path) is None


def test_without_what_stays_there_is_no_film(tmp_path: Path) -> None:
    assert reels.fixed(tmp_path) is None
    add_frames(tmp_path, [0])
    (tmp_path / film_files.FOLDER / film_files.FIXED).write_bytes(b"nonsense")
    assert reels.fixed(tmp_path) is None


@pytest.mark.parametrize(
    "change",
    [
        {"labels": np.array([0, 10], np.int64)},
        {"labels": np.array([0, -1], np.int64)},
        {"labels": np.zeros((2, 2), np.int64)},
        {"labels": np.zeros(2, np.float32)},
        {"labels": np.zeros(0, np.int64)},
        {"labels": np.zeros(reels.MAX_PLACES + 1, np.int64)},
        {"class_names": ()},
        {"originals": np.zeros((10, 5, 8, 8), np.uint8)},
        {"originals": np.zeros((21, 1, 8, 8), np.uint8)},
        {"originals": np.zeros((10, 8, 8), np.uint8)},
        {"originals": np.zeros((10, 1, 8, 8), np.float32)},
    ],
    ids=str,
)
def test_what_stays_is_checked(tmp_path: Path, change: dict[str, Any]) -> None:
    film_files.write_fixed(tmp_path, replace(fixed(2), **change))
    assert reels.fixed(tmp_path) is None
