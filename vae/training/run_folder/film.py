"""The film of a training run: the same images and the same prior samples, seen by the model after every epoch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from vae.checkpoints.inference import posterior_means
from vae.data.image_dataset import ImageDataset
from vae.maps.alignment import aligned
from vae.model.devices import device_of
from vae.model.pixels import to_bytes
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
        mu, device = posterior_means(model, self._images), device_of(model)
        noise = torch.Generator().manual_seed(SEED)
        z = torch.empty(SAMPLES, model.config.latent_dim).normal_(generator=noise)
        axes = "latent" if model.config.latent_dim <= 2 else "pca"
        reconstructed, drawn = (
            to_bytes(model.decode_mean(latents.to(device))) for latents in (torch.tensor(mu[:RECONSTRUCTIONS]), z)
        )
        frame = Frame(epoch, axes, self._places(mu), reconstructed, drawn)
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
