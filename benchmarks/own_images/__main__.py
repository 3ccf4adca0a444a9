"""Own pictures without a choice: `vae import`, `vae train` and `vae score` as somebody runs them who knows no option.

Three kinds of rendered pictures (render.py) in folders of 100, 400 and 2,000: imported at 32 × 32, trained on with all
defaults, and 60 new normal pictures and 60 others scored. Beside the test loss stands that of the trivial baseline
under the same likelihood: every pixel its mean over the training images, of a Gaussian with one variance for all.
`error_share` is the squared error of the test images over that of the mean image: 1 knows nothing. With --beside
REVISION an earlier tree of this project, taken from git, does the same with the same files.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks import report
from benchmarks.earlier import checkout
from benchmarks.own_images import render
from vae.storage.paths import PROJECT

COUNTS = (100, 400, 2_000)
SCORED = 60  # new normal pictures, and as many others
SIDE = "32"


@dataclass(frozen=True)
class Outcome:
    """What one way through the three commands gave."""

    values: report.Values

    def named(self, prefix: str) -> report.Values:
        return {f"{prefix}_{name}": value for name, value in self.values.items()}


def main() -> None:
    """Measure and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="pictures in each folder")
    parser.add_argument("--beside", metavar="REVISION", help="that revision of this project does the same")
    arguments = parser.parse_args()
    values: report.Values = {"scored_each": SCORED}
    with tempfile.TemporaryDirectory() as root:
        trees = {"": PROJECT}
        if arguments.beside:
            trees["beside_"] = checkout(arguments.beside, Path(root) / "earlier")
            values["beside"] = arguments.beside
        for kind in render.KINDS:
            for count in arguments.counts:
                folder = Path(root) / f"{kind.name}-{count}"
                render.write(kind.normal, count, folder / "train" / "good", seed=0)
                render.write(kind.normal, SCORED, folder / "test" / "good", seed=1)
                render.write(kind.other, SCORED, folder / "test" / "other", seed=2)
                for prefix, tree in trees.items():
                    outcome = through(tree, folder, folder / (prefix or "now"))
                    values |= outcome.named(f"{prefix}{kind.name}_{count}")
                    print(f"{prefix}{kind.name}_{count}: {outcome.values}", file=sys.stderr, flush=True)
    report.show(values | report.machine(), arguments.json)


def through(tree: Path, folder: Path, home: Path) -> Outcome:
    """Import, train and score with the commands of `tree`, whose files go below `home`."""
    begun = time.perf_counter()
    vae(tree, home, "import", "own", str(folder / "train"), "--size", SIDE)
    imported = time.perf_counter()
    vae(tree, home, "train", "--dataset", "own", "--output", "own")
    trained = time.perf_counter()
    table = home / "scores.csv"
    vae(tree, home, "score", "own", "--images", str(folder / "test"), "--output", str(table))
    scored = time.perf_counter()
    return Outcome(
        model_values(home)
        | {"auroc": auroc(table)}
        | {
            "import_s": round(imported - begun, 1),
            "train_s": round(trained - imported, 1),
            "score_s": round(scored - trained, 1),
        }
    )


def vae(tree: Path, home: Path, *words: str) -> None:
    """Run one command of `tree`. Raises CalledProcessError with what it printed."""
    own = {f"VAE_{name}": str(home / name.lower()) for name in ("DATA", "CHECKPOINTS", "RUNS", "DERIVED")}
    command = [sys.executable, "-m", "vae", *words]
    done = subprocess.run(command, cwd=tree, env=os.environ | own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)


def model_values(home: Path) -> report.Values:
    """Test loss beside the baseline's, active units, and what share of the mean image's error is left."""
    folder = home / "checkpoints" / "own"
    config = json.loads((folder / "config.json").read_text())
    metrics = {name: metric["value"] for name, metric in json.loads((folder / "metrics.json").read_text()).items()}
    train, test = (unit(home / "data" / "folders" / "own" / f"{split}.npy") for split in ("train", "test"))
    mean = train.mean(0)
    trivial = gaussian_loss if config["model"]["likelihood"] == "gaussian" else bernoulli_loss
    return {
        "test_loss_nats": round(metrics["test_loss"], 1),
        "baseline_nats": round(trivial(train, test), 1),
        "error_share": round(metrics["squared_error"] / float(((test - mean) ** 2).sum(1).mean()), 3),
        "active_units": metrics["active_units"],
        "latent_dim": config["model"]["latent_dim"],
    }


def unit(path: Path) -> NDArray[np.float64]:
    """Images (N, values) in [0, 1]."""
    images: NDArray[np.uint8] = np.load(path)
    return images.reshape(len(images), -1).astype(np.float64) / 255


def gaussian_loss(train: NDArray[np.float64], test: NDArray[np.float64]) -> float:
    """Nats per image of independent Gaussians around the training mean, with one variance."""
    mean, variance = train.mean(0), ((train - train.mean(0)) ** 2).mean()
    per_value = (test - mean) ** 2 / (2 * variance) + 0.5 * np.log(2 * np.pi * variance)
    return float(per_value.sum(1).mean())


def bernoulli_loss(train: NDArray[np.float64], test: NDArray[np.float64]) -> float:
    """Nats per image of independent Bernoullis with the training mean."""
    mean = train.mean(0).clip(1e-4, 1 - 1e-4)
    return float(-(test * np.log(mean) + (1 - test) * np.log(1 - mean)).sum(1).mean())


def auroc(table: Path) -> float:
    """Of the scores in a CSV: pictures in `other` against those in `good`, by scikit-learn."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    other, scores = [int("other" in row["name"]) for row in rows], [float(row["score"]) for row in rows]
    return round(float(roc_auc_score(other, scores)), 3)


if __name__ == "__main__":
    main()
