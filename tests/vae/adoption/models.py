"""VAEs as people write them, with PyTorch alone, and images to train them on for a second."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F


def pictures(count: int, shape: tuple[int, int, int], seed: int = 0) -> NDArray[np.uint8]:
    """Soft discs (N, C, H, W): place, size, brightness and colour differ, so that a VAE has something to learn."""
    rng = np.random.default_rng(seed)
    channels, height, width = shape
    y, x = np.mgrid[0:height, 0:width]
    cy, cx = (rng.uniform(0.3, 0.7, count) * side for side in (height, width))
    radius = rng.uniform(0.12, 0.3, count) * min(height, width)
    distance = np.hypot(y - cy[:, None, None], x - cx[:, None, None])
    disc = 1 / (1 + np.exp((distance - radius[:, None, None]) / (0.05 * min(height, width))))
    ink, paper = rng.uniform(0.6, 1, (count, channels)), rng.uniform(0, 0.35, (count, channels))
    shade = np.einsum("nhw,nc->nchw", disc, ink - paper) + paper[:, :, None, None]
    return np.round(255 * shade).astype(np.uint8)


class Linear(nn.Module):
    """As in pytorch/examples: fc1, fc21, fc22, fc3, fc4."""

    def __init__(self, pixels: int = 256, hidden: int = 32, d: int = 4) -> None:
        super().__init__()
        self.fc1 = nn.Linear(pixels, hidden)
        self.fc21 = nn.Linear(hidden, d)
        self.fc22 = nn.Linear(hidden, d)
        self.fc3 = nn.Linear(d, hidden)
        self.fc4 = nn.Linear(hidden, pixels)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = F.relu(self.fc1(x.flatten(1)))
        return self.fc21(h), self.fc22(h)

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))


class Joint(nn.Module):
    """Two sequential networks; the encoder's last layer gives mu and log variance at once."""

    def __init__(self, pixels: int = 256, hidden: int = 48, d: int = 3) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(pixels, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(),
            nn.Linear(hidden, 2 * d),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(d, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, pixels),
            nn.Sigmoid(),
        )  # fmt: skip

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)


class Convolutional(nn.Module):
    """In the manner of the most copied collection: BatchNorm, LeakyReLU, a final layer with Tanh; pixels in [−1, 1]."""

    def __init__(self, widths: tuple[int, ...] = (6, 8, 12, 16), d: int = 6, side: int = 64) -> None:
        super().__init__()
        blocks, before = [], 3
        for width in widths:
            blocks.append(nn.Sequential(nn.Conv2d(before, width, 3, 2, 1), nn.BatchNorm2d(width), nn.LeakyReLU()))
            before = width
        self.core = (widths[-1], side >> len(widths), side >> len(widths))
        flat = self.core[0] * self.core[1] * self.core[2]
        self.encoder = nn.Sequential(*blocks)
        self.fc_mu = nn.Linear(flat, d)
        self.fc_var = nn.Linear(flat, d)
        self.decoder_input = nn.Linear(d, flat)
        turned = widths[::-1]
        self.decoder = nn.Sequential(
            *(
                nn.Sequential(nn.ConvTranspose2d(a, b, 3, 2, 1, 1), nn.BatchNorm2d(b), nn.LeakyReLU())
                for a, b in itertools.pairwise(turned)
            )
        )
        last = turned[-1]
        self.final_layer = nn.Sequential(
            nn.ConvTranspose2d(last, last, 3, 2, 1, 1), nn.BatchNorm2d(last), nn.LeakyReLU(),
            nn.Conv2d(last, 3, 3, 1, 1), nn.Tanh(),
        )  # fmt: skip

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.encoder(x).flatten(1)
        return self.fc_mu(h), self.fc_var(h)

    def decode(self, z: Tensor) -> Tensor:
        return self.final_layer(self.decoder(self.decoder_input(z).view(-1, *self.core)))


def train(model: Any, x: Tensor, steps: int, rate: float = 1e-2, kl: float = 1e-4) -> None:
    """So long that its reconstructions tell one reading from another; left in evaluation mode."""
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    noise = torch.Generator().manual_seed(0)
    model.train()
    for _ in range(steps):
        batch = x[torch.randint(len(x), (24,), generator=noise)]
        answer = model.encode(batch)
        mu, logvar = answer.chunk(2, 1) if isinstance(answer, Tensor) else answer
        z = mu + (0.5 * logvar).exp() * torch.randn(mu.shape, generator=noise)
        again = model.decode(z).reshape(batch.shape)
        loss = (again - batch).square().mean() + kl * (mu.square() + logvar.exp() - logvar - 1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()


@torch.no_grad()
def reconstructed(model: Any, x: Tensor, of_unit: Callable[[Tensor], Tensor] = lambda x: x) -> Tensor:
    """E[x|mu] in the model's own range of pixels, (N, C, H, W)."""
    answer = model.encode(of_unit(x))
    mu = answer.chunk(2, 1)[0] if isinstance(answer, Tensor) else answer[0]
    return model.decode(mu).reshape(x.shape)
