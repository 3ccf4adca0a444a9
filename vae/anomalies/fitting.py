"""A detector fitted to normal images of its checkpoint's data set, from the images to the threshold. Imports torch."""

from __future__ import annotations

from collections.abc import Callable

from vae.anomalies import detectors, normal_images
from vae.anomalies.detectors import Detector
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice, NormalImages
from vae.anomalies.thresholds import Rule
from vae.checkpoints.checkpoint import Checkpoint
from vae.model.vae import VAE

MOST_SLOW = 200  # held-out images of a score that optimises for each


def fit_to_dataset(
    checkpoint: Checkpoint,
    model: VAE,
    score_name: str,
    choice: NormalChoice,
    rule: Rule = detectors.DEFAULT_RULE,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Detector:
    """Fit to at most 10,000 seeded training images that are normal, fewer of large ones, calibrate on normal
    validation images.

    `on_batch(done, total)` hears how many images the model has seen and may raise to stop. Raises what `normal.chosen`,
    `normal.reference` and `detectors.fit` raise.
    """
    registry.get(score_name)  # before anything is computed for nothing
    known = normal_images.reference(checkpoint, choice)
    most = MOST_SLOW if score_name in registry.SLOW else normal_images.MAX_HELD_OUT
    held_out = normal_images.held_out(checkpoint, choice, most)
    total = len(known) + len(held_out)

    def see(images: NormalImages, begun: int) -> Pass:
        binarized = checkpoint.train.binarization == "dynamic"  # as its latents were
        return passes(model, images.images, binarized, on_batch=lambda done, _: on_batch(begun + done, total))

    fitted_to, calibrated_on = see(known, 0), see(held_out, len(known))
    text = f"{choice.text(checkpoint)}: {len(known):,} images"
    return detectors.fit(checkpoint, model, score_name, fitted_to, calibrated_on, text, rule, classes=choice.classes)
