"""A ZIP or an NPZ becomes a data set, or an error in words; a hostile one leaves nothing behind."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hostile.contents.archives import with_sizes
from vae.data import datasets
from vae.data.folders.choices import FolderChoices
from vae.data.import_folder import ImportSettings
from vae.data.importing import archive_files, sources
from vae.data.reading_choice import ReadingChoice
from vae.errors import DatasetError, VAEError

MARKUP = "<img src=x onerror=alert(1)> :red[x] $x$ [l](http:a.b)"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where imported sets go."""
    folder = tmp_path / "data"
    monkeypatch.setenv("VAE_DATA", str(folder))
    return folder


def png(value: int = 0, size: tuple[int, int] = (12, 8)) -> bytes:
    """A grey picture of (width, height), no two alike."""
    written = io.BytesIO()
    Image.fromarray(np.full(size[::-1], value, np.uint8)).save(written, "PNG")
    return written.getvalue()


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def pictures(count: int, folder: str = "") -> dict[str, bytes]:
    return {f"{folder}{k}.png": png(k % 256, (12 + k // 256, 8)) for k in range(count)}


def small(**choices: object) -> ImportSettings:
    return ImportSettings(8, 8, **choices)  # type: ignore[arg-type]


# --- what goes in -----------------------------------------------------------------------------------------------------


def test_a_zip_is_imported_as_the_folder_in_it_would_be(tmp_path: Path) -> None:
    members = pictures(6, "own/cats/") | pictures(7, "own/dogs/") | {"own/read me.txt": b"x", "__MACOSX/a.png": b"x"}
    report = sources.write("own", zipped(tmp_path / "own.zip", members), small()).report
    assert [(one.name, one.total) for one in report.classes] == [("cats", 6), ("dogs", 7)]
    assert sum(reason.count for reason in report.left_out) == 2
    names = {name for split in ("train", "validation", "test") for name in datasets.load("own", split).file_names or ()}
    assert "own/cats/0.png" in names
    assert len(names) == 13


def test_a_csv_beside_the_images_of_a_zip_names_classes(tmp_path: Path) -> None:
    table = "file,label\n" + "".join(f"{k}.png,{'odd' if k % 2 else 'even'}\n" for k in range(10))
    archive = zipped(tmp_path / "own.zip", pictures(12) | {"labels.csv": table.encode()})
    report = sources.write("own", archive, small(folder=FolderChoices("csv"))).report
    assert [(one.name, one.total) for one in report.classes] == [("even", 5), ("odd", 5)]
    assert [(reason.why, reason.count) for reason in report.left_out] == [("not named by labels.csv", 2)]


def test_what_is_damaged_in_a_zip_is_left_out_by_name(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "own.zip", pictures(9) | {"broken.png": png(99)[:40]})
    raw = bytearray(archive.read_bytes())
    at = raw.index(b"3.png") + 5
    raw[at + 20 : at + 24] = b"\xff" * 4  # in the packed bytes of 3.png
    archive.write_bytes(raw)
    report = sources.write("own", archive, small()).report
    assert report.taken == 8
    assert {name for reason in report.left_out for name in reason.first} == {"3.png", "broken.png"}
    assert any("damaged in the ZIP" in reason.why for reason in report.left_out)


def test_an_npz_keeps_its_size_labels_and_names_of_classes(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 9, 11, 3), np.uint8)
    labels = np.arange(40)[:, None] % 3
    np.savez(tmp_path / "own.npz", images=images, labels=labels, names=np.array(["cat", "dog", MARKUP]))
    assert sources.side_of(tmp_path / "own.npz") == (9, 11)
    result = sources.write("own", tmp_path / "own.npz", ImportSettings(9, 11))
    assert result.class_names == ("cat", "dog", MARKUP)
    train = datasets.load("own", "train")
    names = train.file_names
    assert names is not None
    rows = [int(name.rsplit("/", 1)[1]) for name in names]
    assert np.array_equal(train.images, images[rows].transpose(0, 3, 1, 2))
    assert np.array_equal(train.labels, labels[rows, 0])


def test_the_splits_of_an_npz_are_its_arrays(tmp_path: Path) -> None:
    """As Keras keeps MNIST; a validation split comes out of train."""
    rng = np.random.default_rng(0)
    x_train, x_test = rng.random((50, 8, 8)).astype(np.float32), rng.random((20, 8, 8)).astype(np.float32)
    np.savez_compressed(
        tmp_path / "own.npz", x_train=x_train, y_train=np.arange(50) % 5, x_test=x_test, y_test=np.arange(20) % 5
    )
    sources.write("own", tmp_path / "own.npz", small())
    assert len(datasets.load("own", "test").images) == 20
    assert len(datasets.load("own", "train").images) + len(datasets.load("own", "validation").images) == 50
    expected = {tuple(np.round(255 * image).astype(np.uint8).ravel()) for image in x_test}
    assert {tuple(image.ravel()) for image in datasets.load("own", "test").images} == expected


def test_more_than_eight_bits_in_an_npz_are_scaled_by_the_range_of_the_set(tmp_path: Path) -> None:
    images = np.linspace(100, 4_000, 20 * 64).reshape(20, 8, 8).astype(np.uint16)
    np.savez(tmp_path / "own.npz", images)
    result = sources.write("own", tmp_path / "own.npz", small())
    pixels = np.concatenate([datasets.load("own", split).images for split in ("train", "validation", "test")])
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert "values from 100 to 4,000" in result.report.values


def test_padding_keeps_all_of_an_image_and_stays_with_the_set(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "own.zip", {f"{k}.png": png(k, (16, 8)) for k in range(8)})
    result = sources.write("own", archive, ImportSettings(16, 16, reading=ReadingChoice(fit="pad")))
    image = datasets.load("own", "train").images[0, 0]
    assert (image[:4] == 255).all()
    assert (image[12:] == 255).all()
    assert (image[4:12] < 10).all()
    assert datasets.info("own").reading.fit == "pad"
    assert any("padded" in change.what for change in result.report.changes)


@pytest.mark.parametrize("count", [3, 4, 20])
def test_few_images_without_labels_are_one_class(count: int, tmp_path: Path) -> None:
    result = sources.write("own", zipped(tmp_path / "own.zip", pictures(count)), small())
    assert result.class_names == ("images",)
    assert sum(result.counts.values()) == count


def test_names_with_markup_and_ten_thousand_entries_go_in(tmp_path: Path) -> None:
    members = {f"class {MARKUP}\x1b[2J\u202e/{k}.png": png(k) for k in range(10)}
    archive = zipped(tmp_path / "own.zip", members | {f"notes/{k}.txt": b"" for k in range(10_000)})
    result = sources.write("own", archive, small())
    assert result.report.seen == 10_010
    assert len(result.class_names) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


def traversal(folder: Path) -> Path:
    return zipped(folder / "x.zip", pictures(5) | {"../../evil.png": png(1)})


def absolute(folder: Path) -> Path:
    return zipped(folder / "x.zip", pictures(5) | {"/evil/evil.png": png(1)})


def drive(folder: Path) -> Path:
    return zipped(folder / "x.zip", pictures(5) | {"C:\\evil.png": png(1)})


def links_alone(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        for k in range(5):
            member = zipfile.ZipInfo(f"{k}.png")
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, "/etc/passwd")
    return folder / "x.zip"


def bomb(folder: Path) -> Path:
    path = zipped(folder / "x.zip", pictures(5))
    path.write_bytes(with_sizes(path.read_bytes(), 2**30))
    return path


def large_list(folder: Path) -> Path:
    """The end of the archive says that its list takes 2 GB, and it is that long, in a sparse file."""
    path = folder / "x.zip"
    size = 2**31 - 1
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65_535, 65_535, size, 0, 0))
    return path


