"""`score` on folders and files: what is read, skipped, resized and taken for labels."""

from __future__ import annotations

import errno
import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from tests.vae.commands.score.score import call, save, table
from vae import commands
from vae.anomalies import detectors, sources, streaming
from vae.anomalies.evaluation import metrics
from vae.anomalies.forward_pass import passes
from vae.checkpoints import loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets, image_decoding, import_folder
from vae.data.image_dataset import SPLITS
from vae.data.import_folder import ImportSettings
from vae.errors import DatasetError, ScoreError

SHAPE = (1, 8, 8)


def test_a_folder_is_scored_without_what_cant_be_read(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--images", folder, "--score", "squared_error", "--output", out, "--json") == 0
    said, rows = json.loads(capsys.readouterr().out), table(out)
    assert [row["name"] for row in rows] == [*(f"{k}.png" for k in range(8)), "below/deeper/odd.PNG"]
    assert max(rows, key=lambda row: float(row["score"]))["name"] == "below/deeper/odd.PNG"
    assert rows[-1]["decision"] == "anomaly"
    images = said["images"]
    skipped = {name: reason["why"] for reason in images["left_out"] for name in reason["first"]}
    assert {"bomb.png", "cut.png", "empty.jpg", "pipe.png", "text.png"} <= set(skipped)
    assert skipped["text.png"] == "can't be read: a text file, no image"
    assert skipped["pipe.png"] == "can't be read: is a pipe, expected a regular file"
    assert (said["scored"], images["taken"], images["changes"]) == (9, 9, [])
    assert said["skipped"] == images["seen"] - 9 == sum(reason["count"] for reason in images["left_out"])


def test_a_folder_below_that_cant_be_read_is_skipped_and_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = os.scandir

    def scandir(place: str) -> object:
        if Path(place).name in {"below", "closed"}:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)
        return plain(place)

    monkeypatch.setattr(os, "scandir", scandir)  # tests may run as root, who may read anything
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--images", folder, "--score", "kl", "--output", out) == 0
    assert [row["name"] for row in table(out)] == [f"{k}.png" for k in range(8)]
    assert "Left out 1 (Permission denied): below/." in capsys.readouterr().out
    closed = tmp_path / "in" / "closed"
    closed.mkdir(parents=True)
    with pytest.raises(
        DatasetError, match=r"holds no images, as far as it can be read: closed/ can't \(Permission denied"
    ):
        sources.from_folder(closed.parent, SHAPE)
    with pytest.raises(DatasetError, match=r"closed can't be read: .*Permission denied"):
        sources.from_folder(closed, SHAPE)


def test_links_to_folders_are_not_followed(tmp_path: Path, digits: dict) -> None:
    """They may go in circles, or show the same image twice."""
    save(tmp_path / "in" / "a" / "1.png", digits["test"].images[0, 0])
    (tmp_path / "in" / "a" / "round").symlink_to(tmp_path / "in" / "a")
    (tmp_path / "in" / "b").symlink_to(tmp_path / "in" / "a")
    source = sources.from_folder(tmp_path / "in", SHAPE)
    assert [name for chunk in source.read() for name in chunk.names] == ["a/1.png"]


def test_a_folders_pixels_are_the_data_sets(folder: Path, digits: dict) -> None:
    (chunk,) = sources.from_folder(folder, SHAPE).read()
    assert np.array_equal(chunk.pixels[:8], digits["test"].images[:8])
    assert chunk.labels is not None
    assert chunk.labels.tolist() == [-1] * 8 + [0]


