# mypy: disable-error-code="import-not-found,import-untyped"
"""pythae's trainer (PyPI) on the same network, loss, batch and rate as the example.

A process of its own, because pythae prints, seeds and sets environment variables as it likes. Its images are float32 in
memory, as its own examples pass them. benchmarks.training runs it and reads the JSON file.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.training.recipes.pytorch_example import BATCH_SIZE, LEARNING_RATE, SEED
from benchmarks.training.to_target import Epoch, Output, loss_per_image
from vae.data import datasets
from vae.storage import paths

NOT_INSTALLED = 3
HOW_TO_INSTALL = "pythae is not installed: pip install -r requirements-benchmarks.txt"


class PythaeError(Exception):
    """It could not be measured; the message says why."""


def run(python: str, images: int, epochs: int) -> list[Epoch]:
    """Train in a child process with `python`, silently. Raises PythaeError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "epochs.json"
        words = [python, "-m", __name__, "--images", str(images), "--epochs", str(epochs)]
        try:
            child = subprocess.run(
                [*words, "--json", str(file)], cwd=paths.PROJECT, capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise PythaeError(f"{python} can't be started: {error.strerror}") from error
        if child.returncode == NOT_INSTALLED:
            raise PythaeError(HOW_TO_INSTALL)
        if child.returncode != 0:
            raise PythaeError(f"pythae failed: {(child.stderr.strip().splitlines() or ['without a word'])[-1][:300]}")
        return [Epoch(**values) for values in json.loads(file.read_text())]


def main() -> int:
    """Train and write one Epoch after another."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    if importlib.util.find_spec("pythae") is None:
        print(HOW_TO_INSTALL, file=sys.stderr)
        return NOT_INSTALLED
    epochs = train(arguments.images, arguments.epochs)
    arguments.json.write_text(json.dumps([asdict(epoch) for epoch in epochs]))
    return 0


def train(images: int, epochs: int) -> list[Epoch]:
    """What pythae's BaseTrainer does with `images` of MNIST; the clock stands still during the test evaluations."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    splits = [datasets.load("mnist", name).images for name in ("train", "validation")]
    pixels = torch.tensor(np.concatenate(splits)[:images]).float() / 255
    test_images = datasets.load("mnist", "test").images
    torch.manual_seed(SEED)
    encoder, decoder = networks()
    model = VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce"), encoder, decoder)
    done: list[Epoch] = []
    clock = {"start": 0.0, "seconds": 0.0}

    def forward(x: Tensor) -> Output:
        encoded = model.encoder(x)
        z = encoded.embedding + torch.randn_like(encoded.embedding) * torch.exp(0.5 * encoded.log_covariance)
        return Output(model.decoder(z)["reconstruction"].flatten(1), encoded.embedding, encoded.log_covariance)

    class Clock(TrainingCallback):  # type: ignore[misc]
        def on_epoch_end(self, training_config: Any, **_: Any) -> None:
            clock["seconds"] += time.perf_counter() - clock["start"]
            done.append(Epoch(clock["seconds"], loss_per_image(forward, test_images, torch.device(trainer.device))))
            clock["start"] = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            learning_rate=LEARNING_RATE,
            per_device_train_batch_size=BATCH_SIZE,
            optimizer_cls="Adam",
            seed=SEED,
        )
        trainer = BaseTrainer(model, BaseDataset(pixels, torch.zeros(len(pixels))), None, config, [Clock()])
        clock["start"] = time.perf_counter()
        trainer.train()
    return done


def networks() -> tuple[nn.Module, nn.Module]:
    """The example's encoder and decoder as pythae wants them."""
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.mu, self.logvar = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)

        def forward(self, x: Tensor) -> Any:
            hidden = torch.relu(self.hidden(x.flatten(1)))
            return ModelOutput(embedding=self.mu(hidden), log_covariance=self.logvar(hidden))

    class Decoder(BaseDecoder):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.pixels = nn.Linear(20, 400), nn.Linear(400, 784)

        def forward(self, z: Tensor) -> Any:
            pixels = torch.sigmoid(self.pixels(torch.relu(self.hidden(z))))
            return ModelOutput(reconstruction=pixels.view(-1, 1, 28, 28))

    return Encoder(), Decoder()


if __name__ == "__main__":
    sys.exit(main())
