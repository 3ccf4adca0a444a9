"""How convolutions can be strided and padded so that sizes come out: all ways, the usual ones first."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from vae.adoption.weights.state_dict import Layer
from vae.graph.nodes import MOST_SIDE, Shape

MOST_WAYS = 6  # that are tried
MOST_FOUND = 500  # of one family, from which these are taken
Way = Literal["stride 2", "stride 1", "stride 2, unpadded", "stride 1, unpadded", "pooled", "upsampled"]
# Ways that people mix in one network. Each of the first is looked for; the others where these find nothing.
FIRST: tuple[frozenset[Way], ...] = (
    frozenset({"stride 2", "stride 1"}),
    frozenset({"pooled", "upsampled", "stride 1"}),
    frozenset({"stride 2, unpadded", "stride 1, unpadded"}),
)
RARER: tuple[frozenset[Way], ...] = (
    frozenset({"stride 2", "stride 1", "stride 1, unpadded"}),
    frozenset({"pooled", "upsampled", "stride 1", "stride 1, unpadded"}),
    frozenset(get_args(Way)),
)
# A kernel's padding that keeps or halves sides, and the output padding by which a transposed one doubles them.
HALVING = {2: 0, 3: 1, 4: 1, 5: 2, 6: 2, 7: 3}


@dataclass(frozen=True)
class Step:
    """How one convolution is applied."""

    way: Way
    transposed: bool
    stride: int
    padding: int
    output_padding: int = 0
    resized: int = 1  # pooled by so much afterwards, or enlarged before

    @property
    def keeps_size(self) -> bool:
        """Whether it neither strides nor resizes."""
        return self.stride == self.resized == 1


Steps = tuple[Step, ...]
Choices = Callable[[Layer, Shape], list[Step]]
Applied = Callable[[Layer, Step, Shape], Shape]


def encoder_ways(layers: Sequence[Layer], image: Shape, flat: int | None) -> list[Steps]:
    """Steps for the convolutions among `layers`, so that images become `flat` numbers (None: whatever comes out)."""
    ends = (lambda shape: True) if flat is None else (lambda shape: math.prod(shape) == flat)
    return _ways(layers, image, _encoder_steps, _shrunk, ends)


def decoder_ways(layers: Sequence[Layer], core: Shape, image: Shape) -> list[Steps]:
    """Steps for the convolutions among `layers`, so that an image `core` becomes one of shape `image`."""
    return _ways(layers, core, _decoder_steps, _grown, lambda shape: shape == image)


def _ways(
    layers: Sequence[Layer], given: Shape, choices: Choices, applied: Applied, ends: Callable[[Shape], bool]
) -> list[Steps]:
    convolutions = [layer for layer in layers if layer.kind == "conv"]
    for families in (FIRST, *((family,) for family in RARER)):
        found: dict[tuple[tuple[object, ...], ...], Steps] = {}
        for family in families:
            search = _Search(convolutions, family, choices, applied, ends)
            several = sorted(itertools.islice(search.steps(0, given), MOST_FOUND), key=_odd(convolutions))
            for steps in several[: MOST_WAYS // 2 if len(families) > 1 else MOST_WAYS]:
                found.setdefault(tuple(dataclasses.astuple(step)[1:] for step in steps), steps)
        if found:
            return list(found.values())[:MOST_WAYS]
    return []


class _Search:
    """All steps of one family that end where they should; a way that can't is not followed."""

    def __init__(
        self,
        layers: Sequence[Layer],
        family: frozenset[Way],
        choices: Choices,
        applied: Applied,
        ends: Callable[[Shape], bool],
    ) -> None:
        self.layers, self.family, self.choices, self.applied, self.ends = layers, family, choices, applied, ends
        self.known: dict[tuple[int, Shape], bool] = {}

    def steps(self, place: int, shape: Shape) -> Iterator[Steps]:
        """From the layer at `place` on, which is given `shape`."""
        if place == len(self.layers):
            if self.ends(shape):
                yield ()
            return
        for step, after in self._next(place, shape):
            if self._leads_there(place + 1, after):
                for rest in self.steps(place + 1, after):
                    yield (step, *rest)

    def _next(self, place: int, shape: Shape) -> Iterator[tuple[Step, Shape]]:
        layer = self.layers[place]
        for step in self.choices(layer, shape):
            if step.way in self.family:
                after = self.applied(layer, step, shape)
                if min(after) >= 1 and max(after[1:]) <= MOST_SIDE:
                    yield step, after

    def _leads_there(self, place: int, shape: Shape) -> bool:
        if place == len(self.layers):
            return self.ends(shape)
        key = (place, shape)
        if key not in self.known:
            self.known[key] = any(self._leads_there(place + 1, after) for _, after in self._next(place, shape))
        return self.known[key]


def _odd(layers: Sequence[Layer]) -> Callable[[Steps], int]:
    """How many layers change the size of images where channels stay as they are: fewer is more common."""

    def count(steps: Steps) -> int:
        same = [layer.shape[0] == layer.shape[1] for layer in layers]
        return sum(not step.keeps_size and stays for step, stays in zip(steps, same, strict=True))

    return count


def _encoder_steps(layer: Layer, shape: Shape) -> list[Step]:
    _, channels, kernel, _ = layer.shape
    if channels != shape[0]:
        return []
    pad = HALVING.get(kernel, 0)
    steps = [Step("stride 2", False, 2, pad)]
    if kernel % 2:
        steps += [Step("stride 1", False, 1, kernel // 2), Step("pooled", False, 1, kernel // 2, resized=2)]
    return [*steps, Step("stride 2, unpadded", False, 2, 0), Step("stride 1, unpadded", False, 1, 0)]


def _decoder_steps(layer: Layer, shape: Shape) -> list[Step]:
    first, second, kernel, _ = layer.shape
    channels = shape[0]
    steps: list[Step] = []
    if first == channels:  # (in, out, …)
        pad = HALVING.get(kernel, 0)
        steps.append(Step("stride 2", True, 2, pad, 2 + 2 * pad - kernel if kernel < 2 + 2 * pad else 0))
        steps.append(Step("stride 2, unpadded", True, 2, 0))
        if kernel % 2:
            steps.append(Step("stride 1", True, 1, kernel // 2))
        steps.append(Step("stride 1, unpadded", True, 1, 0))
        steps.append(Step("stride 2", True, 2, pad, 0))
    if second == channels and kernel % 2:
        steps.append(Step("stride 1", False, 1, kernel // 2))
        steps.append(Step("upsampled", False, 1, kernel // 2, resized=2))
    return list(dict.fromkeys(steps))


def _shrunk(layer: Layer, step: Step, shape: Shape) -> Shape:
    return (layer.shape[0], *(_convolved(side, layer.shape[2], step) // step.resized for side in shape[1:]))


def _grown(layer: Layer, step: Step, shape: Shape) -> Shape:
    outputs = layer.shape[1] if step.transposed else layer.shape[0]
    return (outputs, *(_enlarged(side, layer.shape[2], step) for side in shape[1:]))


def _convolved(side: int, kernel: int, step: Step) -> int:
    return (side + 2 * step.padding - kernel) // step.stride + 1


def _enlarged(side: int, kernel: int, step: Step) -> int:
    if step.transposed:
        return (side - 1) * step.stride - 2 * step.padding + kernel + step.output_padding
    return _convolved(side * step.resized, kernel, step)
