"""Planted failures are found and named with their remedy; healthy and young runs are left in peace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.vae.training.diagnostics.made import MODEL, collapsed, healthy, run
from vae.checkpoints import checkpoint_files
from vae.checkpoints.baseline import pixel_moments
from vae.checkpoints.metrics import MeasuredBy
from vae.storage.paths import PROJECT
from vae.training.diagnostics.evidence import Evidence
from vae.training.diagnostics.verdict import CAUSES, Verdict, judge
from vae.training.run_folder import history
from vae.training.run_folder.history import EpochRow

GAUSSIAN = replace(MODEL, likelihood="gaussian")


def called(verdict: Verdict) -> tuple[str, str]:
    return (verdict.level, verdict.cause)


# --- left in peace ----------------------------------------------------------------------------------------------------


def test_a_healthy_run_is_fine_and_says_by_how_much_it_beats_independent_pixels() -> None:
    found = judge(run(healthy()))
    assert called(found) == ("fine", "")
    assert found.sentence == "105.8 nats per image better than independent pixels."
    assert (found.remedy, dict(found.settings), found.options) == ("", {}, "")


@pytest.mark.parametrize("name", ["digits-mlp-8", "digits-mlp-2", "mnist-conv-16", "mnist-mlp-2", "shapes-conv-10"])
def test_no_epoch_of_a_shipped_model_would_have_alarmed_anybody(name: str) -> None:
    """Their histories are of before there were baselines."""
    checkpoint = checkpoint_files.read(name, PROJECT / "checkpoints")
    rows = history.read(PROJECT / "checkpoints" / name)
    assert rows
    for epochs in range(1, len(rows) + 1):
        found = judge(Evidence(rows[:epochs], checkpoint.model, checkpoint.train, ""))
        assert found.level in ("fine", "open"), (epochs, found)
    assert judge(Evidence(rows, checkpoint.model, checkpoint.train, "trained")).level == "fine"


@pytest.mark.parametrize(
    ("rows", "training"),
    [
        (healthy(2), {}),
        (healthy(9), {"epochs": 100}),
        ([row | {"steps": 4 * row["epoch"]} for row in healthy(20)], {}),
    ],
    ids=["three epochs", "a sixth of them", "100 steps"],
)
def test_nothing_is_judged_while_a_run_has_hardly_begun(rows: list[EpochRow], training: dict[str, int]) -> None:
    assert called(judge(run(collapsed(rows), outcome="", **training))) == ("open", "")


def test_without_rows_nothing_is_known() -> None:
    assert called(judge(run([]))) == ("open", "")


@pytest.mark.parametrize("rows", [[{"train_elbo": -1.0}], [{"epoch": 1.0}]], ids=["no epoch", "only epoch"])
def test_rows_without_numbers_give_no_alarm(rows: list[EpochRow]) -> None:
    assert judge(run(rows)).level == "fine"


def test_kl_is_not_judged_while_its_weight_still_grows() -> None:
    warm = [row | {"kl_weight": 0.3} for row in collapsed(healthy())]
    assert judge(run(warm, outcome="", kl_schedule="linear", kl_warmup=60)).level == "fine"
    assert judge(run(collapsed(healthy()), outcome="", kl_schedule="linear", kl_warmup=5)).cause == "collapsed"


def test_a_small_kl_that_grows_is_not_judged_before_the_end() -> None:
    rows = healthy()
    for row in rows:
        row["validation_kl"] = 0.04 * row["epoch"]
    assert judge(run(rows, outcome="")).level == "fine"
    assert judge(run(rows)).cause == "low_kl"


def test_a_loss_that_rises_while_beta_4_gains_is_no_jump_and_no_overfitting() -> None:
    rows = healthy()
    for row in rows:
        for split in ("train", "validation"):
            row[f"{split}_elbo"] = -100.0 - 2 * row["epoch"]
            row[f"{split}_loss"] = 300.0 - row["epoch"]
    assert judge(run(rows, beta=4.0)).level == "fine"


def test_an_old_run_without_its_own_loss_is_judged_by_its_parts() -> None:
    """−ELBO gets worse all the while, β KL − log p better."""
    rows = []
    for row in healthy():
        kl, fit = 30.0 - row["epoch"], -75.0 - 2 * row["epoch"]
        values = {"elbo": fit - kl, "log_likelihood": fit, "kl": kl}
        row |= {f"{split}_{name}": value for split in ("train", "validation") for name, value in values.items()}
        rows.append({name: value for name, value in row.items() if not name.endswith("_loss")})
    assert run(rows, beta=4.0).objective("train")[0] == 4 * 29.0 + 77.0
    assert judge(run(rows, beta=4.0)).level == "fine"


def test_images_that_are_all_alike_leave_nothing_to_judge() -> None:
    rows = [row | {"validation_floor": 205.5} for row in collapsed(healthy())]
    found = judge(run(rows))
    assert called(found) == ("open", "")
    assert found.sentence == "The images are too alike: there is nothing to gain over independent pixels."
    assert judge(run(rows, outcome="diverged")).cause == "diverged"


@pytest.mark.parametrize(("grey_levels", "level"), [(0, "open"), (40, "failing")])
def test_equal_images_with_a_gaussian_likelihood_leave_nothing_to_judge(grey_levels: int, level: str) -> None:
    """A learned σ comes near to the finest there is, never to it: nats worse than pixels that have it."""
    images = np.full((200, 1, 28, 28), 120, np.uint8)
    images[::2, :, 14, 14] += grey_levels
    moments = pixel_moments(images)
    baseline = moments.yardstick(moments, MeasuredBy("gaussian")).baseline
    loss = {"elbo": -baseline - 300.0, "baseline": baseline, "loss": baseline + 300.0}
    rows = [
        row | {f"{split}_{name}": value for split in ("train", "validation") for name, value in loss.items()}
        for row in collapsed(healthy())
    ]
    assert judge(run(rows, GAUSSIAN)).level == level


@pytest.mark.parametrize(("error", "level"), [(1.0, "failing"), (4.0, "watch"), (None, "watch")])
def test_few_validation_images_are_not_sure_of_anything(error: float | None, level: str) -> None:
    """5 nats worse than the baseline; of one image's loss nobody knows the error."""
    rows = [row | {"validation_elbo": -211.0, "validation_loss": 211.0} for row in healthy(train_elbo=-203.0)]
    rows = [{name: value for name, value in row.items() if name != "validation_loss_error"} for row in rows]
    rows = rows if error is None else [row | {"validation_loss_error": error} for row in rows]
    assert called(judge(run(rows))) == (level, "no_better")


