"""How much memory and disk work takes at its peak, from its settings alone: whole numbers, computed in no time.

Calibrated on real trials and trainings by their peak resident memory; tests/vae/budget/test_needs.py holds what was
measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vae.config import ModelConfig, TrainConfig
from vae.model.layers import convolves, decoder_graph, encoder_graph, output_sizes, parameter_count

FLOAT = 4  # bytes
PROGRAM = 500 * 10**6  # Python, torch and scikit-learn with their buffers; their files can leave memory again
APPLIED = 550 * 10**6  # Python and torch, with the files of their libraries, where a stored model is applied
CONVOLVED = 200 * 10**6  # more with convolutions: their compiled code, and copies in an order of their own
COMPONENTS = 100 * 10**6  # more of scikit-learn, and its trees
MAPPING = 220 * 10**6  # Python with openTSNE or SciPy, and no torch
LIGHT = 100 * 10**6  # Python, NumPy and Pillow, of work that needs no torch
TRAINED = 4  # a parameter, its gradient and two moments of Adam
SAVED = 7  # copies while the state to go on from is written: twice its three, and the last epoch's weights
BEST = 3  # more with early stopping: the best epoch's, in memory and twice in the state
LOADED = 3  # a model from a file: the file's arrays, those of torch, and the model
KEPT = {"float32": 1.25, "bfloat16": 0.75, "auto": 1.0}  # floats of an activation until its gradient is there
PIXELS = 3  # floats of a decoded pixel in training, beside its activation: the image and the likelihood's terms
SEEN = 3  # of the largest activation without gradients: what goes in, what comes out, and between them
MEASURED, MEASURED_AT_ONCE = 10_000, 1_000  # images of each split after an epoch (training/trainer, epoch_metrics)
ENCODED_AT_ONCE, DECODED_PIXELS = 500, 2**24  # images; of a batch that is decoded (checkpoints/inference)
REFERENCE, REFERENCE_BYTES = 10_000, 2**29  # normal images at most (anomalies/normal_images)
SCORED_PIXELS, FITTED_VALUES = 2**22, 2**26  # of a batch; that components are fitted to (anomalies/methods/baselines)
IN_MEMORY = 0.25  # of what is free: images that take more are streamed (training/batches)
LATENT_FLOATS, LATENT_BYTES = 2, 40  # mu and sigma of a dimension; of an image, with labels, terms and two maps
NEIGHBOUR_BYTES = 70  # of one of t-SNE's three times perplexity neighbours, with both directions and copies
EDGE_BYTES = 90  # of one of UMAP's neighbours, likewise, and of what is computed of an edge
DECODED_AT_ONCE, LARGE_PICTURE = 4, 16_000_000  # threads (data/decoding/pool); pixels of one that is decoded alone
DECODED_BYTES = 2**25  # of pictures that are decoded before they are written (data/decoding/pool)
PICTURE, PICTURE_BYTES = 8, {"WEBP": 16}  # of a pixel while it is decoded: by Pillow, flattened, in four channels
SHEET = 10  # bytes of a pixel of a sheet: its three colours, four of Pillow, and what is compressed of it
SCORE_BYTES = 150  # a line of a table of scores, with the name of a file
MAP_BYTES = 200  # of one image on a map, beside its latents


@dataclass(frozen=True)
class Need:
    """Bytes of memory, by what takes them."""

    program: int = PROGRAM
    parameters: int = 0
    activations: int = 0
    images: int = 0

    @property
    def total(self) -> int:
        return self.program + self.parameters + self.activations + self.images


def training(model: ModelConfig, train: TrainConfig, counts: Mapping[str, int], free: int) -> Need:
    """Of a whole training, with the epochs' saving and the checkpoint; `counts` are the splits' images.

    Where `free` bytes are free, images that take more than a part of them are streamed.
    """
    stepping, copies = _stepping(model, train, counts), TRAINED + SAVED + (BEST if train.patience else 0)
    encoding = _seen(model, min(ENCODED_AT_ONCE, counts["test"]), 1)
    size = math.prod(model.image_shape)
    everything, measured = counts["train"] * size, 2 * min(MEASURED, counts["validation"]) * size
    chosen = everything + counts["validation"] * size if train.classes else 0  # read into memory, the rest is not
    in_memory = everything if everything <= IN_MEMORY * free else 0
    return Need(
        parameters=copies * FLOAT * parameter_count(model),
        activations=max(stepping, encoding),
        images=chosen + in_memory + measured,
    )


def trial(model: ModelConfig, train: TrainConfig, counts: Mapping[str, int]) -> Need:
    """Of measuring how fast a training is: some gradient steps, on few images, and nothing is saved."""
    return Need(
        parameters=TRAINED * FLOAT * parameter_count(model),
        activations=_stepping(model, train, counts),
        images=8 * min(train.batch_size, counts["train"]) * math.prod(model.image_shape),
    )


def on_device(model: ModelConfig, train: TrainConfig, counts: Mapping[str, int], free: int) -> Need:
    """Of a whole training, in a GPU's own memory."""
    whole = training(model, train, counts, free)
    copies = TRAINED + (1 if train.patience else 0)
    return replace(whole, program=0, parameters=copies * FLOAT * parameter_count(model))