def cut(folder: Path) -> Path:
    path = zipped(folder / "x.zip", pictures(20))
    path.write_bytes(path.read_bytes()[:-400])
    return path


def locked(folder: Path) -> Path:
    path = zipped(folder / "x.zip", pictures(5))
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        start = raw.find(mark)
        while start >= 0:
            raw[start + at] |= 1
            start = raw.find(mark, start + 4)
    path.write_bytes(raw)
    return path


def empty_file(folder: Path) -> Path:
    (folder / "x.zip").touch()
    return folder / "x.zip"


def two_tables(folder: Path) -> Path:
    return zipped(folder / "x.zip", pictures(5) | {"a.csv": b"file,label\n", "b.csv": b"file,label\n"})


def objects(folder: Path) -> Path:
    np.savez(folder / "x.npz", images=np.array([{"a": 1}] * 5, object), labels=np.arange(5))
    return folder / "x.npz"


def promises(folder: Path) -> Path:
    """The header promises a terabyte."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 1_000, 1_000)})
    with zipfile.ZipFile(folder / "x.npz", "w") as archive:
        archive.writestr("images.npy", head.getvalue() + b"\0" * 100)
    return folder / "x.npz"


def no_images(folder: Path) -> Path:
    np.savez(folder / "x.npz", weights=np.zeros((3, 3)))
    return folder / "x.npz"


def unlabelled_part(folder: Path) -> Path:
    images = np.zeros((6, 8, 8), np.uint8)
    np.savez(folder / "x.npz", x_train=images, y_train=np.zeros(6, int), x_test=images)
    return folder / "x.npz"


def infinite(folder: Path) -> Path:
    np.savez(folder / "x.npz", np.full((6, 8, 8), np.nan))
    return folder / "x.npz"


def too_few(folder: Path) -> Path:
    return zipped(folder / "x.zip", pictures(2))


def no_pictures(folder: Path) -> Path:
    return zipped(folder / "x.zip", {"a.txt": b"a", MARKUP: b"b"})


HOSTILE: dict[Callable[[Path], Path], str] = {
    traversal: r"leads out of the archive; expected names below it\. Make the ZIP again",
    absolute: "leads out of the archive",
    drive: "leads out of the archive",
    links_alone: "holds no images; it holds 5 .a link, which is not followed",
    bomb: r"says that it holds 5,368,709,120, expected at most 200 times as many\.",
    large_list: "can't be read as a ZIP. Its list of files has more than",
    cut: "no ZIP archive that can be read",
    locked: "encrypted: make the ZIP without a password",
    empty_file: "no ZIP archive that can be read",
    two_tables: "holds 2 CSV files: a.csv, b.csv, expected one",
    objects: r"images holds dtype\('O'\) of shape \(5,\), expected plain numbers",
    promises: "its header promises",
    no_images: r"holds no images: weights \(3, 3\); expected an array",
    unlabelled_part: "no labels for x_test, expected them for all images or none",
    infinite: "no finite numbers",
    too_few: "There are 2 images, expected at least 3",
    no_pictures: "holds no images",
}


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: str(make.__name__))
def test_what_is_hostile_or_no_images_is_refused_in_words(
    make: Callable[[Path], Path], tmp_path: Path, data: Path
) -> None:
    source = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    choices = FolderChoices("csv") if make is two_tables else FolderChoices()
    with pytest.raises(VAEError, match=HOSTILE[make]):
        sources.write("own", source, small(folder=choices))
    assert sorted(tmp_path.rglob("*")) == before or sorted(data.rglob("*")) == [data / "folders"]


@pytest.mark.parametrize("ending", [".zip", ".npz"])
def test_an_archive_cut_anywhere_is_read_or_refused(ending: str, tmp_path: Path) -> None:
    whole, source = tmp_path / f"whole{ending}", tmp_path / f"x{ending}"
    if ending == ".zip":
        zipped(whole, pictures(6))
    else:
        np.savez_compressed(whole, images=np.arange(6 * 64, dtype=np.uint8).reshape(6, 8, 8), labels=np.arange(6))
    raw = whole.read_bytes()
    for number, length in enumerate(range(0, len(raw), 97)):
        for content in (raw[:length], raw[:length] + b"\xff" * 8 + raw[length + 8 :]):
            source.write_bytes(content)
            try:
                sources.write(f"own-{number}", source, small())
            except VAEError as error:
                assert str(error)
            else:
                assert datasets.info(f"own-{number}").counts["train"] > 0
                break


def test_no_more_is_read_of_a_member_than_the_list_promises(tmp_path: Path) -> None:
    """A list that makes little of a large member: what it promises is read, and its checksum is wrong then."""
    path = zipped(tmp_path / "x.zip", {"a.png": b"\0" * 10**6})
    with (
        archive_files.listed(io.BytesIO(with_sizes(path.read_bytes(), 100)), "x.zip") as archive,
        pytest.raises(VAEError, match="damaged in the ZIP"),
    ):
        archive_files.content(archive, archive.infolist()[0], 10**9)


def test_an_archive_that_grows_too_much_is_told_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bomb(tmp_path)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DatasetError, match="expected at most 200 times"):
        sources.write("own", source, small())
