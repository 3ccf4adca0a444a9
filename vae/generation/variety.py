"""How much pictures differ from each other, beside real images. numpy only.

An untrained decoder and a collapsed model make the same picture of every latent vector. Then distances in latent space
say nothing about pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.05  # of the images' variance: samples of models that learned something reach 0.4 to 0.9
FEWEST = 8  # pictures: the variance of fewer says little
ROUNDING = 1e-12  # variance that numpy finds in equal images
DIFFERENCE = 0.01  # standard deviation of pixels in [0, 1] that no eye sees, where there are no images to compare with


def variance(images: NDArray[np.uint8]) -> float:
    """Variance over images (N, C, H, W) of each pixel in [0, 1], averaged over the pixels."""
    return float((images.reshape(len(images), -1) / 255).var(0, ddof=1).mean())


def share(pictures: NDArray[np.uint8], images: NDArray[np.uint8]) -> float:
    """Variance of the pictures over that of the images; 1 where the images are all alike themselves."""
    of_images = variance(images)
    return variance(pictures) / of_images if of_images > ROUNDING else 1.0


def alike(pictures: NDArray[np.uint8], images: NDArray[np.uint8] | None) -> bool:
    """Whether pictures hardly differ: beside images of the data, or to the eye where there are none."""
    if len(pictures) < FEWEST:
        return False
    if images is None:
        return variance(pictures) < DIFFERENCE**2
    return share(pictures, images) < ALIKE