def _stepping(model: ModelConfig, train: TrainConfig, counts: Mapping[str, int]) -> int:
    """Of a gradient step, or of measuring an epoch, which keeps nothing for gradients but sees more images at once."""
    samples = train.importance_samples
    at_once = min(max(1, MEASURED_AT_ONCE // samples), counts["validation"])
    learned = _learned(model, min(train.batch_size, counts["train"]), samples, KEPT[train.precision])
    return max(learned, _seen(model, at_once, samples))


def _learned(model: ModelConfig, images: int, samples: int, kept: float) -> int:
    """Activations of forward and backward."""
    encoder, decoder = _outputs(model)
    pixels = math.prod(model.image_shape)
    once, each = pixels + kept * sum(encoder), PIXELS * pixels + kept * sum(decoder)
    return math.ceil(FLOAT * images * (once + samples * each))


def _seen(model: ModelConfig, images: int, samples: int) -> int:
    """Activations of a pass without gradients."""
    encoder, decoder = _outputs(model)
    pixels = math.prod(model.image_shape)
    return FLOAT * images * max(pixels + SEEN * max(encoder), samples * (SEEN * max(decoder) + 2 * pixels))


def _outputs(model: ModelConfig) -> tuple[list[int], list[int]]:
    """How many values each layer of encoder and decoder makes of one image."""
    return output_sizes(encoder_graph(model)), output_sizes(decoder_graph(model))


def encoding(model: ModelConfig, images: int) -> Need:
    """Of a stored model's pass over images, which stay on disk, and of what is kept of them."""
    return Need(
        program=_applied(model),
        parameters=LOADED * FLOAT * parameter_count(model),
        activations=_seen(model, min(ENCODED_AT_ONCE, images), 1),
        images=3 * latents_bytes(model, images),  # the arrays, a file of them, and its bytes
    )


def scoring(model: ModelConfig) -> Need:
    """Of fitting an anomaly score to normal images and scoring others, piece by piece."""
    size = math.prod(model.image_shape)
    return Need(
        program=_applied(model),
        parameters=LOADED * FLOAT * parameter_count(model),
        activations=_seen(model, max(1, min(ENCODED_AT_ONCE, SCORED_PIXELS // size)), 1),
        images=min(REFERENCE * size, REFERENCE_BYTES),
    )


def scoring_by_components(model: ModelConfig) -> Need:
    """As `scoring`, of scores on principal components of the pixels, and of all scores beside each other."""
    once = scoring(model)
    fitted = 3 * FLOAT * min(REFERENCE * math.prod(model.image_shape), FITTED_VALUES)
    return replace(once, program=once.program + COMPONENTS, images=once.images + fitted)


def decoding(model: ModelConfig, pictures: int, enlarged: int = 1) -> Need:
    """Of decoding latents to pictures and writing them to a file, each pixel as `enlarged` × `enlarged` of them."""
    channels, height, width = model.image_shape
    at_once = max(1, min(ENCODED_AT_ONCE, pictures, DECODED_PIXELS // (channels * height * width)))
    _, decoder = _outputs(model)
    return Need(
        program=_applied(model),
        parameters=LOADED * FLOAT * parameter_count(model),
        activations=FLOAT * at_once * (SEEN * max(decoder) + 2 * channels * height * width),
        # as they are and thrice in a file, or one of them enlarged, as a sheet in colour, and as Pillow has that
        images=pictures * height * width * (4 * channels + SHEET * enlarged**2),
    )


def measuring(model: ModelConfig, pictures: int) -> Need:
    """Of judging so many samples by a classifier's features, with their neighbours."""
    once = decoding(model, pictures)
    return replace(once, program=once.program + COMPONENTS)


def _applied(model: ModelConfig) -> int:
    return APPLIED + CONVOLVED * convolves(model)


def tsne(images: int, latent_dim: int, perplexity: float) -> Need:
    """Of a t-SNE map."""
    each = MAP_BYTES + 3 * 8 * latent_dim + 3 * perplexity * NEIGHBOUR_BYTES
    return Need(program=MAPPING, images=math.ceil(images * each))


def umap(images: int, latent_dim: int, neighbours: int) -> Need:
    """Of a UMAP map."""
    each = MAP_BYTES + 3 * 8 * latent_dim + neighbours * EDGE_BYTES
    return Need(program=MAPPING, images=math.ceil(images * each))


def picture(pixels: int, kind: str = "") -> Need:
    """Of decoding one picture of so many pixels, of a format as Pillow calls it."""
    return Need(program=0, images=PICTURE_BYTES.get(kind, PICTURE) * pixels)


def importing(image_shape: tuple[int, int, int], pixels: Sequence[int]) -> Need:
    """Of decoding pictures of so many `pixels` each, several at a time, and writing them as arrays of this shape."""
    largest = sorted(pixels, reverse=True)[:DECODED_AT_ONCE]
    together = sum(min(size, LARGE_PICTURE) for size in largest)  # larger ones are decoded alone
    chunk = min(len(pixels) * math.prod(image_shape), DECODED_BYTES)
    return Need(program=LIGHT, images=PICTURE * max([together, *largest[:1]]) + 2 * chunk)


# --- disk -------------------------------------------------------------------------------------------------------------


def checkpoint_bytes(model: ModelConfig, images: int) -> int:
    """A checkpoint of a model, with latents and maps of so many test images."""
    return FLOAT * parameter_count(model) + latents_bytes(model, images) + 2**20


def latents_bytes(model: ModelConfig, images: int) -> int:
    """What is kept of encoded images."""
    return images * (LATENT_FLOATS * FLOAT * model.latent_dim + LATENT_BYTES)


def map_bytes(images: int) -> int:
    """A map that is kept, and the file that it replaces."""
    return images * 2 * FLOAT + 2**20


def scores_bytes(images: int) -> int:
    """A table of scores."""
    return images * SCORE_BYTES + 2**16


def comparison_bytes(images: int, scores: int) -> int:
    """What is kept of a comparison: of each image and each held-out one its scores, and of the latter its latents."""
    return 2 * images * scores * FLOAT + 2**22


def run_folder_bytes(model: ModelConfig, train: TrainConfig) -> int:
    """A run folder: the state to go on from, while the next one takes its place, and the film."""
    state = (4 if train.patience else 3) * FLOAT * parameter_count(model)
    return 2 * state + 2**20
