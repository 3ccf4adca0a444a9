"""Training speed: seconds until the test loss of pytorch/examples' VAE is reached, by that recipe and by `vae`.

Network: 784-400-20, grey MNIST, Bernoulli. Target: 105.6 nats, the example's test loss after its ten epochs, measured
for everyone by the same function (to_target.py). All train on the 60,000 training images.

- recipe: the example's training loop; its evaluations of the test images after every epoch are not counted. One run.
- vae: `vae.training.trainer.train` for VAE_EPOCHS epochs, fixed beforehand: a one-cycle run reaches its loss at its
  end, so `vae_s` is the whole run with everything `train` does in it, validation included; the test images are
  measured after it. The 5,000 validation images are among the 60,000 here. The median over seeds; each must reach it.
- floor: images per second if the matrix products of the linear layers were all (arithmetic.py).
- pythae: its trainer on the same network, batch and rate, for the example's ten epochs.
- stream: `vae` on the same images from a memory-mapped file beside images in memory (streaming.py).
- click: a click in Explore while idle and while a job trains (clicks.py).

Reading the images and importing is outside every clock; recipe, vae and stream have a short run before the first.
"""

from __future__ import annotations

import sys
import traceback

import numpy as np
import torch

from benchmarks import report
from benchmarks.training import arithmetic
from benchmarks.training.parts import EXAMPLE_MOST_EPOCHS, PARTS, Setting, say
from benchmarks.training.to_target import TARGET
from vae.data import datasets
from vae.data.image_dataset import SPLITS
from vae.errors import DatasetError
from vae.model.devices import best_device

VAE_EPOCHS = 5
REPEATS = 3


def main() -> int:
    """Measure the parts asked for and report. Returns 1 when the target was not reached or a part failed."""
    parser = report.parser((__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"seeds of vae (default: {REPEATS})")
    parser.add_argument("--vae-epochs", type=int, default=VAE_EPOCHS, help=f"default: {VAE_EPOCHS}")
    parser.add_argument("--images", type=int, default=60_000, help="fewer training images, to try the benchmark out")
    parser.add_argument("--pythae-python", default=sys.executable, help="a Python that has pythae and torch")
    arguments = parser.parse_args()
    parts = arguments.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown parts {', '.join(sorted(unknown))}")
    try:
        splits = [datasets.load("mnist", name).images for name in SPLITS]
    except DatasetError as error:
        parser.error(str(error))
    setting = Setting(
        train_images=np.concatenate(splits[:2])[: arguments.images],
        validation_images=splits[1],
        test_images=splits[2],
        device=best_device(),
        repeats=arguments.repeats,
        vae_epochs=arguments.vae_epochs,
        pythae_python=arguments.pythae_python,
    )
    values: report.Values = {"target_nats": TARGET, "train_images": len(setting.train_images)}
    problems = measure(setting, parts, values)
    values |= together(values)
    report.show(values | machine(setting.device), arguments.json)
    for problem in (problems := problems + problems_of(values)):
        say(f"FAILED: {problem}")
    return 1 if problems else 0


def measure(setting: Setting, parts: list[str], values: report.Values) -> list[str]:
    """Add the figures of the parts to `values`; returns which failed, and why."""
    problems = []
    for name in (name for name in PARTS if name in parts):
        say(f"{name} …")
        try:
            values |= PARTS[name](setting)
        except Exception as error:  # whatever it was: the minutes of the other parts are not thrown away
            traceback.print_exc()
            problems.append(f"{name}: {' '.join(str(error).split())[:300]}")
    return problems


def together(values: report.Values) -> report.Values:
    """What needs two parts."""
    made: report.Values = {}
    if (speedup := ratio(values, "example_recipe_s", "vae_s")) is not None:
        made["speedup"] = round(speedup, 2)
    if (share := ratio(values, "vae_images_per_s", "floor_images_per_s")) is not None:
        made["share_of_floor"] = round(share, 3)
    return made


def ratio(values: report.Values, above: str, below: str) -> float | None:
    """One figure over another; None where one of them was not measured."""
    a, b = values.get(above), values.get(below)
    return None if a is None or b is None else float(a) / float(b)


def problems_of(values: report.Values) -> list[str]:
    """Why the figures don't stand: empty when the target was reached by both."""
    problems = []
    if "example_recipe_s" in values and values["example_recipe_s"] is None:
        problems.append(f"the recipe did not reach {TARGET} nats within {EXAMPLE_MOST_EPOCHS} epochs")
    worst = values.get("vae_worst_test_loss")
    if worst is not None and float(worst) > TARGET:
        problems.append(f"vae did not reach {TARGET} nats with every seed: {values['vae_test_losses']}")
    return problems


def machine(device: torch.device) -> report.Values:
    """Where it was measured: threads, bf16 instructions, and the GPU."""
    return report.machine() | {
        "threads": torch.get_num_threads(),
        "cpu_bf16": ", ".join(arithmetic.cpu_flags()) or "none",
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "torch": torch.__version__,
    }
