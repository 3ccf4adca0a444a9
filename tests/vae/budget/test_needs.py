"""Estimates of memory: closed forms, and what real runs took.

Peak resident memory and estimate (with LIBRARIES, files that count as resident but can leave memory), in GB, measured
with two threads as the test at the end does:

    trial --dataset digits                                                              1.02  1.00
    train --dataset digits --epochs 2                                                   1.03  1.00
    train --dataset digits --epochs 2 --hidden 4096 4096                                2.42  2.54
    trial --dataset digits --hidden 4096 4096                                           1.52  1.58
    trial --dataset mnist --batch-size 256                                              0.87  1.03
    trial --dataset mnist --batch-size 10000 --hidden 400                               1.15  1.29
    trial --dataset mnist --batch-size 10000 --hidden 400 --precision float32           1.17  1.32
    trial --dataset mnist --architecture conv --batch-size 256                          0.93  1.11
    trial --dataset mnist --architecture conv --batch-size 4096                         1.41  1.75
    trial --dataset mnist --architecture conv --batch-size 4096 --precision float32     1.71  1.91
    trial --dataset mnist --objective iwae --importance-samples 50 --batch-size 256     1.06  1.21
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks import memory
from vae.budget import needs
from vae.config import ModelConfig, TrainConfig, default_model_config
from vae.data import datasets
from vae.model.layers import decoder_graph, encoder_graph, output_sizes, parameter_count
from vae.storage import paths

LIBRARIES = 500 * 10**6
DIGITS = {"train": 1_257, "validation": 180, "test": 360}
MLP = ModelConfig("mlp", (1, 8, 8), 2, hidden=(400,))
CONV = ModelConfig("conv", (1, 9, 8), 3, hidden=(6,), channels=(4, 8))
PLENTY = 10**12


def training(model: ModelConfig = MLP, free: int = PLENTY, **settings: object) -> needs.Need:
    return needs.training(model, TrainConfig("digits", **settings), DIGITS, free)  # type: ignore[arg-type]


def test_the_values_of_each_layer_are_those_that_the_modules_make() -> None:
    import torch

    from vae.model.networks import build

    for graph in (encoder_graph(CONV), decoder_graph(CONV)):
        x, made = torch.zeros(1, *graph.input), []
        for node, module in zip(graph.nodes, build(graph).children(), strict=True):
            x = module(x)
            made.append(0 if node.name == "Reshape" else x.numel())
        assert output_sizes(graph) == made


def test_parameters_take_eleven_copies_of_four_bytes_in_training_and_four_in_a_trial() -> None:
    count = (64 * 400 + 400 + 400 * 4 + 4) + (2 * 400 + 400 + 400 * 64 + 64)
    assert parameter_count(MLP) == count
    assert training().parameters == 44 * count
    assert training(patience=3).parameters == 56 * count
    assert needs.trial(MLP, TrainConfig("digits"), DIGITS).parameters == 16 * count


def test_activations_grow_with_batch_and_samples_but_not_above_the_images_there_are() -> None:
    wide = ModelConfig("mlp", (1, 8, 8), 2, hidden=(4_000,))
    one, two = (training(wide, batch_size=size).activations for size in (500, 1_000))
    assert two == pytest.approx(2 * one, rel=0.01)
    assert training(batch_size=10**6) == training(batch_size=1_257)
    iwae = training(batch_size=250, objective="iwae", importance_samples=1_000).activations
    assert iwae > 300 * training(batch_size=250).activations


def test_large_pictures_are_seen_a_thousand_at_a_time_after_an_epoch() -> None:
    model = default_model_config("conv", (3, 256, 256), 8)
    counts = {"train": 5_000, "validation": 1_000, "test": 1_000}
    need = needs.training(model, TrainConfig("x", batch_size=1), counts, PLENTY)
    assert need.activations >= 1_000 * 32 * 128 * 128 * 4  # the first convolution's output alone


def test_images_that_take_much_are_streamed_unless_classes_are_chosen() -> None:
    model = default_model_config("mlp", (3, 64, 64), 8)
    counts = {"train": 10**6, "validation": 10, "test": 10}
    size = 3 * 64 * 64
    few, some = TrainConfig("x"), TrainConfig("x", classes=("a",))
    assert needs.training(model, few, counts, 10**9).images == 20 * size
    assert needs.training(model, few, counts, PLENTY).images == 10**6 * size + 20 * size
    assert needs.training(model, some, counts, 10**9).images >= 10**6 * size


def test_a_map_of_many_neighbours_takes_much() -> None:
    assert needs.tsne(10_000, 16, 30).total < 1e9
    assert needs.tsne(10_000, 16, 3_300).total > 5e9


MODELS = {name: (model, images.counts["test"]) for name, (images, model) in memory.MODELS.items()}
ENCODED = {"mlp": 0.58, "wide": 1.03, "conv": 1.04, "large": 3.05}
SCORED = {"mlp": 0.62, "wide": 1.03, "conv": 0.99}
BY_COMPONENTS = {"mlp": 0.82, "wide": 1.03}
SAMPLED = {
    ("mlp", 64): 0.56,
    ("mlp", 10_000): 0.67,
    ("wide", 2_000): 1.03,
    ("conv", 64): 0.62,
    ("conv", 5_000): 1.10,
    ("large", 64): 0.97,
    ("large", 1_000): 1.36,
}
MAPPED = {(2_000, 16, 30.0): 0.23, (2_000, 16, 300.0): 0.33}
UMAPPED = {(2_000, 16, 15): 0.23, (2_000, 16, 150): 0.23, (10_000, 16, 15): 0.24}


def test_estimates_are_near_what_was_measured() -> None:
    """`python -m benchmarks.memory`, in GB: never below a peak by more than a tenth, nor more than twice of it."""
    found = [(f"encode {name}", needs.encoding(*MODELS[name]), peak) for name, peak in ENCODED.items()]
    found += [(f"score {name}", needs.scoring(MODELS[name][0]), peak) for name, peak in SCORED.items()]
    found += [
        (f"components {name}", needs.scoring_by_components(MODELS[name][0]), peak)
        for name, peak in BY_COMPONENTS.items()
    ]
    found += [
        (f"sample {name} {count}", needs.decoding(MODELS[name][0], count), peak)
        for (name, count), peak in SAMPLED.items()
    ]
    found += [(f"map {mapped}", needs.tsne(*mapped), peak) for mapped, peak in MAPPED.items()]
    found += [(f"umap {mapped}", needs.umap(*mapped), peak) for mapped, peak in UMAPPED.items()]
    ratios = {name: round(need.total / 1e9 / peak, 2) for name, need, peak in found}
    assert {name: ratio for name, ratio in ratios.items() if not 0.9 <= ratio <= 2} == {}


def test_absurd_models_are_counted_at_once() -> None:
    model = ModelConfig("mlp", (4, 1_024, 1_024), 128, hidden=(65_536,) * 8)
    assert training(model, batch_size=10**6).total > 10**12


def test_a_real_trial_takes_about_what_was_estimated() -> None:
    words = ["trial", "--dataset", "digits", "--hidden", "3000", "3000"]
    code = f"""
import subprocess, sys, resource
subprocess.run([sys.executable, "-m", "vae", *{words!r}], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=paths.PROJECT)
    peak = int(done.stdout) * (1 if sys.platform == "darwin" else 1_024)
    model = ModelConfig("mlp", (1, 8, 8), 2, hidden=(3_000, 3_000))
    counts = datasets.info("digits").counts
    estimate = needs.trial(model, TrainConfig("digits"), counts).total + LIBRARIES
    assert 0.6 < estimate / peak < 1.8
