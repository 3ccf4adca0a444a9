"""Many images decoded at once, by threads and by processes: in order, alike, stopped cleanly, and a crash is told."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from vae.budget import free
from vae.config import USUAL_READING
from vae.data import image_decoding, import_folder, imported_dataset
from vae.data.decoding import pool
from vae.data.decoding.part import DecodedPart, File
from vae.data.image_decoding import Format, ImageFacts
from vae.data.import_folder import ImportSettings
from vae.errors import DatasetError
from vae.jobs.stopping import Stopped
from vae.storage import paths

GREY = Format(8, 8, False)
RNG = np.random.default_rng(0)


@pytest.fixture(params=["threads", "processes"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    use(request.param, monkeypatch)
    return str(request.param)


def use(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "process_count", lambda files: 2 if way == "processes" else 0)


def children() -> list[psutil.Process]:
    """The processes that decode for this one."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "vae.data.decoding.worker" in child.cmdline():
                found.append(child)
    return found


def pictures(folder: Path, count: int, side: int = 12) -> list[str]:
    folder.mkdir(parents=True)
    for k in range(count):
        Image.fromarray(RNG.integers(0, 256, (side, side, 3), np.uint8)).save(folder / f"{k}.png")
    return [str(folder / f"{k}.png") for k in range(count)]


def all_of(parts: list[DecodedPart]) -> tuple[np.ndarray, list[ImageFacts | str]]:
    return np.concatenate([part.pixels for part in parts]), [one for part in parts for one in part.outcomes]


def test_many_files_come_in_their_order_with_what_is_wrong(way: str, tmp_path: Path) -> None:
    files: list[File] = list(pictures(tmp_path / "in", 150))
    Path(str(files[33])).write_bytes(b"no image")
    odd = os.fsencode(str(tmp_path / "in" / "odd")) + b"\xff.png"  # no UTF-8: such names come from old archives
    Path(str(files[60])).rename(os.fsdecode(odd))
    files[60] = os.fsdecode(odd)
    files += [str(tmp_path / "gone.png"), DatasetError("damaged in the ZIP"), Path(str(files[0])).read_bytes()]
    pixels, outcomes = all_of(list(pool.decoded(iter(files), len(files), GREY, USUAL_READING)))
    wrong = {k: outcome for k, outcome in enumerate(outcomes) if isinstance(outcome, str)}
    assert list(wrong) == [33, 150, 151]
    assert (wrong[33], wrong[151]) == ("a text file, no image", "damaged in the ZIP")
    good = [file for k, file in enumerate(files) if k not in wrong]
    contents = [Path(file).read_bytes() if isinstance(file, str) else file for file in good]
    expected = [image_decoding.decode(content, GREY) for content in contents if isinstance(content, bytes)]
    np.testing.assert_array_equal(pixels, [one.pixels for one in expected])
    assert [one.digest for one in outcomes if isinstance(one, ImageFacts)] == [one.facts.digest for one in expected]


def test_large_pictures_are_decoded_alone_in_their_place(way: str, tmp_path: Path) -> None:
    files = pictures(tmp_path / "in", 5)
    Image.new("1", (5_000, 4_000), 1).save(files[2])
    pixels, outcomes = all_of(list(pool.decoded(files, 5, GREY, USUAL_READING)))
    assert [one.size for one in outcomes if isinstance(one, ImageFacts)][1:4] == [(12, 12), (5_000, 4_000), (12, 12)]
    assert (pixels[2] == 255).all()
    assert not (pixels[3] == 255).all()


def mixed(folder: Path) -> Path:
    """Pictures of two classes: grey, in colour, transparent, of 16 bits, turned, animated, and some that are none."""
    for label in ("a", "b"):
        pictures(folder / label, 70)
        Image.fromarray(RNG.integers(0, 4_096, (20, 30), np.uint16)).save(folder / label / "deep.png")
        Image.fromarray(RNG.integers(0, 256, (9, 8, 4), np.uint8)).save(folder / label / "clear.png")
        Image.new("L", (40, 20), 90).save(folder / label / "grey.jpg")
        (folder / label / "damaged.png").write_bytes((folder / label / "3.png").read_bytes()[:60])
        (folder / label / "text.png").write_text("none")
    return folder


def test_an_import_by_processes_equals_one_by_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    source = mixed(tmp_path / "source")
    written = []
    for way in ("threads", "processes"):
        use(way, monkeypatch)
        folder = import_folder.write(way, source, ImportSettings(16, 12)).folder
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert len(written[0]) == 11
    assert written[0] == written[1]
    assert imported_dataset.info("processes").image_shape == (3, 16, 12)


@pytest.mark.parametrize("stop", [Stopped, DatasetError("full")])
def test_a_stop_ends_the_processes(
    stop: BaseException | type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    use("processes", monkeypatch)
    pictures(tmp_path / "in" / "a", 300)
    told: list[int] = []

    def on_images(done: int, total: int) -> None:
        told.append(len(children()))
        raise stop

    with pytest.raises((Stopped, DatasetError)):
        import_folder.write("pets", tmp_path / "in", ImportSettings(8, 8), on_images)
    assert told == [2]
    assert children() == []
    assert list((tmp_path / "data" / "folders").iterdir()) == []


def test_a_process_that_dies_is_an_error_that_names_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    use("processes", monkeypatch)
    pictures(tmp_path / "in" / "a", 600)

    def on_images(done: int, total: int) -> None:
        for child in children():
            child.kill()

    with pytest.raises(DatasetError, match=r"process that decodes images has ended .* between \d+\.png and \d+\.png"):
        import_folder.write("pets", tmp_path / "in", ImportSettings(8, 8), on_images)
    assert children() == []
    assert list((tmp_path / "data" / "folders").iterdir()) == []


@pytest.mark.parametrize("told", [b"", b"\x09", (100).to_bytes(8, "little") + b"cut"])
def test_a_process_ends_with_the_import_that_it_decodes_for(told: bytes) -> None:
    command = [sys.executable, "-m", "vae.data.decoding.worker"]
    done = subprocess.run(command, input=told, capture_output=True, cwd=paths.PROJECT, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("files", "cores", "memory", "expected"),
    [
        (3, 8, 2**40, 0),
        (500, 8, 2**40, 0),
        (10**5, 1, 2**40, 0),
        (10**5, 2, 2**40, 2),
        (10**5, 64, 2**40, 8),
        (10**5, 8, 2**30, 2),
        (10**5, 8, 2**28, 0),
    ],
)
def test_processes_are_for_many_files_and_fit_cores_and_memory(
    files: int, cores: int, memory: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_cores", lambda: cores)
    monkeypatch.setattr(free, "memory", lambda: memory)
    assert pool.process_count(files) == expected


def test_a_stop_ends_the_threads_between_two_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use("threads", monkeypatch)
    seen: list[int] = []
    real: Callable[..., image_decoding.Decoded] = image_decoding.decode

    def counted(*arguments: object) -> image_decoding.Decoded:
        seen.append(1)
        return real(*arguments)

    monkeypatch.setattr("vae.data.decoding.part.decode", counted)
    content = Path(pictures(tmp_path / "in", 1)[0]).read_bytes()
    with contextlib.closing(pool.decoded([content] * 5_000, 5_000, GREY, USUAL_READING)) as parts:
        next(parts)
    assert len(seen) < 1_000
