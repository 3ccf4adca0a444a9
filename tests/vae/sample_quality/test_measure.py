"""Sample quality of real checkpoints: the shipped classifiers, the command, and files that can't be trusted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.vae.commands.test_arguments import call
from tests.vae.helpers import new_checkpoint, rehash
from tests.vae.test_light import heavy_modules_after
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data.image_dataset import ImageDataset
from vae.errors import CheckpointError, DatasetError, GenerationError
from vae.generation import posterior_files
from vae.sample_quality import (
    classifier,
    measure,
    metrics,
    quality_files,
    shipped,
    train_classifier,
    training_latents,
)
from vae.sample_quality.metrics import Support
from vae.storage import paths

CHECKPOINTS = paths.PROJECT / "checkpoints"
SHIPPED = ("mnist-mlp-2", "mnist-conv-16", "digits-mlp-2", "digits-mlp-8")


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vae.model.devices.best_device", lambda: torch.device("cpu"))


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", CHECKPOINTS)


@pytest.fixture(scope="module")
def model() -> classifier.Classifier:
    return classifier.load("digits")


@pytest.fixture(scope="module")
def real(model: classifier.Classifier, digits: dict[str, ImageDataset]) -> dict[str, FloatArray]:
    """Features of the digits' training and test images."""
    return {split: classifier.features(model, digits[split].images) for split in ("train", "test")}


# --- the shipped classifiers ------------------------------------------------------------------------------------------


def test_digits_classifier_is_as_right_as_it_says(
    model: classifier.Classifier, digits: dict[str, ImageDataset]
) -> None:
    said = shipped.about("digits").accuracy
    for split, images in digits.items():
        assert train_classifier.accuracy(model, images) == pytest.approx(said[split], abs=0.003)
    assert said["test"] >= 0.96
    assert shipped.about("mnist").accuracy["test"] >= 0.989


def test_what_ships_was_trained_on_these_images(digits: dict[str, ImageDataset]) -> None:
    said = json.loads((shipped.FOLDER / "digits.json").read_text())
    assert said["dataset"]["fingerprints"] == {split: images.fingerprint for split, images in digits.items()}
    assert sum(path.stat().st_size for path in paths.PROJECT.glob("vae/sample_quality/*/*")) < 1e6


def test_features_and_probabilities(model: classifier.Classifier, digits: dict[str, ImageDataset]) -> None:
    images = digits["train"].images[:700]  # more than a batch
    heard: list[tuple[int, int]] = []
    features = classifier.features(model, images, lambda done, total: heard.append((done, total)))
    assert (features.shape, features.dtype) == ((700, 64), np.float32)
    assert heard == [(500, 700), (700, 700)]
    expected = model(torch.tensor(images).float() / 255).softmax(1).numpy()
    np.testing.assert_allclose(classifier.probabilities(model, features), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["flipped", "missing", "description"])
def test_a_damaged_classifier_is_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("digits.json", "digits.safetensors"):
        (tmp_path / name).write_bytes((shipped.FOLDER / name).read_bytes())
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    weights = tmp_path / "digits.safetensors"
    if kind == "flipped":
        raw = bytearray(weights.read_bytes())
        raw[-1] ^= 1
        weights.write_bytes(raw)
    elif kind == "missing":
        weights.unlink()
    else:
        (tmp_path / "digits.json").write_text('{"format_version": 1, "dataset": {}}')
    message = {"flipped": "does not match its SHA-256", "missing": "is missing", "description": "is incomplete"}[kind]
    with pytest.raises(CheckpointError, match=message):
        classifier.load("digits")


def test_weights_of_another_shape_are_refused(model: classifier.Classifier) -> None:
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    about = shipped.about("digits")
    with pytest.raises(CheckpointError, match=r"hidden\.weight has shape \(64, 3\), expected \(64, 32\)"):
        classifier.from_tensors(tensors | {"hidden.weight": np.zeros((64, 3), np.float32)}, about)
    with pytest.raises(CheckpointError, match="not finite"):
        classifier.from_tensors(tensors | {"hidden.bias": np.full(64, np.nan, np.float32)}, about)
    with pytest.raises(CheckpointError, match=r"holds \['hidden\.bias'\]"):
        classifier.from_tensors({"hidden.bias": tensors["hidden.bias"]}, about)


