"""Each number says what the verdict says, or nothing against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vae.training.diagnostics.made import MODEL, collapsed, healthy, run
from vae.training.diagnostics import in_words
from vae.training.diagnostics.evidence import Evidence
from vae.training.diagnostics.reading import Reading, number
from vae.training.diagnostics.readings import readings
from vae.training.diagnostics.verdict import judge

NAMES = ["Validation loss", "Baseline", "Total KL", "Used dimensions", "Train/validation gap", "Sample variety"]


def read(evidence: Evidence) -> dict[str, Reading]:
    return {reading.name: reading for reading in readings(evidence)}


def test_a_healthy_run_in_numbers() -> None:
    found = read(run(healthy()))
    assert list(found) == NAMES
    assert {reading.level for name, reading in found.items() if name != "Baseline"} == {"fine"}
    assert [(found[name].value, found[name].unit) for name in NAMES] == [
        ("100.23", "nats"), ("206.00", "nats"), ("24.00", "nats"), ("22", "of 50"), ("2.00", "nats"),
        ("0.70", "of the data's"),
    ]  # fmt: skip
    assert found["Validation loss"].sentence == "105.8 nats better than the baseline."
    assert found["Baseline"].sentence == "Independent pixels; no model gets below 45.00."
    assert "0.60 nats say nothing about an image" in found["Total KL"].measured
    assert all(reading.measured for reading in found.values())


def test_what_old_runs_did_not_measure_is_left_out() -> None:
    kept = ("epoch", "train_elbo", "validation_elbo", "validation_kl", "active_units")
    rows = [{name: row[name] for name in kept} for row in healthy()]
    found = read(run(rows))
    assert list(found) == ["Validation loss", "Total KL", "Used dimensions", "Train/validation gap"]
    assert found["Validation loss"].sentence == "Falling by 0.07 nats per epoch."
    gap = found["Train/validation gap"]
    assert (gap.level, gap.sentence) == ("open", "Without a gain over the baseline its share can't be told.")
    assert read(run([{"epoch": 1.0}])) == {}
    assert read(run([])) == {}


EVIDENCE = {
    "healthy": run(healthy()),
    "young": run(healthy(2), outcome=""),
    "collapsed": run(collapsed(healthy())),
    "few steps": run([row | {"steps": row["epoch"]} for row in collapsed(healthy())]),
    "far off": run(healthy(marginal_kl=20.0), beta=0.1),
    "overfitted": run([row | {"train_loss": -100.0, "train_elbo": 100.0} for row in healthy()]),
    "no variety": run(healthy(sample_variety=0.01)),
    "little noise": run(healthy(noise_sigma=0.002), replace(MODEL, likelihood="gaussian")),
    "many things": run(healthy(marginal_kl=20.0, noise_sigma=0.002, sample_variety=0.01, train_elbo=300.0), beta=0.1),
    "worse": run([row | {"train_loss": row["epoch"]} for row in healthy(marginal_kl=20.0)], beta=0.1),
}


@pytest.mark.parametrize("name", EVIDENCE)
def test_one_number_shows_what_the_verdict_names_and_none_contradicts(name: str) -> None:
    verdict, found = judge(EVIDENCE[name]), readings(EVIDENCE[name])
    alarming = [reading for reading in found if reading.level in ("watch", "failing")]
    assert [(one.level, one.sentence) for one in alarming] == (
        [(verdict.level, verdict.sentence)] if verdict.cause else []
    )
    if name not in ("healthy", "little noise"):
        assert any(reading.level == "open" for reading in found) or verdict.cause in ("overfitting", "samples_alike")


def test_a_run_that_has_hardly_begun_is_not_judged() -> None:
    found = read(run(healthy(2), outcome=""))
    assert {reading.sentence for name, reading in found.items() if name != "Baseline"} == {"Too early to judge."}


def test_the_loss_of_a_collapsed_run_is_not_called_fine() -> None:
    loss = read(run(collapsed(healthy())))["Validation loss"]
    assert (loss.level, loss.sentence) == ("", "It is no better than independent pixels.")


def test_kl_warm_up_says_its_weight() -> None:
    warm = [row | {"kl_weight": 0.3} for row in collapsed(healthy())]
    found = read(run(warm, outcome="", kl_schedule="linear", kl_warmup=60))
    assert {found[name].level for name in ("Total KL", "Used dimensions", "Sample variety")} == {"open"}
    assert "0.3 of 1" in found["Total KL"].sentence


def test_an_autoencoder_has_no_kl_to_read() -> None:
    found = read(run(healthy(), objective="autoencoder"))
    assert (found["Total KL"].value, found["Total KL"].level) == ("–", "open")
    assert found["Validation loss"].value == "76.23"
    assert found["Used dimensions"].level == "open"
    found = read(run(healthy(active_units=0.0), objective="autoencoder", binarization="dynamic"))
    assert found["Used dimensions"].value == "0"
    assert found["Baseline"].sentence == "Independent pixels."


def test_images_that_are_all_alike_make_no_number_fine() -> None:
    found = read(run(healthy(validation_floor=205.5)))
    assert {reading.level for name, reading in found.items() if name != "Baseline"} == {"open"}


def test_the_terminal_says_the_same() -> None:
    said = in_words.report(run(healthy())).splitlines()
    assert said[0] == "Verdict: Fine. 105.8 nats per image better than independent pixels."
    assert said[1].split() == [
        "Validation",
        "loss",
        "100.23",
        "nats",
        "fine",
        *["105.8", "nats", "better", "than", "the", "baseline."],
    ]
    said = in_words.report(run(collapsed(healthy()), beta=20.0)).splitlines()
    assert said[0] == ("Verdict: KL vanished (failing). Posterior collapse: the decoder ignores z. Try --beta 1")


@pytest.mark.parametrize(
    ("value", "digits", "text"), [(-1234.5, 1, "−1,234.5"), (-0.001, 2, "0.00"), (0.0, 2, "0.00"), (12, 0, "12")]
)
def test_numbers_are_written_for_people(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text
