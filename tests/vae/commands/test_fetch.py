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
from PIL import Image
from torchvision.datasets import MNIST, FashionMNIST

from tests.vae.commands.test_arguments import call
from vae.commands.fetch import fetch_mnist
from vae.data import datasets
from vae.data.built_in import mnist
from vae.data.importing import torchvision_sets
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


# --- other sets of torchvision ----------------------------------------------------------------------------------------


def test_torchvisions_classes_say_which_sets_there_are() -> None:
    names = {known.name for known in torchvision_sets.offered()}
    assert {
        "fashionmnist",
        "kmnist",
        "emnist-letters",
        "cifar10",
        "cifar100",
        "svhn",
        "stl10",
        "usps",
        "qmnist",
    } <= names
    assert not names & {"mnist", "kitti", "fakedata", "imagenet", "vocsegmentation", "celeba", "phototour", "kinetics"}


@pytest.fixture()
def fashion(served: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fashion-MNIST, six images with two classes, from a server of our own."""
    resources = []
    for name, raw in RAW.items():
        labels = name.split("-")[1] == "labels"
        content = raw[:8] + bytes([0, 9, 9]) if labels else raw[:16] + bytes(i % 251 for i in range(3 * 28 * 28))
        packed = gzip.compress(content)
        (served / f"{name}.gz").write_bytes(packed)
        resources.append((f"{name}.gz", hashlib.md5(packed, usedforsecurity=False).hexdigest()))
    monkeypatch.setattr(FashionMNIST, "mirrors", MNIST.mirrors)
    monkeypatch.setattr(FashionMNIST, "resources", resources)
    yield


@pytest.mark.usefixtures("fashion")
def test_a_public_set_becomes_a_data_set(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fetch", "fashionmnist") == 0
    assert "fashionmnist: " in capsys.readouterr().out
    known = datasets.info("fashionmnist")
    assert (known.image_shape, known.class_names) == ((1, 28, 28), ("T-shirt/top", "Ankle boot"))
    test = datasets.load("fashionmnist", "test")
    assert sum(known.counts.values()) == 6 and len(test) == known.counts["test"] == 3
    assert sorted(test.labels.tolist()) == [0, 1, 1]
    expected = np.array([i % 251 for i in range(3 * 28 * 28)], np.uint8).reshape(3, 1, 28, 28)
    assert sorted(image.tobytes() for image in test.images) == sorted(image.tobytes() for image in expected)
    assert not list((data / "fetch").glob("*"))
    assert call("fetch", "fashionmnist") == 0  # it is there already
    assert "already on this machine" in capsys.readouterr().out


def test_a_public_set_that_can_not_be_reached_changes_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    assert call("fetch", "fashionmnist") == 2
    said = capsys.readouterr().err
    assert "FashionMNIST could not be downloaded" in said and "Nothing was changed" in said
    assert "fashionmnist" not in datasets.names()
    assert not list((data / "fetch").glob("*"))


def test_an_unknown_set_names_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fetch", "fashonmnist") == 2
    said = capsys.readouterr().err
    assert "fashionmnist" in said and "cifar10" in said


def test_what_is_no_set_of_labelled_images_is_refused() -> None:
    pairs = [(Image.new("L", (8, 8)), 0), (Image.new("L", (9, 8)), 1)]
    public = torchvision_sets.PublicSet("odd", "Odd", object, {})
    with pytest.raises(DatasetError, match="Odd has images of several shapes"):
        torchvision_sets.write(public, {"train": pairs, "test": pairs})
    texts = [("a", 0)]
    with pytest.raises(DatasetError, match="Odd has images of type str"):
        torchvision_sets.write(public, {"train": texts, "test": texts})