def test_without_a_floor_there_is_all_the_baseline_to_gain() -> None:
    """An autoencoder of binarized pixels may come to 0, whatever an earlier version took for its floor."""
    evidence = run(healthy(), objective="autoencoder", binarization="dynamic")
    assert (evidence.room, evidence.tolerance) == (206.0, pytest.approx(4.12))


def test_a_jump_that_was_made_good_by_the_end_is_none() -> None:
    rows = healthy()
    rows[15] |= {"train_loss": 160.0, "train_elbo": -160.0}
    assert judge(run(rows[:17], outcome="")).cause == "rate_too_high"
    assert judge(run(rows)).level == "fine"


@pytest.mark.parametrize("used", [4, 8, 20, 45])
@pytest.mark.parametrize("d", [8, 64, 128])
def test_dimensions_that_are_not_used_cost_nothing(used: int, d: int) -> None:
    """4 of 64 is what the data need, as 4 of 8 is."""
    rows = [row | {f"kl_{j}": 1.0 if j < used else 0.0 for j in range(d)} for row in healthy()]
    assert judge(run(rows, replace(MODEL, latent_dim=d))).level == "fine"


# --- found ------------------------------------------------------------------------------------------------------------


def test_posterior_collapse() -> None:
    found = judge(run(healthy(5) + collapsed(healthy(20)[5:]), beta=2.0))
    assert called(found) == ("failing", "collapsed")
    assert found.sentence == "Posterior collapse: the decoder ignores z. It was 24.0 nats."
    assert (found.settings, found.options) == ({"beta": 1.0}, "--beta 1")
    assert found.remedy == "Let z say more: β 1."


