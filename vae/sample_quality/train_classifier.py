"""Train a data set's classifier: `python -m vae.sample_quality.train_classifier mnist | digits`.

Writes classifiers/<data set>.safetensors and .json. The number of epochs is fixed beforehand, and nothing is chosen by
its result: the accuracy on test images is what it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
import torch.nn.functional as F
from tqdm import tqdm

from vae.data import datasets
from vae.data.image_dataset import SPLITS, ImageDataset
from vae.errors import VAEError
from vae.model.pixels import to_unit
from vae.sample_quality import shipped
from vae.sample_quality.classifier import CHANNELS, FEATURES, Classifier, features, probabilities
from vae.storage import door, kinds
from vae.storage.files import write_atomically


@dataclass(frozen=True)
class Recipe:
    """How long and how fast it is trained: Adam with decoupled weight decay, one cycle of the learning rate."""

    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.004
    weight_decay: float = 0.01
    seed: int = 0


RECIPES = {"mnist": Recipe(epochs=6), "digits": Recipe(epochs=40, batch_size=64)}


def train(images: ImageDataset, recipe: Recipe) -> Classifier:
    """A classifier of these images; its initial weights and the order of images depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = Classifier(images.image_shape, len(images.class_names))
    pixels, labels = torch.tensor(images.images), torch.tensor(images.labels)
    optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * -(-len(images) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
    order = torch.Generator().manual_seed(recipe.seed)
    for _ in tqdm(range(recipe.epochs), desc=f"classifier of {images.name}", unit=" epochs"):
        for rows in torch.split(torch.randperm(len(images), generator=order), recipe.batch_size):
            loss = F.cross_entropy(model(to_unit(pixels[rows])), labels[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return model.eval().requires_grad_(False)


def accuracy(model: Classifier, images: ImageDataset) -> float:
    """The share of images whose most probable class is their label."""
    return float((probabilities(model, features(model, images.images)).argmax(1) == images.labels).mean())


def write(model: Classifier, splits: dict[str, ImageDataset], recipe: Recipe, folder: Path = shipped.FOLDER) -> Path:
    """Write the weights and what they are. Returns the description's path. Raises OSError."""
    images = splits["train"]
    weights = folder / f"{images.name}.safetensors"
    tensors = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in model.state_dict().items()}
    write_atomically(weights, safetensors.numpy.save(tensors))
    description = {
        "format_version": shipped.FORMAT_VERSION,
        "command": f"python -m vae.sample_quality.train_classifier {images.name}",
        "dataset": {
            "name": images.name,
            "image_shape": images.image_shape,
            "class_names": images.class_names,
            "images": {name: len(split) for name, split in splits.items()},
            "fingerprints": {name: split.fingerprint for name, split in splits.items()},
        },
        "architecture": {"channels": CHANNELS, "kernel": 3, "pooling": 2, "features": FEATURES, "activation": "gelu"},
        "recipe": asdict(recipe),
        "accuracy": {name: accuracy(model, split) for name, split in splits.items()},
        "weights": {"bytes": weights.stat().st_size, "sha256": door.sha256(weights, kinds.CLASSIFIER)},
    }
    path = weights.with_suffix(".json")
    write_atomically(path, (json.dumps(description, indent=2) + "\n").encode())
    return path


def main(argv: Sequence[str] | None = None) -> int:
    """Train one classifier and print its accuracy. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m vae.sample_quality.train_classifier", description=__doc__)
    parser.add_argument("dataset", choices=shipped.NAMES)
    name = parser.parse_args(argv).dataset
    try:
        splits = {split: datasets.load(name, split) for split in SPLITS}
        path = write(train(splits["train"], RECIPES[name]), splits, RECIPES[name])
    except (VAEError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Wrote {path} and its weights; accuracy {shipped.about(name).accuracy}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
