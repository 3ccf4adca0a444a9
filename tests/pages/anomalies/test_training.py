"""Anomalies: a training on normal images only."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace

from tests.pages.anomalies.page import HTML, ZERO_ONE, labels, planted, visit, write
from tests.pages.page import said
from tests.runs import plant
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands import train
from vae.commands.train import read_configs
from vae.storage import paths


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
