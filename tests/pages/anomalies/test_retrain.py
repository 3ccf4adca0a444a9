"""Anomalies: a training on normal images only."""

from __future__ import annotations

import shutil
from dataclasses import replace

from tests.pages.anomalies.page import HTML, ZERO_ONE, planted, visit, write
from tests.pages.page import said
from tests.runs import plant_run, requests
from vae.checkpoints.checkpoint import Checkpoint
from vae.storage import paths
from vae.training.request import TrainingRequest


def test_train_on_these_only(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit(step="ask")
    assert "anomalies-train" not in [button.key for button in at.button]
    at.multiselect(key="anomalies-normal").set_value(["1", "0"]).run()
    at.button(key="anomalies-train").click().run()
    said(at)
    assert submitted == [["train"]]
    train = replace(digits.train, classes=("0", "1"), precision="auto")
    assert requests() == [TrainingRequest(digits.model, train, "digits-mlp-8-only-0-1")]
    assert "anomalies-train" not in [button.key for button in at.button]
    at.run()
    assert len(submitted) == 1
    shutil.rmtree(paths.runs_dir())
    write("digits-mlp-8-only-0-1", planted(classes=("0", "1")))  # it is finished
    at = visit(model="digits-mlp-8", normal=ZERO_ONE, step="ask")
    at.button(key="anomalies-use").click().run()
    assert at.selectbox(key="model_choice").value == "digits-mlp-8-only-0-1"
    assert "This model was trained on class 0, 1 only." in said(at)


def test_a_training_that_failed_can_be_tried_again(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit(normal="0", step="ask")
    at.button(key="anomalies-train").click().run()
    [first] = requests()
    shutil.rmtree(paths.runs_dir())
    plant_run("failed", first, reason=f"The disk {HTML} is full.")
    at = visit(normal="0", step="ask")
    assert f"The disk {HTML} is full." in said(at)
    at.button(key="anomalies-train").click().run()
    assert requests() == [first, first]
    shutil.rmtree(paths.runs_dir())
    at = visit(normal="0", step="ask")
    plant_run("running", first)  # from another tab
    at.button(key="anomalies-train").click().run()
    said(at)
    assert len(submitted) == 2
