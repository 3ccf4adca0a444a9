"""A VAE in ONNX files, adopted: an encoder and a decoder, or one model and the names of its cut points."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import onnx

from vae.adoption import adopting, foreign_reading, judging, onnx_reading
from vae.adoption.adopting import Adopted, Destination
from vae.adoption.candidates import NO_WISHES, Wishes, readings_of
from vae.adoption.judging import Ranking
from vae.adoption.meaning import EncoderAnswer, Spread
from vae.adoption.weighted_graph import INPUT, Builder, WeightedGraph
from vae.data import datasets
from vae.errors import ConfigError
from vae.foreign import onnx_file
from vae.graph.nodes import Shape
from vae.jobs.progress import Progress
from vae.storage.validation import short

LOG_VARIANCE = re.compile(r"log_?(var|cov)|log_?sigma_?(2|sq)|logv", re.IGNORECASE)
LOG_SIGMA = re.compile(r"log_?(sigma|std|scale)", re.IGNORECASE)
SIGMA = re.compile(r"sigma|std|scale", re.IGNORECASE)
MEAN = re.compile(r"mu|mean|loc", re.IGNORECASE)


@dataclass(frozen=True)
class Cuts:
    """Where one model is cut: the names of mu, log variance, latent and picture; "" is what the model has."""

    mu: str = ""
    logvar: str = ""
    latent: str = ""
    picture: str = ""


NO_CUTS = Cuts()


@dataclass(frozen=True, eq=False)
class OnnxPair:
    """Both halves as they came, in the order encoder, decoder; the same model twice where it is cut."""

    encoder: onnx.ModelProto
    decoder: onnx.ModelProto
    cuts: Cuts = NO_CUTS


def pair_of(files: Sequence[tuple[str, bytes]], cuts: Cuts = NO_CUTS) -> OnnxPair:
    """The halves in one or two files, (name, content), in whatever order. Raises ConfigError."""
    if not 1 <= len(files) <= 2:
        raise ConfigError(f"There are {len(files)} ONNX files, expected one or two: an encoder and a decoder.")
    models = [onnx_file.read(raw, name) for name, raw in files]
    if len(models) == 1:
        if not cuts.latent:
            raise ConfigError(
                f"{files[0][0]} is one model, expected an encoder and a decoder, or where it is cut.",
                f"Name mu, log variance and the latent vector, which are among: {_values(models[0]):.600}",
            )
        return OnnxPair(models[0], models[0], cuts)
    sizes = [_smallest(model, name) for model, (name, _) in zip(models, files, strict=True)]
    return OnnxPair(models[0], models[1], cuts) if sizes[0] >= sizes[1] else OnnxPair(models[1], models[0], cuts)


def ranked(pair: OnnxPair, dataset: str, wishes: Wishes) -> Ranking:
    """All readings by their reconstructions of training images. Raises ConfigError where there is none."""
    shape = datasets.info(dataset).image_shape
    encoder, told = _encoder(pair, shape)
    decoder = _decoder(pair, encoder, told)
    d = decoder.graph.input[0]
    whole = onnx_reading.input_of(pair.encoder, "The encoder").whole
    wishes = replace(wishes, answer=wishes.answer or told, bytes_too=whole)
    readings = readings_of(encoder, decoder, shape, d, wishes)
    ranking = judging.ranked(readings, datasets.load(dataset, "train").images)
    if not ranking.judged:
        raise ConfigError(f"The model can't be evaluated: {'; '.join(ranking.problems)}")
    return ranking


def adopt(
    destination: Destination,
    files: Sequence[tuple[str, bytes]],
    dataset: str,
    wishes: Wishes = NO_WISHES,
    cuts: Cuts = NO_CUTS,
    progress: Progress | None = None,
) -> Adopted:
    """Make a model out of ONNX files, (name, content). Raises ConfigError, DatasetError, CheckpointError."""
    destination.check()
    ranking = ranked(pair_of(files, cuts), dataset, wishes)
    names = ", ".join(file for file, _ in files)
    return adopting.write(
        destination,
        ranking,
        dataset,
        f"From ONNX: {names}.",
        f"python -m vae adopt {destination.name} --onnx {names} --dataset {dataset}",
        progress,
    )


def _encoder(pair: OnnxPair, images: Shape) -> tuple[WeightedGraph, EncoderAnswer | None]:
    """The encoder, with one flat answer, and what that holds where the file tells it."""
    model, cuts = pair.encoder, pair.cuts
    outputs = [one.name for one in model.graph.output]
    if cuts.mu:
        ends = [cuts.mu, *filter(None, [cuts.logvar])]
        answer = EncoderAnswer(_spread(cuts.logvar)) if cuts.logvar else None
    elif len(outputs) == 1:
        ends, answer = outputs, None
    else:
        ends = _mean_and_spread(outputs)
        answer = EncoderAnswer(_spread(ends[1]))
    known = onnx_reading.input_of(model, "The encoder").shape
    return foreign_reading.network_of(model, "The encoder", None if known else images, None, ends), answer


def _mean_and_spread(outputs: Sequence[str]) -> list[str]:
    """By their names, else the first two."""
    spread = next((n for kind in (LOG_VARIANCE, LOG_SIGMA, SIGMA) for n in outputs if kind.search(n)), None)
    mean = next((name for name in outputs if MEAN.search(name) and name != spread), None)
    return [mean, spread] if mean and spread else list(outputs[:2])


def _spread(name: str) -> Spread:
    """What an output holds, by its name; log variances where it tells nothing."""
    if LOG_VARIANCE.search(name):
        return "logvar"
    return "log sigma" if LOG_SIGMA.search(name) else "sigma" if SIGMA.search(name) else "logvar"


def _decoder(pair: OnnxPair, encoder: WeightedGraph, told: EncoderAnswer | None) -> WeightedGraph:
    model, cuts = pair.decoder, pair.cuts
    numbers = encoder.graph.output[0]
    ends = [cuts.picture] if cuts.picture else None
    if cuts.latent:
        shape: Shape | None = (numbers if told is None else numbers // 2,)
        return foreign_reading.network_of(model, "The decoder", shape, cuts.latent, ends)
    known = onnx_reading.input_of(model, "The decoder").shape
    shape = None if known else (numbers // 2,)
    found = foreign_reading.network_of(model, "The decoder", shape, None, ends)
    if len(found.graph.input) == 1:
        return found
    d = 1
    for side in found.graph.input:
        d *= side
    builder = Builder((d,))  # one that wants (d, 1, 1)
    return builder.build(builder.append(found, builder.reshape(INPUT, found.graph.input)))


def _smallest(model: onnx.ModelProto, name: str) -> int:
    """How many numbers its input has, as far as it tells: the encoder's has more."""
    shape = onnx_reading.input_of(model, name).shape
    count = 1
    for side in shape or (2**30,):
        count *= side
    return count


def _values(model: onnx.ModelProto) -> str:
    return ", ".join(short(name)[1:-1] for node in model.graph.node for name in node.output if name)
