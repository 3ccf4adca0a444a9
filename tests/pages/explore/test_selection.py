"""What is selected on Explore, by links and in the tray: whatever a link says, the page answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.pages.explore.page import of_mnist, texts, visit, write
from ui.explore.selection import actions
from vae.checkpoints import loading, placing
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.selection import tag_files
from vae.selection.tag_files import Tag

DIGITS = "digits-mlp-8"


def test_the_tray_counts_classes_and_says_what_sets_them_apart(digits: Checkpoint) -> None:
    at = visit(model=DIGITS, selected="class:3", tray="apart")
    count = int((digits.latents.labels == 3).sum())
    assert f"{count} images selected" in texts(at)
    assert "Most unlike the rest: " in texts(at)
    at = visit(model=DIGITS, selected="class:3 + near:7:12", tray="images", row="7")
    assert "The most typical first" in texts(at)
    at = visit(model=DIGITS, selected="class:3", tray="near", row="7")
    assert "Nearest to row 7" in texts(at)
    assert "**Neighbours of row 7**" in texts(at)
    assert "images selected" not in texts(at)


def test_a_tag_is_selected_by_its_link(digits: Checkpoint) -> None:
    tag_files.save(digits.identity, Tag("odd [ones](x) = 1", np.arange(5)))
    at = visit(model=DIGITS, selected="tag:odd [ones](x) = 1", tray="images")
    assert "5 images selected" in texts(at)
    assert at.query_params["selected"] == "tag:odd [ones](x) = 1"


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"selected": "rows:99999"}, "no image 99999"),
        ({"selected": "drawn:0123456789ab"}, "keep one as a tag"),
        ({"selected": "tag:<b>none"}, "no tag '<b>none'"),
        ({"selected": "near:1:0"}, "expected 1 to"),
        ({"selected": "x" * 3_000}, "3,000 characters"),
        ({"selected": "\u202e"}, "names no group"),
    ],
    ids=str,
)
def test_what_a_link_gets_wrong_is_said_and_nothing_is_selected(
    digits: Checkpoint, link: dict[str, str], said: str
) -> None:
    at = visit(model=DIGITS, tray="images", **link)
    assert said in texts(at)
    assert "0 images selected" in texts(at)
    assert "selected" not in at.query_params


def test_a_view_that_the_tray_does_not_have_leaves_the_decoder(digits: Checkpoint) -> None:
    at = visit(model=DIGITS, selected="class:3", tray="other")
    assert "images selected" not in texts(at)
    assert at.query_params["selected"] == "class:3"


def test_where_the_images_are_not_here_the_numbers_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    write("m", of_mnist())
    at = visit(model="m", selected="rows:0-5", tray="images", row="3")
    assert "6 images selected" in texts(at)
    assert "not on this machine" in texts(at)
    offered = {
        button.label: button.proto.disabled for button in at.get("download_button") if "page" not in button.label
    }
    assert offered == {"Table (CSV)": False, "Images and latents (NPZ)": True, "Pictures (PNG)": True}
    near = texts(visit(model="m", selected="rows:0-5", tray="near", row="3"))
    assert re.search(r"In latent space: row [\d,]+ · class .* · [\d.]+ away, row", near)
    assert near.count("not on this machine") == 1


def test_of_a_class_only_the_images_that_are_shown_are_selected(digits: Checkpoint) -> None:
    placing.place(digits, loading.load_model(digits), {s: datasets.load("digits", s) for s in ("validation", "train")})
    key = f"map-tools-{digits.identity[:16]}"
    at = visit(model=DIGITS, map="latent", images="test", tray="images")
    at.session_state[key] = {"asked": {"by": "class", "number": 3, "id": "1-1"}}
    at = at.run()
    shown = int((digits.latents.labels == 3).sum())
    assert f"**{shown} images selected**" in texts(at)
    [tools] = [e for e in at.get("bidi_component") if e.proto.component_name == "map_selection"]
    assert "not on this map, and left out" in json.loads(tools.proto.json)["problem"]


def test_every_mistake_of_a_link_is_said(digits: Checkpoint) -> None:
    wrong = {"map": "som", "colour": "shape", "layers": "fog", "sliders": "diagonal", "x": "99", "row": "x"}
    said = texts(visit(model=DIGITS, **wrong))
    for name, value in wrong.items():
        assert f"The link asks for {name} {value}" in said, name


def test_a_class_that_is_selected_as_a_whole_is_offered_as_normal_however_it_was_selected(digits: Checkpoint) -> None:
    labels, key = digits.latents.labels, "Anomalies: these classes are normal"
    of_class = np.flatnonzero(labels == 3).tolist()

    def offered(rows: list[int]) -> bool:
        at = visit(model=DIGITS, images="test", tray="images", selected="rows:" + ",".join(map(str, rows)))
        [link] = [link for link in at.get("page_link") if link.proto.label == key]
        assert (actions.NOT_NORMAL in texts(at)) == link.proto.disabled  # what to do instead stands there to be read
        return not link.proto.disabled

    assert offered(of_class)
    assert not offered(of_class[1:])
    assert not offered([*of_class, int(np.flatnonzero(labels != 3)[0])])
