"""The pages show what an earlier version kept on disk (tests/data/old/README.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.old_folders import DIED, FINISHED, KILLED, STOPPED, run_id, use_copy
from tests.pages.page import said, visit_page
from ui.anomalies.settings import JOIN


@pytest.fixture(autouse=True)
def _old_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_copy(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("ending", "name", "words"),
    [
        (FINISHED, "mlp-2", "Trained 2 epochs"),
        (STOPPED, "stopped", "Stopped: kept epoch 3 of 6"),
        (KILLED, "killed", "Its process ended without a word"),
        (DIED, "died", "Its process ended without a word"),
    ],
)
def test_train_shows_every_run_and_offers_what_is_left_to_do(ending: str, name: str, words: str) -> None:
    at = visit_page("pages/train.py", job=run_id(ending))
    assert words in said(at)
    tables = [table.value for table in at.dataframe]  # one for each kind of loss
    assert sorted(name.removeprefix("▸ ") for table in tables for name in table["Name"]) == [
        "died",
        "killed",
        "mlp-2",
        "stopped",
    ]
    assert not any(table["Validation loss"].isna().any() for table in tables)
    buttons = {button.label for button in at.button}
    assert {"Duplicate", "Delete"} <= buttons
    assert ("Resume" in buttons) == (name != "mlp-2")


def test_an_old_runs_settings_can_be_used_again() -> None:
    at = visit_page("pages/train.py", job=run_id(DIED))
    next(button for button in at.button if button.label == "Duplicate").click().run()
    assert not at.exception
    assert "digits · conv · d = 2 · β = 1 · Gaussian" in said(at)
    assert {"gaussian", "conv"} <= {str(box.value) for box in (*at.selectbox, *at.radio, *at.get("button_group"))}
    assert {number.value for number in at.number_input} >= {6, 4, 7}  # epochs, batch, seed


@pytest.mark.parametrize("name", ["mlp-2", "conv-gaussian", "stopped"])
def test_explore_shows_every_model(name: str) -> None:
    at = visit_page("app.py", model=name)
    assert "360" in said(at)
    assert not at.error


def test_generate_shows_the_kept_directions_and_sample_quality() -> None:
    [table] = visit_page("pages/generate.py", model="mlp-2", view="directions").dataframe
    assert sorted(table.value["name"]) == ["eight, by classifier", "three to eight"]
    assert "Samples from the prior" in list(visit_page("pages/generate.py", model="mlp-2").dataframe[0].value[""])


def test_anomalies_shows_the_kept_comparison_and_detector() -> None:
    text = said(visit_page("pages/anomalies.py", model="mlp-2", normal=JOIN.join("012"), look="scores"))
    assert "LOF on PCA, which needs no VAE, is best here: AUROC 0.994" in text
    assert "zero to two" in text
