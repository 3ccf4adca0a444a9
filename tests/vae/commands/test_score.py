"""`score` on the shipped digits models, in process: where images come from, what is written, and hostile input."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae import commands
from vae.anomalies import csv_report, detector_files, detectors, normal_images, sources, streaming
from vae.anomalies.evaluation import metrics
from vae.anomalies.forward_pass import passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands import score
from vae.data import datasets, image_decoding
from vae.errors import DatasetError, ScoreError
from vae.storage import paths

CHECKPOINTS = paths.PROJECT / "checkpoints"
SHAPE = (1, 8, 8)


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_CHECKPOINTS", str(CHECKPOINTS))


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", CHECKPOINTS)


def call(*argv: object) -> int:
    try:
        return commands.main(["score", *(str(a) for a in argv)])
    except SystemExit as end:
        return int(end.code or 0)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    path.write_bytes(content.getvalue())


def bomb() -> bytes:
    """A PNG that says it has 2.5 billion pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.fixture()
def folder(tmp_path: Path, digits: dict) -> Path:
    """Eight digits, an inverted one, and five files that are no images."""
    root = tmp_path / "mine"
    for row in range(8):
        save(root / f"{row}.png", digits["test"].images[row, 0])
    save(root / "below" / "deeper" / "odd.PNG", 255 - digits["test"].images[0, 0])
    whole = (root / "0.png").read_bytes()
    (root / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "text.png").write_text("not an image")
    (root / "empty.jpg").write_bytes(b"")
    (root / "bomb.png").write_bytes(bomb())
    os.mkfifo(root / "pipe.png")
    (root / "notes.txt").write_text("passed over")
    (root / ".hidden.png").write_bytes(whole)
    return root


# --- data sets --------------------------------------------------------------------------------------------------------


