"""Explore, the home page: what it shows when things are missing, broken or linked wrongly, and decoding in Python."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.runs import plant
from tests.vae.helpers import TINY_CONV, edit_config, new_checkpoint
from ui.explore import map_words
from ui.shared import explore_place, model_picker
from ui.shared.explore_place import Place
from vae.checkpoints import checkpoint_files, checkpoint_writing, loading
from vae.checkpoints.checkpoint import Checkpoint, DatasetRef, NewCheckpoint
from vae.config import ModelConfig
from vae.data import datasets, import_folder, mnist
from vae.data.import_folder import ImportSettings
from vae.jobs import queue
from vae.jobs.job import Job
from vae.maps import pca
from vae.maps.projection import ProjectionMap
from vae.storage import paths


def write(name: str, new: NewCheckpoint) -> Path:
    return checkpoint_writing.write(new, paths.checkpoints_dir() / name)


def of_mnist(elbo: float = -90.0) -> NewCheckpoint:
    """A tiny model that says it is one of MNIST."""
    new = new_checkpoint()
    dataset = replace(new.dataset, name="mnist", title="MNIST")
    return replace(new, dataset=dataset, metrics={"elbo": replace(new.metrics["elbo"], value=elbo)})


def visit(**parameters: str) -> AppTest:
    at = AppTest.from_file(str(paths.PROJECT / "app.py"), default_timeout=60)
    for name, value in parameters.items():
        at.query_params[name] = value
    return at.run()


def texts(at: AppTest) -> str:
    """All that the page says; never a stack trace."""
    assert not at.exception
    kinds = (at.markdown, at.caption, at.warning, at.error, at.info)
    said = "\n".join(str(element.value) for kind in kinds for element in kind)
    assert "Traceback" not in said
    assert "Something went wrong" not in said
    return said.replace("\\", "")


def shown(at: AppTest) -> str | None:
    """The checkpoint that map and decoder show, as the URL says; None when there is an error or nothing."""
    texts(at)
    drawn = bool(at.get("plotly_chart"))
    assert drawn != bool(at.error or at.info)
    return model_picker.Link.parse(at.query_params["model"]).name if drawn else None


def panel(at: AppTest) -> dict[str, Any]:
    """What the live decoder is told."""
    [component] = [e for e in at.get("bidi_component") if e.proto.component_name == "latent_panel"]
    data: dict[str, Any] = json.loads(component.proto.json)
    return data


def pick(at: AppTest, name: str) -> AppTest:
    return at.selectbox(key=model_picker.CHOICE).set_value(name).run()


def place(at: AppTest, checkpoint: Checkpoint) -> Place:
    """Where the session says the person is."""
    found: Place = at.session_state[explore_place.VECTORS].get(checkpoint.identity, Place())
    return found


# --- nothing, or something broken -------------------------------------------------------------------------------------


def test_without_any_model_there_is_a_way_to_train_one() -> None:
    assert not paths.checkpoints_dir().exists()
    at = visit()
    assert shown(at) is None
    assert "There is no trained model here yet." in texts(at)
    assert ("Train a model", "train") in [(link.label, link.proto.page) for link in at.main.get("page_link")]


def no_json(folder: Path) -> None:
    (folder / checkpoint_files.CONFIG).write_text("{not json")


def truncated(folder: Path) -> None:
    raw = (folder / checkpoint_files.WEIGHTS).read_bytes()
    (folder / checkpoint_files.WEIGHTS).write_bytes(raw[: len(raw) // 2])


def empty(folder: Path) -> None:
    (folder / checkpoint_files.WEIGHTS).write_bytes(b"")


def missing(folder: Path) -> None:
    (folder / checkpoint_files.MAPS).unlink()


def newer(folder: Path) -> None:
    edit_config(folder, format_version=checkpoint_files.FORMAT_VERSION + 1)


def tampered(folder: Path) -> None:
    """One bit of the latents: sizes agree, only the SHA-256 tells."""
    raw = bytearray((folder / checkpoint_files.LATENTS).read_bytes())
    raw[-1] ^= 1
    (folder / checkpoint_files.LATENTS).write_bytes(raw)


BROKEN = [
    (no_json, "config.json is not valid JSON"),
    (truncated, "weights.safetensors has 200,296 bytes, expected 400,592 bytes"),
    (empty, "weights.safetensors has 0 bytes"),
    (missing, "maps.safetensors is missing"),
    (newer, "has checkpoint format 2, this program reads 1. Update the program."),
]


@pytest.mark.parametrize(("damage", "reason"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_model_is_named_and_the_others_work(
    digits: Checkpoint, damage: Callable[[Path], None], reason: str
) -> None:
    damage(paths.checkpoints_dir() / "digits-mlp-2")
    at = visit()
    assert shown(at) == "digits-mlp-8"
    assert [expander.label for expander in at.sidebar.expander] == ["1 checkpoint can't be used"]
    [said] = [m.value.replace("\\", "") for m in at.sidebar.expander[0].markdown]
    assert said.startswith("**digits-mlp-2**: ")
    assert reason in said
    linked = visit(model="digits-mlp-2", row="5")
    assert shown(linked) == "digits-mlp-8"
    assert reason in texts(linked)
    assert "row" not in linked.query_params  # of images that are not shown


def test_when_all_models_are_broken_it_says_so() -> None:
    no_json(write("a", new_checkpoint()))
    newer(write("b", new_checkpoint()))
    at = visit()
    assert shown(at) is None
    assert [expander.label for expander in at.sidebar.expander] == ["2 checkpoints can't be used"]


def test_a_tampered_model_nobody_looks_at_disturbs_nobody(digits: Checkpoint) -> None:
    tampered(paths.checkpoints_dir() / "digits-mlp-2")
    assert shown(visit()) == "digits-mlp-8"


@pytest.mark.parametrize("link", [{}, {"model": "digits-mlp-8", "row": "5"}], ids=["first choice", "linked"])
def test_a_tampered_model_is_refused_and_another_can_be_picked(digits: Checkpoint, link: dict[str, str]) -> None:
    tampered(paths.checkpoints_dir() / "digits-mlp-8")
    at = visit(**link)
    assert shown(at) is None
    said = "digits-mlp-8: the content of latents.safetensors does not match the SHA-256 in config.json."
    assert said in texts(at)
    pick(at, "digits-mlp-2")
    assert shown(at) == "digits-mlp-2"
    assert said not in texts(at)
    assert shown(at.run()) == "digits-mlp-2"
    assert shown(pick(at, "digits-mlp-8")) is None  # and it does not get better


# --- the first choice -------------------------------------------------------------------------------------------------


def test_digits_come_first_where_mnist_is_missing_and_mnist_where_it_is_not(digits: Checkpoint) -> None:
    write("mnist-a", of_mnist(elbo=-140.0))
    write("mnist-b", of_mnist(elbo=-90.0))
    assert shown(visit()) == "digits-mlp-8"
    mnist.raw_dir().mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (mnist.raw_dir() / f"{part}-ubyte").touch()
    assert shown(visit()) == "mnist-b"


def test_models_without_a_measured_loss_or_a_known_data_set_come_last(digits: Checkpoint) -> None:
    known = replace(checkpoint_files.summaries()[0], test_loss=500.0)
    assert digits.dataset is not None
    unmeasured = replace(known, name="a", test_loss=None)
    unknown = replace(known, name="b", test_loss=0.0, dataset=replace(digits.dataset, name="cats"))
    assert model_picker.first_choice([unknown, unmeasured, known]) == known
    assert model_picker.first_choice([unknown]) == unknown


def test_the_choice_and_the_row_survive_another_page(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-2", row="3")
    at.switch_page("pages/train.py").run()
    at.switch_page("app.py").run()
    assert shown(at) == "digits-mlp-2"
    assert panel(at)["row"] == 3


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits_of_link", ["", "~{}"])
def test_a_good_link_is_followed(digits: Checkpoint, digits_of_link: str) -> None:
    z = (0.5, -1.0, 0.0, 1.0, 2.0, -2.0, 0.25, 3.0)
    link = "digits-mlp-8" + digits_of_link.format(digits.short_identity)
    at = visit(model=link, row="12", z=",".join(map(str, z)), map="pca", colour="kl")
    assert (shown(at), len(at.warning)) == ("digits-mlp-8", 0)
    assert place(at, digits) == Place(12, z)
    told = panel(at)
    assert (told["row"], told["z"], told["map"]["method"]) == (12, list(z), "pca")
    assert told["original"]["row"] == 12
    assert at.query_params["model"] == f"digits-mlp-8~{digits.short_identity}"
    assert at.selectbox(key="colour").value == "kl"


@pytest.mark.parametrize(
    ("link", "said", "model", "expected"),
    [
        ({"model": "../../etc", "row": "3"}, "'../../etc' is not a checkpoint's name.", "digits-mlp-8", Place()),
        ({"model": "<b>x</b>"}, "'<b>x</b>' is not a checkpoint's name.", "digits-mlp-8", Place()),
        ({"model": "gone", "row": "3"}, "checkpoint gone, which is not on this machine.", "digits-mlp-8", Place()),
        ({"model": "digits-mlp-2~00000000"}, "made for another digits-mlp-2 (00000000)", "digits-mlp-2", Place()),
        ({"model": "digits-mlp-2", "row": "360"}, "expected a whole number from 0 to 359", "digits-mlp-2", Place()),
        ({"model": "digits-mlp-2", "row": "-1"}, "row -1, expected a whole number", "digits-mlp-2", Place()),
        ({"row": "1e3"}, "row 1e3, expected a whole number", "digits-mlp-8", Place()),
        ({"model": "digits-mlp-2", "row": "3", "z": "1"}, "expected 2 numbers", "digits-mlp-2", Place(3)),
        ({"row": "3", "z": "1,2,3,4,5,6,7,nan"}, "expected 8 numbers", "digits-mlp-8", Place(3)),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_link_is_said_and_the_rest_followed(
    digits: Checkpoint, link: dict[str, str], said: str, model: str, expected: Place
) -> None:
    at = visit(**link)
    assert shown(at) == model
    assert said in texts(at)
    assert len(at.warning) == 1
    assert place(at, checkpoint_files.read(model)) == expected
    assert panel(at)["row"] == expected.row
    assert at.query_params.get("row") == (None if expected.row is None else str(expected.row))
    assert "z" not in at.query_params
    other = "digits-mlp-2" if model == "digits-mlp-8" else "digits-mlp-8"
    assert said not in texts(pick(at, other))  # no longer about what is shown


def test_an_old_link_to_the_chart_is_harmless(digits: Checkpoint) -> None:
    at = visit(map="no-such-map", colour="no-such-colour", python="perhaps", x8="z99")
    assert (shown(at), len(at.warning)) == ("digits-mlp-8", 0)
    assert at.button_group(key="map").value == "tsne"


def test_a_model_without_the_chosen_map_shows_another(digits: Checkpoint) -> None:
    write("tiny", new_checkpoint(TINY_CONV))  # it has no t-SNE map
    at = visit(map="t-SNE")
    assert at.button_group(key="map").value == "tsne"
    pick(at, "tiny")
    assert shown(at) == "tiny"
    assert at.button_group(key="map").options == ["PCA", "Latent axes"]


def test_one_latent_dimension_is_shown_on_a_line() -> None:
    write("one", new_checkpoint(ModelConfig("mlp", (1, 8, 8), 1, hidden=(4,))))
    at = visit()
    assert shown(at) == "one"
    assert panel(at)["map"] == {"method": "latent", "axes": [0, None], "chart_key": "map_chart"}


def test_two_axes_are_never_the_same(digits: Checkpoint) -> None:
    at = visit(map="latent")
    at.selectbox(key="x").set_value(at.selectbox(key="y").value).run()
    assert shown(at) == "digits-mlp-8"
    x, y = at.selectbox(key="x").value, at.selectbox(key="y").value
    assert x != y
    assert panel(at)["map"]["axes"] == [int(x), int(y)]
    assert (at.query_params["map"], at.query_params["x"], at.query_params["y"]) == ("latent", x, y)
    again = visit(**{name: at.query_params[name] for name in ("model", "map", "x", "y")})
    assert panel(again)["map"]["axes"] == [int(x), int(y)]


# --- decoding in Python -----------------------------------------------------------------------------------------------


def sent(picture: dict[str, Any], shape: tuple[int, ...] = (1, 8, 8)) -> Any:
    """Pixels as the page gets them."""
    return np.frombuffer(base64.b64decode(picture["pixels"]), np.uint8).reshape(shape)


def decoded_by_torch(checkpoint: Checkpoint, z: Any) -> Any:
    import torch

    model = loading.load_model(checkpoint)
    with torch.inference_mode():
        return model.decode_mean(torch.tensor(np.asarray(z, np.float32)[None]))[0].numpy() * 255


def report(at: AppTest, checkpoint: Checkpoint, row: int | None, z: list[float]) -> AppTest:
    """What the page tells when somebody lets go."""
    serial = at.session_state["serial"] + 1 if "serial" in at.session_state else 1
    at.session_state["serial"] = serial
    view = {"row": row, "z": z, "id": str(serial)}
    at.session_state[f"panel-{checkpoint.identity[:16]}"] = {"view": view}
    return at.run()


def test_python_decodes_what_the_panel_shows_and_keeps_the_rest(digits: Checkpoint) -> None:
    z = [0.5, -1.0, 0.0, 1.0, 2.0, -2.0, 0.25, 2.875]
    at = visit(model="digits-mlp-8", row="12", z=",".join(map(str, z)))
    browser = panel(at)
    assert browser["decoded"] is None
    at.toggle(key="python").set_value(True).run()
    assert shown(at) == "digits-mlp-8"
    python = panel(at)
    assert python["decoded"]["z"] == z
    np.testing.assert_allclose(sent(python["decoded"]), decoded_by_torch(digits, z), atol=0.51)
    assert {**python, "decoded": None} == browser  # the same panel: ring, row, random and undo are its own
    z[3] = 1.5
    report(at, digits, 12, z)
    assert place(at, digits) == Place(12, tuple(z))
    assert panel(at)["decoded"]["z"] == z
    np.testing.assert_allclose(sent(panel(at)["decoded"]), decoded_by_torch(digits, z), atol=0.51)
    report(at, digits, 7, digits.latents.mu[7].tolist())
    assert at.query_params["row"] == "7"
    np.testing.assert_allclose(panel(at)["decoded"]["z"], digits.latents.mu[7], atol=1e-6)
    at.toggle(key="python").set_value(False).run()
    assert (panel(at)["row"], panel(at)["decoded"]) == (7, None)


def test_a_decoder_that_is_too_large_for_a_browser_is_decoded_in_python(
    digits: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.components.model_store.browser_model.BROWSER_MULTIPLICATIONS", 1000)
    at = visit(model="digits-mlp-8", row="3")
    assert at.toggle(key="python").disabled
    np.testing.assert_allclose(sent(panel(at)["decoded"]), decoded_by_torch(digits, digits.latents.mu[3]), atol=0.51)


# --- images that are not on this machine ------------------------------------------------------------------------------


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """Arguments and lane of the jobs that the page submits; each becomes a running one."""
    seen: list[tuple[list[str], str]] = []

    def submit(kind: str, title: str, arguments: list[str], lane: str = "compute") -> Job:
        seen.append((arguments, lane))
        return queue.get(plant("running", arguments, kind=kind, title=title, lane=lane))

    monkeypatch.setattr(queue, "submit", submit)
    return seen


def test_a_model_of_missing_images_works_and_offers_to_fetch_them(submitted: list[tuple[list[str], str]]) -> None:
    write("mnist-a", of_mnist())
    at = visit(row="5")
    assert shown(at) == "mnist-a"
    original = panel(at)["original"]
    assert (original["row"], original["pixels"], original["problem"]) == (5, None, "Not on this machine")
    assert [button.label for button in at.button] == ["Download MNIST (11 MB)"]
    at.button(key="download-mnist").click().run()
    assert submitted == [(["fetch", "mnist"], "network")]
    assert "**Download MNIST**" in texts(at)
    assert "download-mnist" not in [button.key for button in at.button]
    assert panel(at)["row"] == 5


def test_nothing_is_offered_before_an_image_is_selected() -> None:
    write("mnist-a", of_mnist())
    at = visit()
    assert panel(at)["original"] is None
    assert not at.button


def test_other_images_than_the_model_was_measured_on_are_not_shown() -> None:
    write("a", new_checkpoint())  # of digits with another fingerprint
    at = visit(row="5")
    assert shown(at) == "a"
    original = panel(at)["original"]
    assert original["pixels"] is None
    assert original["problem"].startswith("The scikit-learn digits test images on this machine are not those")
    assert not at.button


# --- one's own images -------------------------------------------------------------------------------------------------


def own_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classes: int) -> Path:
    """A checkpoint of imported images, which are here; the folder of the data set."""
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    rng = np.random.default_rng(0)
    for k in range(classes):
        for i in range(3):
            path = tmp_path / "own" / f"s{k}" / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(path)
    folder = import_folder.write("own", tmp_path / "own", ImportSettings(8, 8)).folder
    test, new = datasets.load("own", "test"), new_checkpoint()
    rows = np.arange(len(test)) % len(new.latents.mu)
    latents = replace(new.latents.take(rows), labels=test.labels)
    dataset = DatasetRef("own", "own", test.image_shape, test.class_names, test.fingerprint)
    train = replace(new.train, dataset="own")
    write("own", replace(new, dataset=dataset, train=train, latents=latents, maps=[pca.fit(latents.mu)]))
    return folder


def test_names_of_ones_own_files_are_on_the_map_and_beside_the_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = own_images(monkeypatch, tmp_path, 10)
    names = datasets.load("own", "test").file_names
    assert names is not None
    at = visit(model="own", row="3")
    assert panel(at)["original"]["name"] == names[3]
    assert sorted(under_the_mouse(at)) == sorted(names)
    # the same pixels from files of other names
    for path in folder.glob("*-names.txt"):
        path.write_text(path.read_text().replace("s1/", "renamed/"))
    os.utime(folder / "meta.json", ns=(2, 2))
    again = datasets.load("own", "test").file_names
    assert again is not None
    assert sorted(under_the_mouse(visit(model="own"))) == sorted(again) != sorted(names)
    for path in folder.glob("*-names.txt"):
        path.unlink()
    (folder / "report.json").unlink()
    os.utime(folder / "meta.json", ns=(1, 1))
    assert "imported before file names were kept" in texts(visit(model="own"))


def under_the_mouse(at: AppTest) -> list[str]:
    """The texts of the map's points."""
    chart = json.loads(at.get("plotly_chart")[0].proto.spec)
    return [text for trace in chart["data"] for text in trace["text"]]