def test_a_kl_of_0_in_a_run_that_has_not_learned_yet_is_no_collapse() -> None:
    rows = [
        row | {f"{split}_{name}": value for split in ("train", "validation") for name, value in UNLEARNED.items()}
        for row in collapsed(healthy())
    ]
    assert called(judge(run(rows, learning_rate=1e-5))) == ("failing", "rate_too_low")
    assert called(judge(run(rows))) == ("failing", "not_trained")


UNLEARNED = {"elbo": -400.0, "log_likelihood": -400.0, "loss": 400.0}


def test_10_steps_are_judged_too() -> None:
    found = judge(run([healthy(1)[0] | {"steps": 10.0, "train_images": 1_257.0}], epochs=1, batch_size=128))
    assert called(found) == ("failing", "not_trained")
    assert found.sentence == "It has taken only 10 gradient steps."
    assert found.settings == {"epochs": 100}
    found = judge(run([row | {"steps": 10.0 * row["epoch"]} for row in healthy(20)]))
    assert called(found) == ("watch", "not_trained")


def test_few_images_in_large_batches_want_smaller_ones() -> None:
    """340 faces in batches of 256 are 2 steps an epoch."""
    rows = [row | {"steps": 2 * row["epoch"], "train_images": 340.0} for row in healthy()]
    assert judge(run(rows)).settings == {"batch_size": 32, "epochs": 100}


def test_what_still_learned_when_it_ended_was_too_short() -> None:
    rows = healthy()
    for row in rows:
        for split in ("train", "validation"):
            row[f"{split}_elbo"] = row[f"{split}_loss"] = 0.0
            row[f"{split}_elbo"] = -200.0 + 4 * row["epoch"]
            row[f"{split}_loss"] = 200.0 - 4 * row["epoch"]
    found = judge(run(rows))
    assert called(found) == ("watch", "not_trained")
    assert "28% of all it gained" in found.sentence
    assert found.settings == {"epochs": 50}
    assert called(judge(run(rows, outcome=""))) == ("fine", "")  # it goes on


def test_what_went_on_past_its_best_epoch_was_not_still_learning() -> None:
    """Ten epochs learn fast, then validation gets worse: the epoch that is kept stands in the steep part."""
    rows = overfitting(2.0)
    for row in rows:
        for split, sign in (("train", 1), ("validation", -1)):
            after = row["epoch"] - 10
            row[f"{split}_elbo"] = -120.0 + (8 * after if after < 0 else sign * after)
            row[f"{split}_loss"] = -row[f"{split}_elbo"]
    assert judge(run(rows, epochs=30, patience=30)).level == "fine"
    assert judge(run(rows[:10], epochs=10, patience=10)).cause == "not_trained"


def test_latents_that_stay_off_the_prior_want_a_dearer_kl_where_longer_training_only_got_worse() -> None:
    rows = overfitting(0.3)
    for row in rows:
        row["marginal_kl"] = 16.0  # of 22 dimensions that are used
    found = judge(run(rows, epochs=30, patience=30))
    assert called(found) == ("watch", "kl_too_large")
    assert (found.remedy, dict(found.settings)) == ("Let the KL count for more: β 4.", {"beta": 4.0})
    assert called(judge(run(rows[:11], epochs=11, patience=30))) == ("watch", "not_trained")  # best at its end


