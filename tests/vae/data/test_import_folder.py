"""Images of one's own: what is found, how it is split and decoded, and that a failure leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vae.commands.test_arguments import call
from vae.budget import free
from vae.data import datasets, import_folder, imported_dataset, splitting, staging
from vae.data.image_dataset import SPLITS, ImageDataset, fingerprint
from vae.data.import_folder import ImportSettings
from vae.data.splitting import SplitSizes
from vae.errors import BudgetError, DatasetError
from vae.jobs.stopping import Stopped

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (40, 8, 8, 3), np.uint8)  # images as Pillow has them
SIZE = ImportSettings(8, 8)
BUILT_IN = tuple(datasets.BUILT_IN)


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
    assert {name: len(split) for name, split in splits.items()} == {"train": 24, "validation": 8, "test": 8}
    found = sorted(
        (image.transpose(1, 2, 0).tobytes(), split.class_names[label])
        for split in splits.values()
        for image, label in zip(split.images, split.labels, strict=True)
    )
    assert found == sorted((p.tobytes(), "cats" if i % 2 else "dogs") for i, p in enumerate(PIXELS))


def test_the_split_is_the_one_that_is_promised(source: Path) -> None:
    """Within each class the files ordered by their digests: test first, then validation, then train."""
    import_folder.write("pets", source, SIZE)
    for name in ("cats", "dogs"):
        digests = {hashlib.blake2b(p.read_bytes(), digest_size=16).digest(): p for p in (source / name).iterdir()}
        order = [f"{name}/{digests[digest].name}" for digest in sorted(digests)]
        for split, expected in (("test", order[:4]), ("validation", order[4:8]), ("train", order[8:])):
            names = datasets.load("pets", split).file_names
            assert names is not None
            assert {one for one in names if one.startswith(name)} == set(expected)


def test_names_and_folders_change_no_split(source: Path, tmp_path: Path) -> None:
    import_folder.write("pets", source, SIZE)
    for k, path in enumerate(sorted(source.rglob("*.png"))):
        target = tmp_path / "renamed" / path.parent.name / "deeper" / f"x{(k * 7) % 40}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    import_folder.write("other", tmp_path / "renamed", SIZE)
    for split in SPLITS:
        first, second = ({i.tobytes() for i in datasets.load(name, split).images} for name in ("pets", "other"))
        assert first == second


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
    assert datasets.names() == BUILT_IN
    import_folder.write("pets", source, SIZE)
    known = datasets.info("pets")
    assert datasets.names() == (*BUILT_IN, "pets")
    assert (known.title, known.image_shape, known.class_names) == ("pets", (3, 8, 8), ("cats", "dogs"))
    assert (known.on_this_machine(), known.download_mb) == (True, 0)
    assert sorted(left_in(data / "pets")) == sorted(
        [
            "meta.json",
            "report.json",
            *(f"{split}{kind}" for split in SPLITS for kind in (".npy", "-labels.npy", "-names.txt")),
        ]
    )


def test_an_import_again_can_be_told_from_the_first(source: Path, data: Path) -> None:
    import_folder.write("pets", source, SIZE)
    known = datasets.info("pets")
    first = known.changed()
    os.utime(data / "pets" / "meta.json", ns=(1, 1))
    assert known.changed() == 1 != first


def test_max_images_draws_the_same_each_time_and_tells_what_was_not_drawn(source: Path) -> None:
    results = [import_folder.write(n, source, ImportSettings(8, 8, max_images=20)) for n in ("a", "b")]
    assert [sum(result.counts.values()) for result in results] == [20, 20]
    for split in SPLITS:
        assert datasets.load("a", split).file_names == datasets.load("b", split).file_names
    assert [(r.why, r.count) for r in results[0].report.left_out] == [("not drawn: --max-images takes fewer", 20)]


@pytest.mark.parametrize("count", [3, 4, 7, 8, 19, 40, 100, 400, 2_000, 60_000, 200_000])
def test_sizes_follow_the_number_of_images(count: int) -> None:
    found = splitting.sizes(count)
    assert 1 <= found.validation <= 5_000
    assert 1 <= found.test <= 10_000
    assert count - found.validation - found.test >= count / 2 - 1
    assert (splitting.sizes(60_000), splitting.sizes(100)) == (SplitSizes(3_000, 6_000), SplitSizes(20, 20))


# --- what is found ----------------------------------------------------------------------------------------------------


def test_sub_folders_of_a_class_belong_to_it_and_the_rest_is_told(source: Path) -> None:
    (source / "cats" / "deeper").mkdir()
    (source / "cats" / "01.png").rename(source / "cats" / "deeper" / "X.JPEG")
    (source / "cats" / "._03.png").touch()
    (source / "cats" / "notes.txt").touch()
    (source / "cats" / "phone.heic").touch()
    (source / "cats" / "folder.png").mkdir()
    (source / "cats" / "again").symlink_to(source)  # a circle
    os.mkfifo(source / "cats" / "pipe.png")  # opening it would wait for ever
    (source / ".hidden").mkdir()
    shutil.copy(source / "dogs" / "00.png", source / ".hidden" / "a.png")
    shutil.copy(source / "dogs" / "00.png", source / "stray.png")
    (source / "empty").mkdir()
    report = import_folder.write("pets", source, SIZE).report
    assert [(one.name, one.total) for one in report.classes] == [("cats", 20), ("dogs", 20)]
    told = {name: reason.why for reason in report.left_out for name in reason.first}
    assert set(told) == {
        *("cats/._03.png", "cats/notes.txt", "cats/phone.heic", "cats/again/", "cats/pipe.png", ".hidden", "stray.png"),
    }
    assert told["cats/phone.heic"] == ".heic files are not read: save them as PNG or JPEG"
    assert told["stray.png"] == "beside the class folders, so of no class"
    assert (report.seen, report.taken) == (47, 40)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "There is no folder"),
        (lambda root: root.touch(), "is an empty file, expected a folder of images"),
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
        import_folder.write("pets", Path("a" * 5_000), SIZE)


def test_fewer_than_three_images_are_refused(source: Path, data: Path) -> None:
    with pytest.raises(DatasetError, match="There are 2 images, expected at least 3"):
        import_folder.write("pets", source, ImportSettings(8, 8, max_images=2))
    assert left_in(data) == []


@pytest.mark.parametrize("count", [3, 5, 20, 39])
def test_few_images_are_imported_and_told_what_they_are_too_few_for(source: Path, count: int) -> None:
    result = import_folder.write("few", source, ImportSettings(8, 8, max_images=count))
    assert min(result.counts.values()) >= 1
    assert sum(result.counts.values()) == count
    [told] = [warned.text for warned in result.report.warnings if warned.kind == "small set"]
    assert "a threshold for 5 % false alarms needs at least" in told
    assert len(datasets.load("few", "validation")) >= (2 if count > 7 else 1)


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
    assert datasets.names() == BUILT_IN


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
    assert "Seen 40 files: 37 taken, 3 left out." in said
    assert all(name in said for name in ("cats/01.png", "cats/03.png", "dogs/00.png"))
    splits = [datasets.load("pets", split) for split in SPLITS]
    assert sum(map(len, splits)) == 37
    assert all(split.fingerprint == fingerprint(split.images, split.labels) for split in splits)
    images = {image.transpose(1, 2, 0).tobytes() for split in splits for image in split.images}
    assert images == {p.tobytes() for i, p in enumerate(PIXELS) if i not in (0, 1, 3)}


def test_more_than_half_damaged_is_an_error(source: Path, data: Path) -> None:
    for path in [*source.rglob("*.png")][:21]:
        path.write_bytes(b"no image")
    with pytest.raises(DatasetError, match=r"More than half of the 40 images can't be read, .*a text file, no image"):
        import_folder.write("pets", source, SIZE)
    assert left_in(data) == []


@pytest.mark.parametrize("stop", [Stopped, KeyboardInterrupt, RuntimeError])
def test_a_stop_leaves_nothing_behind(source: Path, data: Path, stop: type[BaseException]) -> None:
    def on_image(done: int, total: int) -> None:
        assert total == 40
        if done >= 30:
            raise stop

    with pytest.raises(stop):
        import_folder.write("pets", source, SIZE, on_image)
    assert left_in(data) == []


def test_a_full_disk_leaves_nothing_behind(source: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(staging, "_write_header", full)
    with pytest.raises(DatasetError, match="pets can't be written: No space left on device"):
        import_folder.write("pets", source, SIZE)
    assert left_in(data) == []


def test_what_does_not_fit_on_the_disk_is_not_begun(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 100))
    with pytest.raises(BudgetError, match="The import needs about 1 MB of disk, 1 MB are free in"):
        import_folder.write("pets", source, SIZE)


def test_pictures_that_do_not_fit_into_memory_are_not_begun(
    source: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free, "memory", lambda: 200 * 10**6)
    import_folder.write("pets", source, SIZE)
    Image.new("1", (5_000, 5_000)).save(source / "cats" / "large.png")
    with pytest.raises(BudgetError, match=r"Importing pictures of up to 25,000,000 pixels needs about 0\.3 GB"):
        import_folder.write("others", source, SIZE)
    assert left_in(data) == ["pets"]


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
    assert capsys.readouterr().out.startswith("pets: 24 train, 8 validation, 8 test images of ")
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
        (["--background", "plaid"], "The background is 'plaid', expected a colour"),
        (["--range", "9:1"], "The range is '9:1', expected auto, full or MIN:MAX"),
        (["--range", "0:nan"], "The range is '0:nan'"),
        (["--csv", "a.csv"], "--csv is for --classes-from csv"),
        (["--classes-from", "csv"], "The folder has 0 CSV files, expected one"),
        (["--split-from", "folders"], "No folders are called train, val or test"),
        (["--include", "*.tif"], "None of the 40 images is taken"),
    ],
)
def test_bad_options_are_one_line(
    source: Path, data: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("import", "pets", str(source), *options) == 2
    said = capsys.readouterr().err
    assert message in said.splitlines()[-1]
    assert "Traceback" not in said
    assert left_in(data) == []


def test_a_job_tells_its_progress(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("import", "pets", str(source), "--run-folder", str(tmp_path / "run")) == 0
    told = json.loads((tmp_path / "run" / "progress.json").read_bytes())
    assert (told["stage"], told["fraction"], told["finished"]) == ("done", 1.0, True)
    assert told["message"] == capsys.readouterr().out.strip()


# --- the report -------------------------------------------------------------------------------------------------------


def test_what_is_printed_is_kept(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("import", "pets", str(source), "--size", "8", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    kept = datasets.report("pets")
    assert kept is not None
    assert {key: said[key] for key in asdict(kept)} == json.loads(json.dumps(asdict(kept)))
    assert kept.splits == {"train": 24, "validation": 8, "test": 8}
    assert any("Classes, from the first folder of each path: 2 (cats 20, dogs 20)." in line for line in kept.lines())


def test_names_are_those_of_the_rows(source: Path) -> None:
    import_folder.write("pets", source, SIZE)
    for split in SPLITS:
        images = datasets.load("pets", split)
        assert images.file_names is not None
        for name, pixels in zip(images.file_names, images.images, strict=True):
            assert np.array_equal(pixels.transpose(1, 2, 0), PIXELS[int(Path(name).stem)])
        assert images.only(["cats"]).file_names == tuple(n for n in images.file_names if n.startswith("cats/"))


def test_a_set_of_before_names_and_reports_were_kept_has_none(source: Path, data: Path) -> None:
    import_folder.write("pets", source, SIZE)
    for path in (data / "pets").glob("*-names.txt"):
        path.unlink()
    (data / "pets" / "report.json").unlink()
    assert datasets.load("pets", "test").file_names is None
    assert datasets.report("pets") is None
    assert datasets.report("digits") is None


@pytest.mark.parametrize("damage", [b"", b"a\nb\n", b"x" * 20])
def test_damaged_names_are_told(source: Path, data: Path, damage: bytes) -> None:
    import_folder.write("pets", source, SIZE)
    imported_dataset.names_file(data / "pets", "test").write_bytes(damage)
    with pytest.raises(DatasetError, match="names, expected 8"):
        datasets.load("pets", "test").file_names  # noqa: B018
