"""What paths are taken apart into, without pathlib, which is slow for many thousands of files."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from vae.data.folders.image_names import folders_of, stem_of
from vae.data.folders.image_walk import ImageWalk

PATHS = [
    "a.png",
    "c/a.png",
    "a b/c.d/e.f.png",
    "c/.png",
    "c/a.",
    "c/a..png",
    "c/no ending",
    "ü/日本.jpg",
    "c\\d/a\n.png",
]


@pytest.mark.parametrize("path", PATHS)
def test_parts_are_those_of_pathlib(path: str) -> None:
    assert folders_of(path) == PurePosixPath(path).parts[:-1]
    assert stem_of(path) == PurePosixPath(path).stem


@pytest.mark.parametrize("written", [".", "./pets", "pets", "pets/", "{}", "{}/", "../{name}/pets"])
def test_a_walk_names_files_from_its_root(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pets = tmp_path / "pets"
    (pets / "cats" / "grey").mkdir(parents=True)
    for name in ("cats/1.png", "cats/grey/2.png", "cats/notes.txt"):
        (pets / name).touch()
    monkeypatch.chdir(pets if written == "." else tmp_path)
    walk = ImageWalk(Path(written.format(os.fspath(pets), name=tmp_path.name)))
    assert walk.go_on()
    assert sorted(walk.files) == ["cats/1.png", "cats/grey/2.png"]
    assert walk.left_out().reasons()[0].first == ("cats/notes.txt",)
