"""What the benchmarks compute; nothing here is timed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import report
from benchmarks.anomaly import measure, parts
from benchmarks.anomaly.parts import Case, Found
from benchmarks.generation import measure as generation
from benchmarks.generation import plane
from benchmarks.generation.plane import Stroke
from benchmarks.training import arithmetic
from benchmarks.training import measure as training
from benchmarks.training.parts import MODEL, Setting
from benchmarks.training.recipes.pytorch_example import ExampleVAE, train_epoch
from benchmarks.training.to_target import Epoch, Output, epoch_seconds, forward_of, loss_per_image, seconds_to
from vae.anomalies.methods import registry
from vae.data import datasets
from vae.model.layers import parameter_shapes
from vae.model.vae import new_model

CPU = torch.device("cpu")
HISTORY = [Epoch(2.0, 130.0), Epoch(4.5, 105.7), Epoch(6.0, 105.6), Epoch(8.0, 105.9), Epoch(10.0, 104.0)]


def test_the_target_is_reached_when_it_is_first_touched() -> None:
    assert seconds_to(HISTORY, 105.6) == 6.0
    assert seconds_to(HISTORY, 104.5) == 10.0
    assert seconds_to(HISTORY, 103.9) is None
    assert seconds_to([], 105.6) is None


def test_an_epoch_takes_its_own_seconds_not_those_before_it() -> None:
    assert epoch_seconds(HISTORY) == 2.0  # of 2.0, 2.5, 1.5, 2.0, 2.0


def test_flops_against_a_count_by_hand() -> None:
    layers = (arithmetic.Linear(3, 5), arithmetic.Linear(5, 2))
    # forward 15 + 10, to the weights 15 + 10, to the second layer's input 10: 60 multiply-adds
    assert arithmetic.flops_per_image(layers) == 120
    assert arithmetic.flops_per_image(arithmetic.LAYERS) == 3_280_000


def test_the_measured_products_do_the_counted_flops() -> None:
    step = arithmetic.products(arithmetic.LAYERS, 4, torch.float32, CPU)
    assert sum(product.flops for product in step) == 4 * arithmetic.flops_per_image(arithmetic.LAYERS)
    for product in step:
        assert (product.left @ product.right).shape == product.out.shape


def test_the_counted_layers_are_those_of_the_model() -> None:
    shapes = [shape for name, shape in parameter_shapes(MODEL).items() if name.endswith("weight")]
    assert shapes == [(layer.outputs, layer.inputs) for layer in arithmetic.LAYERS]


def test_the_recipe_and_the_model_are_the_same_network() -> None:
    recipe, model = ExampleVAE(), new_model(MODEL, 0)
    count = sum(p.numel() for p in recipe.parameters())
    assert count == sum(p.numel() for p in model.parameters()) == 652_824


def test_the_test_loss_of_a_model_that_knows_nothing() -> None:
    def forward(x: torch.Tensor) -> Output:
        return Output(torch.full_like(x, 0.5), torch.ones(len(x), 3), torch.zeros(len(x), 3))

    images = np.random.default_rng(0).integers(0, 256, (700, 1, 28, 28)).astype(np.uint8)
    # every pixel costs log 2 whatever its grey value, every dimension at mean 1 half a nat
    assert loss_per_image(forward, images, CPU) == pytest.approx(784 * np.log(2) + 1.5, rel=1e-5)


def test_the_test_loss_is_repeatable_and_leaves_the_random_state() -> None:
    forward = forward_of(new_model(MODEL, 0).eval())
    images = np.random.default_rng(0).integers(0, 256, (50, 1, 28, 28)).astype(np.uint8)
    state = torch.get_rng_state()
    assert loss_per_image(forward, images, CPU) == loss_per_image(forward, images, CPU)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_recipe_learns() -> None:
    torch.manual_seed(0)
    model = ExampleVAE()
    images = torch.rand(256, 1, 28, 28).round()
    batches = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images, torch.zeros(256)), 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    first, *_, last = (train_epoch(model, batches, optimizer, CPU) for _ in range(4))
    assert last < first


def test_figures_that_do_not_stand_are_called_out() -> None:
    good: report.Values = {"example_recipe_s": 100.0, "vae_worst_test_loss": 105.6, "vae_test_losses": "105.6"}
    assert training.problems_of(good) == []
    assert len(training.problems_of({**good, "example_recipe_s": None})) == 1
    assert "105.61" in training.problems_of({"vae_worst_test_loss": 105.61, "vae_test_losses": "105.61"})[0]


def test_figures_of_two_parts() -> None:
    values: report.Values = {"example_recipe_s": 100.0, "vae_s": 8.0, "vae_images_per_s": 30, "floor_images_per_s": 120}
    assert training.together(values) == {"speedup": 12.5, "share_of_floor": 0.25}
    assert training.together({"example_recipe_s": None, "vae_s": 8.0}) == {}


def test_what_was_not_measured_is_null_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.show({"pythae_s": None, "vae_s": 1.5}, tmp_path / "figures.json")
    assert json.loads((tmp_path / "figures.json").read_text()) == {"pythae_s": None, "vae_s": 1.5}
    assert "pythae_s" in capsys.readouterr().out


def test_a_part_that_fails_leaves_the_others_their_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Setting) -> report.Values:
        raise OSError("no browser here")

    monkeypatch.setattr(training, "PARTS", {"click": broken, "floor": lambda _: {"floor_images_per_s": 5}})
    values: report.Values = {}
    images = np.zeros((1, 1, 28, 28), np.uint8)
    problems = training.measure(Setting(images, images, images, CPU, 1, 1, ""), ["floor", "click"], values)
    assert problems == ["click: no browser here"]
    assert values == {"floor_images_per_s": 5}


def test_panning_is_counted_while_the_mouse_moves() -> None:
    quick = Stroke(frames=[100, 110, 120, 130], waits=[5] * 90, oldest=30, tiles=12, seconds=1)
    slow = Stroke(frames=[9_000, 9_070], waits=[150] * 10, oldest=480, tiles=12, seconds=2)
    figures = plane.pan_figures([quick, slow])
    assert figures["manifold_pan_fps"] == 40.0  # four intervals in 100 ms; the seconds between strokes don't count
    assert figures["manifold_pan_tiles_per_s"] == 8.0
    assert figures["manifold_tiles_new"] == 100
    assert figures["manifold_tiles_within_100_ms_percent"] == 90.0
    assert figures["manifold_tile_longest_ms"] == 480  # it left the window before it was there


def test_a_plane_that_never_drew_has_no_frame_rate() -> None:
    figures = plane.pan_figures([Stroke([5.0], [], 900, 12, 1)])
    assert figures["manifold_pan_fps"] == 0
    assert figures["manifold_tile_p95_ms"] is None
    assert figures["manifold_tile_longest_ms"] == 900


def test_peak_memory_is_read_from_the_systems_own_figure() -> None:
    assert generation.peak_of("VmPeak:\t 9000 kB\nVmHWM:\t  2000 kB\nVmRSS:\t 1000 kB\n") == 2.0
    assert generation.peak_of("Name:\tpython\n") is None


def test_how_many_times_as_fast() -> None:
    times: report.Values = {"plain_samples_400_ms": 455.0, "samples_400_ms": 91.0, "plain_manifold_ms": 90.0}
    times |= {"manifold_sheet_ms": 180.0, "manifold_zoom_ms": 30.0, "manifold_tile_p95_ms": 45.0}
    assert generation.speedups(times) == {
        "samples_speedup": 5.0,
        "manifold_open_speedup": 0.5,
        "manifold_zoom_speedup": 3.0,
        "manifold_drag_speedup": 2.0,
    }


def test_a_quick_run_of_the_anomaly_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names, file = ("error_and_place", "pca_lof"), tmp_path / "figures.json"
    monkeypatch.setattr(parts, "NAMES", names)
    monkeypatch.setattr("sys.argv", f"anomaly --quick --dataset digits --processes 1 --json {file}".split())
    assert measure.main() == 0
    values = json.loads(file.read_text())
    assert values["one_class_auroc"] == values["one_class_auroc_error_and_place"]
    assert values["one_class_auroc_pca_lof"] > 0.95
    assert values["models"] == 2
    assert values["selected"] in names
    assert {f"{what}_{name}" for what in ("speed", "synthetic_auroc") for name in names} <= values.keys()


def test_an_anomaly_model_sees_its_normal_images_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    monkeypatch.setattr(parts, "train", lambda _, *images, **__: seen.extend(images[:2]) or [])
    parts.trained(parts.Setting("digits", 1), Case((3, 5), seed=0))
    for images, split in zip(seen, ("train", "validation"), strict=True):
        whole = datasets.load("digits", split)
        assert np.array_equal(images, whole.images[np.isin(whole.labels, (3, 5))])


def test_anomaly_figures_are_means_over_models() -> None:
    def found_of(case: Case, default: float, knn: float, *synthetic: float) -> Found:
        names = (registry.DEFAULT, "knn")
        by_name = dict(zip(names, synthetic, strict=True)) if synthetic else {}
        return Found(case, dict(zip(names, (default, knn), strict=True)), by_name, 1, 2)

    found = [
        found_of(Case((0,), 0, True), 0.9, 0.5, 0.9, 0.8),
        found_of(Case((1,), 0, True), 1.0, 0.6, 0.9, 0.9),
        found_of(Case((0,), 1), 0.8, 0.5),
        found_of(Case((1,), 1), 1.0, 0.4),
        found_of(Case(tuple(range(7)), 0, True), 0.6, 0.7, 0.6, 0.85),
    ]
    values = measure.figures(found)
    assert (values["one_class_auroc"], values["one_class_auroc_knn"]) == (0.925, 0.5)
    assert (values["zero_to_six_auroc"], values["zero_to_six_auroc_knn"]) == (0.6, 0.7)
    assert (values["one_class_auroc_digit_0"], values["one_class_auroc_worst_seed"]) == (0.85, 0.9)
    assert (values["selected"], values["synthetic_auroc_knn"]) == ("knn", 0.85)  # on single digits the other is better
    assert values["synthetic_one_class_auroc_knn"] == values["synthetic_zero_to_six_auroc_knn"] == 0.85
    assert values[f"synthetic_auroc_{registry.DEFAULT}"] == 0.75  # each task counts the same
    values["zero_to_six_lof_pca_auroc"] = 0.6
    assert [problem.split()[0] for problem in measure.problems_of(values)] == [
        "one_class_auroc",
        "zero_to_six_auroc",
        "the",
    ]
    reached = {"one_class_auroc": 0.975, "zero_to_six_auroc": 0.7, "zero_to_six_lof_pca_auroc": 0.6}
    assert measure.problems_of({**reached, "selected": "knn", "default": "knn"}) == []
