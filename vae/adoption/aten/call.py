"""One operation of torch as it is called, and what its arguments are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vae.adoption.weighted_graph import Builder, Each
from vae.errors import ConfigError
from vae.foreign.unknown import UnknownError
from vae.graph.nodes import Shape


@dataclass(frozen=True)
class AtenCall:
    """One operation with its arguments by name; `shape` is what comes out for one image."""

    builder: Builder
    values: dict[str, Any]
    shape: Shape | None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def place(self, name: str = "self") -> int:
        """Of the node that an argument is the output of. Raises UnknownError for a constant."""
        value = self.values[name]
        if not isinstance(value, Each):
            raise UnknownError(f"with a constant {name}")
        return value.place

    def array(self, name: str) -> NDArray[Any] | None:
        """A constant argument. Raises UnknownError for one that depends on the image."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, Each):
            raise UnknownError(f"with a {name} that depends on the image")
        return np.asarray(value.detach().cpu().numpy() if isinstance(value, Tensor) else value, np.float64)

    def given(self, name: str = "self") -> Shape:
        """The shape of one image's argument."""
        return self.builder.shape(self.place(name))

    def axis(self, dim: int, rank: int) -> int:
        """Of one image, counted from 0. Raises UnknownError for that of the batch."""
        axis = dim % (rank + 1) - 1
        if axis < 0:
            raise UnknownError("along the axis of the images")
        return axis


Operation = Callable[[AtenCall], Any]


def needed(array: NDArray[Any] | None) -> NDArray[Any]:
    """Raise ConfigError for None."""
    if array is None:
        raise ConfigError("A weight is missing.")
    return array


def pair(value: Any) -> tuple[int, int]:
    """Vertical and horizontal, of one number for both or one of each."""
    both = [int(v) for v in (value if isinstance(value, Sequence) else (value, value))]
    return (both[0], both[-1])