def test_many_classes_are_searched_and_shown_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own_images(monkeypatch, tmp_path, 60)
    at = visit(model="own")
    [chosen] = at.multiselect
    assert chosen.options[:12] == ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"]
    assert "60 own test images" in texts(at)
    chosen.set_value(["s2", "s10"]).run()
    assert "2 of 60 own test images" in texts(at)
    assert at.query_params["shown"] == "s2\ns10"
    at = visit(model="own", shown="s2\ns10\nnone of them", colour="kl")
    assert "2 of 60 own test images" in texts(at)
    assert len(under_the_mouse(at)) == 2


def test_the_legend_hides_classes_in_the_link_and_in_the_count_and_leaves_the_figure(digits: Checkpoint) -> None:
    at = visit(model="digits-mlp-8")
    figure, count = at.get("plotly_chart")[0].proto.spec, len(digits.latents.labels)
    assert legend(at)["shown"] == [str(digit) for digit in range(10)]
    at.session_state[f"legend-{digits.identity[:16]}"] = {"choice": {"places": [1, 4], "id": "1"}}
    at.run()
    few = int(np.isin(digits.latents.labels, [1, 4]).sum())
    assert f"{few} of {count} scikit-learn digits test images" in texts(at)
    assert at.query_params["shown"] == "1\n4"
    assert at.get("plotly_chart")[0].proto.spec == figure
    linked = visit(model="digits-mlp-8", shown="1\n4", colour="kl", map="pca")
    assert legend(linked)["shown"] == ["1", "4"]
    assert f"{few} of {count}" in texts(linked)
    linked.session_state[f"legend-{digits.identity[:16]}"] = {"choice": {"places": list(range(10)), "id": "2"}}
    linked.run()
    assert "shown" not in linked.query_params


def legend(at: AppTest) -> dict[str, Any]:
    """What the map's legend is told."""
    [component] = [e for e in at.get("bidi_component") if e.proto.component_name == "map_legend"]
    data: dict[str, Any] = json.loads(component.proto.json)
    return data


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.972, "t-SNE: neighbours can be trusted, 0.97"),
        (0.9, "t-SNE: most neighbours are right, 0.90"),
        (0.75, "t-SNE: some neighbours are wrong, 0.75"),
        (0.67, "t-SNE: neighbours are often wrong, 0.67"),
    ],
)
def test_trust_in_a_map_is_a_verdict_with_its_number(value: float, said: str) -> None:
    projection = ProjectionMap(
        "tsne", np.zeros((1, 2), np.float32), {}, {"trustworthiness": value, "protocol": "12 neighbours"}
    )
    assert map_words.trust(projection) == said
    assert "12 neighbours" in map_words.protocol(projection)
    assert map_words.trust(replace(projection, quality={})) == ""
