"""A model as one HTML file: what is in it, what is said of it, and what it may not do."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import vae
from tests.browser.drive.server import PROJECT
from ui.components import assets
from ui.components.model_store import browser_model
from ui.sharing import walk_data, walk_page
from vae import commands
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.errors import GenerationError

MOST_BYTES = 10_000_000


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("shapes-conv-10", PROJECT / "checkpoints")


def part(page: bytes, name: str) -> str:
    found = re.search(rf'<script type="[^"]+" id="{name}">(.*?)</script>', page.decode(), re.DOTALL)
    assert found
    return found[1]


def tensors_of(page: bytes) -> dict[str, np.ndarray]:
    return safetensors.numpy.load(gzip.decompress(base64.b64decode(part(page, "model"))))


def test_images_latents_and_maps_come_back_out_of_the_page(checkpoint: Checkpoint) -> None:
    tensors = tensors_of(walk_page.of(walk_data.of(checkpoint, 10_000)))
    np.testing.assert_array_equal(tensors["pictures"], datasets.load("shapes", "test").images)
    np.testing.assert_array_equal(tensors["mu"], checkpoint.latents.mu)
    np.testing.assert_array_equal(tensors["tsne.xy"], checkpoint.maps["tsne"].xy)
    assert any(name.startswith("decoder.") for name in tensors)


def test_of_some_images_the_first_are_there_and_the_page_says_so(checkpoint: Checkpoint) -> None:
    page = walk_page.of(walk_data.of(checkpoint, 7))
    tensors, about = tensors_of(page), json.loads(part(page, "about"))
    count = len(checkpoint.latents.mu)
    assert {len(tensors[name]) for name in ("mu", "pictures", "labels", "tsne.xy", "pca.xy")} == {7}
    assert about["panel"]["count"] == 7
    assert f"The first 7 of {count:,} " in html.unescape(page.decode())
    # how far from data a place is was measured on all test images, and stays
    assert about["reach"] == json.loads(part(walk_page.of(walk_data.of(checkpoint, count)), "about"))["reach"]


def test_it_may_ask_no_server_and_names_none(checkpoint: Checkpoint) -> None:
    page = walk_page.of(walk_data.of(checkpoint, 3)).decode()
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']""", page.replace('src=""', ""))
    assert not re.search(r"\bfetch\(|\bimport\(|XMLHttpRequest|new Worker", assets.script("walk/walk.js"))


def test_names_with_markup_stay_text(checkpoint: Checkpoint) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    dataset = dataclasses.replace(
        checkpoint.dataset, title=evil, class_names=(evil, *checkpoint.dataset.class_names[1:])
    )
    page = walk_page.of(walk_data.of(dataclasses.replace(checkpoint, name=evil, dataset=dataset, command=evil), 3))
    assert b"<img" not in page
    assert page.decode().count("</script") == 3
    assert json.loads(part(page, "about"))["class_names"][0] == evil


def test_a_page_without_its_images_says_why(checkpoint: Checkpoint) -> None:
    dataset = dataclasses.replace(checkpoint.dataset, test_fingerprint="0" * 64)
    data = walk_data.of(dataclasses.replace(checkpoint, dataset=dataset), 3)
    page = walk_page.of(data)
    assert "pictures" not in tensors_of(page)
    assert f"The images are not in this file: {data.problem}" in html.unescape(page.decode())


def test_what_no_browser_decodes_is_refused(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_model, "BROWSER_MULTIPLICATIONS", 1)
    with pytest.raises(GenerationError, match="can't run in a browser"):
        walk_data.of(checkpoint, 3)
    with pytest.raises(GenerationError, match="0 images are asked for, expected 1 or more"):
        walk_data.of(checkpoint, 0)


def test_the_command_writes_what_a_notebook_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "walk.html"
    assert commands.main(["share", "digits-mlp-8", "--images", "12", "--output", str(output), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(output),
        "bytes": output.stat().st_size,
        "images": 12,
        "of": 360,
    }
    shown = vae.show("digits-mlp-8", images=12)
    assert shown.page == output.read_bytes()
    framed = re.fullmatch(r'<iframe srcdoc="([^"]*)" style="[^"]*"></iframe>', shown._repr_html_())
    assert framed and html.unescape(framed[1]) == shown.page.decode()
    shown.save(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == shown.page
    assert commands.main(["share", "digits-mlp-8", "--output", str(tmp_path / "walk.txt")]) == 2
    assert "expected a name that ends in .html" in capsys.readouterr().err


@pytest.mark.skipif(not datasets.info("mnist").on_this_machine(), reason="MNIST is not on this machine")
def test_ten_thousand_images_take_less_than_ten_megabytes() -> None:
    checkpoint = checkpoint_files.read("mnist-conv-16", PROJECT / "checkpoints")
    data = walk_data.of(checkpoint, 10_000)
    assert (data.count, data.problem) == (10_000, "")
    assert len(walk_page.of(data)) < MOST_BYTES
