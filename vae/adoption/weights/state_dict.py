"""A file's tensors as layers, in the order in which they were defined."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from vae.adoption.weighted_graph import FloatArray
from vae.errors import ConfigError
from vae.graph.nodes import Shape
from vae.storage.validation import short

ROLES = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
Kind = Literal["linear", "conv", "norm"]
MOST_LAYERS = 200
MOST_TOLD = 8  # tensors in a message
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer's tensors. A conv's weight is (out, in, kh, kw), or (in, out, kh, kw) where it is transposed."""

    name: str
    kind: Kind
    weight: FloatArray
    bias: FloatArray | None = None
    running_mean: FloatArray | None = None
    running_var: FloatArray | None = None

    @property
    def shape(self) -> Shape:
        """Of its weight."""
        return self.weight.shape


@dataclass
class _Gathered:
    tensors: dict[str, FloatArray] = field(default_factory=dict)


def layers_of(tensors: Mapping[str, NDArray[np.generic]]) -> list[Layer]:
    """The layers in the order of their keys, which is that of their definition.

    Raises ConfigError that lists the keys of what is no layer.
    """
    modules: dict[str, _Gathered] = {}
    strange: list[str] = []
    for key, array in tensors.items():
        name, _, role = key.rpartition(".")
        if role not in ROLES or not name:
            strange.append(told(key, array))
        elif role != "num_batches_tracked":
            modules.setdefault(name, _Gathered()).tensors[role] = np.asarray(array, np.float32)
    layers = []
    for name, module in modules.items():
        layer = _layer(name, module.tensors)
        if layer is None:
            strange += [told(f"{name}.{role}", array) for role, array in module.tensors.items()]
        else:
            layers.append(layer)
    if strange:
        raise ConfigError(
            f"Found {listed(strange)}; expected the weight, bias, running_mean and running_var of linear layers, 2-D "
            "convolutions and their normalizations."
        )
    if not 2 <= len(layers) <= MOST_LAYERS:
        raise ConfigError(f"The file has {len(layers)} layers, expected 2 to {MOST_LAYERS}.")
    return layers


def _layer(name: str, tensors: Mapping[str, FloatArray]) -> Layer | None:
    weight = tensors.get("weight")
    if weight is None or not all(np.isfinite(array).all() for array in tensors.values()):
        return None
    kind: Kind | None = {1: "norm", 2: "linear", 4: "conv"}.get(weight.ndim)  # type: ignore[assignment] # literals
    if kind is None or min(weight.shape) < 1:
        return None
    outputs = {(weight.shape[0],), (weight.shape[min(1, weight.ndim - 1)],)}  # the second: of a transposed convolution
    if any(array.shape not in outputs for role, array in tensors.items() if role != "weight"):
        return None
    if kind != "norm" and not tensors.keys() <= {"weight", "bias"}:
        return None
    return Layer(name, kind, weight, tensors.get("bias"), tensors.get("running_mean"), tensors.get("running_var"))


def without_wrappers(tensors: Mapping[str, T]) -> dict[str, T]:
    """Keys without what all of them begin with: `model.`, `module.`, `_orig_mod.`, a Lightning module's own name."""
    found = dict(tensors)
    while found:
        heads = {key.split(".", 1)[0] for key in found}
        if len(heads) != 1 or not all(key.count(".") >= 2 for key in found) or re.search("enc|dec", next(iter(heads))):
            return found
        found = {key.split(".", 1)[1]: array for key, array in found.items()}
    return found


def told(name: str, array: NDArray[np.generic]) -> str:
    """A tensor in a message."""
    finite = array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
    return f"{short(name)[1:-1]} {array.shape}{'' if finite else ' with numbers that are not finite'}"


def listed(names: Sequence[str]) -> str:
    """The first of many."""
    return ", ".join(names[:MOST_TOLD]) + (f" and {len(names) - MOST_TOLD:,} more" if len(names) > MOST_TOLD else "")