def test_chunks_are_bounded_and_change_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k, size in enumerate((256, 4)):
        monkeypatch.setattr(sources, "CHUNK_FILES", size)
        chunks = list(sources.from_folder(folder, SHAPE).read())
        assert len(chunks) == (1, 4)[k]
        assert sum(len(chunk.skipped) for chunk in chunks) == 5
        assert call("digits-mlp-2", "--images", folder, "--score", "knn", "--output", tmp_path / f"{k}.csv") == 0
    one, other = table(tmp_path / "0.csv"), table(tmp_path / "1.csv")
    assert [row["name"] for row in one] == [row["name"] for row in other]
    assert np.allclose([float(r["score"]) for r in one], [float(r["score"]) for r in other], rtol=1e-4)


def test_a_source_keeps_one_chunk_of_pixels(
    monkeypatch: pytest.MonkeyPatch, digits: dict, checkpoint: Checkpoint
) -> None:
    monkeypatch.setattr(sources, "CHUNK_IMAGES", 100)
    model = loading.load_model(checkpoint)
    seen = passes(model, np.array(digits["validation"].images))
    detector = detectors.fit(checkpoint, model, "squared_error", seen, seen, "all")
    source = sources.from_dataset(digits["test"], SHAPE)
    tally = streaming.Tally(source.tally())
    chunks = list(streaming.scored(source, detector, model, tally))
    assert len(chunks) == 4
    assert all(chunk.pixels.base is None and chunk.pixels.nbytes == 0 for chunk, _ in chunks)
    assert tally.count == 360


