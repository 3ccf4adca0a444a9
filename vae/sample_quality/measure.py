"""Measure a checkpoint's samples on the features of its data set's classifier. Needs torch.

Distance, precision, recall, density, coverage and divergence depend on how many images are compared. So every row is
compared in groups of equally many images, as many as the test images allow, and the mean over groups is given. Then the
test images' row shows how good a number can get, the row of independent pixels how good it is for nonsense, and rows
differ only by what the images are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints import inference, loading
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.checkpoints.inference import OnBatch
from vae.errors import GenerationError
from vae.generation import mixture_files, sampling
from vae.generation.mixture_files import FittedTo
from vae.model import devices
from vae.sample_quality import classifier, metrics, shipped, training_latents
from vae.sample_quality.metrics import CLOSE, FAIR, NEIGHBOURS, SURE, FeatureGaussian, Support, class_shares
from vae.sample_quality.quality_files import ROWS, Quality, QualityRow

NUMBER = 10_000
MIN_NUMBER = 100  # fewer say next to nothing about ten classes
REFERENCE = 10_000  # training images at most
YARDSTICKS = ("test", "pixels")  # rows that no model made
TEST_STREAM, PIXEL_STREAM = 1, 2  # of random numbers: which test images; which image a pixel is from
PROTOCOLS = {
    "distance": "squared Fréchet distance between Gaussians fitted to the features "
    "(Heusel et al. 2017), mean over groups",
    "precision": f"share of images within the {NEIGHBOURS}-nearest-neighbour balls of the training images "
    "(Kynkäänniemi et al. 2019), features scaled to length 1, mean over groups",
    "recall": f"share of training images within the {NEIGHBOURS}-nearest-neighbour balls of the images "
    "(Kynkäänniemi et al. 2019), features scaled to length 1, mean over groups; far-flung images raise it",
    "density": f"how many of the training images' {CLOSE}-nearest-neighbour balls an image lies in on average, divided "
    f"by {CLOSE} (Naeem et al. 2020), features scaled to length 1, mean over groups; about 1 for images like the "
    "training images, more where images crowd",
    "coverage": f"share of training images with one of the images in their {CLOSE}-nearest-neighbour ball (Naeem et "
    "al. 2020), features scaled to length 1, mean over groups; few images can't reach 1: compare with the test images",
    "classes_seen": f"classes that have at least {FAIR:g} of their share among the training images, as the classifier "
    "sees them; it doesn't say how varied a class's images are",
    "divergence": "KL(images' class shares ‖ training images' class shares), as the classifier sees them, half an "
    "image added to each class of the training images, mean over groups",
    "sure": f"share of images whose most probable class has a probability of at least {SURE:g}",
}


def check(checkpoint: Checkpoint, number: int, seed: int) -> None:
    """Raise before any work what `measure` would raise for these arguments."""
    shipped.check_measurable(checkpoint.dataset.name)
    sampling.check(number, 1.0, seed)
    if number < MIN_NUMBER:
        raise GenerationError(f"The number of samples is {number}, expected {MIN_NUMBER} to {sampling.MAX_SAMPLES:,}.")


def measure(
    checkpoint: Checkpoint,
    number: int = NUMBER,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Quality:
    """Compare `number` samples of prior and mixture, and three yardsticks, with training images.

    The mixture is fitted to those images that the checkpoint's mixtures are fitted to: `mixture_files.fitted_to`.

    `on_progress(done, total)` counts images, each once when it is seen and once when it is compared; it may raise to
    stop.

    Raises
    ------
    GenerationError
        For a number or seed that can't be used, and latents that no mixture fits.
    DatasetError, CheckpointError
        When there is no classifier for the data set, its images are not on this machine or not the checkpoint's, or a
        file is damaged.
    """
    check(checkpoint, number, seed)
    train, test = training_latents.own_images(checkpoint)
    train = train.only(checkpoint.train.classes)
    fitted = mixture_files.fitted_to(checkpoint)
    chosen = np.sort(np.random.default_rng([seed, TEST_STREAM]).permutation(checkpoint.trained_rows())[:number])
    reference_rows = np.sort(np.random.default_rng(seed).permutation(len(train))[:REFERENCE])
    steps = _Steps(on_progress, 4 * number + 6 * len(chosen) + len(reference_rows))
    view = _View(classifier.load(train.name, devices.best_device()), steps)
    real = _reference(view, train.images[reference_rows])
    model = loading.load_model(checkpoint, devices.best_device())
    rows = []
    for kind in ROWS:
        if kind in YARDSTICKS:
            images = test.images[chosen] if kind == "test" else independent_pixels(train.images, len(chosen), seed)
        else:
            images = inference.decode(model, _latents(kind, checkpoint, fitted, number, seed, chosen))
        rows.append(_row(kind, view.see(images), real, len(chosen), steps))
    return Quality(
        checkpoint.identity,
        checkpoint.dataset.name,
        shipped.about(train.name).sha256,
        number,
        seed,
        len(reference_rows),
        len(chosen),
        _about(checkpoint, fitted, len(reference_rows), len(chosen), seed),
        PROTOCOLS,
        tuple(rows),
    )


def _latents(
    kind: str, checkpoint: Checkpoint, fitted: FittedTo, number: int, seed: int, chosen: NDArray[np.int64]
) -> FloatArray:
    """What a row's images are decoded from, (n, d)."""
    if kind == "prior":
        return sampling.from_prior(number, checkpoint.model.latent_dim, seed)
    if kind == "mixture":
        return sampling.fit_mixture(fitted.latents, _components(fitted), seed).sample(number, seed)
    return checkpoint.latents.mu[chosen]


