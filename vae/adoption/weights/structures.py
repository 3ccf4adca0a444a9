"""How convolutions can be strided and padded so that sizes come out: all ways, the usual ones first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from vae.adoption.weights.state_dict import Layer
from vae.graph.nodes import Shape

MOST_WAYS = 6  # that are tried
Way = Literal["stride 2", "stride 1", "stride 2, unpadded", "stride 1, unpadded", "pooled", "upsampled"]
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


def encoder_ways(layers: Sequence[Layer], image: Shape, flat: int | None) -> list[tuple[Step, ...]]:
    """Steps for the convolutions among `layers`, so that images become `flat` numbers (None: whatever comes out)."""
    convolutions = [layer for layer in layers if layer.kind == "conv"]
    found = []
    for steps in _encoder(convolutions, image):
        found.append(steps)
        if len(found) >= 400:
            break
    fitting = [steps for steps in found if flat is None or _numbers(convolutions, image, steps) == flat]
    return fitting[:MOST_WAYS]


def _encoder(layers: Sequence[Layer], image: Shape) -> Iterator[tuple[Step, ...]]:
    if not layers:
        yield ()
        return
    outputs, channels, kernel, _ = layers[0].shape
    if channels != image[0]:
        return
    for step in _encoder_steps(kernel):
        sides = [_convolved(side, kernel, step) // step.resized for side in image[1:]]
        if min(sides) < 1:
            continue
        for rest in _encoder(layers[1:], (outputs, *sides)):
            yield (step, *rest)


def _encoder_steps(kernel: int) -> list[Step]:
    pad = HALVING.get(kernel, 0)
    steps = [Step("stride 2", False, 2, pad)]
    if kernel % 2:
        steps += [Step("stride 1", False, 1, kernel // 2), Step("pooled", False, 1, kernel // 2, resized=2)]
    steps.append(Step("stride 2, unpadded", False, 2, 0))
    steps.append(Step("stride 1, unpadded", False, 1, 0))
    return list(dict.fromkeys(steps))


def _numbers(layers: Sequence[Layer], image: Shape, steps: Sequence[Step]) -> int:
    shape = image
    for layer, step in zip(layers, steps, strict=True):
        sides = [_convolved(side, layer.shape[2], step) // step.resized for side in shape[1:]]
        shape = (layer.shape[0], *sides)
    return math.prod(shape)


def decoder_ways(layers: Sequence[Layer], core: Shape, image: Shape) -> list[tuple[Step, ...]]:
    """Steps for the convolutions among `layers`, so that an image `core` becomes one of shape `image`."""
    convolutions = [layer for layer in layers if layer.kind == "conv"]
    found = []
    for steps in _decoder(convolutions, core, image):
        found.append(steps)
        if len(found) >= MOST_WAYS:
            break
    return found


def _decoder(layers: Sequence[Layer], shape: Shape, image: Shape) -> Iterator[tuple[Step, ...]]:
    if not layers:
        if shape == image:
            yield ()
        return
    if any(side > end for side, end in zip(shape[1:], image[1:], strict=True)):
        return
    for step in _decoder_steps(layers[0], shape[0]):
        outputs = layers[0].shape[1] if step.transposed else layers[0].shape[0]
        kernel = layers[0].shape[2]
        sides = [_enlarged(side, kernel, step) for side in shape[1:]]
        if min(sides) >= 1:
            for rest in _decoder(layers[1:], (outputs, *sides), image):
                yield (step, *rest)


def _decoder_steps(layer: Layer, channels: int) -> list[Step]:
    first, second, kernel, _ = layer.shape
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


def _convolved(side: int, kernel: int, step: Step) -> int:
    return (side + 2 * step.padding - kernel) // step.stride + 1


def _enlarged(side: int, kernel: int, step: Step) -> int:
    if step.transposed:
        return (side - 1) * step.stride - 2 * step.padding + kernel + step.output_padding
    return _convolved(side * step.resized, kernel, step)
