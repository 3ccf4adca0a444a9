"""A VAE that somebody has in Python, adopted: `vae.adopt`."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CellType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vae.adoption import adopting, answers, judging
from vae.adoption.adopting import Adopted, Destination
from vae.adoption.candidates import Wishes, readings_of
from vae.adoption.judging import ModelReading
from vae.adoption.meaning import EncoderAnswer
from vae.adoption.torch_export import AT_ONCE, Followed, NotFollowedError, graph_of_module
from vae.adoption.torch_onnx import kept_network
from vae.adoption.weighted_graph import WeightedGraph
from vae.data import datasets, import_arrays, imported_dataset
from vae.errors import ConfigError
from vae.graph.nodes import Shape
from vae.model.pixels import to_unit

Network = nn.Module | Callable[[Tensor], Any]
AGREES = 1e-4  # of the largest answer: so near the graph must be to what the person's own code gives


class KeptInOnnxWarning(UserWarning):
    """A network was adopted, but ONNX Runtime runs it."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """An encoder followed: its graph, and how its answer, of so many numbers, is meant where that was told."""

    network: WeightedGraph
    answer: EncoderAnswer | None
    numbers: int
    note: str


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A decoder followed, of d latent dimensions."""

    network: WeightedGraph
    d: int
    note: str


@dataclass(frozen=True, eq=False)
class _Network:
    """A function's graph. `note` says what a person should know of it: that ONNX Runtime runs it, and why."""

    graph: WeightedGraph
    note: str = ""


def adopt(
    name: str,
    *,
    encoder: Network,
    decoder: Network,
    dataset: str | None = None,
    images: NDArray[Any] | None = None,
    labels: Sequence[int] | NDArray[np.integer] | None = None,
    class_names: Sequence[str] | None = None,
    latent_dim: int | None = None,
    pixels: str | None = None,
    logits: bool | None = None,
    likelihood: str | None = None,
) -> Adopted:
    """Make model `name` of the app out of a VAE that was trained elsewhere.

    Parameters
    ----------
    encoder
        A module or function of images (N, C, H, W), (N, H, W, C) or (N, C·H·W). It may answer with (mu, logvar), one
        joined tensor, a distribution, a dictionary, or mu alone.
    decoder
        A module or function of latents (N, d), giving pixels or logits in any of those shapes.
    dataset
        A data set of the app, by name; its test images are mapped. Or:
    images, labels, class_names
        Images (N, C, H, W) or (N, H, W[, C]), uint8 or in [0, 1]; they become the data set `<name>-images`. A class
        for each, by number; its name.
    latent_dim
        d, where one joined tensor doesn't tell it.
    pixels
        How the model has pixels that are [0, 1] here: `unit`, `signed` (−1 to 1), `bytes`, `mnist`, `imagenet`
        (standardized). Without it, what reconstructs best.
    logits
        Whether the decoder gives logits; without it, what reconstructs best.
    likelihood
        `bernoulli` or `gaussian`, by which the loss is measured.

    Raises
    ------
    ConfigError
        For a network that can't be followed, or whose answers don't fit.
    DatasetError, CheckpointError
        For images that can't be used, and a name that is taken.
    """
    Destination(name).check()
    wishes = Wishes(pixels, logits, likelihood)
    if dataset is None:
        with _own_images(name, images, labels, class_names) as made:
            return _adopted(name, encoder, decoder, made, latent_dim, wishes)
    return _adopted(name, encoder, decoder, dataset, latent_dim, wishes)


def _adopted(
    name: str, encoder: Network, decoder: Network, dataset: str, latent_dim: int | None, wishes: Wishes
) -> Adopted:
    shown = datasets.load(dataset, "test").images
    x = to_unit(torch.tensor(np.asarray(shown[:AT_ONCE])))
    if len(x) < AT_ONCE:
        x = x.repeat(AT_ONCE, 1, 1, 1)[:AT_ONCE]
    shape = (int(x.shape[1]), int(x.shape[2]), int(x.shape[3]))
    with _evaluating(encoder), _evaluating(decoder):
        seen = _seen_encoder(encoder, x)
        drawn = _seen_decoder(decoder, seen, latent_dim, shape)
    wishes = dataclasses.replace(wishes, answer=seen.answer)
    readings = readings_of(seen.network, drawn.network, shape, drawn.d, wishes)
    ranking = judging.ranked(readings, datasets.load(dataset, "train").images)
    if not ranking.judged:
        raise ConfigError(f"The model can't be evaluated: {'; '.join(ranking.problems)}")
    notes = tuple(filter(None, (seen.note, drawn.note)))
    origin = " ".join(["Adopted from Python.", _told(ranking.best.reading), *notes])
    command = f"vae.adopt({name!r}, …, dataset={dataset!r})"
    adopted = adopting.write(Destination(name), ranking, dataset, origin, command)
    for note in notes:
        warnings.warn(note, KeptInOnnxWarning, stacklevel=3)
    return dataclasses.replace(adopted, notes=notes)


def _told(reading: ModelReading) -> str:
    return " ".join(f"{name}: {choice}." for name, choice in reading.choices.items())


@contextmanager
def _own_images(
    name: str,
    images: NDArray[Any] | None,
    labels: Sequence[int] | NDArray[np.integer] | None,
    class_names: Sequence[str] | None,
) -> Iterator[str]:
    """The name of a data set that these images become, unless what is done with it inside fails."""
    if images is None:
        raise ConfigError("Neither dataset nor images were given, expected one of them: a map needs images.")
    made = f"{name}-images"[:60]
    import_arrays.write(made, images, labels, class_names)
    try:
        yield made
    except BaseException:
        shutil.rmtree(imported_dataset.folder_of(made), ignore_errors=True)
        raise