def test_a_split_is_scored_judged_and_the_detector_kept(
    checkpoint: Checkpoint, tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    out, test = tmp_path / "s.csv", digits["test"]
    given = ("--normal", "0,1", "--score", "mahalanobis", "--false-alarms", 0.1, "--keep", "zero or one")
    assert call("digits-mlp-8", *given, "--output", out, "--json") == 0
    said, rows = json.loads(capsys.readouterr().out), table(out)
    assert list(rows[0]) == ["name", "row", "class", "score", "percentile", "decision"]
    assert [row["class"] for row in rows] == [str(label) for label in test.labels]
    assert (rows[7]["name"], rows[7]["row"]) == ("row 7", "7")
    scores = np.array([float(row["score"]) for row in rows])
    flagged = np.array([row["decision"] == "anomaly" for row in rows])
    assert np.array_equal(flagged, scores > said["threshold"])
    assert (said["scored"], said["flagged"], said["skipped"]) == (360, flagged.sum(), 0)
    assert said["auroc"]["value"] == pytest.approx(metrics.auroc(scores, test.labels > 1))
    assert said["normal"] == "scikit-learn digits train, classes 0, 1: 257 images"

    detector = detector_files.read(checkpoint, "zero or one")
    model = loading.load_model(checkpoint)
    decided = detectors.decide(detector, passes(model, np.array(test.images)), model)
    assert np.allclose(decided.scores, scores, rtol=1e-3)
    again = tmp_path / "again.csv"
    assert call("digits-mlp-8", "--detector", "zero or one", "--output", again) == 0
    assert again.read_bytes() == out.read_bytes()
    text = capsys.readouterr().out
    assert f"Flagged {flagged.sum()} " in text
    assert "Threshold: set to flag 10 % of held-out normal images (it flags " in text
    assert "AUROC" in text


def test_a_detector_that_cant_be_kept_hides_no_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    out = tmp_path / "s.csv"
    given = ("digits-mlp-8", "--score", "kl", "--keep", "mine", "--output", out)
    assert call(*given) == 2
    printed = capsys.readouterr()
    assert f"Wrote 360 scores of digits, test split to {out}." in printed.out
    assert "Kept" not in printed.out
    last = printed.err.splitlines()[-1]
    assert last.startswith("python -m vae score: The scores are written, but the detector is not kept: ")
    assert len(table(out)) == 360
    assert call(*given, "--json") == 2
    assert json.loads(capsys.readouterr().out)["kept"] is None


def test_a_contamination_rate_is_of_what_is_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--contamination", 0.1, "--output", out) == 0
    assert sum(row["decision"] == "anomaly" for row in table(out)) == 36
    text = capsys.readouterr().out
    assert "Flagged 36 (10.0%)" in text
    assert "set to flag 10 % of the images that were scored (it flags 36 of 360)." in text
    assert "Not judged: Every class is normal" in text


def test_a_threshold_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--score", "pca_lof", "--threshold", 1.05, "--output", out) == 0
    assert all((float(row["score"]) > 1.05) == (row["decision"] == "anomaly") for row in table(out))
    assert "Threshold: set by hand (it flags " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("split", "why"),
    [
        ("train", "Model and detector were fitted to these images."),
        ("validation", "The detector was calibrated on these images."),
    ],
)
def test_images_that_something_was_fitted_to_are_scored_but_not_judged(
    split: str, why: str, tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.csv"
    given = ("--split", split, "--normal", "0,1", "--score", "kl", "--output", out)
    assert call("digits-mlp-8", *given) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[-1] == f"Not judged: {why}"
    assert len(table(out)) == len(digits[split])
    assert call("digits-mlp-8", *given, "--dataset", "digits", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["not_judged"] == why
    assert "auroc" not in said


def test_the_train_split_of_another_data_set_is_judged(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = datasets.load
    monkeypatch.setattr(datasets, "load", lambda name, split: replace(plain("digits", split), name=name))
    given = ("--dataset", "mnist", "--split", "train", "--normal", "0,1", "--score", "kl", "--json")
    assert call("digits-mlp-8", *given, "--output", tmp_path / "s.csv") == 0
    assert "auroc" in json.loads(capsys.readouterr().out)


def test_one_class_in_the_split_gives_no_curve(
    tmp_path: Path, digits: dict, checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in range(40):
        if digits["test"].labels[row] == 1:
            save(tmp_path / "in" / "1" / f"{row}.png", digits["test"].images[row, 0])
    given = ("--images", tmp_path / "in", "--normal", "1", "--output", tmp_path / "s.csv", "--json")
    assert call("digits-mlp-8", *given) == 0
    assert "images are normal" in json.loads(capsys.readouterr().out)["not_judged"]
    assert call("digits-mlp-8", "--normal", ",".join("0123456789"), "--output", tmp_path / "s.csv", "--json") == 0
    assert "Every class is normal" in json.loads(capsys.readouterr().out)["not_judged"]


@pytest.mark.parametrize("words", [("0,1",), ("0", "1"), ("0,", "1")])
def test_classes_are_words_or_joined_by_commas(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--normal", *words, "--score", "kl", "--output", tmp_path / "s.csv", "--json")
    assert call("digits-mlp-8", *given) == 0
    assert json.loads(capsys.readouterr().out)["normal"] == "scikit-learn digits train, classes 0, 1: 257 images"


def test_a_model_of_one_class_takes_that_class_for_normal(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_threes = replace(checkpoint, train=replace(checkpoint.train, classes=("3",)))
    monkeypatch.setattr(score, "read_checkpoint", lambda name: of_threes)
    for given, expected in (((), "train, class 3"), (("--normal", "all"), "train, all classes")):
        assert call("digits-mlp-8", *given, "--score", "kl", "--output", tmp_path / "s.csv", "--json") == 0
        assert expected in json.loads(capsys.readouterr().out)["normal"]


def test_a_model_that_has_learned_the_outliers_is_told(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--normal", "3", "--output", tmp_path / "s.csv", "--json")
    for score_name, expected in (("squared_error", normal_images.LEARNED_OTHERS), ("lof", ""), ("pca_lof", "")):
        assert call("digits-mlp-8", *given, "--score", score_name, "--keep", score_name) == 0
        printed = capsys.readouterr()
        assert json.loads(printed.out)["note"] == expected
        assert ("has learned the other classes" in printed.err) == bool(expected)
    assert call("digits-mlp-8", "--detector", "squared_error", *given[2:]) == 0
    assert normal_images.LEARNED_OTHERS in capsys.readouterr().err.splitlines()
    of_threes = replace(checkpoint, train=replace(checkpoint.train, classes=("3",)))
    monkeypatch.setattr(score, "read_checkpoint", lambda name: of_threes)
    assert call("digits-mlp-8", "--score", "squared_error", *given) == 0
    assert json.loads(capsys.readouterr().out)["note"] == ""


def test_what_a_model_has_not_learned_is_told_too(checkpoint: Checkpoint) -> None:
    of_some = replace(checkpoint, train=replace(checkpoint.train, classes=("3", "4")))
    without = "This model was trained without classes 0, 1, whose images look anomalous to it."
    choice = NormalChoice(("0", "1", "3", "4"))
    assert normal_images.training_note(of_some, choice, ["kl"]) == without
    assert normal_images.training_note(of_some, choice, ["pca_lof"]) == ""
    both = normal_images.training_note(of_some, NormalChoice(("0", "1", "3")), ["squared_error", "lof"])
    assert both == f"{without} {normal_images.LEARNED_OTHERS}"
    assert normal_images.training_note(of_some, NormalChoice(("3", "4")), registry.SCORES) == ""
    assert normal_images.training_note(checkpoint, NormalChoice(), registry.SCORES) == ""


# --- folders and files ------------------------------------------------------------------------------------------------


def test_a_folder_is_scored_without_what_cant_be_read(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--images", folder, "--score", "squared_error", "--output", out, "--json") == 0
    said, rows = json.loads(capsys.readouterr().out), table(out)
    assert [row["name"] for row in rows] == [*(f"{k}.png" for k in range(8)), "below/deeper/odd.PNG"]
    assert max(rows, key=lambda row: float(row["score"]))["name"] == "below/deeper/odd.PNG"
    assert rows[-1]["decision"] == "anomaly"
    assert (said["scored"], said["skipped"], said["resized"]) == (9, 5, 0)
    skipped = {file["name"]: file["why"] for file in said["skipped_files"]}
    assert set(skipped) == {"bomb.png", "cut.png", "empty.jpg", "pipe.png", "text.png"}
    assert skipped["text.png"] == "no image that can be read"
    assert skipped["pipe.png"] == "no regular file"


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
    assert "Skipped 6 that can't be read: below/ (Permission denied); bomb.png (" in capsys.readouterr().out
    closed = tmp_path / "in" / "closed"
    closed.mkdir(parents=True)
    with pytest.raises(
        ScoreError, match=r"holds no images, as far as it can be read: closed/ can't \(Permission denied"
    ):
        sources.from_folder(closed.parent, SHAPE)
    with pytest.raises(ScoreError, match=r"closed can't be read: .*Permission denied"):
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
        monkeypatch.setattr(sources, "CHUNK_IMAGES", size)
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
    source, tally = sources.from_dataset(digits["test"], SHAPE), streaming.Tally()
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


def test_images_of_no_known_class_are_left_out_of_the_judgement(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody knows whether an image beside the sub-folders, or in one called otherwise, is an outlier."""
    test, root = digits["test"], tmp_path / "in"
    for row in range(40):
        save(root / str(test.labels[row]) / f"{row}.png", test.images[row, 0])
    given = ("--images", root, "--normal", "0,1,2", "--output", tmp_path / "s.csv", "--json")
    assert call("digits-mlp-8", *given) == 0
    alone = json.loads(capsys.readouterr().out)
    assert "left out" not in alone["protocol"]
    for row in range(40, 50):
        save(root / f"{row}.png", test.images[row, 0])
        save(root / "new ones" / f"{row}.png", 255 - test.images[row, 0])
    assert call("digits-mlp-8", *given) == 0
    beside = json.loads(capsys.readouterr().out)
    assert (alone["scored"], beside["scored"]) == (40, 60)
    for key in ("auroc", "auprc", "fpr95"):
        assert beside[key] == pytest.approx(alone[key])
    assert beside["protocol"] == f"{alone['protocol']}; 20 images of no class of scikit-learn digits are left out"


def test_sub_folders_that_are_no_classes_are_not_judged(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in range(4):
        save(tmp_path / "in" / f"batch {row % 2}" / f"{row}.png", digits["test"].images[row, 0])
    given = ("--images", tmp_path / "in", "--output", tmp_path / "s.csv")
    for normal in ((), ("--normal", "0,1")):
        assert call("digits-mlp-8", *given, *normal) == 0
        text = capsys.readouterr().out
        assert "Not judged: The sub-folders are no classes of scikit-learn digits." in text
        assert "outlier" not in text
    assert [row["class"] for row in table(tmp_path / "s.csv")] == ["batch 0", "batch 0", "batch 1", "batch 1"]


def test_images_of_another_size_are_resized_and_that_is_said(
    tmp_path: Path, digits: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = Image.fromarray(digits["test"].images[3, 0]).resize((64, 64), Image.Resampling.BOX)
    save(tmp_path / "in" / "large.png", np.pad(np.asarray(picture), ((0, 0), (20, 20))))
    save(tmp_path / "in" / "colour.png", np.stack([digits["test"].images[3, 0]] * 3, -1))
    assert call("digits-mlp-8", "--images", tmp_path / "in", "--output", tmp_path / "s.csv") == 0
    text = capsys.readouterr().out
    assert "1 image was of another size: the middle was cut out and resized to 8 × 8 pixels." in text
    assert "Not judged: The images have no classes." in text
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


# --- the report -------------------------------------------------------------------------------------------------------

STEERING = ("=1+1.png", "@SUM(A1).png", " -2.png", "\t=x.png")
NAMES = (*STEERING, "a,b.png", 'say "x".png', "two\nlines.png", "\udcff.png", "µ.png")


def test_names_that_steer_spreadsheets_or_break_lines_come_back(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "0.png").read_bytes()
    root = tmp_path / "names"
    root.mkdir()
    for name in NAMES:
        (root / name).write_bytes(whole)
    (root / "bad\x1b[2J\n.png").write_bytes(b"")
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--images", root, "--output", out) == 0
    names = {row["name"] for row in table(out)}
    plain = {"a,b.png", 'say "x".png', "two\nlines.png", "\\udcff.png", "µ.png"}
    assert names == plain | {f"'{name}" for name in STEERING}
    (chunk,) = sources.from_folder(root, SHAPE).read()
    assert [file.name for file in chunk.skipped] == ["bad?[2J?.png"]


def test_the_file_and_the_bytes_agree_and_appear_in_one_step(tmp_path: Path) -> None:
    rows = [csv_report.ReportRow("a", 0.1, 12.34, False, 3, "=c"), csv_report.ReportRow("b", float("inf"), 100, True)]
    columns, out = csv_report.Columns(row=True, label=True), tmp_path / "s.csv"
    assert csv_report.write(out, iter(rows), columns) == 2
    assert out.read_bytes() == csv_report.to_bytes(rows, columns)
    assert out.read_text(encoding="utf-8").splitlines() == [
        "name,row,class,score,percentile,decision",
        "a,3,'=c,0.1,12.3,normal",
        "b,,,inf,100.0,anomaly",
    ]

    def failing() -> Iterator[csv_report.ReportRow]:
        yield rows[1]
        assert out.read_bytes().count(b"\n") == 3  # the old file, while the new one grows
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        csv_report.write(out, failing(), columns)
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_bytes() == csv_report.to_bytes(rows, columns)
    with pytest.raises(ScoreError, match="can't be written"):
        csv_report.write(tmp_path / "gone" / "s.csv", rows, columns)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["--score", "luck"], "Unknown score 'luck'. Known ones: "),
        (["--threshold", "nan"], "The threshold is nan, expected a finite number"),
        (["--threshold", "high"], "invalid float value"),
        (["--contamination", "1.5"], "expected 0 to 1"),
        (["--threshold", "1", "--contamination", "0.1"], "not allowed with"),
        (["--images", "x", "--dataset", "digits"], "not allowed with"),
        (["--images", "x", "--split", "test"], "--split is of a data set"),
        (["--images", "no such folder"], "There is no folder no such folder"),
        (["--dataset", "luck"], "Unknown data set 'luck'"),
        (["--detector", "none"], "has no detector 'none'. Kept ones: none"),
        (["--detector", "none", "--score", "knn"], "has its own score"),
        (["--normal", "7,x"], "scikit-learn digits has no class 'x'. Its classes: 0, 1"),
        (["--normal", ","], "names no class"),
        (["--keep", "a\nb"], "is no name"),
        (["--output", "scores.txt"], "expected a name that ends in .csv"),
        (["--output", "gone/scores.csv"], "There is no folder gone"),
    ],
)
def test_bad_arguments_give_one_line(
    given: list[str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("digits-mlp-8", *given) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("python -m vae")]
    assert len(lines) == 1
    assert what in lines[0]
    assert list(tmp_path.glob("*.csv")) == []


def test_a_folder_without_images_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("x")
    assert call("digits-mlp-8", "--images", tmp_path / "in", "--output", tmp_path / "s.csv") == 2
    assert "holds no images. Expected files ending in .png" in capsys.readouterr().err
    (tmp_path / "in" / "a.png").write_text("x")
    assert call("digits-mlp-8", "--images", tmp_path / "in", "--output", tmp_path / "s.csv") == 2
    last = capsys.readouterr().err.splitlines()[-1]  # below the bar, not behind it
    assert last.startswith("python -m vae score: None of the 1 files can be read: a.png (no image that can be read)")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "derived") == ["in"]


def test_a_detector_of_another_checkpoint_or_damaged_is_refused(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--keep", "mine", "--output", out) == 0
    other = checkpoint_files.read("digits-mlp-2", CHECKPOINTS)
    own = next((paths.derived_dir() / checkpoint.identity[:16] / "detectors").iterdir())
    theirs = paths.derived_dir() / other.identity[:16] / "detectors" / own.name
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(own.read_bytes())
    capsys.readouterr()
    assert call("digits-mlp-2", "--detector", "mine", "--output", out) == 2
    assert "was fitted to digits-mlp-8, and this is digits-mlp-2" in capsys.readouterr().err
    content = bytearray(own.read_bytes())
    content[-5] ^= 1
    own.write_bytes(content)
    assert call("digits-mlp-8", "--detector", "mine", "--output", out) == 2
    assert "python -m vae score: " in capsys.readouterr().err


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
