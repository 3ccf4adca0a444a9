"""`python -m vae trial`: real gradient steps for about a second, extrapolated to an epoch."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from vae import commands
from vae.config import ModelConfig, TrainConfig, default_model_config
from vae.data import datasets
from vae.training import speed
from vae.training.request import TrainingRequest
from vae.training.speed import Clock

MODEL = default_model_config("mlp", (1, 8, 8), 2, hidden=(16,))
TRAIN = TrainConfig("digits", epochs=7, batch_size=64)
REQUEST = TrainingRequest(MODEL, TRAIN, "trial")
WORDS = ["trial", *REQUEST.words()[1:-2]]


def with_train(train: TrainConfig) -> TrainingRequest:
    return replace(REQUEST, train=train)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "MEASURE_SECONDS", 0.1)


def times(clock: Clock, monkeypatch: pytest.MonkeyPatch, stamps: list[float]) -> int:
    """Let the clock hear of a step at each time; returns how many it took."""
    now = iter(stamps)
    monkeypatch.setattr(time, "perf_counter", lambda: next(now))
    for done in range(1, len(stamps) + 1):
        try:
            clock.tick(done, 10**6)
        except speed._EnoughError:
            return done
    return len(stamps)


def test_an_epoch_is_its_steps_and_one_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(steps=4)
    # a step takes 0.1 s, the validation after every fourth 0.5 s; the first three steps are slow and don't count
    stamps = [0.0, 0.5, 1.0, 1.1, 1.7, 1.8, 1.9, 2.0, 2.6, 2.7, 2.8]
    assert times(clock, monkeypatch, stamps) in (8, 9)  # a second was measured and an epoch's end seen
    assert clock.seconds_per_epoch(steps=4, share_validated=1.0) == pytest.approx(4 * 0.1 + 0.5)
    assert clock.seconds_per_epoch(steps=100, share_validated=0.25) == pytest.approx(100 * 0.1 + 4 * 0.5)


def test_one_step_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(steps=1)
    times(clock, monkeypatch, [0.0, 0.3, 0.6, 0.9, 1.2])
    assert clock.seconds_per_epoch(steps=1, share_validated=1.0) == pytest.approx(0.3)


def test_a_slow_model_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(steps=8)
    assert times(clock, monkeypatch, [10.0 * i for i in range(9)]) == 4
    assert clock.seconds_per_epoch(steps=100, share_validated=1.0) == pytest.approx(1000 + 10 / 3)


@pytest.mark.usefixtures("quick")
def test_the_trial_measures_the_real_training() -> None:
    result = speed.measure(REQUEST)
    assert result.steps > 5
    assert result.measured_seconds > 0
    assert result.start_seconds > 0
    assert result.seconds(7) == pytest.approx(result.start_seconds + 7 * result.seconds_per_epoch)
    from vae.model.devices import best_device
    from vae.model.vae import new_model
    from vae.training import trainer

    digits = {split: datasets.load("digits", split).images for split in ("train", "validation")}
    config = replace(TRAIN, epochs=20)
    began = time.perf_counter()
    list(trainer.train(new_model(MODEL, 0), digits["train"], digits["validation"], config, best_device()))
    real = (time.perf_counter() - began) / 20
    for _ in range(4):  # the machine may be busy with something else: a wrong unit is wrong every time
        if real / 4 < result.seconds_per_epoch < real * 4:
            break
        result = speed.measure(REQUEST)
    else:
        pytest.fail(f"An epoch takes {real:.3g} s, the trial says {result.seconds_per_epoch:.3g} s.")


@pytest.mark.usefixtures("quick")
def test_the_command_prints_and_keeps(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert speed.read(REQUEST) is None
    assert "--output" not in WORDS
    assert commands.main([*WORDS, "--epochs", "7", "--json", "--run-folder", str(tmp_path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    kept = speed.read(REQUEST)
    assert kept is not None
    assert printed["seconds"] == kept.seconds(7)
    assert printed["seconds_per_epoch"] == kept.seconds_per_epoch
    assert json.loads((tmp_path / "progress.json").read_text())["finished"]
    assert commands.main([*WORDS, "--epochs", "7"]) == 0
    said = capsys.readouterr().out
    assert "s an epoch" in said
    assert "gradient steps" in said
    assert kept.device in said


def test_what_speed_does_not_depend_on_shares_a_result() -> None:
    key = speed.path_of(REQUEST)
    same = replace(
        TRAIN, epochs=90, seed=4, learning_rate=100.0, beta=4.0, kl_schedule="linear", kl_warmup=3, patience=5
    )
    assert speed.path_of(with_train(same)) == key
    assert speed.comparable(with_train(same)) == speed.comparable(REQUEST)
    others = [
        replace(TRAIN, batch_size=65),
        replace(TRAIN, objective="iwae", importance_samples=5),
        replace(TRAIN, binarization="dynamic"),
        replace(TRAIN, precision="float32"),
        replace(TRAIN, max_grad_norm=1.0),
    ]
    paths = {key, speed.path_of(replace(REQUEST, model=ModelConfig("mlp", (1, 8, 8), 3, (16,))))}
    assert len(paths | {speed.path_of(with_train(train)) for train in others}) == 2 + len(others)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seconds_per_epoch": 1}', "x"])
def test_a_damaged_result_is_no_result(text: str) -> None:
    path = speed.path_of(REQUEST)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert speed.read(REQUEST) is None


def test_numbers_that_are_none_are_no_result() -> None:
    path = speed.path_of(REQUEST)
    path.parent.mkdir(parents=True)
    good = {
        "start_seconds": 1.0,
        "seconds_per_epoch": 1.0,
        "measured_seconds": 1.0,
        "steps": 9,
        "device": "cpu",
        "shared": False,
        "measured": 1.0,
    }
    path.write_text(json.dumps(good))
    assert speed.read(REQUEST) is not None
    for bad in ("fast", -1.0, float("nan"), None):
        path.write_text(json.dumps(good | {"seconds_per_epoch": bad}))
        assert speed.read(REQUEST) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", "0"], "epochs is 0"),
        (["--dataset", "cats"], "Unknown data set 'cats'"),
        (["--kl-schedule", "linear"], "kl_warmup is 0"),
        (["--output", "x"], "unrecognized arguments"),
    ],
)
def test_bad_input_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    try:
        code = commands.main(["trial", *words])
    except SystemExit as ended:
        code = int(str(ended.code))
    assert code == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_a_result_that_cannot_be_kept_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick: None
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VAE_DERIVED", str(tmp_path / "file"))
    assert commands.main(WORDS) == 2
    assert "can't be written: Not a directory" in capsys.readouterr().err