def test_what_was_stopped_before_its_steps_is_to_go_on_instead_of_asking_for_fewer() -> None:
    rows = [row | {"steps": 10.0 * row["epoch"]} for row in healthy(12)]
    found = judge(run(rows, outcome="stopped", epochs=500))
    assert called(found) == ("watch", "not_trained")
    assert (found.remedy, dict(found.settings)) == ("Resume it, or train all its epochs.", {})
    assert judge(run(rows, outcome="early_stopped", epochs=500, patience=5)).settings == {"patience": 0}
    assert judge(run(rows, outcome="stopped")).settings == {"epochs": 100}  # 20 epochs are 200 steps


def test_what_was_stopped_during_a_kl_warm_up_is_not_blamed_for_its_kl() -> None:
    """While the KL costs little, it may be larger than it will pay, and latents far from the prior."""
    dear = {"elbo": -230.0, "log_likelihood": -50.0, "kl": 180.0, "loss": 230.0}
    columns = {f"{split}_{name}": value for split in ("train", "validation") for name, value in dear.items()}
    rows = [row | columns | {"kl_weight": 0.1, "marginal_kl": 30.0, "learning_rate": 1e-8} for row in healthy(12)]
    assert judge(run(rows, outcome="stopped", kl_schedule="linear", kl_warmup=15)).cause == ""
    assert judge(run(rows, outcome="stopped")).cause == "not_trained"


def test_a_run_that_was_stopped_at_a_high_rate_is_to_go_on() -> None:
    rows = [row | {"learning_rate": 1.9e-3} for row in healthy(12)]
    found = judge(run(rows, outcome="stopped"))
    assert called(found) == ("watch", "cut_short")
    assert (found.remedy, dict(found.settings)) == ("Resume it, or train all its epochs.", {})
    assert judge(run(rows, outcome="stopped", lr_schedule="constant")).level == "fine"
    assert judge(run([row | {"learning_rate": 1e-5} for row in rows], outcome="stopped")).level == "fine"


def test_a_kl_that_costs_more_than_it_brings() -> None:
    """β = 0.01: better reconstructions, and a loss above the baseline's."""
    rows = [
        row | {f"{split}_{name}": value for split in ("train", "validation") for name, value in DEAR.items()}
        for row in healthy()
    ]
    found = judge(run(rows, beta=0.01))
    assert called(found) == ("failing", "kl_too_large")
    assert found.settings == {"beta": 1.0}
    assert judge(run(rows, free_bits=2.0)).settings == {"free_bits": 0.0}


DEAR = {"elbo": -230.0, "log_likelihood": -50.0, "kl": 180.0, "loss": 51.8}


@pytest.mark.parametrize(("off", "level"), [(10.0, "fine"), (12.0, "watch"), (16.0, "failing")])
def test_latents_far_from_the_prior(off: float, level: str) -> None:
    """22 dimensions are used; half a nat of each is much."""
    found = judge(run(healthy(marginal_kl=off), beta=0.1))
    assert found.level == level
    assert found.cause == ("" if level == "fine" else "kl_too_large")


def test_overfitting_counts_by_what_was_gained_over_the_baseline() -> None:
    """A gap of 3.2 nats of 27 is much where all that was gained are 3."""
    small = {"train_baseline": 27.0, "validation_baseline": 27.2, "validation_floor": 13.7, "validation_elbo": -25.0}
    small |= {"validation_loss": 25.0, "validation_loss_error": 0.2}
    light = [row | small | {"train_loss": 24.3, "train_elbo": -24.3} for row in healthy()]
    assert judge(run(light)).level == "fine"
    heavy = [row | {"train_loss": 21.8, "train_elbo": -21.8} for row in light]
    found = judge(run(heavy))
    assert called(found) == ("watch", "overfitting")
    assert found.sentence == "58% of what it gained on its training images does not hold for others."
    few = [row | {"validation_loss_error": 2.0} for row in heavy]  # of five validation images nobody can tell
    assert judge(run(few)).level == "fine"


