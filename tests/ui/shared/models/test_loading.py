"""What somebody brings becomes a job only when it can be a model; names and options come out safe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.vae.helpers import TINY, new_checkpoint
from ui.shared.models.loading import form, offer, request
from ui.shared.models.loading.request import LoadRequest
from vae.checkpoints import checkpoint_writing
from vae.errors import CheckpointError, ConfigError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import paths

BYTES = b"no matter"


def asked(*names: str, name: str = "new", **settings: str) -> LoadRequest:
    return LoadRequest(name, "digits", dict.fromkeys(names, BYTES), settings)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((), "no files yet"),
        (("a.onnx",), "1 ONNX file, expected two"),
        (("a.onnx", "b.onnx", "c.onnx"), "3 ONNX file"),
        (("a.onnx", "b.pt"), "Found a.onnx, b.pt; expected"),
        (("a.pt", "b.pt"), "Found a.pt, b.pt; expected"),
        (("a.zip",), "Found a.zip; expected"),
    ],
)
def test_files_that_are_no_model_are_refused(files: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        asked(*files).check()


def test_a_name_that_is_taken_or_leads_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAE_CHECKPOINTS", str(tmp_path))
    checkpoint_writing.write(new_checkpoint(TINY), paths.checkpoints_dir() / "there")
    with pytest.raises(CheckpointError, match="already a model 'there'"):
        asked("a.pt", name="there").check()
    with pytest.raises(CheckpointError, match="is not a checkpoint's name"):
        asked("a.pt", name="../up").check()
    assert request.suggested_name({"there.pt": BYTES}) == "there-2"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("my model (3).ckpt", "my-model-3"),
        ("encoder.onnx", "my-vae"),
        ("../../etc/passwd.pt", "passwd"),
        ("é.pt", ""),
    ],
)
def test_a_name_is_suggested_after_the_file(file: str, name: str) -> None:
    assert request.suggested_name({file: BYTES}) == name


def submitted(monkeypatch: pytest.MonkeyPatch, wanted: LoadRequest) -> tuple[list[str], Mapping[str, bytes]]:
    """What the queue is asked."""
    found: list[tuple[list[str], Mapping[str, bytes]]] = []

    def submit(kind: str, title: str, arguments: list[str], files: Mapping[str, bytes]) -> Job:
        found.append((arguments, files))
        return Job("1", kind, title, "compute", "queued", paths.runs_dir(), 0.0)

    monkeypatch.setattr(queue, "submit", submit)
    wanted.submit()
    return found[0]


def test_what_is_known_becomes_options_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = asked("a.pt", pixels="signed", activation="LeakyReLU(0.2)", **{"no-logits": ""})
    arguments, files = submitted(monkeypatch, wanted)
    assert arguments[:6] == ["adopt", "new", "--weights", "a.pt", "--dataset", "digits"]
    assert arguments[6:] == ["--pixels", "signed", "--activation", "LeakyReLU(0.2)", "--no-logits"]
    assert files == {"a.pt": BYTES}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../a.pt", "a.pt"),
        ("--again.pt", "again.pt"),
        ("a b<script>.PT", "a-b-script.pt"),
        ("..\\..\\job.json.pt", "job.json.pt"),
        ("...pt", "model.pt"),
    ],
)
def test_a_files_name_goes_nowhere_and_is_no_option(monkeypatch: pytest.MonkeyPatch, given: str, kept: str) -> None:
    arguments, files = submitted(monkeypatch, asked(given))
    assert list(files) == [kept]
    assert arguments[3] == kept


def test_the_table_has_a_column_for_each_reading_and_escapes_what_files_say() -> None:
    tried = [
        {"choices": {"Function": "ReLU", "Output": "<b>x</b>"}, "error": 0.25},
        {"choices": {"Function": "SiLU"}, "error": 0.5},
    ]
    table = form.comparison(tried)
    assert table[""] == ["Function", "Output", "Error"]
    assert table["Taken"][0] == "ReLU"
    assert "<b>" not in table["Taken"][1]
    assert table["2nd"] == ["SiLU", "–", "50.0 %"]


@pytest.mark.parametrize(
    ("adopted", "said"),
    [
        ({"error": 0.31}, "leave 31\u00a0% of the squared error"),
        ({"error": 0.31, "is_clear": True}, "the mean image.$"),
        ({"error": 0.31, "is_clear": False}, "Another reading is nearly as good"),
        ({"error": 1.2}, "no better than one picture for all"),
        (None, "^$"),
        ({"error": "much"}, "^$"),
    ],
)
def test_a_sentence_says_what_to_think_of_a_reading(adopted: object, said: str) -> None:
    assert re.search(said, offer.said(adopted))
