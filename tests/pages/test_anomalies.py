"""Anomalies: every way of looking, every source, thresholds that flag what they say, and what is said of bad input."""

from __future__ import annotations

import argparse
import csv
import io
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages.page import said, visit_page
from tests.runs import plant
from tests.vae.helpers import TINY, new_checkpoint, random_latents
from ui import cache, explore_state
from ui.anomaly_settings import JOIN
from ui.explore_state import Place
from ui.threshold.payload import Group
from vae import commands, datasets, jobs, paths, store
from vae.commands import train
from vae.commands.train import read_configs
from vae.config import ModelConfig
from vae.projections import pca
from vae.records import Checkpoint, NewCheckpoint
from vae.scores import comparison, detection, detectors, learned, normal, registry
from vae.scores.detection import Interval, Judged
from vae.scores.normal import NormalChoice
from vae.scores.passes import Pass, passes
from vae.scores.rules import Rule

LOOKS = ("gallery", "map", "curves", "scores")
SCORES = [name for name in registry.SCORES if name not in registry.SLOW]
HTML = "<b onclick=x>*a*</b>"
ZERO_ONE = JOIN.join("01")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RUNS", "CHECKPOINTS", "DERIVED", "DATA"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))


@pytest.fixture
def digits() -> Checkpoint:
    """digits-mlp-8, the only model there."""
    shutil.copytree(paths.PROJECT / "checkpoints" / "digits-mlp-8", paths.checkpoints_dir() / "digits-mlp-8")
    return store.read("digits-mlp-8")


