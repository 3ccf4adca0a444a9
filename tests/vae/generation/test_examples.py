"""Examples to begin with: typical images, of different classes where there are some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.vae.helpers import new_checkpoint
from vae.checkpoints.checkpoint import Latents
from vae.generation import examples


def clusters() -> Latents:
    """Three classes of four images: around 0, 1 and 10, each with one member apart."""
    made = new_checkpoint().latents
    mu = np.zeros((12, made.mu.shape[1]), np.float32)
    mu[:, 0] = [0, 0.1, -0.1, 3, 1, 1.1, 0.9, 4, 10, 10.1, 9.9, 13]
    labels = np.repeat([0, 1, 2], 4)
    return replace(made.take(np.arange(12)), mu=mu, labels=labels)


def test_typical_is_near_the_middle_of_its_class() -> None:
    latents = clusters()
    assert [examples.typical(latents, np.arange(4 * k, 4 * k + 4)) for k in range(3)] == [1, 5, 9]


def test_two_are_of_classes_that_lie_far_apart() -> None:
    latents = clusters()
    assert examples.two(latents) == examples.TwoRows(1, 9)
    assert examples.two(latents, start=11) == examples.TwoRows(11, 1)
    one = replace(latents, labels=np.zeros_like(latents.labels))
    assert examples.two(one, start=0) == examples.TwoRows(0, 11)
