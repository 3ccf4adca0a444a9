"""The nodes that a network is made of: what each takes, what tensors it owns, what comes out of it.

Names and attributes are ONNX's where ONNX has the operation; weights have PyTorch's layout. All shapes are those of one
image or latent vector: no node sees how many there are at once. Axes count from 0 within such a shape, (C, H, W) or
(n,). Three places know every node: `vae/model/networks.py` evaluates it with torch, `model_store/network/` in the
browser, and `tests/browser/explore/test_decoder.py` compares them.

Sources: ONNX operator schemas, opset 22 (https://onnx.ai/onnx/operators); PyTorch 2.14 modules of the same names.
"""

from __future__ import annotations

from vae.graph.nodes.base import MOST_RANK, MOST_SIDE, NO_PADS, Node, One, Pads, Shape, Sides, Steps, expect, shape_text
from vae.graph.nodes.elementwise import Activation, Arithmetic, Clip, Elementwise, Elu, LeakyRelu, PRelu
from vae.graph.nodes.layers import (
    Conv,
    ConvTranspose,
    Gemm,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
)
from vae.graph.nodes.moving import Concat, DepthToSpace, GlobalAveragePool, Pad, Pool, Reshape, Resize, Slice, Transpose

__all__ = [
    "MOST_RANK",
    "MOST_SIDE",
    "NO_PADS",
    "Activation",
    "Arithmetic",
    "Clip",
    "Concat",
    "Conv",
    "ConvTranspose",
    "DepthToSpace",
    "Elementwise",
    "Elu",
    "Gemm",
    "GlobalAveragePool",
    "GroupNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyRelu",
    "Node",
    "One",
    "PRelu",
    "Pad",
    "Pads",
    "Pool",
    "Reshape",
    "Resize",
    "Shape",
    "Sides",
    "Slice",
    "Steps",
    "Transpose",
    "expect",
    "shape_text",
]
