"""Planted failures are found and named with their remedy; healthy and young runs are left in peace."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from vae.checkpoints import checkpoint_files
from vae.config import ModelConfig, TrainConfig
from vae.storage.paths import PROJECT
from vae.training.diagnostics import learning
from vae.training.diagnostics.reading import Reading
from vae.training.run_folder import history
from vae.training.run_folder.history import EpochRow

MODEL = ModelConfig("mlp", (1, 28, 28), 50, (400,))
TRAIN = TrainConfig("mnist", epochs=20)


def healthy(epochs: int = 20, **more: float) -> list[EpochRow]:
    """MNIST as it goes: from −200 to about −100 nats, 22 of 50 dimensions active, a gap of 2."""
    rows = []
    for epoch in range(1, epochs + 1):
        elbo = -100.0 - 100.0 * math.exp(-epoch / 3) + (0.1 if epoch % 2 else -0.1)
        row = {"epoch": epoch, "images_per_second": 55_000.0, "seconds": 1.0, "kl_weight": 1.0}
        for split, gap in (("train", 2.0), ("validation", 0.0)):
            row |= {f"{split}_elbo": elbo + gap, f"{split}_log_likelihood": elbo + gap + 24, f"{split}_kl": 24.0}
        rows.append({**row, "validation_loss": -elbo, "active_units": 22.0, "sample_variety": 0.7, **more})
    return rows


def read(rows: list[EpochRow], model: ModelConfig = MODEL, **training: Any) -> dict[str, Reading]:
    return {reading.name: reading for reading in learning.readings(rows, model, replace(TRAIN, **training))}


def levels(readings: dict[str, Reading]) -> dict[str, str]:
    return {name: reading.level for name, reading in readings.items()}


ALL_FINE = dict.fromkeys(
    ["Validation ELBO", "Total KL", "Active units", "Train/validation gap", "Sample variety"], "fine"
)


# --- left in peace ----------------------------------------------------------------------------------------------------


def test_a_healthy_run_is_fine_and_says_so_in_numbers() -> None:
    found = read(healthy())
    assert levels(found) == ALL_FINE
    assert (found["Active units"].value, found["Active units"].unit) == ("22", "of 50")
    assert (found["Train/validation gap"].value, found["Train/validation gap"].unit) == ("2.00", "nats")
    assert found["Validation ELBO"].value.startswith("−100")
    assert not any(reading.remedy for reading in found.values())


@pytest.mark.parametrize("active", [19, 25])
def test_19_to_25_active_of_50_is_normal(active: int) -> None:
    assert levels(read(healthy(active_units=active))) == ALL_FINE


@pytest.mark.parametrize("name", ["digits-mlp-8", "digits-mlp-2", "mnist-conv-16", "mnist-mlp-2"])
def test_no_epoch_of_a_shipped_model_would_have_alarmed_anybody(name: str) -> None:
    checkpoint = checkpoint_files.read(name, PROJECT / "checkpoints")
    rows = history.read(PROJECT / "checkpoints" / name)
    assert rows
    for epochs in range(1, len(rows) + 1):
        found = learning.readings(rows[:epochs], checkpoint.model, checkpoint.train)
        assert [reading for reading in found if reading.level in ("failing", "watch")] == []


def collapsed(rows: list[EpochRow]) -> list[EpochRow]:
    return [row | {"validation_kl": 0.001, "active_units": 0.0, "sample_variety": 0.001} for row in rows]


def test_nothing_is_judged_in_the_first_epochs() -> None:
    assert set(levels(read(collapsed(healthy(2)))).values()) == {"open"}
    assert set(levels(read(collapsed(healthy(9)), epochs=100)).values()) == {"open"}
    few_steps = [row | {"images_per_second": 1_000.0} for row in collapsed(healthy(20))]  # 4 steps an epoch
    assert set(levels(read(few_steps)).values()) == {"open"}


def test_kl_is_not_judged_while_its_weight_still_grows() -> None:
    warm = [row | {"kl_weight": 0.3} for row in collapsed(healthy())]
    found = read(warm, kl_schedule="linear", kl_warmup=60)
    assert {found[name].level for name in ("Total KL", "Active units", "Sample variety")} == {"open"}
    assert "0.3 of 1" in found["Total KL"].sentence
    assert read(collapsed(healthy()), kl_schedule="linear", kl_warmup=5)["Total KL"].level == "failing"


def test_a_small_kl_that_grows_is_not_judged() -> None:
    rows = healthy()
    for row in rows:
        row["validation_kl"] = 0.04 * row["epoch"]
    assert read(rows)["Total KL"].level == "open"


def test_an_autoencoder_has_no_kl_to_read() -> None:
    rows = [row | {"train_elbo": -900.0, "validation_elbo": -900.0, "validation_kl": 800.0} for row in healthy()]
    found = read(rows, objective="autoencoder")
    assert "Validation reconstruction" in found
    assert (found["Total KL"].value, found["Total KL"].level) == ("–", "open")
    assert "trains no KL" in found["Total KL"].sentence
    assert found["Sample variety"].level == "open"
    assert {reading.level for reading in found.values()} <= {"fine", "open"}


def test_an_elbo_that_falls_while_beta_4_gains_is_no_jump_and_no_overfitting() -> None:
    rows = healthy()
    for row in rows:
        for split in ("train", "validation"):
            row[f"{split}_elbo"] = -100.0 - 2 * row["epoch"]
        row["validation_loss"] = 300.0 - row["epoch"]
    found = read(rows, beta=4.0)
    assert (found["Validation ELBO"].level, found["Train/validation gap"].level) == ("fine", "fine")


@pytest.mark.parametrize("rows", [[], [{"train_elbo": -1.0}], [{"epoch": 1.0}]], ids=["none", "no epoch", "only epoch"])
def test_rows_without_numbers_give_no_reading(rows: list[EpochRow]) -> None:
    assert read(rows) == {}


def test_columns_that_are_missing_are_left_out() -> None:
    rows = healthy()
    del rows[3]["sample_variety"]
    assert "Sample variety" not in read(rows)
    assert "Noise σ" not in read(rows)


# --- found ------------------------------------------------------------------------------------------------------------


def test_posterior_collapse() -> None:
    rows = healthy(5) + collapsed(healthy(20)[5:])
    found = read(rows, beta=2.0)
    for name in ("Total KL", "Active units", "Sample variety"):
        assert found[name].level == "failing"
        assert found[name].remedy == "KL warm-up, free bits or a lower β."
    assert "ignores z" in found["Total KL"].sentence
    assert "It was 24.0 nats" in found["Total KL"].sentence


def test_what_a_run_does_already_is_no_remedy() -> None:
    rows = collapsed(healthy())
    assert "KL warm-up" not in read(rows, kl_schedule="linear", kl_warmup=3)["Total KL"].remedy
    assert "more free bits" in read(rows, free_bits=0.01)["Total KL"].remedy
    assert "β" not in read(rows, objective="iwae", importance_samples=5)["Total KL"].remedy


@pytest.mark.parametrize(
    ("latent_dim", "active", "level"),
    [
        (50, 5, "watch"),
        (50, 8, "fine"),
        (128, 20, "fine"),
        (8, 4, "fine"),
        (8, 1, "watch"),
        (2, 1, "watch"),
        (2, 2, "fine"),
    ],
)
def test_active_units(latent_dim: int, active: int, level: str) -> None:
    found = read(healthy(active_units=active), replace(MODEL, latent_dim=latent_dim))
    assert found["Active units"].level == level
    assert bool(found["Active units"].remedy) == (level == "watch")


@pytest.mark.parametrize(("variety", "level"), [(0.01, "failing"), (0.15, "watch"), (0.45, "fine"), (1.1, "fine")])
def test_samples_that_look_alike(variety: float, level: str) -> None:
    assert read(healthy(sample_variety=variety))["Sample variety"].level == level


def test_a_low_kl_is_worth_watching() -> None:
    assert read(healthy(validation_kl=0.6))["Total KL"].level == "watch"


def overfitting(gain: float) -> list[EpochRow]:
    """From epoch 11 on training gains what validation loses."""
    rows = healthy(30)
    for row in rows[10:]:
        row["train_elbo"] += gain * (row["epoch"] - 10)
        row["validation_elbo"] -= gain * (row["epoch"] - 10)
        row["validation_loss"] = -row["validation_elbo"]
    return rows


def test_overfitting() -> None:
    found = read(overfitting(0.5), epochs=30)["Train/validation gap"]
    assert found.level == "failing"
    assert "validation gets worse while training gets better" in found.sentence
    assert found.remedy == "Early stopping, or a smaller network."
    assert read(overfitting(0.5), epochs=30, patience=20)["Train/validation gap"].remedy.startswith("A smaller network")
    assert read(overfitting(0.1), epochs=30)["Train/validation gap"].level == "watch"


def test_a_wide_gap_alone_is_worth_watching() -> None:
    rows = [row | {"train_elbo": row["validation_elbo"] + 20} for row in healthy()]
    assert read(rows)["Train/validation gap"].level == "watch"


def test_a_validation_loss_that_jumps() -> None:
    rows = healthy()
    rows[15] |= {"validation_elbo": -160.0, "validation_loss": 160.0}
    found = read(rows)["Validation ELBO"]
    assert found.level == "watch"
    assert "at epoch 16" in found.sentence
    assert found.remedy == "Lower the learning rate, or clip gradients."
    assert "clip" not in read(rows, max_grad_norm=1.0)["Validation ELBO"].remedy
    for row in rows[11::2]:
        row["validation_loss"] = 160.0
    assert read(rows)["Validation ELBO"].level == "failing"


def test_a_jump_that_the_kl_weight_explains_is_none() -> None:
    rows = healthy()
    for row in rows[15:]:
        row |= {"validation_loss": 130.0, "kl_weight": 0.5}
    assert read(rows, kl_schedule="cyclical", kl_cycles=2)["Validation ELBO"].level == "fine"


def test_a_run_that_ends_worse_than_it_began() -> None:
    rows = [row | {"validation_loss": 100.0 + row["epoch"]} for row in healthy()]
    found = read(rows)["Validation ELBO"]
    assert (found.level, found.sentence) == ("failing", "It is worse than after the first epoch.")


@pytest.mark.parametrize(("sigma", "level"), [(0.0025, "failing"), (0.008, "watch"), (0.1, "fine")])
def test_noise_near_0(sigma: float, level: str) -> None:
    found = read(healthy(noise_sigma=sigma), replace(MODEL, likelihood="gaussian"))["Noise σ"]
    assert found.level == level
    assert bool(found.remedy) == (level != "fine")


def test_a_gaussian_bound_near_0_has_a_scale_too() -> None:
    rows = [row | {"train_elbo": 0.5, "validation_elbo": 0.1, "validation_loss": -0.1} for row in healthy()]
    assert levels(read(rows)) == ALL_FINE