def _components(fitted: FittedTo) -> int:
    """Of the mixture: as many as by default, fewer where the images allow no more."""
    return max(1, min(sampling.COMPONENTS, sampling.most_components(*fitted.latents.mu.shape)))


def independent_pixels(images: NDArray[np.uint8], number: int, seed: int) -> NDArray[np.uint8]:
    """Nonsense (number, C, H, W): each pixel is that of some image (N, C, H, W) at its place, whatever is beside it."""
    flat = images.reshape(len(images), -1)
    rows = np.random.default_rng([seed, PIXEL_STREAM]).integers(len(images), size=(number, flat.shape[1]))
    return flat[rows, np.arange(flat.shape[1])].reshape(number, *images.shape[1:])


def directions(features: FloatArray) -> FloatArray:
    """Features (N, f) scaled to length 1, for nearest neighbours.

    Unscaled, few long directions decide who is near, and on MNIST independent pixels are as precise as real images.
    """
    scaled: FloatArray = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    return scaled


class _Steps:
    """Counts images towards `total`."""

    def __init__(self, tell: Callable[[int, int], None], total: int) -> None:
        self._tell, self._total, self._done = tell, total, 0

    def add(self, count: int) -> None:
        self._done += count
        self._tell(self._done, self._total)

    def on_batch(self) -> OnBatch:
        """Counts images that come batch by batch, on top of those that are counted now."""
        before = self._done
        return lambda done, total: self.add(before + done - self._done)


@dataclass(frozen=True)
class _Seen:
    """Images as the classifier sees them: features (N, 64), probabilities (N, K)."""

    features: FloatArray
    probabilities: FloatArray


@dataclass(frozen=True)
class _View:
    """How the classifier sees images, which are counted as it does."""

    model: classifier.Classifier
    steps: _Steps

    def see(self, images: NDArray[np.uint8]) -> _Seen:
        features = classifier.features(self.model, images, self.steps.on_batch())
        return _Seen(features, classifier.probabilities(self.model, features))


@dataclass(frozen=True)
class _Reference:
    gaussian: FeatureGaussian
    support: Support
    close: Support
    shares: NDArray[np.float64]
    images: int


def _reference(view: _View, images: NDArray[np.uint8]) -> _Reference:
    seen = view.see(images)
    scaled = directions(seen.features)
    return _Reference(
        metrics.fit_gaussian(seen.features),
        Support(scaled),
        Support(scaled, CLOSE),
        class_shares(seen.probabilities),
        len(images),
    )


def _row(kind: str, seen: _Seen, real: _Reference, group: int, steps: _Steps) -> QualityRow:
    """Compare in groups of `group` images; what is left over counts only for shares, classes seen and sure."""
    distances, scores, balls, divergences = [], [], [], []
    for start in range(0, len(seen.features) - group + 1, group):
        part = seen.features[start : start + group]
        distances.append(metrics.frechet_distance(metrics.fit_gaussian(part), real.gaussian))
        scaled = directions(part)
        scores.append(metrics.precision_recall(real.support, Support(scaled)))
        balls.append(metrics.density_coverage(real.close, scaled))
        shares = class_shares(seen.probabilities[start : start + group])
        divergences.append(metrics.divergence(shares, real.shares, real.images))
        steps.add(group)
    steps.add(len(seen.features) % group)
    classes = metrics.classes_seen(seen.probabilities, real.shares)
    return QualityRow(
        kind,
        len(seen.features),
        float(np.mean(distances)),
        float(np.mean([s.precision for s in scores])),
        float(np.mean([s.recall for s in scores])),
        classes.seen,
        float(np.mean(divergences)),
        classes.sure,
        tuple(classes.shares.tolist()),
        float(np.mean([b.density for b in balls])),
        float(np.mean([b.coverage for b in balls])),
    )


def _about(checkpoint: Checkpoint, fitted: FittedTo, reference: int, group: int, seed: int) -> str:
    """What is compared with what, in words."""
    name = checkpoint.dataset.name
    right = shipped.about(name).accuracy["test"]
    components = _components(fitted)
    mixture = f"a Gaussian mixture of {components} component{'s' if components != 1 else ''}"
    of_classes = checkpoint.of_trained_classes()
    return (
        f"Samples are E[x|z] for z from the prior N(0, I), or from {mixture} fitted to the posteriors of "
        f"{fitted.in_words()}{of_classes}; temperature 1, seed {seed}. In the last row each "
        f"pixel is that of some training image, whatever is beside it: nonsense. Each row is compared with the same "
        f"{reference:,} training images{of_classes}, in groups of {group:,} images, on 64 features of this project's "
        f"{name} classifier (right for {right:.1%} of the test images). Comparable only with numbers measured the same "
        "way, not with distances on Inception features."
    )
