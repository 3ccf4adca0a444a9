"""A torch module or function as a graph: torch.export follows it once, and each operation becomes a node.

The module is followed with a few images at once. An operation that keeps that first axis is one for each image by
itself; one that doesn't (a batch's mean, say) is no network of single images, and refused.
Source: torch.export, core ATen operators (https://docs.pytorch.org/docs/2.14/export.html).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vae.adoption.aten import operations
from vae.adoption.aten.call import AtenCall
from vae.adoption.simplification import simplified
from vae.adoption.weighted_graph import INPUT, Builder, Each, WeightedGraph
from vae.errors import ConfigError
from vae.foreign.unknown import UnknownError
from vae.graph.nodes import Shape

AT_ONCE = 3  # images that it is followed with: a number that no layer has by accident

Function = Callable[[Tensor], Any]


@dataclass(frozen=True)
class Failed:
    """What an operation without a node gives: an error, unless nobody needs it."""

    error: ConfigError


class NotFollowedError(ConfigError):
    """torch.export can't follow somebody's code at all: no operation is to blame."""


class Followed(nn.Module):
    """A function or module whose answer is taken apart by `open` inside, so that export sees tensors."""

    def __init__(self, function: Function, taken: Callable[[Any], Tensor]) -> None:
        super().__init__()
        if isinstance(function, nn.Module):
            self.function = function
        else:
            self.function = _Called(function)
        self.taken = taken

    def forward(self, x: Tensor) -> Tensor:
        return self.taken(self.function(x))


class _Called(nn.Module):
    """A plain function; modules that it closes over or is a method of become parts, so that their weights are found."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.called = function
        owner = getattr(function, "__self__", None)
        if isinstance(owner, nn.Module):
            self.owner = owner

    def forward(self, x: Tensor) -> Any:
        return self.called(x)


def graph_of_module(module: nn.Module, given: Shape, what: str) -> WeightedGraph:
    """The network that `module` computes for (N, *given), with one tensor as its answer.

    Raises NotFollowedError, naming `what`, where torch.export can't follow it, and ConfigError where an operation has
    no node.
    """
    example = torch.rand(AT_ONCE, *given)
    try:
        with torch.no_grad():
            program = torch.export.export(module.eval(), (example,), strict=False).run_decompositions({})
    except Exception as error:  # whatever somebody's own code does
        raise NotFollowedError(
            f"torch.export can't follow the {what}: {type(error).__name__}: {error!s:.400}",
            "Branches that depend on values, and code outside torch, can't be followed. Export it to ONNX instead.",
        ) from error
    return simplified(_converted(program, given, what))


def _converted(program: torch.export.ExportedProgram, given: Shape, what: str) -> WeightedGraph:
    builder, found = Builder(given), dict[str, Any]()
    signature = program.graph_signature
    stored = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    constants = {**signature.inputs_to_lifted_tensor_constants}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            if node.name in stored:
                name = stored[node.name]
                tensor = program.state_dict[name] if name in program.state_dict else program.constants[name]
                found[node.name] = tensor.detach()
            elif node.name in constants:
                found[node.name] = program.constants[constants[node.name]].detach()
            elif node.name in signature.user_inputs:
                found[node.name] = Each(INPUT)
            else:
                found[node.name] = Failed(ConfigError(f"The {what} uses {node.name}, which is no tensor."))
        elif node.op == "call_function":
            try:
                found[node.name] = _called(builder, node, found, what)
            except ConfigError as error:
                found[node.name] = Failed(error)
        elif node.op == "output":
            answers = [found[argument.name] for argument in node.args[0]]
            if len(answers) == 1 and isinstance(answers[0], Failed):
                raise answers[0].error
            if len(answers) != 1 or not isinstance(answers[0], Each):
                raise ConfigError(f"The {what} does not answer with one tensor that depends on its input.")
            return builder.build(answers[0].place)
    raise ConfigError(f"The {what} has no output.")


def _called(builder: Builder, node: torch.fx.Node, found: dict[str, Any], what: str) -> Any:
    """What one operation gives: the place of a node, or a constant where it depends on no image."""
    arguments: Any = torch.fx.node.map_arg(node.args, lambda n: found[n.name])
    named: Any = torch.fx.node.map_arg(node.kwargs, lambda n: found[n.name])
    for value in _leaves([arguments, named]):
        if isinstance(value, Failed):
            return value
    if node.target is operator.getitem:
        return arguments[0][arguments[1]]
    name = str(node.target).removeprefix("aten.").rpartition(".")[0] or str(node.target)
    if not any(isinstance(value, Each) for value in _leaves([arguments, named])):
        return node.target(*arguments, **named)  # type: ignore[operator] # an operation of torch
    shape = _shape_of(node)
    if name not in operations.OPERATIONS:
        raise ConfigError(
            f"The {what} uses {node.target}, which this app does not know.",
            "Replace it by common layers: convolutions, linear ones, normalizations, activations, resizing.",
        )
    values = _by_name(node, arguments, named)
    try:
        answer = operations.OPERATIONS[name](AtenCall(builder, values, shape))
    except UnknownError as error:
        raise ConfigError(f"The {what} uses {node.target} {error}, which this app does not know.") from error
    except ConfigError as error:
        raise ConfigError(f"The {what}, {node.target}: {error.message}", error.hint) from error
    if shape is not None and isinstance(answer, Each) and builder.shape(answer.place) != shape:
        raise ConfigError(
            f"The {what}, {node.target}: torch gives {shape}, this app {builder.shape(answer.place)} for one image."
        )
    return answer


def _shape_of(node: torch.fx.Node) -> Shape | None:
    """Of one image; None where there are several results."""
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        return None
    if value.ndim == 0 or value.shape[0] != AT_ONCE:
        raise ConfigError(
            f"{node.target} gives {tuple(value.shape)} for {AT_ONCE} images, expected something of each by itself."
        )
    return tuple(map(int, value.shape[1:]))


def _by_name(node: torch.fx.Node, arguments: Any, named: Any) -> dict[str, Any]:
    schema = node.target._schema.arguments  # type: ignore[union-attr] # every operation of torch has one
    values = {argument.name: argument.default_value for argument in schema if argument.has_default_value()}
    return values | dict(zip((argument.name for argument in schema), arguments, strict=False)) | dict(named)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in _leaves(v)]
    if isinstance(value, list | tuple):
        return [leaf for v in value for leaf in _leaves(v)]
    return [value]
