"""Which layers are the encoder, which its heads, which the decoder: by their names, and where these tell nothing by
their order and shapes."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from vae.adoption.weights.state_dict import Layer, listed, told
from vae.errors import ConfigError

ENCODER, DECODER = re.compile(r"enc|recogni|inference", re.IGNORECASE), re.compile(r"dec|generat", re.IGNORECASE)
SPREAD = re.compile(r"var|sigma|std|scale|fc22\b|lv\b", re.IGNORECASE)
MEAN = re.compile(r"mu|mean|loc\b|fc21\b", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Parts:
    """`heads` are mu's and the log variance's layer, or empty where the encoder's last layer gives both at once."""

    encoder: tuple[Layer, ...]
    heads: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    latent_dim: int


def parts_of(layers: list[Layer]) -> Parts:
    """The parts, by the layers in their order; where that makes no sense, in that of their names, or with the
    decoder's linear layers before its convolutions: safetensors keeps no order, and fc21 may be meant before fc3.

    Raises ConfigError, with every layer listed, where no two heads and no joint one can be found.
    """
    try:
        return _in_order(layers)
    except ConfigError:
        by_name = sorted(layers, key=lambda layer: layer.name)
        linear_first = sorted(
            layers, key=lambda layer: _is_decoder(layer) + (_is_decoder(layer) and layer.kind == "conv")
        )
        for order in (by_name, linear_first):
            with contextlib.suppress(ConfigError):
                return _in_order(order)
        raise


def _in_order(layers: list[Layer]) -> Parts:
    if all(bool(ENCODER.search(one.name)) != bool(DECODER.search(one.name)) for one in layers):
        layers = sorted(layers, key=_is_decoder)  # files that sort their keys have the decoder first
    heads = _heads(layers)
    if heads:
        mu, spread = heads
        d = _outputs(layers[mu])
        before = [layer for i, layer in enumerate(layers) if i < min(heads) and not _is_decoder(layer)]
        decoder = [
            layer
            for i, layer in enumerate(layers)
            if i not in heads and (i > max(heads) or _is_decoder(layer)) and not ENCODER.search(layer.name)
        ]
        _check(decoder, d, layers)
        return Parts(tuple(before), (layers[mu], layers[spread]), tuple(decoder), d)
    cut = _joint(layers)
    return Parts(tuple(layers[:cut]), (), tuple(layers[cut:]), _outputs(layers[cut - 1]) // 2)


def _is_decoder(layer: Layer) -> bool:
    return bool(DECODER.search(layer.name)) and not ENCODER.search(layer.name)


def _heads(layers: list[Layer]) -> tuple[int, int] | None:
    """Places of two layers of one shape, of which names say that they are mu's and the log variance's."""
    for i, layer in enumerate(layers):
        last = layer.name.rpartition(".")[2] if not layer.name.rpartition(".")[2].isdigit() else layer.name
        if layer.kind == "norm" or not SPREAD.search(last):
            continue
        same = [
            j
            for j, other in enumerate(layers)
            if j != i and other.kind == layer.kind and other.shape == layer.shape and abs(i - j) <= 2
        ]
        named = [j for j in same if MEAN.search(layers[j].name.rpartition(".")[2]) or MEAN.search(layers[j].name)]
        if named or same:
            return (named or same)[0], i
    return None


def _joint(layers: list[Layer]) -> int:
    """Where the decoder begins: at a layer of d inputs after one of 2d outputs."""
    for cut in range(1, len(layers)):
        before, after = layers[cut - 1], layers[cut]
        if after.kind != "linear" or before.kind == "norm":
            continue
        named = _is_decoder(after) and not _is_decoder(before)
        if after.shape[1] * 2 == _outputs(before) and (named or not any(map(_is_decoder, layers))):
            return cut
    raise ConfigError(
        f"No latent space was found among {_listed(layers)}; expected two layers of one shape called mu and var, or a "
        "last encoder layer with twice as many outputs as the first decoder layer has inputs."
    )


def _check(decoder: list[Layer], d: int, layers: list[Layer]) -> None:
    first = next((layer for layer in decoder if layer.kind != "norm"), None)
    inputs = None if first is None else first.shape[1] if first.kind == "linear" else first.shape[0]
    if first is None or inputs != d:
        found = "nothing" if first is None else told(first.name, first.weight)
        raise ConfigError(
            f"The decoder begins with {found}, expected a layer of {d} inputs. The file has {_listed(layers)}."
        )


def _outputs(layer: Layer) -> int:
    return layer.shape[0]


def _listed(layers: list[Layer]) -> str:
    return listed([told(layer.name, layer.weight) for layer in layers])
