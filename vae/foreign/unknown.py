"""What is said of an operation that is not done here."""

from __future__ import annotations


class UnknownError(Exception):
    """A use of an operation of torch or ONNX that has no node, or isn't computed."""
