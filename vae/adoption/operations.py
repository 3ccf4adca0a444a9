"""What operations of torch and of ONNX have in common on their way to nodes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Each:
    """A value that each image has its own of: the output of a node."""

    place: int


class UnknownError(Exception):
    """A use of an operation that has no node."""
