"""Presets: every one can be trained on every data set, and settings survive the way to a command and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.own_images import imported
from ui.train.presets import (
    OWN,
    PRESETS,
    Preset,
    Settings,
    matching,
    name_base,
    preset,
    settings_of,
    widths,
    widths_text,
)
from vae.config import TrainConfig, default_model_config
from vae.errors import ConfigError
from vae.training.request import TrainingRequest

DATASETS = ("digits", "mnist")


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("chosen", PRESETS, ids=lambda chosen: chosen.id)
def test_a_preset_is_valid_and_found_again(chosen: Preset, dataset: str) -> None:
    request = chosen.settings(dataset).effective().request(dataset, "a")
    request.check_dataset()
    assert matching(settings_of(request), dataset) == chosen.id
    assert request.train.kl_warmup <= request.train.epochs
    assert chosen.sentence.endswith(".")


def test_what_the_presets_promise() -> None:
    for dataset in DATASETS:
        by_id = {p.id: p.settings(dataset).effective() for p in PRESETS}
        assert by_id["plane"].latent_dim == 2
        assert (by_id["sharp"].architecture, by_id["sharp"].latent_dim, by_id["sharp"].activation) == (
            "conv",
            16,
            "silu",
        )
        assert (by_id["disentangle"].kl_schedule, by_id["disentangle"].latent_dim) == ("linear", 10)
        assert 4 < by_id["disentangle"].beta < by_id["collapse"].beta or dataset == "digits"  # of two likelihoods there
        assert by_id["collapse"].beta > 4
        assert {by_id[name].beta for name in ("plane", "sharp", "anomalies")} == {1}  # of many images
        assert by_id["anomalies"].latent_dim >= 8
        assert by_id["autoencoder"].objective == "autoencoder"


def test_a_goal_for_few_colour_pictures_gets_narrow_convolutions_and_is_found_again(few_pictures: str) -> None:
    """By default widths, half of what a plane of 60 pictures learns does not hold for others."""
    for chosen in PRESETS:
        settings = chosen.settings(few_pictures).effective()
        assert (settings.hidden, settings.channels) == ("64", "16 32"), chosen.id
        if chosen.id in ("plane", "sharp", "anomalies"):
            assert settings.beta == 6
        assert matching(settings_of(settings.request(few_pictures, "a")), few_pictures) == chosen.id


def test_a_goal_says_before_training_that_the_images_are_few_for_it(few_pictures: str) -> None:
    said = {chosen.id: chosen.shortfall(few_pictures) for chosen in PRESETS}
    assert said.pop("anomalies").startswith("60 training images are few for this goal: ")
    assert set(said.values()) == {""}
    assert {chosen.shortfall("digits") for chosen in PRESETS} == {""}


@pytest.fixture
def few_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("VAE_DATA", str(imported.data_folder(tmp_path, {"parts": 100})))
    return "parts"


def test_my_own_settings_are_no_preset() -> None:
    assert preset(OWN) is None
    assert matching(replace(PRESETS[0].settings("digits"), seed=1), "digits") == OWN
    assert matching(PRESETS[0].settings("digits"), "mnist") == OWN


def test_what_does_not_apply_makes_no_difference() -> None:
    plain = Settings().effective()
    assert Settings(kl_warmup=3, kl_cycles=9, importance_samples=50, channels="4").effective() == plain
    encoder = Settings(objective="autoencoder", beta=4.0, kl_schedule="linear", free_bits=1.0).effective()
    assert (encoder.beta, encoder.kl_schedule, encoder.kl_warmup, encoder.free_bits) == (1.0, "constant", 0, 0.0)
    assert Settings(likelihood="gaussian", binarization="dynamic").effective().binarization == "none"
    assert Settings(binarization="dynamic").effective().binarization == "dynamic"
    assert Settings(hidden="400,  200").effective() == Settings(hidden="400 200").effective()


def test_settings_of_a_run_show_only_unusual_widths() -> None:
    model = default_model_config("conv", (1, 8, 8), 3, hidden=(), channels=(4,))
    train = TrainConfig("digits", objective="iwae", importance_samples=8)
    request = TrainingRequest(model, train, "a")
    settings = settings_of(request)
    assert (settings.hidden, settings.channels, settings.importance_samples) == ("none", "4", 8)
    assert (settings.kl_warmup, settings.kl_cycles) == (Settings().kl_warmup, Settings().kl_cycles)
    assert settings.effective().request("digits", "a") == request
    plain = TrainingRequest(default_model_config("mlp", (1, 8, 8), 3), TrainConfig("digits"), "a")
    assert settings_of(plain).hidden == ""


def test_widths() -> None:
    assert widths("W", " 512,256  8") == (512, 256, 8)
    assert widths("W", "None") == ()
    with pytest.raises(ConfigError, match=r"W are '1\.5', expected whole numbers"):
        widths("W", "1.5")


def test_small_words() -> None:
    assert widths_text((400, 200)) == "400, 200"
    assert widths_text(()) == "none"
    assert [name_base(name) for name in ("mine", "mine-b", "mnist-conv-16", "a-1")] == [
        "mine",
        "mine",
        "mnist-conv-16",
        "a-1",
    ]


def test_beta_follows_how_much_the_images_vary() -> None:
    """MNIST's 784 pixels bear ten times what 64 do: one β for both would change nothing on one, or end the other."""
    digits = {p.id: p.settings("digits").beta for p in PRESETS}
    assert digits["collapse"] == pytest.approx(1.5 * 3.4, abs=0.4)
    assert digits["disentangle"] == pytest.approx(5.9, abs=0.5)  # of a Gaussian: 6 of 10 dimensions were used
    assert {digits[name] for name in ("plane", "sharp", "anomalies", "autoencoder")} == {1.0}
    known = Preset("x", "", "", lambda dataset, traits: {"latent_dim": 2, "keep_best": True}).settings("digits")
    assert known.patience == known.epochs
