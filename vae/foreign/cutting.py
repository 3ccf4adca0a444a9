"""A part of an ONNX model as a model of its own: from one value to others, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from vae.errors import ConfigError
from vae.foreign.onnx_file import DOMAINS, opset_of, shown
from vae.graph.nodes import Shape

NEWEST_FORMAT = 10  # of the file itself, which every runtime of these years reads


def part(
    model: onnx.ModelProto, start: str, ends: Sequence[str], given: Shape, together: int, what: str
) -> onnx.ModelProto:
    """The way from `start`, (together, *given) where that is above 0 and (N, *given) else, to `ends`.

    Raises ConfigError, naming `what`, where values are missing or not made from `start`.
    """
    makers = {name: node for node in model.graph.node for name in node.output if name}
    kept = {tensor.name: tensor for tensor in model.graph.initializer}
    wanted, seen, ahead = set[int](), {start}, list(ends)
    while ahead:
        name = ahead.pop()
        if not name or name in seen:
            continue
        seen.add(name)
        if name in kept:
            continue
        if name not in makers:
            raise ConfigError(
                f"{what} reads {shown(name)}, which nothing in it makes.",
                "The file is damaged, or it is cut at the wrong place.",
            )
        wanted.add(id(makers[name]))
        ahead += makers[name].input
    first = onnx.helper.make_tensor_value_info(start, _type_of(model, start), [together or "N", *given])
    last = [onnx.helper.make_empty_tensor_value_info(name) for name in ends]
    graph = onnx.helper.make_graph(
        [node for node in model.graph.node if id(node) in wanted],
        "network",
        [first],
        last,
        [tensor for name, tensor in kept.items() if name in seen and name != start],
    )
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid(DOMAINS[0], opset_of(model))])
    made.ir_version = min(int(model.ir_version) or NEWEST_FORMAT, made.ir_version)
    return made


def _type_of(model: onnx.ModelProto, name: str) -> int:
    found = [one.type.tensor_type.elem_type for one in model.graph.input if one.name == name]
    return int(found[0]) if found and found[0] else onnx.TensorProto.FLOAT
