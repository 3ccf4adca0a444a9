"""A detector fitted to normal images of its checkpoint's data set, from the images to the threshold. Imports torch."""

from __future__ import annotations

from collections.abc import Callable

from vae.model import VAE
from vae.records import Checkpoint
from vae.scores import detectors, normal, registry
from vae.scores.detectors import Detector
from vae.scores.normal import NormalChoice, NormalImages
from vae.scores.passes import Pass, passes
from vae.scores.rules import Rule

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
    known = normal.reference(checkpoint, choice)
    most = MOST_SLOW if score_name in registry.SLOW else normal.MAX_HELD_OUT
    held_out = normal.held_out(checkpoint, choice, most)
    total = len(known) + len(held_out)

    def see(images: NormalImages, begun: int) -> Pass:
        binarized = checkpoint.train.binarization == "dynamic"  # as its latents were
        return passes(model, images.images, binarized, on_batch=lambda done, _: on_batch(begun + done, total))

    fitted_to, calibrated_on = see(known, 0), see(held_out, len(known))
    text = f"{choice.text(checkpoint)}: {len(known):,} images"
    return detectors.fit(checkpoint, model, score_name, fitted_to, calibrated_on, text, rule, classes=choice.classes)
