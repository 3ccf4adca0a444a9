"""What a file of weights doesn't say is tried out: a person's choice wins, a stop is heeded, what can't be is told."""

from __future__ import annotations

import gc
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.vae.adoption import models
from tests.vae.adoption.conftest import Trained
from vae.adoption import from_weights
from vae.adoption.candidates import NO_WISHES, DecoderReading, Wishes
from vae.adoption.weighted_graph import WeightedGraph
from vae.adoption.weights import guessing, parts, state_dict
from vae.adoption.weights.assembling import Plan
from vae.adoption.weights.guessing import AFTER, FINAL, FUNCTION, STRIDES, LayerChoice
from vae.adoption.weights.structures import decoder_ways, encoder_ways
from vae.data import import_arrays
from vae.errors import ConfigError

LATER = 26  # of the calls for one function between layers and the next ones


@pytest.fixture
def weights(linear: Trained, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_file(linear.model.state_dict(), path)
    return path


def test_the_choice_its_error_and_the_runner_up_are_told(weights: Path) -> None:
    ranking = from_weights.ranked(weights, "grey")
    first, second = ranking.judged[:2]
    assert (first.reading.choices[FUNCTION], first.reading.choices[FINAL]) == ("ReLU", "Sigmoid")
    assert first.error < second.error
    assert first.reading.choices != second.reading.choices


def test_a_choice_by_hand_wins(weights: Path) -> None:
    ranking = from_weights.ranked(weights, "grey", choice=LayerChoice("Tanh", "nothing"))
    said = {(one.reading.choices[FUNCTION], one.reading.choices[FINAL]) for one in ranking.judged}
    assert said == {("Tanh", "nothing")}
    assert ranking.best.error > from_weights.ranked(weights, "grey").best.error
    signed = from_weights.ranked(weights, "grey", Wishes("signed"), LayerChoice("ReLU"))
    assert {one.reading.choices["Input pixels"] for one in signed.judged} == {"[−1, 1]"}


@pytest.mark.parametrize("choice", [LayerChoice("Swishy"), LayerChoice(None, "Softmax")])
def test_an_unknown_choice_is_told(weights: Path, choice: LayerChoice) -> None:
    with pytest.raises(ConfigError, match=r"expected .*(ReLU|Sigmoid)"):
        from_weights.ranked(weights, "grey", choice=choice)


def test_it_can_be_stopped_and_tells_how_far_it_is(weights: Path) -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        from_weights.ranked(weights, "grey", on_tried=stop)
    assert [done for done, _ in told] == [1, 2, 3, 4, 5]
    assert len({total for _, total in told}) == 1 and told[0][1] > 5


def test_images_of_another_size_are_told(weights: Path, convolutional: Trained, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"takes 256 numbers, the images are 3×64×64 = 12,288"):
        from_weights.ranked(weights, "colour")
    path = tmp_path / "conv.safetensors"
    save_file(convolutional.model.state_dict(), path)
    with pytest.raises(ConfigError, match=r"images .*1×16×16"):
        from_weights.ranked(path, "grey")


class Oblong(nn.Module):
    """Pooled convolutions and enlarged ones, for images of 48×64."""

    def __init__(self) -> None:
        super().__init__()
        self.enc1 = nn.Conv2d(3, 6, 3, padding=1)
        self.enc2 = nn.Conv2d(6, 8, 3, padding=1)
        self.mu, self.logvar = nn.Linear(8 * 12 * 16, 3), nn.Linear(8 * 12 * 16, 3)
        self.dec_in = nn.Linear(3, 8 * 12 * 16)
        self.dec1 = nn.Conv2d(8, 6, 3, padding=1)
        self.dec2 = nn.Conv2d(6, 3, 3, padding=1)

    def encode(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = nn.functional.max_pool2d(nn.functional.silu(self.enc1(x)), 2)
        h = nn.functional.max_pool2d(nn.functional.silu(self.enc2(h)), 2).flatten(1)
        return self.mu(h), self.logvar(h)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        h = nn.functional.silu(self.dec_in(z)).view(-1, 8, 12, 16)
        h = nn.functional.silu(self.dec1(nn.functional.interpolate(h, scale_factor=2)))
        return torch.sigmoid(self.dec2(nn.functional.interpolate(h, scale_factor=2)))


def test_colour_images_that_are_not_square(tmp_path: Path, data_folder: Path) -> None:
    images = models.pictures(60, (3, 48, 64))
    import_arrays.write("oblong", images)
    torch.manual_seed(0)
    model = Oblong()
    x = torch.tensor(images) / 255
    models.train(model, x, 60)
    path = tmp_path / "model.safetensors"
    save_file(model.state_dict(), path)
    first = [one.reading.choices for one in from_weights.ranked(path, "oblong").judged[:2]]
    said = {FUNCTION: "SiLU", FINAL: "Sigmoid", AFTER: "SiLU"}
    assert all(choices.items() >= said.items() for choices in first), first
    # smooth discs hardly tell a pooled convolution from a strided one
    assert {choices[STRIDES] for choices in first} == {"2× pooled, 2× upsampled", "2× stride 2, 2× upsampled"}


@pytest.mark.parametrize("count", [3, 10])
def test_few_images_are_enough(weights: Path, count: int, data_folder: Path) -> None:
    name = f"few{count}"
    import_arrays.write(name, models.pictures(count, (1, 16, 16), seed=count))
    assert np.isfinite(from_weights.ranked(weights, name).best.error)


def test_thousands_of_ways_hold_few_copies_of_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each copy of a model's weights may be 100 MB: no more are alive than those that are compared."""
    alive: dict[int, int] = {}
    calls = itertools.count()
    made = guessing._Ways.decoder

    def counted(ways: guessing._Ways, plan: Plan) -> list[DecoderReading]:
        if (call := next(calls)) in (1, LATER):
            alive[call] = sum(type(one) is WeightedGraph for one in gc.get_objects())
        return made(ways, plan)

    monkeypatch.setattr(guessing._Ways, "decoder", counted)
    state = {name: tensor.numpy() for name, tensor in models.Linear(64, 4, 2).state_dict().items()}
    layers = parts.parts_of(state_dict.layers_of(state))
    ranking = guessing.ranked(layers, models.pictures(8, (1, 8, 8)), NO_WISHES)
    assert len(ranking.judged) > 1
    assert alive[LATER] - alive[1] < LATER


# --- strides ----------------------------------------------------------------------------------------------------------


def conv(*shape: int) -> state_dict.Layer:
    """A convolution."""
    return state_dict.Layer("conv", "conv", np.zeros(shape, np.float32))


def test_ways_that_people_mix_come_first() -> None:
    layers = [conv(8, 3, 3, 3), conv(16, 8, 3, 3), conv(16, 16, 3, 3)]
    ways = encoder_ways(layers, (3, 32, 32), 16 * 8 * 8)
    assert [step.way for step in ways[0]] == ["stride 2", "stride 2", "stride 1"]
    assert {step.way for steps in ways for step in steps} <= {"stride 2", "stride 1", "pooled"}
    assert not any({"stride 2", "pooled"} <= {step.way for step in steps} for steps in ways)


def test_a_deep_network_is_not_searched_for_ever() -> None:
    layers = [conv(64, 64, 3, 3) for _ in range(30)]
    ways = encoder_ways(layers, (64, 64, 64), 64 * 4 * 4)
    assert ways and all(sum(not step.keeps_size for step in steps) == 4 for steps in ways)
    assert decoder_ways(layers, (64, 4, 4), (64, 64, 64))
    assert encoder_ways(layers, (64, 64, 64), 64 * 5 * 5 + 1) == []
