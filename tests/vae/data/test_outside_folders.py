"""Folders as people really have them, each a case that once went wrong in silence, and relatives of it: what is taken,
what is left out, and what is said.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae.config import ImageReading
from vae.data import datasets, image_decoding, import_folder
from vae.data.folders.choices import FolderChoices
from vae.data.image_dataset import SPLITS
from vae.data.image_decoding import Format
from vae.data.import_folder import ImportResult, ImportSettings
from vae.data.reading_choice import ReadingChoice
from vae.data.report.image_report import ImageReport
from vae.errors import ConfigError, DatasetError

Make = Callable[[Path], None]
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))


def picture(path: Path, mode: str = "RGB", seed: int | None = None) -> None:
    """A small picture that no other is like."""
    rng = RNG if seed is None else np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).convert(mode).save(
        path, "JPEG" if path.suffix == ".jfif" else None
    )


def fill(root: Path, folders: dict[str, int], ending: str = ".png") -> None:
    for folder, count in folders.items():
        for k in range(count):
            picture(root / folder / f"{k:03}{ending}")


def imported(root: Path, **choices: object) -> ImportResult:
    return import_folder.write("x", root, ImportSettings(8, 8, folder=FolderChoices(**choices)))  # type: ignore[arg-type]


def kinds_of(report: ImageReport) -> set[str]:
    return {warned.kind for warned in report.warnings} - {"small set", "untrained classes"}


# --- classes and splits -----------------------------------------------------------------------------------------------

LAYOUTS: dict[str, tuple[dict[str, int], dict[str, int], dict[str, int] | None]] = {
    # folders with their images, classes that are right, images of the splits where the folders give them
    "mvtec root": (
        {"train/good": 20, "test/good": 4, "test/hole": 3, "ground_truth/hole": 3},
        {"good": 24, "hole": 3},
        {"train": 16, "validation": 4, "test": 7},
    ),
    "train, val, test": (
        {f"{split}/{name}": n for split, n in (("train", 8), ("val", 3), ("test", 3)) for name in ("ok", "bad")},
        {"bad": 14, "ok": 14},
        {"train": 16, "validation": 6, "test": 6},
    ),
    "split below class": (
        {"ok/Training": 8, "ok/Testing": 3, "bad/Training": 8, "bad/Testing": 3},
        {"bad": 11, "ok": 11},
        {"train": 13, "validation": 3, "test": 6},
    ),
    "in a wrapper": (
        {"archive/data/seg_train/sea": 8, "archive/data/seg_test/sea": 4},
        {"sea": 12},
        {"train": 6, "validation": 2, "test": 4},
    ),
    "splits of one class": ({"train2017": 12, "val2017": 4}, {"images": 16}, {"train": 10, "validation": 4, "test": 2}),
    "images below splits": (
        {"train/images": 12, "train/masks": 12, "test/images": 4, "test/masks": 4},
        {"images": 16},
        {"train": 10, "validation": 2, "test": 4},
    ),
    "vehicles": ({"bus": 5, "car": 5, "train": 5}, {"bus": 5, "car": 5, "train": 5}, None),
    "only training images": ({"train/a": 6, "train/b": 6}, {"a": 6, "b": 6}, None),
    "no training images": ({"val/a": 6, "test/a": 6}, {"a": 12}, None),
    "wrapper": ({"faces/s1": 4, "faces/s2": 4, "faces/s10": 4}, {"s1": 4, "s2": 4, "s10": 4}, None),
    "faces with and without masks": ({"mask": 6, "no_mask": 6}, {"mask": 6, "no_mask": 6}, None),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_folders_are_seen_for_what_they_are(tmp_path: Path, case: str) -> None:
    folders, classes, splits = LAYOUTS[case]
    fill(tmp_path / "in", folders)
    result = imported(tmp_path / "in")
    assert {one.name: one.total for one in result.report.classes} == classes
    assert list(result.class_names) == list(classes)  # in natural order
    if splits:
        assert result.counts == splits
        assert "folders" in result.report.splits_from
    else:
        assert result.report.splits_from == "the files' content"
    left = sum(reason.count for reason in result.report.left_out)
    assert left == sum(folders.values()) - sum(classes.values())
    assert result.report.seen == result.report.taken + left


@pytest.mark.parametrize(
    ("folders", "kind"),
    [
        ({"bus": 5, "car": 5, "train": 5}, "classes like splits"),
        ({"cats": 5, "dogs": 5, "validation": 5}, "classes like splits"),
        ({"mask": 6, "no_mask": 6}, "classes like masks"),
        ({"train/good": 9, "test/good": 4, "ground_truth/good": 4}, "masks"),
        ({"photo/a": 4, "photo/b": 4}, "wrapper folder"),
        ({"val/a": 6, "test/a": 6}, "split names"),
        ({"Cat": 5, "cat": 5}, "classes alike"),
        ({"a": 9, ".": 4}, "loose images"),
        ({"a": 3, ".": 9}, "loose images"),
    ],
)
def test_odd_names_are_told(tmp_path: Path, folders: dict[str, int], kind: str) -> None:
    fill(tmp_path / "in", folders)
    assert kind in kinds_of(imported(tmp_path / "in").report)


def test_usual_folders_get_no_warning(tmp_path: Path) -> None:
    fill(tmp_path / "in", {"cats": 12, "dogs": 12})
    assert kinds_of(imported(tmp_path / "in").report) == set()


def test_pairs_of_one_stem_are_told_and_masks_beside_their_photographs_left_out(tmp_path: Path) -> None:
    fill(tmp_path / "pairs", {"a": 12})
    fill(tmp_path / "pairs", {"a": 12}, ".jpg")
    report = imported(tmp_path / "pairs").report
    assert "pairs" in kinds_of(report)
    assert report.taken == 24
    for k in range(12):
        picture(tmp_path / "masks" / "a" / f"{k}.png")
        picture(tmp_path / "masks" / "a" / f"{k}_mask.png")
    report = import_folder.write("y", tmp_path / "masks", ImportSettings(8, 8)).report
    assert (report.taken, report.left_out[0].count, kinds_of(report)) == (12, 12, {"masks"})
    everything = FolderChoices(include=("*",))
    assert import_folder.write("z", tmp_path / "masks", ImportSettings(8, 8, folder=everything)).report.taken == 24


@pytest.mark.parametrize(
    ("choices", "classes"),
    [
        ({"classes_from": "folder"}, {"test": 6, "train": 12}),
        ({"classes_from": "parent"}, {"x": 9, "y": 9}),
        ({"classes_from": "none"}, {"images": 18}),
        ({"split_from": "content"}, {"x": 9, "y": 9}),
        ({"exclude": ("y",)}, {"x": 9}),
        ({"exclude": ("test/*", "*/y/000.png")}, {"x": 6, "y": 5}),
        ({"include": ("train/x",)}, {"x": 6}),
    ],
)
def test_choices_go_before_names(tmp_path: Path, choices: dict[str, object], classes: dict[str, int]) -> None:
    fill(tmp_path / "in", {"train/x": 6, "train/y": 6, "test/x": 3, "test/y": 3})
    report = imported(tmp_path / "in", **choices).report
    assert {one.name: one.total for one in report.classes} == classes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("called", ["path", "name", "stem"])
def test_a_csv_file_gives_classes_and_splits(tmp_path: Path, delimiter: str, called: str) -> None:
    root = tmp_path / "in"
    fill(root, {"all": 12})
    names = {"path": "all/{:03}.png", "name": "{:03}.png", "stem": "{:03}"}[called]
    with (root / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["image_id", "age", "Label", "split"])
        for k in range(11):
            split = "train" if k < 7 else "val" if k < 9 else "test"
            writer.writerow([names.format(k), 20 + k, "ab"[k % 2], split])
    result = imported(root, classes_from="csv", split_from="csv")
    assert {one.name: one.total for one in result.report.classes} == {"a": 6, "b": 5}
    assert result.counts == {"train": 7, "validation": 2, "test": 2}
    reasons = {reason.why: reason.first for reason in result.report.left_out}
    assert reasons["not named by labels.csv"] == ("all/011.png",)
    test = datasets.load("x", "test")
    assert test.file_names is not None
    assert [test.class_names[label] for label in test.labels] == ["ab"[int(Path(n).stem) % 2] for n in test.file_names]


def test_a_csv_file_may_give_splits_alone(tmp_path: Path) -> None:
    root = tmp_path / "in"
    fill(root, {"a": 6, "b": 6})
    rows = [f"{name}/{k:03}.png,{'test' if k < 2 else 'train'}\n" for name in "ab" for k in range(6)]
    (root / "splits.csv").write_text("file,split\n" + "".join(rows))
    result = imported(root, split_from="csv")
    assert (result.class_names, result.counts["test"]) == (("a", "b"), 4)
    with pytest.raises(DatasetError, match="has no column of classes"):
        import_folder.write("y", root, ImportSettings(8, 8, folder=FolderChoices(classes_from="csv")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is an empty file, expected a CSV file"),
        ("a,b\n1,2\n", "names none of|no column that names the images"),
        ("file,x,y\n000.png,1,2\n", "no column of classes"),
        ("file,class\n000.png,1\n000.png,2\n", "gives '000.png' two classes"),
        (f"file,class\n000.png,{'x' * 5_000}\n", "a cell of more than"),
    ],
)
def test_a_csv_file_that_says_too_little_is_told(tmp_path: Path, content: str, message: str) -> None:
    fill(tmp_path / "in", {"all": 12})
    (tmp_path / "labels.csv").write_text(content)
    with pytest.raises(DatasetError, match=message):
        imported(tmp_path / "in", classes_from="csv", table=tmp_path / "labels.csv")


# --- files ------------------------------------------------------------------------------------------------------------


def test_all_that_pillow_reads_safely_is_read_and_all_else_told(tmp_path: Path) -> None:
    root = tmp_path / "in" / "parts"
    endings = [".png", ".jfif", ".tif", ".tiff", ".avif", ".webp", ".bmp", ".gif", ".pgm", ".ppm", ".PNG", ".jpe"]
    for k, ending in enumerate(endings * 2):
        if ending == ".jpe":
            picture(root / f"{k}.jpg")
            (root / f"{k}.jpg").rename(root / f"{k}.jpe")
        else:
            picture(root / f"{k}{ending}")
    for name in ("a.heic", "b.txt", "c", "d.svg"):
        (root / name).write_bytes(b"x")
    report = imported(tmp_path / "in").report
    assert (report.seen, report.taken) == (28, 24)
    assert sorted(name for reason in report.left_out for name in reason.first) == [
        *("parts/a.heic", "parts/b.txt", "parts/c", "parts/d.svg"),
    ]


@pytest.mark.parametrize("top", [255, 1_023, 4_095, 30_000, 65_535])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_sixteen_bit_files_use_the_range_of_their_set(tmp_path: Path, top: int, ending: str) -> None:
    root = tmp_path / "in"
    root.mkdir()
    for k in range(12):
        values = RNG.integers(0, top + 1, (8, 8)).astype(np.uint16)
        values[0, 0] = top if k == 5 else 1
        values[0, 1] = 0
        Image.fromarray(values).save(root / f"{k}{ending}")
    result = import_folder.write("x", root, ImportSettings(8, 8))
    splits = [datasets.load("x", split).images for split in result.counts]
    assert max(int(images.max()) for images in splits) == 255
    assert min(int(images.min()) for images in splits) == 0
    assert f"values from 0 to {top:,} become black to white" in result.report.values
    assert datasets.info("x").reading == ImageReading(values=(0.0, float(top)))
    full = ReadingChoice(values="full")
    report = import_folder.write("y", root, ImportSettings(8, 8, reading=full)).report
    assert "all that 16 bits hold" in report.values
    assert bool({"dark", "black"} & kinds_of(report)) == (top < 10_000)


def test_a_chosen_range_is_used_for_eight_bits_too(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    for k in range(12):
        Image.fromarray(RNG.integers(0, 12, (8, 8), np.uint8)).save(root / f"{k}.png")
    assert "dark" in kinds_of(import_folder.write("x", root, ImportSettings(8, 8)).report)
    chosen = ImportSettings(8, 8, reading=ReadingChoice(values="0:11"))
    report = import_folder.write("y", root, chosen).report
    assert kinds_of(report) == set()
    assert max(int(datasets.load("y", split).images.max()) for split in report.splits) == 255


def test_beside_eight_bits_the_range_ends_where_a_number_of_bits_does(tmp_path: Path) -> None:
    for k in range(6):
        picture(tmp_path / "in" / f"{k}.png", "L")
        Image.fromarray(RNG.integers(100, 3_000, (8, 8)).astype(np.uint16)).save(tmp_path / "in" / f"deep{k}.png")
    import_folder.write("x", tmp_path / "in", ImportSettings(8, 8))
    assert datasets.info("x").reading.values == (0.0, 4_095.0)


def test_numbers_with_a_point_and_negative_ones_are_scaled(tmp_path: Path) -> None:
    form = Format(8, 8, False)
    for name, values, expected in (
        ("unit", np.linspace(0, 1, 64), np.linspace(0, 255, 64)),
        ("hounsfield", np.linspace(-1_000, 3_000, 64), np.linspace(0, 255, 64)),
    ):
        path = tmp_path / f"{name}.tif"
        Image.fromarray(values.reshape(8, 8).astype(np.float32)).save(path)
        np.testing.assert_allclose(image_decoding.decode(path, form).pixels.ravel(), expected, atol=1)
    whole = np.full((8, 8), np.nan, np.float32)
    Image.fromarray(whole).save(tmp_path / "nan.tif")
    with pytest.raises(DatasetError, match="no value that is a finite number"):
        image_decoding.decode(tmp_path / "nan.tif", form)


def test_of_several_pages_or_frames_the_first_is_taken_and_that_is_told(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    pages = [Image.new("L", (8, 8), value) for value in (200, 10)]
    for name in ("a.tif", "b.gif", "c.webp", "d.png"):
        pages[0].save(root / name, save_all=True, append_images=pages[1:])
    report = import_folder.write("x", root, ImportSettings(8, 8)).report
    assert "4 of several pages or frames: the first is taken" in map(str, report.changes)
    images = np.concatenate([datasets.load("x", split).images for split in report.splits])
    np.testing.assert_allclose(images, 200, atol=3)


@pytest.mark.parametrize(
    ("colour", "background", "expected"),
    [(255, "auto", "black"), (20, "auto", "white"), (255, "white", "white"), (20, "#336699", "#336699")],
)
def test_what_is_transparent_gets_a_background_on_which_it_shows(
    tmp_path: Path, colour: int, background: str, expected: str
) -> None:
    root = tmp_path / "in"
    root.mkdir()
    for k in range(12):
        glyph = np.zeros((8, 8, 4), np.uint8)
        glyph[..., :3] = colour
        glyph[2 : 4 + k % 3, 2:6, 3] = 255
        Image.fromarray(glyph).save(root / f"{k}.png")
    settings = ImportSettings(8, 8, reading=ReadingChoice(background=background))
    report = import_folder.write("x", root, settings).report
    assert report.background.startswith(f"Background: {expected} behind 12 transparent images")
    corner = datasets.load("x", "train").images[0, :, 0, 0].tolist()
    assert corner == {"black": [0], "white": [255], "#336699": [0x33, 0x66, 0x99]}[expected]


# --- colour -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grey", "coloured", "told"), [(40, 1, True), (40, 3, True), (20, 20, False), (0, 20, False)])
def test_a_few_coloured_images_make_three_channels_and_are_told(
    tmp_path: Path, grey: int, coloured: int, told: bool
) -> None:
    for k in range(grey):
        picture(tmp_path / "in" / f"g{k}.png", "L")
    for k in range(coloured):
        picture(tmp_path / "in" / f"c{k}.png")
    result = import_folder.write("x", tmp_path / "in", ImportSettings(8, 8))
    assert result.image_shape == (3, 8, 8)
    assert ("few coloured" in kinds_of(result.report)) == told
    assert f"{coloured} of {grey + coloured} images have colour" in result.report.channels
    made = import_folder.write("y", tmp_path / "in", ImportSettings(8, 8, colour=False)).report
    assert f"{coloured} made grey" in map(str, made.changes)


# --- what the pixels say ----------------------------------------------------------------------------------------------


def test_equal_black_and_nearly_equal_images_are_told(tmp_path: Path) -> None:
    for name, values in (("black", [0]), ("equal", [99]), ("nearly", [100, 100, 100, 101])):
        for k in range(12):
            path = tmp_path / name / f"{k}.png"
            path.parent.mkdir(exist_ok=True)
            Image.new("L", (8, 8), list(values)[k % len(values)]).save(path)
    found = {
        name: kinds_of(import_folder.write(name, tmp_path / name, ImportSettings(8, 8)).report)
        for name in ("black", "equal", "nearly")
    }
    assert found["black"] == {"black", "all equal"}
    assert found["equal"] == {"all equal"}
    assert "nearly equal" in found["nearly"]


def test_copies_across_splits_and_classes_are_told_and_by_content_they_stay_together(tmp_path: Path) -> None:
    for k in range(30):
        picture(tmp_path / "in" / "train" / "a" / f"{k}.png", seed=k)
        picture(tmp_path / "in" / "test" / "a" / f"{k}.png", seed=k + 28)  # two are in both
    kinds = kinds_of(imported(tmp_path / "in").report)
    assert {"copies", "copies across splits"} <= kinds
    for k in range(40):
        picture(tmp_path / "twice" / f"{k}.png", seed=k // 2)
    report = import_folder.write("y", tmp_path / "twice", ImportSettings(8, 8)).report
    assert "copies" in kinds_of(report)
    assert "copies across splits" not in kinds_of(report)
    for k in range(12):
        picture(tmp_path / "torn" / "ab"[k % 2] / f"{k}.png", seed=k if k > 1 else 0)
    torn = import_folder.write("z", tmp_path / "torn", ImportSettings(8, 8)).report
    assert "copies across classes" in kinds_of(torn)


def test_near_copies_across_splits_are_told(tmp_path: Path) -> None:
    y, x = np.mgrid[:32, :32]
    for k in range(40):
        wave = 127 + 60 * np.sin(x * (k + 2) / 40 + k) + 60 * np.cos(y * (k + 3) / 50)
        for split in ("train", "test") if k < 5 else ("train",) if k < 25 else ("test",):
            path = tmp_path / "in" / split / f"{k}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = RNG.integers(-2, 3, wave.shape) if split == "test" else 0
            Image.fromarray((wave + noise).clip(0, 255).astype(np.uint8)).save(path)
    report = import_folder.write("x", tmp_path / "in", ImportSettings(32, 32)).report
    [near] = [warned.text for warned in report.warnings if warned.kind == "near copies across splits"]
    assert near.startswith(("4 of ", "5 of "))  # one of the five may have become validation


# --- splits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(3, 100), (4, 4, 4, 4), (3,) * 40, (8,) * 50, (200, 10, 5)])
def test_every_class_of_three_or_more_is_in_all_splits(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    fill(tmp_path / "in", {f"c{k}": n for k, n in enumerate(sizes)})
    report = imported(tmp_path / "in").report
    assert all(min(one.counts[split] for split in report.splits) >= 1 for one in report.classes)
    assert math.isclose(sum(report.splits.values()), sum(sizes))
    assert report.splits["train"] >= sum(sizes) / 3


def test_classes_too_small_to_be_divided_are_divided_together(tmp_path: Path) -> None:
    fill(tmp_path / "in", {f"c{k}": 2 for k in range(60)} | {"more": 3})
    report = imported(tmp_path / "in").report
    assert (report.splits["test"], report.splits["validation"]) == (24, 20)


def test_an_image_more_moves_no_other_across_the_test_split(tmp_path: Path) -> None:
    fill(tmp_path / "in", {"a": 60})
    imported(tmp_path / "in")
    before = set(datasets.load("x", "test").file_names or ())
    picture(tmp_path / "in" / "a" / "new.png")
    import_folder.write("y", tmp_path / "in", ImportSettings(8, 8))
    after = set(datasets.load("y", "test").file_names or ())
    assert len(before & after) >= len(before) - 1


def test_a_colour_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError, match="The background is 'sky', expected a colour"):
        ReadingChoice(background="sky")


# --- what a range is said in, and what it is for ----------------------------------------------------------------------


def test_a_range_is_advised_in_the_files_values(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    draw = np.random.default_rng(0)
    for k in range(12):  # a camera of 12 bits with one hot pixel
        values = draw.integers(0, 4_000, (32, 32), np.uint16)
        values[0, 0] = 65_535 if k == 0 else 0
        Image.fromarray(values).save(tmp_path / "in" / f"{k}.png")
    [dark] = [warned for warned in imported(tmp_path / "in").report.warnings if warned.kind == "dark"]
    advised = re.search(r"--range 0:(\d+)", dark.remedy)
    assert advised is not None
    assert 3_000 < int(advised[1]) < 8_000


def test_a_range_of_fractions_leaves_images_of_8_bits_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    grey = np.random.default_rng(1).integers(0, 256, (10, 8, 8), np.uint8)
    for k, pixels in enumerate(grey):
        Image.fromarray(pixels).save(tmp_path / "in" / f"{k}.png")
        Image.fromarray((pixels / 255).astype(np.float32)).save(tmp_path / "in" / f"f{k}.tif")
    found = imported(tmp_path / "in")
    read = np.concatenate([datasets.load(found.folder.name, split).images for split in SPLITS])
    assert len(np.unique(read)) > 100