@dataclass
class Browser:
    """In the place of the components and the download: what they were given last, and what they answer."""

    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    selected: dict[str, int | None] = field(default_factory=dict)
    groups: Sequence[Group] = ()
    threshold: float = 0.0
    revision: int = -1
    answers: dict[str, Any] = field(default_factory=dict)
    download: Callable[[], bytes] = bytes

    def show_pictures(self, images: NDArray[np.uint8], key: str, **about: Any) -> Any:
        self.pictures[key], self.selected[key] = images.copy(), about.get("selected")
        return self.answers.get(key)

    def show_threshold(self, groups: Sequence[Group], threshold: float, key: str, *, label: str, revision: int) -> Any:
        self.groups, self.threshold, self.revision = groups, threshold, revision
        return self.answers.get(key)

    def offer(self, label: str, data: Callable[[], bytes], *_: Any, **__: Any) -> None:
        self.download = data

    def drag(self, value: float) -> None:
        self.answers["anomalies-histogram"] = {"threshold": value, "move": repr(value)}

    @property
    def scores(self) -> NDArray[np.float32]:
        return np.concatenate([group.scores for group in self.groups])

    def counted(self) -> int:
        """How many the histogram says are flagged, as threshold.js counts."""
        return int(sum(len(s) - np.searchsorted(s, self.threshold, "right") for s in map(np.sort, [self.scores])))

    def rows(self) -> list[dict[str, str]]:
        """The CSV that is offered."""
        return list(csv.DictReader(io.StringIO(self.download().decode(), newline="")))

    def flagged(self) -> int:
        return sum(row["decision"] == "anomaly" for row in self.rows())


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr("ui.sheet.show", fake.show_pictures)
    monkeypatch.setattr("ui.threshold.show", fake.show_threshold)
    monkeypatch.setattr("streamlit.download_button", fake.offer)
    return fake


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of the jobs that the page submits; each becomes a running one."""
    seen: list[list[str]] = []

    def submit(kind: str, title: str, arguments: list[str], lane: str = "compute") -> jobs.Job:
        seen.append(arguments)
        return jobs.get(plant("running", arguments, kind=kind, title=title, lane=lane))

    monkeypatch.setattr(jobs, "submit", submit)
    return seen


def write(name: str, new: NewCheckpoint) -> Checkpoint:
    store.write(new, paths.checkpoints_dir() / name)
    return store.read(name)


def planted(model: ModelConfig = TINY, classes: tuple[str, ...] = ()) -> NewCheckpoint:
    """A tiny model with random weights that says it was measured on the real digits."""
    new, test = new_checkpoint(model), datasets.load("digits", "test")
    latents = replace(random_latents(len(test), model.latent_dim), labels=test.labels)
    return replace(
        new,
        train=replace(new.train, classes=classes),
        dataset=replace(new.dataset, test_fingerprint=test.fingerprint),
        latents=latents,
        maps=[pca.fit(latents.mu)],
    )


def one_class() -> NewCheckpoint:
    new = planted()
    latents = replace(new.latents, labels=np.zeros_like(new.latents.labels))
    return replace(new, latents=latents, dataset=replace(new.dataset, class_names=("only",)))


def of(name: str, title: str) -> NewCheckpoint:
    """A model of images that are not on this machine."""
    new = new_checkpoint()
    return replace(new, dataset=replace(new.dataset, name=name, title=title))


def visit(**parameters: Any) -> AppTest:
    return visit_page("pages/anomalies.py", **parameters)


def name_field(at: AppTest) -> Any:
    """The name under which a detector will be kept."""
    [field] = [field for field in at.text_input if field.key and field.key.startswith("anomalies-keep-name")]
    return field


def wrong(at: AppTest) -> list[str]:
    """Warnings and errors."""
    said(at)
    texts = [element.value.replace("\\", "") for kind in (at.warning, at.error) for element in kind]
    return [text for text in texts if text != learned.LEARNED_OTHERS]


def url(at: AppTest) -> dict[str, str]:
    """What the address says, but for the model."""
    found = {name: value[-1] if isinstance(value, list) else value for name, value in at.query_params.items()}
    assert found.pop("model")
    return found


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def png(image: NDArray[np.uint8], folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(folder / name)
    return folder / name


def seen(checkpoint: Checkpoint, images: NDArray[np.uint8]) -> Pass:
    return passes(cache.model(checkpoint), images, binarized=False)


def detector_of(checkpoint: Checkpoint, score: str, *classes: str) -> detectors.Detector:
    """What the page fits, made by the library alone."""
    choice = normal.chosen(checkpoint, classes)
    known, held_out = (
        seen(checkpoint, part(checkpoint, choice).images) for part in (normal.reference, normal.held_out)
    )
    found = detectors.fit(checkpoint, cache.model(checkpoint), score, known, held_out, "x", classes=choice.classes)
    return detectors.with_rule(found, detectors.DEFAULT_RULE)


# --- every look, score and model --------------------------------------------------------------------------------------


def test_every_look(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=ZERO_ONE)
    for look in LOOKS:
        at.button_group(key="anomalies-look").set_value(look).run()
        text = said(at)
        assert wrong(at) == []
        assert url(at) == {"normal": ZERO_ONE} | ({} if look == "gallery" else {"look": look})
        assert len(at.get("plotly_chart")) == {"map": 1, "curves": 2}.get(look, 0)
    assert "Fits every score and baseline" in text
    assert [group.outlier for group in browser.groups] == [False, True]


@pytest.mark.parametrize("score", SCORES)
def test_every_score_is_the_librarys(digits: Checkpoint, browser: Browser, score: str) -> None:
    at = visit(normal=ZERO_ONE, score=score)
    assert wrong(at) == []
    explained = at.selectbox(key="anomalies-score").help.replace("\\", "")
    assert registry.get(score).source.split(",")[0] in explained
    detector = detector_of(digits, score, "0", "1")
    test = cache.test_images(digits)
    decisions = detectors.decide(detector, seen(digits, test.images), cache.model(digits))
    rows = browser.rows()
    assert [row["name"] for row in rows] == [f"row {i}" for i in range(len(test))]
    assert [row["class"] for row in rows] == [test.class_names[label] for label in test.labels]
    np.testing.assert_allclose([float(row["score"]) for row in rows], decisions.scores, rtol=1e-5)
    assert browser.counted() == browser.flagged() == pytest.approx(decisions.flagged.sum(), abs=1)


@pytest.mark.parametrize(
    "new",
    [planted(ModelConfig("mlp", (1, 8, 8), 1, hidden=(4,))), one_class(), planted(classes=("3", "5"))],
    ids=["one dimension", "one class", "trained on some"],
)
def test_every_look_of_unusual_models(browser: Browser, new: NewCheckpoint) -> None:
    checkpoint = write("a", new)
    at = visit()
    for look in LOOKS:
        at.button_group(key="anomalies-look").set_value(look).run()
        text = said(at)
        assert wrong(at) == []
        if look == "curves":
            assert ("No curves" in text) == (not checkpoint.train.classes)
        if look == "map":
            assert len(at.get("plotly_chart")) == 1
    if checkpoint.train.classes:
        assert at.multiselect(key="anomalies-normal").value == ["3", "5"]
        assert "This model was trained on class 3, 5 only." in text
        assert len(browser.groups[0].scores) == np.isin(new.latents.labels, [3, 5]).sum()
        at.multiselect(key="anomalies-normal").set_value([]).run()
        again = visit(**at.query_params)
        assert again.multiselect(key="anomalies-normal").value == []
        assert len(browser.groups) == 1
    if len(checkpoint.dataset.class_names) == 1:
        assert "The data set has one class." in text
        assert not at.multiselect


def test_all_classes_named_are_all(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=JOIN.join(digits.dataset.class_names), look="curves")
    assert "No curves" in said(at)
    assert "Train on these only" not in labels(at)
    assert [group.outlier for group in browser.groups] == [None]


def test_missing_images_are_said_and_offered(submitted: list[list[str]]) -> None:
    write("a", of("mnist", "MNIST"))
    at = visit()
    assert len(wrong(at)) == 1
    assert "not on this machine" in said(at)
    at.button(key="download-mnist").click().run()
    assert submitted == [["fetch", "mnist"]]
    assert "download-mnist" not in [button.key for button in at.button]
    at.selectbox(key="anomalies-source").set_value("dataset").run()  # detectors are fitted to its images too
    assert len(wrong(at)) == 1


def test_images_that_are_known_nowhere_are_said() -> None:
    write("cats", of("cats", HTML))
    at = visit()
    assert len(wrong(at)) == 1
    assert HTML in said(at)
    assert all(HTML not in error.value for error in at.error)
    assert not [label for label in labels(at) if label.startswith("Download")]


def test_other_images_than_the_model_was_measured_on_are_not_scored() -> None:
    write("a", new_checkpoint())
    at = visit()
    assert "are not those that a was measured on" in said(at)


# --- what is scored ---------------------------------------------------------------------------------------------------


def test_another_data_set_is_resized_with_a_note(digits: Checkpoint, browser: Browser, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for k in range(80):
        png(rng.integers(0, 256, (16, 16), np.uint8), tmp_path / "own" / "ab"[k % 2], f"{k}.png")
    commands.main(["import", "noise", str(tmp_path / "own"), "--size", "16"])
    at = visit(source="dataset", dataset="noise", normal="1")
    assert wrong(at) == []
    count = len(browser.scores)
    assert f"{count} images were of another size" in said(at)
    assert [group.outlier for group in browser.groups] == [None]  # its labels are of other classes
    assert browser.flagged() == count
    assert {row["class"] for row in browser.rows()} == {"a", "b"}
    at.button_group(key="anomalies-look").set_value("map").run()
    assert "Only the test split of the model's own data set is on its map." in said(at)
    at.button_group(key="anomalies-look").set_value("curves").run()
    assert "No curves" in said(at)


def test_as_many_images_of_another_data_set_are_not_taken_for_the_own(
    digits: Checkpoint, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = datasets.load("digits", "test")
    other = replace(test, images=255 - test.images)
    monkeypatch.setattr(cache, "split", lambda name, which: other)
    at = visit(source="dataset", look="map")
    assert wrong(at) == []
    assert not at.get("plotly_chart")
    at.button(key="anomalies-explore").click().run()
    assert at.session_state[explore_state.VECTORS][digits.identity].row is None


def folder_of(digits: Checkpoint, tmp_path: Path) -> Path:
    """Five digits, noise, one image of another size, and two files that are no images."""
    folder = tmp_path / "photos"
    for k, image in enumerate(cache.test_images(digits).images[:5]):
        png(image[0], folder, f"{k}.png")
    rng = np.random.default_rng(0)
    png(rng.integers(0, 256, (8, 8), np.uint8), folder, "5-noise.png")
    png(rng.integers(0, 256, (30, 20, 3), np.uint8), folder, "6-large.png")
    (folder / f"{HTML.replace('/', '')}.png").write_bytes(b"no picture")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:40])
    return folder


def test_sub_folders_that_are_no_classes_are_not_taken_for_outliers(
    digits: Checkpoint, browser: Browser, tmp_path: Path
) -> None:
    test = cache.test_images(digits)
    for row in range(40):
        if test.labels[row] in (1, 7):
            png(test.images[row, 0], tmp_path / "sorted" / str(test.labels[row]), f"{row}.png")
    visit(source="folder", folder=str(tmp_path / "sorted"), normal="1")
    assert [group.outlier for group in browser.groups] == [False, True]
    png(test.images[0, 0], tmp_path / "sorted" / "extra", "0.png")
    at = visit(source="folder", folder=str(tmp_path / "sorted"), normal="1", look="curves")
    assert [group.outlier for group in browser.groups] == [None]
    assert "No curves" in said(at)


def test_a_folder_of_own_images(digits: Checkpoint, browser: Browser, tmp_path: Path) -> None:
    folder = folder_of(digits, tmp_path)
    at = visit(source="folder")
    assert "Choose what to score." in said(at)
    at.text_input(key="anomalies-folder").set_value(f" {folder} ").run()
    assert url(at) == {"source": "folder", "folder": str(folder)}
    text = said(at)
    assert wrong(at) == []
    assert "2 files could not be read" in [element.label for element in at.expander]
    assert "cut.png" in text
    assert HTML.replace("/", "") in text
    assert "1 image was of another size" in text
    rows = browser.rows()
    assert [row["name"] for row in rows] == ["0.png", "1.png", "2.png", "3.png", "4.png", "5-noise.png", "6-large.png"]
    assert "class" not in rows[0]
    assert {row["name"] for row in rows if row["decision"] == "anomaly"} >= {"5-noise.png", "6-large.png"}
    np.testing.assert_array_equal(browser.pictures["anomalies-gallery"][-1], seen_first(digits, rows))
    assert "5-noise.png" in text or "6-large.png" in text  # the worst is the one explained
    again = visit(**at.query_params)
    assert said(again) == text


def seen_first(digits: Checkpoint, rows: list[dict[str, str]]) -> NDArray[np.uint8]:
    """The most normal of the folder's digits."""
    return cache.test_images(digits).images[int(np.argmin([float(row["score"]) for row in rows]))]


