"""The film of a training run: the same images and the same prior samples, seen by the model after every epoch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from vae.data.datasets import ImageDataset
from vae.maps.alignment import aligned
from vae.model.pixels import to_unit
from vae.model.vae import VAE
from vae.training.run_folder.film_files import Fixed, Frame

POINTS, RECONSTRUCTIONS, SAMPLES, SEED = 1_000, 10, 16, 0


class Film:
    """Makes one frame after another from the first images of the validation split."""

    def __init__(self, validation: ImageDataset, last: Frame | None = None) -> None:
        self.fixed = Fixed(
            np.array(validation.images[:RECONSTRUCTIONS]),
            np.array(validation.labels[:POINTS]),
            validation.class_names,
        )
        self._images = np.array(validation.images[:POINTS])
        self._last = last

    @torch.inference_mode()
    def frame(self, model: VAE, epoch: int) -> Frame:
        """What the model makes of the fixed images and samples now; leaves it in evaluation mode."""
        model.eval()
        device = next(model.parameters()).device
        parts = torch.split(torch.from_numpy(self._images), 500)
        mu = torch.cat([model.encode(to_unit(part.to(device))).mu for part in parts])
        noise = torch.Generator().manual_seed(SEED)
        z = torch.empty(SAMPLES, model.config.latent_dim).normal_(generator=noise).to(device)
        axes = "latent" if model.config.latent_dim <= 2 else "pca"
        frame = Frame(
            epoch, axes, self._places(mu.cpu().numpy()), _pixels(model, mu[:RECONSTRUCTIONS]), _pixels(model, z)
        )
        self._last = frame
        return frame

    def _places(self, mu: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, d) -> (n, 2): raw axes up to two dimensions, else the two of largest variance as they lay last time."""
        if mu.shape[1] <= 2:
            return np.pad(mu, ((0, 0), (0, 2 - mu.shape[1])))
        with np.errstate(invalid="ignore"):  # the shares of no variance at all are 0/0
            xy = PCA(n_components=min(2, len(mu)), svd_solver="full").fit_transform(mu.astype(np.float64))
        xy = np.pad(xy, ((0, 0), (0, 2 - xy.shape[1]))).astype(np.float32)
        fits = self._last is not None and self._last.xy.shape == xy.shape
        return aligned(xy, self._last.xy) if self._last is not None and fits else xy


def _pixels(model: VAE, z: torch.Tensor) -> NDArray[np.uint8]:
    pictures: NDArray[np.uint8] = model.decode_mean(z).mul(255).round().to("cpu", torch.uint8).numpy()
    return pictures
