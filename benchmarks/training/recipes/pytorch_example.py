"""The VAE that people copy: network, loss, optimizer and data loading of pytorch/examples/vae, without its printing.

784-400-20 with ReLU; torchvision's MNIST through ToTensor and a shuffling DataLoader of 128; binary cross-entropy of
grey pixels + KL, summed; Adam 1e-3; `loss.item()` after every batch. On CUDA one loading worker and pinned memory.
(The example's newest revision adds the constant of the continuous Bernoulli to the loss; this is the loss before that.)
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Subset

from benchmarks.training.to_target import Epoch, Output, loss_per_image, loss_sum
from vae.storage import paths

BATCH_SIZE, LEARNING_RATE, SEED = 128, 1e-3, 1


class ExampleVAE(nn.Module):
    """784-400-20-400-784."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(784, 400)
        self.mu = nn.Linear(400, 20)
        self.logvar = nn.Linear(400, 20)
        self.decoder_hidden = nn.Linear(20, 400)
        self.pixels = nn.Linear(400, 784)

    def forward(self, x: Tensor) -> Output:
        """Images (N, 784) in [0, 1]."""
        hidden = F.relu(self.hidden(x))
        mu, logvar = self.mu(hidden), self.logvar(hidden)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return Output(torch.sigmoid(self.pixels(F.relu(self.decoder_hidden(z)))), mu, logvar)


def loader(images: int, device: torch.device) -> DataLoader[tuple[Tensor, Tensor]]:
    """The first `images` of torchvision's training set, as the example loads them."""
    from torchvision import datasets, transforms

    mnist: Dataset[tuple[Tensor, Tensor]] = datasets.MNIST(
        str(paths.data_dir()), train=True, transform=transforms.ToTensor()
    )
    chosen = Subset(mnist, range(images)) if images < 60_000 else mnist
    if device.type == "cuda":
        return DataLoader(chosen, BATCH_SIZE, shuffle=True, num_workers=1, pin_memory=True)
    return DataLoader(chosen, BATCH_SIZE, shuffle=True)


def learn(images: int, test_images: NDArray[np.uint8], device: torch.device) -> Iterator[Epoch]:
    """Train without end, an Epoch after every pass. The clock stands still during the test evaluations."""
    torch.manual_seed(SEED)
    batches = loader(images, device)
    model = ExampleVAE().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    seconds = 0.0
    while True:
        start = time.perf_counter()
        train_epoch(model, batches, optimizer, device)
        seconds += time.perf_counter() - start
        yield Epoch(seconds, loss_per_image(model, test_images, device))


def train_epoch(
    model: ExampleVAE,
    batches: DataLoader[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> float:
    """One pass; returns the sum of the losses, which the example reads after every batch and prints."""
    model.train()
    total = 0.0
    for data, _ in batches:
        x = data.to(device).view(-1, 784)
        optimizer.zero_grad()
        loss = loss_sum(model(x), x)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
        optimizer.step()
    return total
