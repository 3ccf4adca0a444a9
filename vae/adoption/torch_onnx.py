"""A torch module whose operations have no node: exported to ONNX and kept, a network that ONNX Runtime evaluates.

By torch's tracing exporter, which needs no further package; its successor wants onnxscript. Tracing follows one way
through the code: whoever calls this compares the answers for other images with the code's own.
"""

from __future__ import annotations

import io
import warnings

import torch
from torch import nn

from vae.adoption import foreign_reading
from vae.adoption.weighted_graph import WeightedGraph
from vae.errors import ConfigError
from vae.foreign import onnx_file
from vae.graph.nodes import Shape

OPSET = 18
AT_ONCE = 3  # images that it is traced with
GIVEN, ANSWER, IMAGES = "x", "y", "N"
BY_HAND = (
    "Replace the operation by common layers (convolutions, linear ones, normalizations, activations, resizing), or "
    "export it to ONNX yourself and load that: python -m vae adopt NAME --onnx encoder.onnx decoder.onnx --dataset …"
)


def kept_network(module: nn.Module, given: Shape, what: str, unknown: ConfigError) -> WeightedGraph:
    """The network that `module` computes for (N, *given), kept in ONNX because of `unknown`.

    Raises ConfigError, which says both what is unknown and why ONNX doesn't help, where it can't be kept either.
    """
    try:
        return foreign_reading.network_of(onnx_file.read(_exported(module.eval(), given), what), f"The {what}")
    except ConfigError as error:
        raise ConfigError(f"{unknown.message} In ONNX it can't be kept either: {error.message}", BY_HAND) from error


def _exported(module: nn.Module, given: Shape) -> bytes:
    written = io.BytesIO()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is the older exporter, and where it follows one way only
            torch.onnx.export(
                module,
                (torch.rand(AT_ONCE, *given),),
                written,  # type: ignore[arg-type] # the tracing exporter writes into memory, too
                input_names=[GIVEN],
                output_names=[ANSWER],
                dynamic_axes={GIVEN: {0: IMAGES}, ANSWER: {0: IMAGES}},
                opset_version=OPSET,
                dynamo=False,
            )
    except Exception as error:  # whatever the exporter or somebody's own code raises
        said = " ".join(str(error).split())[:300]
        raise ConfigError(f"torch.onnx.export says {type(error).__name__}: {said}") from error
    return written.getvalue()
