"""What stands where something else was wanted: recognised by its bytes, and told with what to do."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.vae.helpers import new_checkpoint
from vae import commands, recognition
from vae.checkpoints import checkpoint_writing
from vae.storage import paths


def picture(path: Path, form: str = "PNG") -> None:
    Image.new("RGB", (4, 4)).save(path, form)


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.png", b"x")


def tarred(path: Path) -> None:
    with tarfile.open(path, "w") as file:
        file.addfile(tarfile.TarInfo("a"), io.BytesIO())


def images(path: Path) -> None:
    (path / "good").mkdir(parents=True)
    picture(path / "good" / "a.png")


def tensorflow(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").touch()


MAKERS: dict[str, Callable[[Path], object]] = {
    "a PyTorch file (pickles in a ZIP archive)": lambda path: torch.save({"a": torch.zeros(2)}, path),
    "a pickle, as older PyTorch files are": lambda path: path.write_bytes(pickle.dumps({"a": 1})),
    "a model in ONNX's format": lambda path: path.write_bytes(b"\x08\x07\x12\0"),
    "an archive (ZIP)": zipped,
    "an archive (tar)": tarred,
    "an archive of NumPy arrays": lambda path: np.savez(path, a=np.zeros(2)),
    "a NumPy array": lambda path: np.save(path, np.zeros(2)),
    "a text file": lambda path: path.write_text("name,score\na,1\n"),
    "an empty file": lambda path: path.touch(),
    "an empty folder": lambda path: path.mkdir(),
    "a folder of images": images,
    "a TensorFlow model": tensorflow,
    "a file of another kind": lambda path: path.write_bytes(b"\0\1\2\3"),
}


def plant(name: str, path: Path) -> None:
    """Make a thing that is called `name` at `path`."""
    if name in MAKERS:
        MAKERS[name](path)
    else:
        picture(path, name.removeprefix("a picture (")[:-1])


THINGS = {
    "a picture (PNG)": "x",  # whatever it is called
    "a picture (JPEG)": "x.pth",
    "a picture (WEBP)": "x.webp",
    "a picture (TIFF)": "x.tif",
    "a PyTorch file (pickles in a ZIP archive)": "vae.pth",
    "a pickle, as older PyTorch files are": "x.ckpt",
    "a model in ONNX's format": "x.onnx",
    "an archive (ZIP)": "x.zip",
    "an archive (tar)": "x.tar",
    "an archive of NumPy arrays": "x.npz",
    "a NumPy array": "x.npy",
    "a text file": "scores.csv",
    "an empty file": "x",
    "an empty folder": "x",
    "a folder of images": "x",
    "a TensorFlow model": "x",
    "a file of another kind": "x.bin",
}


@pytest.mark.parametrize(("name", "called"), THINGS.items(), ids=list(THINGS))
def test_what_is_there_is_recognised_and_told_wherever_something_else_is_wanted(
    name: str, called: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / called
    plant(name, path)
    found = recognition.at(path)
    assert found is not None
    assert found.words.casefold() == name.casefold()
    ways = [["evaluate", str(path)], ["encode", str(path)], ["train", "--dataset", str(path), "--output", "m"]]
    if path.is_file() and name not in ("an archive (ZIP)", "an archive of NumPy arrays"):  # which may be of images
        ways.append(["import", "own", str(path)])
    if name != "a text file":
        images(tmp_path / "own")
        ways.append(["import", "own", str(tmp_path / "own"), "--classes-from", "csv", "--csv", str(path)])
    for words in ways:
        assert commands.main(words) == 2
        said = capsys.readouterr().err
        assert f"{path} is {found.words}, expected " in said
        assert found.hint in said


def test_parts_of_a_checkpoint_and_folders_of_them_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    root = paths.checkpoints_dir()
    checkpoint_writing.write(new_checkpoint(), root / "digits-two")
    for part, words in (("config.json", "a text file"), ("weights.safetensors", "a safetensors file")):
        assert commands.main(["evaluate", str(root / "digits-two" / part)]) == 2
        assert f"is {words} of a checkpoint, expected" in (said := capsys.readouterr().err)
        assert f"Give its folder: {root / 'digits-two'}." in said
    assert commands.main(["evaluate", str(root)]) == 2
    assert "is a folder of checkpoints, expected" in capsys.readouterr().err
    assert commands.main(["evaluate", str(root / "digits-two")]) == 0


def test_a_mistyped_name_gets_the_nearest_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "digits-two")
    (tmp_path / "images").mkdir()
    for words, meant in (
        (["evaluate", "digit-two"], "digits-two"),
        (["evaluate", str(paths.checkpoints_dir() / "digit-two")], "digits-two"),
        (["train", "--dataset", "digts", "--output", "m"], "digits"),
        (["import", "own", str(tmp_path / "image")], "images"),
        (["score", "digits-two", "--images", str(tmp_path / "imges")], "images"),
        (["score", "digits-two", "--score", "mahalanobs"], "mahalanobis"),
        (["compare", "digits-two", "--scores", "knm"], "knn"),
    ):
        assert commands.main(words) == 2
        assert f"Did you mean {meant}" in capsys.readouterr().err


def test_names_that_nothing_is_like_get_no_guess() -> None:
    assert recognition.nearest("zebra", ["mnist", "digits"]) == ""
    assert recognition.nearest("MNSIT", ["mnist", "digits"]) == "Did you mean mnist?"
    assert recognition.at(Path("nowhere at all")) is None
    assert recognition.at(Path("a\0b")) is None