def test_sub_folders_are_classes(digits: Checkpoint, browser: Browser, tmp_path: Path) -> None:
    test = cache.test_images(digits)
    for k in range(6):
        png(test.images[k, 0], tmp_path / "sorted" / HTML.replace("/", ""), f"{k}.png")
    at = visit(source="folder", folder=str(tmp_path / "sorted"), normal=ZERO_ONE)
    assert wrong(at) == []
    assert f"class {HTML.replace('/', '')}" in said(at)
    assert all(HTML.replace("/", "") not in element.value for element in at.markdown)
    png(test.images[6, 0], tmp_path / "sorted" / HTML.replace("/", ""), "6.png")
    at.run()
    assert len(browser.rows()) == 7


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("empty", "holds no images"),
        ("gone", "There is no folder"),
        ("file.png", "There is no folder"),
        (HTML, "There is no folder"),
        ("x" * 300, "can't be read"),
        ("~nobody-of-that-name/x", "There is no folder"),
        ("a\0b", "no folder"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_folder_that_cant_be_scored(digits: Checkpoint, tmp_path: Path, path: str, expected: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.png").write_bytes(b"")
    folder = path if path.startswith("~") else str(tmp_path / path)
    at = visit(source="folder", folder=folder)
    [error] = wrong(at)
    assert expected in error
    assert HTML not in at.error[0].value
    assert at.selectbox(key="anomalies-score").value == registry.DEFAULT  # the settings are still there
    at.selectbox(key="anomalies-source").set_value("test").run()
    assert wrong(at) == []


def test_uploaded_files(digits: Checkpoint, browser: Browser, tmp_path: Path) -> None:
    folder = folder_of(digits, tmp_path)
    at = visit(source="files", look="curves", normal=ZERO_ONE)
    assert "Choose what to score." in said(at)
    names = ["0.png", "cut.png", "5-noise.png", "6-large.png"]
    at.file_uploader(key="anomalies-files").set_value(
        [(name, (folder / name).read_bytes(), "image/png") for name in names]
    ).run()
    text = said(at)
    assert wrong(at) == []
    assert "1 file could not be read" in [element.label for element in at.expander]
    assert "1 image was of another size" in text
    assert "No curves" in text  # labels are missing
    assert [row["name"] for row in browser.rows()] == ["0.png", "5-noise.png", "6-large.png"]
    at.file_uploader(key="anomalies-files").set_value([(f"{HTML}.png", b"nothing", "image/png")]).run()
    [error] = wrong(at)
    assert "has no image that can be read" in error


# --- links ------------------------------------------------------------------------------------------------------------

LINKS: dict[str, dict[str, str]] = {
    "gallery": {"normal": ZERO_ONE, "score": "knn", "order": "threshold", "image": "7", "heat": "yes"},
    "by hand": {"rule": "threshold", "threshold": "1.25", "score": "kl", "look": "map"},
    "contamination": {"rule": "contamination", "contamination": "12.5", "normal": "4", "look": "curves"},
    "false alarms": {"share": "1", "score": "pca_lof", "look": "scores", "order": "normal"},
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_restores_everything(digits: Checkpoint, browser: Browser, link: str) -> None:
    at = visit(model="digits-mlp-8", **LINKS[link])
    shown = dict(LINKS[link])
    if link == "false alarms":
        shown.pop("order")  # said where it is used: in the gallery
    assert (wrong(at), url(at)) == ([], shown)
    first = (said(at), browser.threshold, browser.rows(), browser.pictures)
    browser.pictures = {}
    again = visit(**at.query_params)
    assert (wrong(again), url(again)) == ([], shown)
    for one, other in zip((said(again), browser.threshold, browser.rows()), first, strict=False):
        assert one == other
    assert all((browser.pictures[key] == images).all() for key, images in first[3].items())
    assert url(again.run()) == shown  # and it stays


WRONG: list[tuple[dict[str, str], list[str]]] = [
    ({"rule": "threshold", "threshold": "nan"}, ["threshold nan, expected a number from"]),
    ({"rule": "threshold", "threshold": "inf"}, ["threshold inf, expected a number from"]),
    (
        {"score": "foo", "look": "x"},
        ["score foo, expected one of error_and_place", "look x, expected one of gallery, map"],
    ),
    ({"score": "regret"}, ["score regret, expected one of"]),
    ({"normal": "nobody"}, ["normal nobody, expected classes of scikit-learn digits; all classes is shown"]),
    ({"normal": JOIN.join(["0", HTML])}, [f"normal {HTML}, expected classes"]),
    ({"image": "99999999"}, ["image 99999999, expected a whole number from 0 to 359"]),
    ({"image": "-1"}, ["image -1, expected"]),
    ({"rule": "x", "share": "500"}, ["rule x, expected one of", "share 500, expected a number from 0 to 100"]),
    ({"rule": HTML, "source": HTML, "look": HTML}, [f"rule {HTML}", f"source {HTML}", f"look {HTML}"]),
    ({"order": HTML, "heat": "1", "image": HTML}, [f"order {HTML}", "heat 1", f"image {HTML}"]),
    ({"source": "dataset", "dataset": "../x"}, ["dataset ../x, expected one of"]),
    ({"source": "folder", "folder": "x" * 5_000}, ["folder has 5,000 characters"]),
]


@pytest.mark.parametrize(("link", "expected"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_with_a_link_is_said_and_left_out(
    digits: Checkpoint, link: dict[str, str], expected: list[str]
) -> None:
    at = visit(model="digits-mlp-8", **link)
    told = wrong(at)
    assert not at.error
    assert len(told) == len(expected)
    for one in expected:
        assert any(one in warning for warning in told), one
    assert all(HTML not in element.value for element in at.warning)  # escaped, so shown literally
    assert url(at) == {name: value for name, value in link.items() if value in ("threshold", "dataset", "folder")}
    assert wrong(visit(**at.query_params)) == []


# --- thresholds -------------------------------------------------------------------------------------------------------


def test_false_alarms_flag_that_share_of_held_out_normal_images(digits: Checkpoint, browser: Browser) -> None:
    visit()
    held_out = seen(digits, normal.held_out(digits, NormalChoice()).images)
    detector = detector_of(digits, registry.DEFAULT)
    scores = detectors.decide(detector, held_out, cache.model(digits)).scores
    assert browser.threshold == pytest.approx(detector.threshold, rel=1e-5)
    assert detection.flagged(scores, browser.threshold).mean() == pytest.approx(0.05, abs=1.5 / len(scores))
    at = visit(share="20")
    assert "set to flag 20 % of held-out normal images (it flags " in said(at)
    assert detection.flagged(scores, browser.threshold).mean() == pytest.approx(0.2, abs=1.5 / len(scores))


@pytest.mark.parametrize("share", ["10", "0", "100", "33.3"])
def test_contamination_flags_that_share_of_what_is_scored(digits: Checkpoint, browser: Browser, share: str) -> None:
    at = visit(rule="contamination", contamination=share)
    assert wrong(at) == []
    assert browser.flagged() == browser.counted() == int(float(share) / 100 * 360)


def test_by_hand_begins_where_the_line_stands(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=ZERO_ONE, score="knn", share="20")
    before = browser.threshold
    at.selectbox(key="anomalies-rule").set_value("threshold").run()
    assert browser.threshold == before
    assert at.number_input(key="anomalies-threshold").value == before
    flagged = browser.flagged()
    at.number_input(key="anomalies-threshold").set_value(before * 2).run()
    assert browser.threshold == pytest.approx(before * 2, rel=1e-5)
    assert browser.flagged() < flagged
    text = re.search(r"set by hand \(it flags ([0-9]+) of ([0-9]+) held-out normal images\)", said(at))
    assert text is not None
    assert int(text[1]) < 0.2 * int(text[2])
    at.selectbox(key="anomalies-score").set_value("kl").run()
    assert [toast.value for toast in at.toast] == [
        "The threshold that was set by hand belonged to other scores, so the usual one is back."
    ]
    assert "set to flag 20 % of held-out normal images" in said(at)  # as before


def test_each_rule_has_a_share_of_its_own(digits: Checkpoint, browser: Browser) -> None:
    at = visit(share="20", rule="contamination", contamination="10")
    assert browser.flagged() == 36
    at.selectbox(key="anomalies-rule").set_value("false_alarms").run()
    assert at.number_input(key="anomalies-share").value == 20


def test_classes_in_a_link_may_have_commas_between_them(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal="0, 1")
    assert at.multiselect(key="anomalies-normal").value == ["0", "1"]
    assert wrong(at) == []


def test_a_point_of_the_map_chooses_the_image(digits: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    at = visit(normal=ZERO_ONE, look="map")
    at.session_state["anomalies-map"] = {"selection": {"points": [{"customdata": 17}]}}
    at.run()
    assert "**row 17**" in said(at)
    assert url(at)["image"] == "17"
    at.button_group(key="anomalies-look").set_value("gallery").run()
    assert "**row 17**" in said(at)


def test_dragging_the_threshold(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=ZERO_ONE)
    before, revision = browser.flagged(), browser.revision
    value = float(np.sort(browser.scores)[250]) + 1e-9
    browser.drag(value)
    at.run()
    assert at.selectbox(key="anomalies-rule").value == "threshold"
    assert url(at) == {"normal": ZERO_ONE, "rule": "threshold", "threshold": repr(value)}
    assert (browser.threshold, browser.revision) == (value, revision)  # so that the line stays where it was let go
    detector = detectors.with_rule(detector_of(digits, registry.DEFAULT, "0", "1"), Rule("threshold", value))
    decisions = detectors.decide(detector, seen(digits, cache.test_images(digits).images), cache.model(digits))
    assert browser.flagged() == browser.counted() == decisions.flagged.sum() == 360 - 251 != before
    again = visit(**at.query_params)
    assert browser.flagged() == 360 - 251
    at.selectbox(key="anomalies-rule").set_value("false_alarms").run()  # the same move is not heard twice
    assert (browser.flagged(), url(at)["threshold"] if "rule" in url(at) else None) == (before, None)
    assert browser.revision > revision
    assert wrong(again) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None])
def test_a_threshold_that_is_no_number_is_not_heard(digits: Checkpoint, browser: Browser, value: Any) -> None:
    at = visit()
    browser.answers["anomalies-histogram"] = {"threshold": value, "move": "x"}
    at.run()
    assert (wrong(at), url(at)) == ([], {})


def test_the_line_moves_when_other_images_are_normal(digits: Checkpoint, browser: Browser) -> None:
    """Squared errors stay the same, so only a new revision tells the histogram of the new threshold."""
    at = visit(score="squared_error", normal="0")
    before = (browser.threshold, browser.revision)
    at.multiselect(key="anomalies-normal").set_value(["8"]).run()
    assert browser.threshold != before[0]
    assert browser.revision > before[1]


# --- take away --------------------------------------------------------------------------------------------------------


def test_a_detector_is_kept_used_and_deleted(
    digits: Checkpoint, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(digits, tmp_path)
    at = visit(normal=ZERO_ONE, score="knn", source="folder", folder=str(folder))
    expected = {row["name"]: row["decision"] for row in browser.rows()}
    name_field(at).set_value(" it's <b> ").run()
    at.button(key="anomalies-keep").click().run()
    assert wrong(at) == []
    [kept] = detectors.kept(digits)
    assert (kept.name, kept.score, kept.threshold) == ("it's <b>", "knn", browser.threshold)
    assert "**it's <b>** · " in said(at)
    assert "classes 0, 1" in said(at)
    [command] = [code.value for code in at.code if "--detector" in code.value]
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "vae"]
    monkeypatch.chdir(tmp_path)
    commands.main([str(folder) if word == "FOLDER" else word for word in words[3:]])
    with (tmp_path / "scores.csv").open(newline="") as file:
        assert {row["name"]: row["decision"] for row in csv.DictReader(file)} == expected
    at.selectbox(key="anomalies-score").set_value("kl").run()
    assert name_field(at).value.startswith(registry.get("kl").title)  # not the other's name
    at.button(key="anomalies-delete-it's <b>").click().run()
    assert detectors.kept(digits) == []
    assert "--detector" not in said(at)


@pytest.mark.parametrize("name", ["   ", "-x", "a\tb"])
def test_a_bad_name_is_refused(digits: Checkpoint, name: str) -> None:
    at = visit()
    name_field(at).set_value(name).run()
    at.button(key="anomalies-keep").click().run()
    assert "is no name" in said(at)
    assert detectors.kept(digits) == []


# --- side by side -----------------------------------------------------------------------------------------------------


def test_all_scores_side_by_side(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit(normal=ZERO_ONE, look="scores")
    at.button(key="anomalies-compare").click().run()
    [words] = submitted
    assert "anomalies-compare" not in [button.key for button in at.button]  # the job's card stands there
    shutil.rmtree(paths.runs_dir())
    commands.main(words)
    at = visit(normal=ZERO_ONE, look="scores")
    percentiles, table = sorted(small_tables(at), key=lambda table: "AUROC" in table)
    known = comparison.kept(digits, NormalChoice(("0", "1")))
    assert known is not None
    assert sorted(table["Score"]) == sorted(registry.get(name).title for name in SCORES)
    values = [float(cell) for cell in table["AUROC"]]
    assert values == sorted(values, reverse=True)
    assert known.sentence() in said(at)
    assert "Compare again" in labels(at)
    assert sorted(percentiles["Score"]) == sorted(table["Score"])  # the image's place in each


def small_tables(at: AppTest) -> list[dict[str, list[str]]]:
    """The tables that ui/tables.py has made: by header, the cells' main texts."""
    found = []
    for element in at.get("html"):
        _, begin, table = element.proto.body.partition('<table class="small-table">')
        if begin:
            head, body = ElementTree.fromstring(begin + table)  # noqa: S314 - our own
            columns = zip(*([cell.text or "" for cell in row] for row in body), strict=True)
            found.append({header.text or "": list(cells) for header, cells in zip(head[0], columns, strict=True)})
    return found


@pytest.mark.parametrize("wins", [True, False])
def test_the_page_says_when_a_baseline_wins(digits: Checkpoint, wins: bool) -> None:
    choice = NormalChoice(("0", "1"))
    outlier = comparison.outliers(digits, choice)
    counts = int(outlier.sum()), int((~outlier).sum())
    n, rows = len(outlier), np.arange(5)
    reference = comparison.Reference(rows, digits.latents.mu[:5], digits.latents.sigma[:5])
    values = {"kl": 0.8, "pca_lof": 0.9 if wins else 0.7}
    judged = {
        name: Judged(*[Interval(value, value - 0.01, value + 0.01)] * 3, *counts, f"protocol {HTML}")
        for name, value in values.items()
    }
    columns = {name: np.zeros(n, np.float32) for name in values}
    held_out = {name: np.zeros(7, np.float32) for name in values}
    comparison.keep(
        digits,
        comparison.Comparison(choice, reference, columns, held_out, judged, dict.fromkeys(values, 1.0), 1.0),
    )
    at = visit(normal=ZERO_ONE, look="scores")
    text = said(at)
    assert ("which needs no VAE, is best here: AUROC 0.900 against 0.800" in text) == wins
    assert len(wrong(at)) == wins
    [table] = [table for table in small_tables(at) if "AUROC" in table]
    assert registry.get("pca_lof").title in table["Score"]  # which says that it is a baseline
    assert HTML in text
    assert all(HTML not in element.value for element in at.caption)


def test_a_comparison_that_cant_be_judged_says_why() -> None:
    write("a", one_class())
    commands.main(["compare", "a", "--scores", "kl", "pca_lof"])
    at = visit(look="scores")
    assert "The images have one class only, so nothing says which of them are outliers: there is no ROC." in said(at)
    assert "anomalies-compare" not in [button.key for button in at.button]
    [percentiles] = small_tables(at)
    assert len(percentiles["Score"]) == 3


def test_a_model_of_some_classes_compares_what_is_chosen(submitted: list[list[str]]) -> None:
    write("a", planted(classes=("3", "5")))
    at = visit(look="scores", normal="")
    assert at.multiselect(key="anomalies-normal").value == []
    assert "All classes of the test split are normal" in said(at)
    at.multiselect(key="anomalies-normal").set_value(["4"]).run()
    at.button(key="anomalies-compare").click().run()
    assert submitted == [["compare", "a", "--normal", "4"]]


# --- training on normal images only -----------------------------------------------------------------------------------


def test_train_on_these_only(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit()
    assert "Train on these only" not in labels(at)
    at.multiselect(key="anomalies-normal").set_value(["1", "0"]).run()
    at.button(key="anomalies-train").click().run()
    said(at)
    [words] = submitted
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    configs = read_configs(parser.parse_args(words[1:]))
    assert configs.model == digits.model
    assert configs.train == replace(digits.train, classes=("0", "1"), precision="auto")
    assert words[0] == "train"
    assert words[words.index("--classes") + 1 : words.index("--output")] == ["0", "1"]
    assert words[-1] == "digits-mlp-8-only-0-1"
    assert "anomalies-train" not in [button.key for button in at.button]
    at.run()
    assert len(submitted) == 1
    shutil.rmtree(paths.runs_dir())
    write("digits-mlp-8-only-0-1", planted(classes=("0", "1")))  # it is finished
    at = visit(model="digits-mlp-8", normal=ZERO_ONE)
    at.button(key="anomalies-use").click().run()
    assert at.selectbox(key="model_choice").value == "digits-mlp-8-only-0-1"
    assert "This model was trained on class 0, 1 only." in said(at)


def test_a_training_that_failed_can_be_tried_again(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit(normal="0")
    at.button(key="anomalies-train").click().run()
    shutil.rmtree(paths.runs_dir())
    plant("failed", submitted[0], reason=f"The disk {HTML} is full.")
    at = visit(normal="0")
    assert f"The disk {HTML} is full." in said(at)
    at.button(key="anomalies-train").click().run()
    assert submitted[0] == submitted[1]
    shutil.rmtree(paths.runs_dir())
    at = visit(normal="0")
    plant("running", submitted[0])  # from another tab
    at.button(key="anomalies-train").click().run()
    said(at)
    assert len(submitted) == 2


# --- one image --------------------------------------------------------------------------------------------------------


def test_a_click_chooses_the_image(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=ZERO_ONE)
    rows = browser.rows()
    worst = np.argsort([-float(row["score"]) for row in rows], kind="stable")
    test = cache.test_images(digits)
    np.testing.assert_array_equal(browser.pictures["anomalies-gallery"], test.images[worst[:60]])
    assert browser.selected["anomalies-gallery"] == 0
    assert f"**row {worst[0]}**" in said(at)
    browser.answers["anomalies-gallery"] = {"index": 7, "move": "a"}
    at.run()
    assert url(at) == {"normal": ZERO_ONE, "image": str(worst[7])}
    assert f"**row {worst[7]}** · class {test.class_names[test.labels[worst[7]]]}" in said(at)
    assert browser.selected["anomalies-gallery"] == 7
    at.button_group(key="anomalies-order").set_value("normal").run()  # the same click is not heard twice
    np.testing.assert_array_equal(browser.pictures["anomalies-gallery"], test.images[worst[::-1][:60]])
    assert url(at)["image"] == str(worst[7])
    known = normal.reference(digits, NormalChoice(("0", "1")))
    mu = seen(digits, known.images).mu
    nearest = np.linalg.norm(mu - seen(digits, test.images[worst[7]][None]).mu, axis=1).argsort(kind="stable")[:8]
    np.testing.assert_array_equal(browser.pictures["anomalies-neighbours"], known.images[nearest])
    at.toggle(key="anomalies-heat").set_value(True).run()
    assert browser.pictures["anomalies-gallery"].shape == (60, 3, 8, 8)
    assert url(at)["heat"] == "yes"


def test_likelihood_regret_of_one_image(digits: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    regret = registry.get("regret")
    sizes = []
    true_score = type(regret).score

    def score(self: Any, batch: Pass, *rest: Any) -> Any:
        sizes.append(len(batch))
        return true_score(self, batch.take(slice(0, 3)), *rest)

    monkeypatch.setattr(type(regret), "score", score)
    at = visit(image="3")
    at.button(key="anomalies-regret").click().run()
    assert "Likelihood regret " in said(at)
    assert (sizes[0], sum(sizes[1:])) == (1, 50)
    assert wrong(at) == []
    at.selectbox(key="anomalies-rule").set_value("contamination").run()
    assert "Likelihood regret " in said(at)  # another threshold takes nothing away
    at.button(key="anomalies-regret").click().run()
    assert (sizes[-1], sum(sizes)) == (1, 52)  # the usual ones are known by now
    assert "Likelihood regret " not in said(visit(image="4"))


@pytest.mark.parametrize("source", ["test", "folder"])
def test_open_in_explore(digits: Checkpoint, tmp_path: Path, source: str) -> None:
    folder = {"folder": str(folder_of(digits, tmp_path))} if source == "folder" else {}
    at = visit(image="3", source=source, **folder)
    at.button(key="anomalies-explore").click().run()
    said(at)
    place = at.session_state[explore_state.VECTORS][digits.identity]
    if source == "test":
        assert place == Place(3)
    else:
        np.testing.assert_allclose(place.z, cache.encoded(digits, cache.test_images(digits).images[3:4])[0], atol=1e-5)
    assert at.get("plotly_chart")  # it is Explore that is shown
