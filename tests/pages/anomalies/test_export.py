"""Anomalies: detectors that are kept."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

import pytest

from tests.pages.anomalies.page import ZERO_ONE, Browser, folder_of, name_field, visit, visit_folder, wrong
from tests.pages.page import said
from vae import commands
from vae.anomalies import detector_files
from vae.checkpoints.checkpoint import Checkpoint


def test_a_detector_is_kept_used_and_deleted(
    digits: Checkpoint, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(digits, tmp_path)
    at = visit_folder(folder, normal=ZERO_ONE, score="knn")
    expected = {row["name"]: row["decision"] for row in browser.rows()}
    name_field(at).set_value(" it's <b> ").run()
    at.button(key="anomalies-keep").click().run()
    assert wrong(at) == []
    [kept] = detector_files.saved(digits)
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
    assert name_field(at).value == shlex.quote("kl-0-1")  # not the other's name, and as it is in a shell
    at.button(key="anomalies-delete-it's <b>").click().run()
    assert detector_files.saved(digits) != []  # asks first
    assert "This tab made it." in said(at)
    at.button(key="anomalies_delete_sure").click().run()
    assert detector_files.saved(digits) == []
    assert "--detector" not in said(at)


@pytest.mark.parametrize("name", ["   ", "-x", "a\tb"])
def test_a_bad_name_is_refused(digits: Checkpoint, name: str) -> None:
    at = visit()
    name_field(at).set_value(name).run()
    at.button(key="anomalies-keep").click().run()
    assert "is no name" in said(at)
    assert detector_files.saved(digits) == []