def test_sub_folders_named_as_classes_are_labels(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    test = digits["test"]
    for row in range(40):
        save(tmp_path / "in" / str(test.labels[row]) / f"{row}.png", test.images[row, 0])
    given = ("--images", tmp_path / "in", "--normal", "0,1,2", "--output", tmp_path / "s.csv", "--json")
    assert call("digits-mlp-8", *given) == 0
    said, rows = json.loads(capsys.readouterr().out), table(tmp_path / "s.csv")
    outlier = np.array([row["class"] not in {"0", "1", "2"} for row in rows])
    assert said["auroc"]["value"] == metrics.auroc([float(row["score"]) for row in rows], outlier)
    assert f"{outlier.sum()} outliers against" in said["protocol"]


def judged(capsys: pytest.CaptureFixture[str], *given: object) -> dict:
    assert call("digits-mlp-8", *given, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_every_sub_folder_that_is_not_normal_holds_outliers(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of an image beside the sub-folders nobody knows what it is."""
    test, root = digits["test"], tmp_path / "in"
    for row in range(40):
        save(root / str(test.labels[row]) / f"{row}.png", test.images[row, 0])
    given = ("--images", root, "--normal", "0,1,2", "--output", tmp_path / "s.csv")
    alone = judged(capsys, *given)
    for row in range(40, 50):
        save(root / f"{row}.png", test.images[row, 0])
        save(root / "new ones" / f"{row}.png", 255 - test.images[row, 0])
    beside = judged(capsys, *given)
    counts = re.match(r"([0-9]+) outliers against ([0-9]+) normal images", alone["protocol"])
    assert counts is not None
    outliers, normals = map(int, counts.groups())
    assert (alone["scored"], beside["scored"]) == (40, 60)
    assert beside["protocol"].startswith(f"{outliers + 10} outliers against {normals} normal images; ")
    assert beside["protocol"].endswith("; normal: 0, 1, 2; 10 images of which nothing is known are left out")
    named = judged(capsys, *given, "--outliers", *(name for name in "3456789" if (root / name).is_dir()))
    for key in ("auroc", "auprc", "fpr95"):
        assert named[key] == pytest.approx(alone[key])
    assert "20 images of which nothing is known are left out" in named["protocol"]


def test_a_sub_folder_may_be_named_as_normal_though_no_training_class_is_called_so(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str], checkpoint: Checkpoint
) -> None:
    test, root, out = digits["test"], tmp_path / "in", tmp_path / "s.csv"
    for row in range(40):
        save(
            root / ("good", "inverted")[row % 2] / f"{row}.png",
            abs(255 * (row % 2) - test.images[row, 0].astype(int)).astype(np.uint8),
        )
    given = ("--images", root, "--output", out)
    assert "No sub-folder (good, inverted) is named as normal" in judged(capsys, *given)["not_judged"]
    found = judged(capsys, *given, "--normal", "good", "--keep", "of digits")
    rows = table(out)
    outlier = np.array([row["class"] == "inverted" for row in rows])
    expected = roc_auc_score(outlier, [float(row["score"]) for row in rows])
    assert found["auroc"]["value"] == pytest.approx(expected)
    assert found["normal"] == f"{checkpoint.dataset.title} train, all classes: {len(digits['train']):,} images"
    kept = judged(capsys, *given, "--detector", "of digits")
    assert kept["auroc"] == found["auroc"]  # a kept detector remembers what is called normal
    assert call("digits-mlp-8", *given, "--normal", "god") == 2
    assert "has no class 'god'" in capsys.readouterr().err


def test_a_model_of_normal_images_alone_is_judged_on_folders_of_defects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MVTec AD lays them out: one class in the training data, and a test folder with it and the defects."""
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    rng = np.random.default_rng(0)
    for folder, count in {"train/good": 60, "test/good": 12, "test/hole": 8, "test/scratch": 8}.items():
        for k in range(count):
            image = rng.integers(90, 110, (8, 8)).astype(np.uint8)
            image[2:4] = 90 if "good" in folder else 255
            save(tmp_path / folder / f"{k}.png", image)
    commands.main(["import", "parts", str(tmp_path / "train"), "--size", "8"])
    settings = ("--architecture", "mlp", "--hidden", "16", "--latent-dim", "2", "--epochs", "2", "--batch-size", "16")
    commands.main(["train", "--dataset", "parts", *settings, "--output", "normal"])
    capsys.readouterr()
    out = tmp_path / "s.csv"
    for more in (("--normal", "good"), ()):  # the training data has one class, which is normal without being named
        assert call("normal", "--images", tmp_path / "test", *more, "--output", out, "--json") == 0
        found, rows = json.loads(capsys.readouterr().out), table(out)
        outlier = [row["class"] != "good" for row in rows]
        assert found["auroc"]["value"] == pytest.approx(roc_auc_score(outlier, [float(row["score"]) for row in rows]))
        assert found["protocol"].startswith("16 outliers against 12 normal images; ")
        assert found["protocol"].endswith("; normal: good")
        assert "can promise" in found["chosen"]
        assert all(int(row["higher_than"]) <= int(row["held_out"]) == found["held_out"] for row in rows)


def test_images_that_are_all_outliers_stand_beside_normal_test_images(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    test, root = digits["test"], tmp_path / "in"
    for row in range(9):
        save(root / f"{row}.png", 255 - test.images[row, 0])
    given = ("--images", root, "--output", tmp_path / "s.csv")
    assert "The images have no classes" in judged(capsys, *given)["not_judged"]
    found = judged(capsys, *given, "--outliers", "all")
    assert found["protocol"].startswith("9 outliers against 360 normal images; ")
    assert found["protocol"].endswith("the normal ones are 360 images of digits, test split, scored beside")
    assert found["auroc"]["value"] > 0.9
    assert call("digits-mlp-8", *given, "--outliers", "bad") == 2
    assert "has no class 'bad'. It has no class at all; all means every image." in capsys.readouterr().err


def test_images_of_another_size_are_resized_and_that_is_said(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = Image.fromarray(digits["test"].images[3, 0]).resize((64, 64), Image.Resampling.BOX)
    save(tmp_path / "in" / "large.png", np.pad(np.asarray(picture), ((0, 0), (20, 20))))
    save(tmp_path / "in" / "colour.png", np.stack([digits["test"].images[3, 0]] * 3, -1))
    assert call("digits-mlp-8", "--images", tmp_path / "in", "--output", tmp_path / "s.csv") == 0
    text = capsys.readouterr().out
    assert "Changed: 1 resized to 8 × 8 pixels; 1 cut to their middle." in text
    assert "Not judged: The images have no classes: " in text
    (chunk,) = sources.from_folder(tmp_path / "in", SHAPE).read()
    assert np.abs(chunk.pixels[0].astype(int) - chunk.pixels[1]).max() < 40  # the same digit, cut out again
    assert np.array_equal(chunk.pixels[0], digits["test"].images[3])


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 9), (1, 20, 6)])
def test_a_data_set_is_fitted_as_its_files_would_be(shape: tuple[int, int, int], digits: dict) -> None:
    images = np.repeat(np.repeat(digits["test"].images[:3], 2, 2), 3, 3)  # (3, 1, 16, 24)
    fitted = image_decoding.fitted(images, shape)
    assert fitted.shape == (3, *shape)
    for pixels, found in zip(images, fitted, strict=True):
        content = io.BytesIO()
        Image.fromarray(pixels[0]).save(content, "PNG")
        expected = image_decoding.decode(content.getvalue(), image_decoding.format_of(shape)).pixels
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_uploaded_files_are_scored_as_files(folder: Path) -> None:
    files = [(name, (folder / name).read_bytes()) for name in ("0.png", "text.png", "1.png")]
    source = sources.from_files([*files, ("huge.png", b"\0" * (image_decoding.MAX_CONTENT_BYTES + 1))], SHAPE)
    (chunk,) = source.read()
    assert chunk.names == ("0.png", "1.png")
    assert [file.name for file in chunk.skipped] == ["text.png", "huge.png"]
    with pytest.raises(ScoreError, match="no files"):
        sources.from_files([], SHAPE)
    with pytest.raises(ScoreError, match="5,001 files"):
        sources.from_files([("a.png", b"")] * 5_001, SHAPE)
    with pytest.raises(DatasetError, match="2 channels"):
        sources.from_files(files, (2, 8, 8))


def test_the_stamp_of_a_folder_changes_with_its_files(tmp_path: Path) -> None:
    below = tmp_path / "in" / "deeper"
    below.mkdir(parents=True)
    for name in ("a.png", "deeper/b.png"):
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "in" / name)

    def stamp() -> str:
        return sources.from_folder(tmp_path / "in", SHAPE).stamp

    first = stamp()
    assert stamp() == first
    os.utime(below / "b.png", (1, 1))  # written anew in place: neither the folder nor the number of files says so
    second = stamp()
    assert second != first
    (below / "b.png").unlink()
    assert stamp() not in {first, second}


def test_a_folder_is_read_as_the_models_training_images_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 12 bits, and white on transparency: chosen at import, and used for whatever is scored."""
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    rng = np.random.default_rng(0)
    for k in range(12):
        Image.fromarray(rng.integers(0, 4_096, (8, 8)).astype(np.uint16)).save(made(tmp_path / "deep" / f"{k}.png"))
        glyph = np.full((8, 8, 4), 255, np.uint8)
        glyph[..., 3] = rng.integers(0, 2, (8, 8)) * 255
        Image.fromarray(glyph).save(made(tmp_path / "glyphs" / f"{k}.png"))
    for name in ("deep", "glyphs"):
        import_folder.write(name, tmp_path / name, ImportSettings(8, 8))
        source = sources.from_folder(tmp_path / name, SHAPE, datasets.info(name).reading)
        (chunk,) = source.read()
        pixels = dict(zip(chunk.names, chunk.pixels, strict=True))
        for split in SPLITS:
            images = datasets.load(name, split)
            assert images.file_names is not None
            for file, expected in zip(images.file_names, images.images, strict=True):
                np.testing.assert_array_equal(pixels[file], expected)
        tally = source.tally()
        tally.add(chunk.pixels, chunk.facts)
        said = source.report(tally)
        assert ("become black to white" in said.values, "Background: black" in said.background) == (
            name == "deep",
            name == "glyphs",
        )


def made(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    return path