@contextmanager
def _evaluating(network: Network) -> Iterator[None]:
    """In evaluation mode, on whatever device it is; left as it was."""
    training = [part for module in _modules_of(network) for part in module.modules() if part.training]
    checked = torch.distributions.Distribution._validate_args  # has no getter
    torch.distributions.Distribution.set_default_validate_args(False)  # checks depend on values: not to be followed
    try:
        for part in training:
            part.training = False
        yield
    finally:
        torch.distributions.Distribution.set_default_validate_args(checked)
        for part in training:
            part.training = True


def _modules_of(network: Any) -> list[nn.Module]:
    """The module that it is, is a method of, or, as `lambda x: model.encode(x)`, speaks of."""
    if isinstance(network, nn.Module):
        return [network]
    if isinstance(network, functools.partial):
        return [m for one in (network.func, *network.args, *network.keywords.values()) for m in _modules_of(one)]
    said = [getattr(network, "__self__", None)]
    said += [cell.cell_contents for cell in getattr(network, "__closure__", None) or () if cell != CellType()]
    code, known = getattr(network, "__code__", None), getattr(network, "__globals__", {})
    said += [known.get(name) for name in (code.co_names if code else ())]
    return [one for one in said if isinstance(one, nn.Module)]


# --- following --------------------------------------------------------------------------------------------------------


def _seen_encoder(encoder: Network, x: Tensor) -> _Seen:
    """In the first layout of images that it takes."""
    problems = []
    for given in (x, x.flatten(1), x.permute(0, 2, 3, 1).contiguous()):
        try:
            with torch.no_grad():
                first, second = encoder(given), encoder(given)
        except Exception as error:  # whatever somebody's own code raises for a shape that it doesn't want
            problems.append(f"{tuple(given.shape)}: {type(error).__name__}: {error!s:.150}")
            continue
        opened = answers.encoder_answer(first, second, len(x))
        network = _followed(encoder, opened.take, given, "encoder")
        return _Seen(network.graph, opened.answer, opened.numbers, network.note)
    raise ConfigError(
        f"The encoder takes these images in no layout. It said for {'; for '.join(problems)}.",
        "Are these the images that it was trained on, at that size?",
    )


def _seen_decoder(decoder: Network, seen: _Seen, latent_dim: int | None, shape: Shape) -> _Drawn:
    sizes = _latent_dims(seen, latent_dim)
    problems = []
    for d in sizes:
        for given in ((d,), (d, 1, 1)):
            z = torch.randn(AT_ONCE, *given, generator=torch.Generator().manual_seed(0))
            try:
                with torch.no_grad():
                    answer = decoder(z)
            except Exception as error:  # as above
                problems.append(f"{tuple(z.shape)}: {type(error).__name__}: {error!s:.150}")
                continue
            take = answers.decoder_answer(answer, int(np.prod(shape)))
            network = _followed(decoder, take, z, "decoder")
            return _Drawn(_from_vector(network.graph, d), d, network.note)
    raise ConfigError(f"The decoder takes no latents of the encoder's size. It said for {'; for '.join(problems)}.")


def _latent_dims(seen: _Seen, latent_dim: int | None) -> list[int]:
    if latent_dim is not None:
        return [latent_dim]
    if seen.answer is not None:
        return [seen.numbers if seen.answer.spread is None else seen.numbers // 2]
    return [seen.numbers // 2, seen.numbers] if seen.numbers % 2 == 0 else [seen.numbers]


def _from_vector(network: WeightedGraph, d: int) -> WeightedGraph:
    """A decoder of (d,), also where it wants (d, 1, 1)."""
    from vae.adoption.weighted_graph import INPUT, Builder

    if network.graph.input == (d,):
        return network
    builder = Builder((d,))
    return builder.build(builder.append(network, builder.reshape(INPUT, network.graph.input)))


def _followed(function: Network, take: answers.Opening, given: Tensor, what: str) -> _Network:
    """The graph, which gives what the function gives; ONNX Runtime runs what has operations without a node."""
    opened = Followed(function, take)
    shape = tuple(map(int, given.shape[1:]))
    network = _network_of(opened, shape, what)
    x = torch.cat([given, given.flip(0) * 0.5])  # another number of them, and others
    with torch.no_grad():
        expected = opened(x).float()
    found = judging.module_of(network.graph)(x)
    apart = float((found.flatten(1) - expected.flatten(1)).abs().max())
    scale = max(1.0, float(expected.abs().max()))
    if not apart <= AGREES * scale:
        raise ConfigError(
            f"The {what}'s graph gives answers up to {apart:.2g} apart from its own.",
            "It may depend on randomness, on the other images of a batch, or on how many there are.",
        )
    return network


def _network_of(opened: Followed, shape: Shape, what: str) -> _Network:
    try:
        return _Network(graph_of_module(opened, shape, what))
    except NotFollowedError:
        raise
    except ConfigError as unknown:
        kept = kept_network(opened, shape, what, unknown)
        return _Network(
            kept,
            f"{unknown.message} So it is kept in ONNX, and ONNX Runtime runs it: while a slider moves, the server "
            "decodes and not the page; what needs gradients (likelihood regret) can't be measured.",
        )
