"""Images of one's own: what is found, how it is split and decoded, and that a failure leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vae.commands.test_arguments import call
from vae.data import datasets, image_folder, import_folder
from vae.data.image_dataset import SPLITS, ImageDataset, fingerprint
from vae.data.import_folder import ImportSettings
from vae.errors import BudgetError, DatasetError
from vae.jobs.stopping import Stopped

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (40, 8, 8, 3), np.uint8)  # images as Pillow has them
SIZE = ImportSettings(8, 8)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "folders"


@pytest.fixture()
def source(tmp_path: Path) -> Path:
    """40 PNG files in two classes; image i is PIXELS[i]."""
    for i, pixels in enumerate(PIXELS):
        path = tmp_path / "source" / ("cats" if i % 2 else "dogs") / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return tmp_path / "source"


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


@pytest.mark.parametrize("there", ["data set", "empty folder"])
def test_of_two_imports_of_one_name_the_first_wins(there: str, source: Path, data: Path) -> None:
    def faster(done: int, total: int) -> None:
        if not (data / "pets").exists():
            import_folder.write("pets", source / "cats", SIZE) if there == "data set" else (data / "pets").mkdir()

    with pytest.raises(DatasetError, match=r"already a data set 'pets': .*Choose another name"):
        import_folder.write("pets", source, SIZE, faster)
    assert left_in(data) == ["pets"]
    if there == "data set":
        assert datasets.load("pets", "train").class_names != ("cats", "dogs")
    else:
        assert left_in(data / "pets") == []


# --- what is written --------------------------------------------------------------------------------------------------


def test_every_image_is_there_once_with_its_class(source: Path) -> None:
    import_folder.write("pets", source, SIZE)
    splits = {split: datasets.load("pets", split) for split in SPLITS}
    assert {name: len(split) for name, split in splits.items()} == {"train": 34, "validation": 2, "test": 4}
    found = sorted(
        (image.transpose(1, 2, 0).tobytes(), split.class_names[label])
        for split in splits.values()
        for image, label in zip(split.images, split.labels, strict=True)
    )
    assert found == sorted((p.tobytes(), "cats" if i % 2 else "dogs") for i, p in enumerate(PIXELS))


def test_the_split_is_the_one_that_is_promised(source: Path) -> None:
    """A permutation of the sorted paths, seeded by 0: test first, then validation, then train."""
    import_folder.write("pets", source, SIZE)
    order = np.random.Generator(np.random.PCG64(0)).permutation(40)
    paths = sorted(path.relative_to(source).as_posix() for path in source.rglob("*.png"))
    expected = [int(Path(paths[row]).stem) for row in order]
    images = np.concatenate([datasets.load("pets", split).images for split in ("test", "validation", "train")])
    np.testing.assert_array_equal(images.transpose(0, 2, 3, 1), PIXELS[expected])


def test_images_are_a_read_only_map_whose_fingerprint_is_known(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_folder.write("pets", source, SIZE)
    images = datasets.load("pets", "train")
    assert isinstance(images.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images.images[0] = 0
    assert images.fingerprint == fingerprint(images.images, images.labels)
    assert images.fingerprint == ImageDataset("x", "x", images.images, images.labels, ()).fingerprint
    monkeypatch.setattr("vae.data.image_dataset.fingerprint", lambda *_: pytest.fail("pixels were read"))
    assert datasets.load("pets", "train").fingerprint == images.fingerprint


def test_an_import_is_repeatable(source: Path) -> None:
    for name in ("a", "b"):
        import_folder.write(name, source, SIZE)
    for split in SPLITS:
        assert datasets.load("a", split).fingerprint == datasets.load("b", split).fingerprint


def test_the_registry_knows_what_was_imported(source: Path, data: Path) -> None:
    assert datasets.names() == ("digits", "mnist")
    import_folder.write("pets", source, SIZE)
    known = datasets.info("pets")
    assert datasets.names() == ("digits", "mnist", "pets")
    assert (known.title, known.image_shape, known.class_names) == ("pets", (3, 8, 8), ("cats", "dogs"))
    assert (known.on_this_machine(), known.download_mb) == (True, 0)
    assert sorted(left_in(data / "pets")) == sorted(
        ["meta.json", *(f"{split}{kind}.npy" for split in SPLITS for kind in ("", "-labels"))]
    )


def test_an_import_again_can_be_told_from_the_first(source: Path, data: Path) -> None:
    import_folder.write("pets", source, SIZE)
    known = datasets.info("pets")
    first = known.changed()
    os.utime(data / "pets" / "meta.json", ns=(1, 1))
    assert known.changed() == 1 != first


def test_max_images_takes_the_first_of_the_permutation(source: Path) -> None:
    import_folder.write("all", source, SIZE)
    import_folder.write("few", source, ImportSettings(8, 8, max_images=20))
    assert [len(datasets.load("few", split)) for split in SPLITS] == [17, 1, 2]
    np.testing.assert_array_equal(datasets.load("few", "test").images, datasets.load("all", "test").images[:2])


def test_shares_have_an_upper_bound() -> None:
    rows = image_folder.split_rows(200_000)
    assert {split: len(r) for split, r in rows.items()} == {"test": 10_000, "validation": 5_000, "train": 185_000}
    assert len(np.unique(np.concatenate(list(rows.values())))) == 200_000


# --- what is found ----------------------------------------------------------------------------------------------------


def test_a_flat_folder_is_one_class(source: Path) -> None:
    found = image_folder.find(source / "cats")
    assert (len(found.files), found.class_names, set(found.labels)) == (20, ("images",), {0})


def test_sub_folders_of_a_class_belong_to_it_and_the_rest_is_passed_over(source: Path) -> None:
    (source / "cats" / "deeper").mkdir()
    (source / "cats" / "01.png").rename(source / "cats" / "deeper" / "X.JPEG")
    (source / "cats" / "._03.png").touch()
    (source / "cats" / "notes.txt").touch()
    (source / "cats" / "folder.png").mkdir()
    (source / "cats" / "again").symlink_to(source)  # a circle
    os.mkfifo(source / "cats" / "pipe.png")  # opening it would wait for ever
    (source / ".hidden").mkdir()
    shutil.copy(source / "dogs" / "00.png", source / ".hidden" / "a.png")
    shutil.copy(source / "dogs" / "00.png", source / "stray.png")
    (source / "empty").mkdir()
    found = image_folder.find(source)
    assert found.class_names == ("cats", "dogs")
    assert (len(found.files), found.files.count("cats/deeper/X.JPEG")) == (40, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "There is no folder"),
        (lambda root: root.touch(), "There is no folder"),
        (lambda root: root.mkdir(), r"holds no images\. Expected files ending in \.png"),
        (lambda root: (root / "a").mkdir(parents=True), "holds no images"),
    ],
)
def test_a_folder_without_images_is_named(tmp_path: Path, data: Path, make: object, message: str) -> None:
    make(tmp_path / "none")  # type: ignore[operator]
    with pytest.raises(DatasetError, match=message):
        import_folder.write("pets", tmp_path / "none", SIZE)
    assert left_in(data) == []


def test_a_folder_that_cannot_be_read_is_named(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(place: object) -> None:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(os, "scandir", refuse)  # tests may run as root, who may read anything
    with pytest.raises(DatasetError, match="source can't be read: Permission denied"):
        import_folder.write("pets", source, SIZE)


def test_a_path_that_is_too_long_is_told() -> None:
    with pytest.raises(DatasetError, match="aaa can't be read: File name too long"):
        image_folder.find(Path("a" * 5_000))


def test_too_few_images_are_refused(source: Path, data: Path) -> None:
    for i in range(21):
        next((source / ("cats" if i % 2 else "dogs")).iterdir()).unlink()
    with pytest.raises(DatasetError, match="There are 19 images, expected at least 20"):
        import_folder.write("pets", source, SIZE)
    with pytest.raises(DatasetError, match="There are 5 images"):
        import_folder.write("pets", source, ImportSettings(8, 8, max_images=5))
    assert left_in(data) == []


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".a", "-a", "a b", "a\n", "é", "x" * 61])
def test_hostile_names_are_refused(source: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="is not a data set's name"):
        import_folder.write(name, source, SIZE)
    with pytest.raises(DatasetError, match="Unknown data set"):
        datasets.info(name)


@pytest.mark.parametrize("name", ["mnist", "MNIST", "digits"])
def test_names_of_built_in_sets_are_refused(source: Path, data: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="built-in"):
        import_folder.write(name, source, SIZE)
    (data / name).mkdir(parents=True)  # planted by hand
    assert datasets.names() == ("digits", "mnist")


def test_a_taken_name_is_refused_and_keeps_its_images(source: Path) -> None:
    import_folder.write("pets", source, SIZE)
    before = datasets.load("pets", "test").fingerprint
    with pytest.raises(DatasetError, match="There is already a data set 'pets'"):
        import_folder.write("pets", source, ImportSettings(4, 4))
    assert datasets.load("pets", "test").fingerprint == before


# --- damage in the source ---------------------------------------------------------------------------------------------


def test_damaged_images_are_skipped_and_told(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (source / "cats" / "01.png").read_bytes()
    (source / "cats" / "01.png").write_bytes(whole[: len(whole) // 2])
    (source / "cats" / "03.png").write_bytes(b"")
    (source / "dogs" / "00.png").write_text("<svg/>")
    assert call("import", "pets", str(source), "--size", "8") == 0
    said = capsys.readouterr().out
    assert "Skipped 3 that can't be read" in said
    assert all(name in said for name in ("cats/01.png", "cats/03.png", "dogs/00.png"))
    splits = [datasets.load("pets", split) for split in SPLITS]
    assert sum(map(len, splits)) == 37
    assert all(split.fingerprint == fingerprint(split.images, split.labels) for split in splits)
    images = {image.transpose(1, 2, 0).tobytes() for split in splits for image in split.images}
    assert images == {p.tobytes() for i, p in enumerate(PIXELS) if i not in (0, 1, 3)}


def test_more_than_half_damaged_is_an_error(source: Path, data: Path) -> None:
    for path in [*source.rglob("*.png")][:21]:
        path.write_bytes(b"no image")
    with pytest.raises(DatasetError, match=r"More than half of the 40 images can't be read, such as .*no image that"):
        import_folder.write("pets", source, SIZE)
    assert left_in(data) == []


def test_a_split_that_loses_all_its_images_is_an_error(source: Path, data: Path) -> None:
    found = image_folder.find(source)
    for row in image_folder.split_rows(40)["validation"]:
        (source / found.files[row]).write_bytes(b"no image")
    with pytest.raises(DatasetError, match="38 images can be read, expected at least 20 and one in each split"):
        import_folder.write("pets", source, SIZE)
    assert left_in(data) == []


@pytest.mark.parametrize("stop", [Stopped, KeyboardInterrupt, RuntimeError])
def test_a_stop_leaves_nothing_behind(source: Path, data: Path, stop: type[BaseException]) -> None:
    def on_image(done: int, total: int) -> None:
        assert total == 40
        if done == 35:
            raise stop

    with pytest.raises(stop):
        import_folder.write("pets", source, SIZE, on_image)
    assert left_in(data) == []


def test_a_full_disk_leaves_nothing_behind(source: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(import_folder, "_write_header", full)
    with pytest.raises(DatasetError, match="pets can't be written: No space left on device"):
        import_folder.write("pets", source, SIZE)
    assert left_in(data) == []


def test_what_does_not_fit_on_the_disk_is_not_begun(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 100))
    with pytest.raises(BudgetError, match="The import needs about 1 MB of disk, 1 MB are free in"):
        import_folder.write("pets", source, SIZE)


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ([], (3, 32, 32)),
        (["--grey"], (1, 32, 32)),
        (["--size", "8x12"], (3, 8, 12)),
        (["--size", "16", "--colour"], (3, 16, 16)),
    ],
)
def test_the_command_imports(
    source: Path, options: list[str], shape: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("import", "pets", str(source), *options) == 0
    assert capsys.readouterr().out.startswith("pets: 34 train, 2 validation, 4 test images of ")
    assert datasets.info("pets").image_shape == shape


def test_grey_images_have_one_channel_unless_colour_is_asked_for(source: Path) -> None:
    for path in source.rglob("*.png"):
        Image.open(path).convert("L").convert("RGB").save(path)
    import_folder.write("grey", source, SIZE)
    import_folder.write("colour", source, ImportSettings(8, 8, colour=True))
    assert (datasets.info("grey").image_shape, datasets.info("colour").image_shape) == ((1, 8, 8), (3, 8, 8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "0"], "The size is '0', expected a side"),
        (["--size", "2000"], "The size is '2000'"),
        (["--size", "3x"], "The size is '3x'"),
        (["--size", "-3"], "The size is '-3'"),
        (["--max-images", "0"], "max-images is 0"),
        (["--grey", "--colour"], "not allowed with"),
    ],
)
def test_bad_options_are_one_line(
    source: Path, data: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("import", "pets", str(source), *options) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert left_in(data) == []


def test_a_job_tells_its_progress(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("import", "pets", str(source), "--run-folder", str(tmp_path / "run")) == 0
    told = json.loads((tmp_path / "run" / "progress.json").read_bytes())
    assert (told["stage"], told["fraction"], told["finished"]) == ("done", 1.0, True)
    assert told["message"] == capsys.readouterr().out.strip()