def overfitting(gain: float) -> list[EpochRow]:
    """From epoch 11 on training gains what validation loses."""
    rows = healthy(30)
    for row in rows[10:]:
        for split, sign in (("train", 1), ("validation", -1)):
            row[f"{split}_elbo"] += sign * gain * (row["epoch"] - 10)
            row[f"{split}_loss"] = -row[f"{split}_elbo"]
    return rows


def test_validation_that_gets_worse_while_training_gets_better() -> None:
    found = judge(run(overfitting(2.0), epochs=30))
    assert called(found) == ("failing", "overfitting")
    assert found.sentence == "Since epoch 11 validation gets worse while training gets better."
    assert found.settings == {"epochs": 8}
    assert called(judge(run(overfitting(0.7), epochs=30))) == ("watch", "overfitting")


def test_early_stopping_is_judged_by_the_epoch_that_it_kept() -> None:
    assert judge(run(overfitting(2.0), epochs=30, patience=20)).level == "fine"
    assert judge(run(overfitting(2.0), epochs=30, patience=20, outcome="")).level == "failing"  # not gone back yet


def test_a_gaussian_that_overfits_few_images_has_not_diverged() -> None:
    """Its validation loss rises without bounds, its training loss falls."""
    rows = [row | {"train_images": 100.0} for row in overfitting(20.0)]
    found = judge(run(rows, GAUSSIAN, epochs=30))
    assert called(found) == ("failing", "overfitting")
    assert found.settings == {"likelihood": "bernoulli", "hidden": (64,)}
    assert found.options == "--likelihood bernoulli --hidden 64"


def test_a_training_loss_that_jumps_or_ends_worse_than_it_began() -> None:
    rows = healthy()
    rows[18] |= {"train_loss": 160.0}
    rows[19] |= {"train_loss": 159.0}
    found = judge(run(rows, learning_rate=0.1))
    assert called(found) == ("watch", "rate_too_high")
    assert "at epoch 19" in found.sentence
    assert found.settings == {"learning_rate": 2e-3}
    found = judge(run([row | {"train_loss": 100.0 + row["epoch"]} for row in healthy()]))
    assert called(found) == ("failing", "rate_too_high")
    assert found.settings == {"learning_rate": 5e-4, "max_grad_norm": 10.0}


def test_what_the_trainer_ended_has_diverged() -> None:
    assert called(judge(run(healthy(3), outcome="diverged"))) == ("failing", "diverged")


def test_noise_below_a_grey_level() -> None:
    assert called(judge(run(healthy(noise_sigma=0.0025), GAUSSIAN))) == ("watch", "fine_noise")
    assert judge(run(healthy(noise_sigma=0.008), GAUSSIAN)).level == "fine"


def test_an_unused_dimension_of_a_plane_is_a_loss() -> None:
    plane = replace(MODEL, latent_dim=2)
    others = {f"kl_{j}" for j in range(2, 50)}
    rows = [{name: value for name, value in row.items() if name not in others} for row in healthy(kl_0=6.0, kl_1=0.01)]
    assert judge(run(rows, plane)).sentence == "Only 1 of 2 dimensions is used."


# --- the importance-weighted bound and the autoencoder ----------------------------------------------------------------


def test_an_iwae_is_judged_by_its_bound() -> None:
    """Its ELBO is poor, because nothing trains it, and says nothing."""
    rows = [row | {"train_elbo": -300.0, "validation_elbo": -300.0} for row in healthy()]
    assert judge(run(rows, objective="iwae", importance_samples=20)).sentence.startswith("105.8 nats")
    assert judge(run(rows)).cause == "not_trained"


def test_an_autoencoder_has_no_kl_to_judge() -> None:
    rows = [
        row | {"train_elbo": -900.0, "validation_elbo": -900.0, "validation_kl": 800.0, "marginal_kl": 700.0}
        for row in healthy()
    ]
    assert judge(run(rows, objective="autoencoder")).level == "fine"


def test_every_cause_has_a_title() -> None:
    assert all(title[0].isupper() and "_" not in title for title in CAUSES.values())