def test_training_learns_and_repeats_and_comes_back(
    digits: dict[str, ImageDataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = train_classifier.Recipe(epochs=8, batch_size=32)
    few = dataclasses.replace(digits["train"], images=digits["train"].images[:512], labels=digits["train"].labels[:512])
    first = train_classifier.train(few, recipe)
    assert train_classifier.accuracy(first, digits["test"]) > 0.6
    short = dataclasses.replace(recipe, epochs=1)
    one, again = (train_classifier.train(few, short).parameters() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    train_classifier.write(first, digits, recipe, tmp_path)
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    kept = classifier.load("digits")
    assert train_classifier.accuracy(kept, digits["test"]) == shipped.about("digits").accuracy["test"]


# --- what the numbers say ---------------------------------------------------------------------------------------------


def test_a_collapsed_generator_is_clearly_worse_than_real_digits(
    model: classifier.Classifier, digits: dict[str, ImageDataset], real: dict[str, FloatArray]
) -> None:
    same = np.repeat(digits["test"].images[:1], 360, 0)
    collapsed = classifier.features(model, same)
    fitted = metrics.fit_gaussian(real["train"])
    distances = {
        n: metrics.frechet_distance(metrics.fit_gaussian(f), fitted)
        for n, f in (("test", real["test"]), ("one", collapsed))
    }
    assert distances["one"] > 10 * distances["test"]
    support = Support(measure.directions(real["train"]))
    assert metrics.precision_recall(support, Support(measure.directions(collapsed))).recall < 0.01
    assert metrics.precision_recall(support, Support(measure.directions(real["test"]))).recall > 0.8


def test_independent_pixels_are_nonsense_with_the_right_brightness(digits: dict[str, ImageDataset]) -> None:
    images = digits["train"].images
    made = measure.independent_pixels(images, 2000, 0)
    assert (made.shape, made.dtype) == ((2000, 1, 8, 8), np.uint8)
    np.testing.assert_allclose(made.mean(0), images.mean(0), atol=10)
    assert set(np.unique(made[:, 0, 0, 2])) <= set(np.unique(images[:, 0, 0, 2]))
    flat = [a.reshape(len(a), -1).astype(float) for a in (images, made)]
    beside = [np.corrcoef(a[:, 19], a[:, 27])[0, 1] for a in flat]  # one above the other
    assert beside[0] > 0.3
    assert abs(beside[1]) < 0.1


def test_only_the_direction_of_features_decides_who_is_near(real: dict[str, FloatArray]) -> None:
    unit = measure.directions(real["test"])
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(measure.directions(real["test"] * 7), unit, rtol=1e-4, atol=1e-6)
    assert not measure.directions(np.zeros((2, 4), np.float32)).any()


@pytest.fixture(scope="module")
def measured(checkpoint: Checkpoint) -> quality_files.Quality:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vae.model.devices.best_device", lambda: torch.device("cpu"))
        return measure.measure(checkpoint, 800, seed=3)


def test_every_row_is_measured(measured: quality_files.Quality) -> None:
    assert [row.kind for row in measured.rows] == ["prior", "mixture", "reconstructions", "test", "pixels"]
    assert [row.images for row in measured.rows] == [800, 800, 360, 360, 360]
    assert (measured.reference, measured.group, measured.seed) == (1257, 360, 3)
    test, made = measured.row("test"), measured.row("reconstructions")
    assert test.distance < made.distance < min(measured.row(kind).distance for kind in ("prior", "mixture"))
    assert test.recall > 0.8
    assert test.sure > 0.9
    nonsense = measured.row("pixels")
    assert nonsense.distance > 3 * measured.row("prior").distance
    assert nonsense.precision < test.precision - 0.3
    assert None not in {value for row in measured.rows for value in (row.density, row.coverage)}
    assert all(sum(row.shares) == pytest.approx(1) for row in measured.rows)
    assert set(measured.protocols) == set(quality_files.UNITS)
    assert "a Gaussian mixture of 10 components fitted to the posteriors of 360 test images" in measured.about
    assert "temperature 1, seed 3" in measured.about
    assert measured.protocols["distance"].startswith("squared Fréchet distance")


def test_the_test_row_is_what_its_parts_say(
    measured: quality_files.Quality, real: dict[str, FloatArray], model: classifier.Classifier
) -> None:
    row = measured.row("test")
    assert row.distance == pytest.approx(
        metrics.frechet_distance(metrics.fit_gaussian(real["test"]), metrics.fit_gaussian(real["train"]))
    )
    expected = metrics.precision_recall(*(Support(measure.directions(real[split])) for split in ("train", "test")))
    assert (row.precision, row.recall) == pytest.approx((expected.precision, expected.recall), abs=0.01)
    train, test = (measure.directions(real[split]) for split in ("train", "test"))
    balls = metrics.density_coverage(Support(train, metrics.CLOSE), test)
    assert (row.density, row.coverage) == pytest.approx((balls.density, balls.coverage), abs=0.01)
    assert row.sure == pytest.approx((classifier.probabilities(model, real["test"]).max(1) >= 0.9).mean())


def test_measuring_repeats_and_counts_its_steps(checkpoint: Checkpoint) -> None:
    heard: list[tuple[int, int]] = []
    first = measure.measure(checkpoint, 150, 1, lambda done, total: heard.append((done, total)))
    assert measure.measure(checkpoint, 150, 1) == first
    assert measure.measure(checkpoint, 150, 2).row("prior") != first.row("prior")
    assert [row.images for row in first.rows] == [150] * 5
    done = [d for d, _ in heard]
    assert done == sorted(done)
    assert heard[-1] == (heard[0][1], heard[0][1])


@pytest.mark.parametrize("number", [0, 99, 10_001, 10**6])
def test_a_number_that_says_nothing_is_refused(checkpoint: Checkpoint, number: int) -> None:
    with pytest.raises(GenerationError, match=r"number of samples is \d"):
        measure.measure(checkpoint, number)


def test_other_test_images_are_refused(checkpoint: Checkpoint) -> None:
    other = dataclasses.replace(checkpoint.dataset, test_fingerprint="0" * 64)
    with pytest.raises(DatasetError, match="are not those that digits-mlp-8 was measured on"):
        measure.measure(dataclasses.replace(checkpoint, dataset=other), 100)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_measures_and_keeps(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(CHECKPOINTS / "digits-mlp-8")
    assert call("quality", folder, "--number", "200", "--json", "--run-folder", str(tmp_path / "run")) == 0
    printed = json.loads(capsys.readouterr().out)
    kept = quality_files.recorded(checkpoint)
    assert kept is not None
    assert kept == quality_files.read(quality_files.derived_path(checkpoint.identity), checkpoint)
    assert (kept.number, kept.seed) == (200, 0)
    assert printed["rows"]["prior"]["distance"] == kept.row("prior").distance
    assert "10 components fitted to the posteriors of 1,257 training images; temperature 1" in kept.about
    assert printed["measures"]["distance"]["unit"] == quality_files.UNITS["distance"]
    progress = json.loads((tmp_path / "run" / "progress.json").read_text())
    assert (progress["stage"], progress["finished"]) == ("done", True)


def test_training_latents_are_of_the_classes_that_the_model_was_trained_on(
    checkpoint: Checkpoint, digits: dict[str, ImageDataset]
) -> None:
    few = dataclasses.replace(checkpoint, train=dataclasses.replace(checkpoint.train, classes=("1", "7")))
    heard: list[tuple[int, int]] = []
    assert training_latents.keep(few, lambda done, total: heard.append((done, total)))
    kept = posterior_files.kept(few)
    assert kept is not None
    labels = digits["train"].labels
    assert np.array_equal(kept.labels, labels[np.isin(labels, [1, 7])])
    assert heard[-1] == (len(kept.mu), len(kept.mu))
    other = dataclasses.replace(checkpoint.dataset, test_fingerprint="0" * 64)
    with pytest.raises(DatasetError, match="are not those that digits-mlp-8 was measured on"):
        training_latents.keep(dataclasses.replace(checkpoint, dataset=other))


def test_a_large_set_is_drawn_from(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posterior_files, "MOST_BYTES", 64 * 50)
    for _ in range(2):
        training_latents.keep(checkpoint)
        kept = posterior_files.kept(checkpoint)
        assert kept is not None
        assert len(kept.mu) == 50
    assert len(np.unique(kept.labels)) > 5


def test_the_command_prints_a_table(checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("quality", str(CHECKPOINTS / "digits-mlp-8"), "--number", "100", "--seed", "5") == 0
    out = capsys.readouterr().out
    kept = quality_files.recorded(checkpoint)
    assert kept is not None
    for row in kept.rows:
        (line,) = [line for line in out.splitlines() if line.startswith(f"{quality_files.ROWS[row.kind]} ")]
        cells = (f"{value:.3f}" for value in (row.distance, row.precision, row.recall))
        balls = (f"{row.density:.3f}", f"{row.coverage:.3f}")
        expected = [*cells, *balls, f"{row.classes_seen}", "of", "10", f"{row.divergence:.4f}", f"{row.sure:.3f}"]
        assert line.split()[-10:] == expected
    assert "Comparable only with numbers measured the same way" in out


def test_numbers_that_cant_be_kept_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    words = ("quality", str(CHECKPOINTS / "digits-mlp-8"), "--number", "100")
    assert call(*words) == 2
    printed = capsys.readouterr()
    assert printed.out.startswith("digits-mlp-8 ")  # no "Wrote"
    assert "Comparable only with numbers measured the same way" in printed.out
    last = printed.err.splitlines()[-1]
    assert last.startswith("python -m vae quality: The numbers are printed, but not kept: ")
    assert call(*words, "--json") == 2
    assert json.loads(capsys.readouterr().out)["path"] is None


def test_faces_have_no_classifier(capsys: pytest.CaptureFixture[str]) -> None:
    new = new_checkpoint()
    faces = dataclasses.replace(new, dataset=dataclasses.replace(new.dataset, name="faces"))
    checkpoint_writing.write(faces, paths.checkpoints_dir() / "faces-2")
    assert call("quality", "faces-2") == 2
    err = capsys.readouterr().err
    assert "'faces': it is measured on the features of a classifier" in err
    assert "for mnist and digits only" in err
    assert err.count("\n") == 1
    assert quality_files.recorded(checkpoint_files.read("faces-2")) is None


@pytest.mark.parametrize("options", [["--number", "1000000"], ["--number", "50"], ["--seed", "-1"]])
def test_bad_options_are_one_line(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call("quality", str(CHECKPOINTS / "digits-mlp-8"), *options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "expected" in err
    assert err.count("\n") == 1


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_checkpoints_have_recorded_numbers(name: str) -> None:
    found = checkpoint_files.read(name, CHECKPOINTS)
    quality = quality_files.recorded(found)
    assert quality is not None
    assert (quality.number, quality.seed, quality.dataset) == (10_000, 0, found.dataset.name)
    best = quality.row("test")
    assert all(row.distance >= best.distance for row in quality.rows)
    assert best.classes_seen == 10


def test_recorded_numbers_are_those_of_this_code(checkpoint: Checkpoint) -> None:
    found = quality_files.read(quality_files.shipped_path(checkpoint.identity), checkpoint)
    again = measure.measure(checkpoint, found.number, found.seed)
    assert (again.about, again.protocols) == (found.about, found.protocols)
    for old, new in zip(found.rows, again.rows, strict=True):
        assert new.distance == pytest.approx(old.distance, rel=0.02)
        assert (new.precision, new.recall, new.sure) == pytest.approx((old.precision, old.recall, old.sure), abs=0.02)
        assert (new.density, new.coverage) == pytest.approx((old.density, old.coverage), abs=0.02)


def test_reading_what_is_recorded_imports_no_torch() -> None:
    code = (
        "from vae.storage import paths\nfrom vae.checkpoints import checkpoint_files\n"
        "from vae.sample_quality import quality_files\n"
        "assert quality_files.recorded(checkpoint_files.read('digits-mlp-2', paths.PROJECT / 'checkpoints'))"
    )
    assert heavy_modules_after(code) == []


def test_what_was_measured_here_wins_over_what_ships(checkpoint: Checkpoint, measured: quality_files.Quality) -> None:
    assert quality_files.recorded(checkpoint) != measured
    quality_files.write(measured)
    assert quality_files.recorded(checkpoint) == measured


def as_before_density(quality: quality_files.Quality) -> dict[str, Any]:
    """The file as it was written before density and coverage were measured."""
    values: dict[str, Any] = json.loads(json.dumps(quality.to_dict()))
    for named in (values["measures"], *values["rows"].values()):
        named["covered"] = named.pop("classes_seen")
        del named["density"], named["coverage"]
    return values


def test_a_file_of_before_density_and_coverage_shows_what_it_has(
    checkpoint: Checkpoint, measured: quality_files.Quality
) -> None:
    path = quality_files.derived_path(checkpoint.identity)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(as_before_density(measured)))
    rows = tuple(dataclasses.replace(row, density=None, coverage=None) for row in measured.rows)
    protocols = {name: said for name, said in measured.protocols.items() if name not in ("density", "coverage")}
    expected = dataclasses.replace(measured, rows=rows, protocols=protocols)
    assert quality_files.read(path, checkpoint) == expected
    quality_files.write(expected)  # an own file without them reads, too
    assert [row.density for row in quality_files.read(path, checkpoint).rows] == [None] * 5


Change = Callable[[dict[str, Any]], object]
HOSTILE: list[tuple[str, Change, str]] = [
    ("version", lambda v: v.update(format_version=99), "format_version 99, expected 1"),
    ("identity", lambda v: v.update(identity="0" * 64), "has identity"),
    ("classifier", lambda v: v.update(classifier=None), "has classifier None"),
    ("dataset", lambda v: v.update(dataset=["digits"]), "has dataset"),
    ("number", lambda v: v.update(number=-1), "number is -1"),
    ("huge", lambda v: v.update(group=10**400), "group is 1000"),
    ("rows", lambda v: v.update(rows=[1, 2]), "rows is [1, 2], expected an object with named values"),
    ("no row", lambda v: v["rows"].pop("prior"), "rows lacks prior"),
    ("text for a number", lambda v: v["rows"]["prior"].update(distance="3"), "prior: distance is '3'"),
    ("nan", lambda v: v["rows"]["test"].update(distance=float("nan")), "test: distance is nan"),
    ("negative", lambda v: v["rows"]["test"].update(divergence=-0.5), "divergence is -0.5"),
    ("over one", lambda v: v["rows"]["mixture"].update(recall=1.5), "mixture: recall is 1.5"),
    (
        "classes seen",
        lambda v: v["rows"]["mixture"].update(classes_seen=11),
        "classes_seen is 11, expected a whole number",
    ),
    ("coverage", lambda v: v["rows"]["prior"].update(coverage=1.1), "prior: coverage is 1.1"),
    ("density", lambda v: v["rows"]["prior"].update(density=-1), "prior: density is -1"),
    ("text for density", lambda v: v["rows"]["prior"].update(density="much"), "prior: density is 'much'"),
    ("shares", lambda v: v["rows"]["prior"].update(shares=[1.0]), "expected 10 numbers"),
    ("sum", lambda v: v["rows"]["prior"].update(shares=[0.5] * 10), "the shares sum to 5"),
    ("protocol", lambda v: v["measures"]["recall"].update(protocol="x" * 10_000), "measures.recall.protocol is"),
    ("about", lambda v: v.update(about=7), "about is 7, expected text of at most 1,000 characters"),
    ("no seed", lambda v: v.pop("seed"), "quality.json lacks seed"),
    ("a row", lambda v: v["rows"].update(test=7), "test is 7, expected an object"),
    ("no share", lambda v: v["rows"]["test"].pop("shares"), "test lacks shares"),
]


@pytest.mark.parametrize(("change", "message"), [c[1:] for c in HOSTILE], ids=[c[0] for c in HOSTILE])
def test_a_hostile_file_is_refused_and_passed_over(
    change: Change, message: str, checkpoint: Checkpoint, measured: quality_files.Quality
) -> None:
    values = measured.to_dict()
    values = json.loads(json.dumps(values))
    change(values)
    path = quality_files.derived_path(checkpoint.identity)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(values))
    with pytest.raises(CheckpointError) as error:
        quality_files.read(path, checkpoint)
    assert message in str(error.value)
    assert len(str(error.value)) < 500
    passed_over = quality_files.recorded(checkpoint)
    assert passed_over is not None
    assert passed_over.number == 10_000  # the shipped one


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"[" * 100_000, b'{"a": "\\ud800"}', b"\xff\xfe"])
def test_a_file_that_is_no_quality_is_passed_over(raw: bytes, checkpoint: Checkpoint) -> None:
    path = quality_files.derived_path(checkpoint.identity)
    path.parent.mkdir(parents=True)
    path.write_bytes(raw)
    with pytest.raises(CheckpointError, match=r"quality\.json"):
        quality_files.read(path, checkpoint)
    assert quality_files.recorded(checkpoint) is not None


def test_a_checkpoint_that_nobody_measured_has_none() -> None:
    folder = checkpoint_writing.write(new_checkpoint(seed=9), paths.checkpoints_dir() / "a")
    rehash(folder)
    assert quality_files.recorded(checkpoint_files.read("a")) is None


def test_a_folder_that_cant_be_written_is_said(measured: quality_files.Quality) -> None:
    paths.derived_dir().write_text("a file where the folder should be")
    with pytest.raises(CheckpointError, match=r"quality\.json can't be written"):
        quality_files.write(measured)
