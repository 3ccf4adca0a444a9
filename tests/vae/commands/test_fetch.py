"""Fetching MNIST: from a server of our own, from an unreachable one, and when what arrives is damaged."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import MNIST

from tests.vae.commands.test_arguments import call
from vae.commands.fetch import fetch_mnist
from vae.data import datasets
from vae.data.built_in import mnist
from vae.errors import DatasetError
from vae.jobs.progress import Progress

RAW = {
    f"{part}-{kind}-ubyte": b"\0\0\x08" + bytes([len(shape)]) + np.array(shape, ">u4").tobytes() + bytes(np.prod(shape))
    for part in ("train", "t10k")
    for kind, shape in (("images-idx3", (3, 28, 28)), ("labels-idx1", (3,)))
}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture()
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of archives of three images each that torchvision takes for MNIST's."""
    folder = tmp_path / "served"
    folder.mkdir()
    resources = []
    for name, raw in RAW.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
        md5 = hashlib.md5((folder / f"{name}.gz").read_bytes(), usedforsecurity=False)
        resources.append((f"{name}.gz", md5.hexdigest()))
    handler = lambda *args: Quiet(*args, directory=str(folder))  # noqa: E731
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    monkeypatch.setattr(MNIST, "mirrors", [f"http://127.0.0.1:{server.server_address[1]}/"])
    monkeypatch.setattr(MNIST, "resources", resources)
    yield folder
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "data"


@pytest.mark.usefixtures("served")
def test_a_fetched_data_set_is_in_its_place(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fetch", "mnist") == 0
    assert f"MNIST is now in {mnist.raw_dir()}." in capsys.readouterr().out
    assert {p.name: p.read_bytes() for p in mnist.raw_dir().iterdir()} == RAW
    assert [p.name for p in data.iterdir()] == ["MNIST"]  # no archive and no temporary folder stays
    assert datasets.info("mnist").on_this_machine()


@pytest.mark.usefixtures("served")
def test_what_is_there_is_not_fetched_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("fetch", "mnist") == 0
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:1/"])
    assert call("fetch", "mnist") == 0
    assert "already on this machine" in capsys.readouterr().out


def test_an_unreachable_server_changes_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:1/"])
    with pytest.raises(DatasetError, match=r"MNIST could not be downloaded: .*Check the connection"):
        fetch_mnist(Progress(None, quiet=True), 1)
    assert list(data.iterdir()) == []
    assert not datasets.info("mnist").on_this_machine()


def test_an_unreachable_server_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:1/"])
    assert call("fetch", "mnist", "--run-folder", str(tmp_path)) == 2
    err = capsys.readouterr().err
    assert err.startswith("python -m vae fetch: MNIST could not be downloaded")
    assert err.count("\n") == 1


@pytest.mark.parametrize("damage", ["tampered", "absent"])
def test_damaged_archives_change_nothing(damage: str, served: Path, data: Path) -> None:
    archive = served / "t10k-images-idx3-ubyte.gz"
    if damage == "tampered":
        archive.write_bytes(gzip.compress(b"something else"))
    else:
        archive.unlink()
    with pytest.raises(DatasetError, match="could not be downloaded"):
        fetch_mnist(Progress(None, quiet=True), 1)
    assert list(data.iterdir()) == []


def test_a_folder_that_cant_be_written_is_named(data: Path) -> None:
    data.write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match="could not be downloaded"):
        fetch_mnist(Progress(None, quiet=True), 1)
    assert data.read_text() == "a file where the folder should be"


@pytest.mark.usefixtures("served")
def test_a_page_learns_that_it_is_done(tmp_path: Path) -> None:
    assert call("fetch", "mnist", "--run-folder", str(tmp_path)) == 0
    told = json.loads((tmp_path / "progress.json").read_text())
    assert told.pop("process")["pid"] == os.getpid()
    assert told == {"stage": "done", "fraction": 1.0, "seconds_left": 0, "finished": True}
