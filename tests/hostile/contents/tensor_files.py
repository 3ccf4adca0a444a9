"""safetensors files whose header lies, or whose arrays are others than they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

Change = Callable[[bytes], bytes]
Arrays = dict[str, NDArray[Any]]


def raw(header: bytes | dict[str, Any], data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def split(content: bytes) -> tuple[dict[str, Any], bytes]:
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def header(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    """The header as a whole, exchanged; the data stay."""

    def forge(content: bytes) -> bytes:
        values, data = split(content)
        return raw(change(values), data)

    return forge


def entries(**other: Any) -> Change:
    """Something in the header's entry of every array."""
    return header(lambda values: {k: v if k == "__metadata__" else v | other for k, v in values.items()})


def arrays(change: Callable[[NDArray[Any]], NDArray[Any]]) -> Change:
    """Every array, exchanged in a file that is whole."""

    def forge(content: bytes) -> bytes:
        values, _ = split(content)
        found = {k: np.ascontiguousarray(change(a)) for k, a in safetensors.numpy.load(content).items()}
        return safetensors.numpy.save(found, values.get("__metadata__"))

    return forge


def metadata(change: Callable[[str], str]) -> Change:
    """Every text beside the arrays."""
    return header(lambda v: v | {"__metadata__": {k: change(t) for k, t in v.get("__metadata__", {}).items()}})


def floats(value: float) -> Change:
    return arrays(lambda a: np.full_like(a, value) if a.dtype.kind == "f" else a)


# What no reader may take for a file of its kind, whatever is in it.
NO_FILE: dict[str, Change] = {
    "has a header of 9 EB": lambda good: (2**63 - 1).to_bytes(8, "little") + good[8:],
    "has a header of 18 EB": lambda good: (2**64 - 1).to_bytes(8, "little") + good[8:],
    "has a header of 90 MB": lambda good: (90 * 2**20).to_bytes(8, "little") + good[8:],
    "has a header longer than itself": lambda good: len(good).to_bytes(8, "little") + good[8:],
    "has an empty header": lambda good: raw(b""),
    "has a header that is a list": lambda good: raw(b"[]"),
    "has a header of lists in lists": lambda good: raw(b"[" * 20_000),
    "has a header of objects in objects": lambda good: raw(b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "has a header that is no Unicode": lambda good: raw(b'{"\xff":1}'),
    "has arrays before its beginning": entries(data_offsets=[-8, 0]),
    "has arrays behind its end": entries(data_offsets=[0, 2**40]),
    "has arrays that end before they begin": entries(data_offsets=[8, 0]),
    "has arrays of a terabyte": entries(shape=[2**38], dtype="F32", data_offsets=[0, 2**40]),
    "has arrays with more numbers than can be counted": entries(shape=[2**32, 2**32, 2**32]),
    "has arrays of 10,000 dimensions": entries(shape=[1] * 10_000),
    "has arrays with a size below 0": entries(shape=[-1]),
    "has arrays of an unknown type": entries(dtype="PICKLE"),
    "has arrays without a number, of sizes that nobody can multiply": lambda good: raw(
        {"a": {"dtype": "F32", "shape": [2**40, 2**40, 0], "data_offsets": [0, 0]}}
    ),
    "has arrays of eight bits": entries(dtype="F8_E4M3"),
    "has no arrays": lambda good: raw({"__metadata__": split(good)[0].get("__metadata__", {})}),
    "has arrays of another name": header(
        lambda v: {k if k == "__metadata__" else f"../{k}": about for k, about in v.items()}
    ),
    "has arrays all at one place": lambda good: raw(
        {"a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]}}
        | {f"b{k}": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]} for k in range(1_000)},
        bytes(8),
    ),
    "has 2,000 arrays more": lambda good: raw(
        {f"b{k}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for k in range(2_000)}
    ),
}
# What is whole, with other arrays.
OTHER_ARRAYS: dict[str, Change] = {
    "has arrays of 0 rows": arrays(lambda a: a[:0] if a.ndim else a),
    "has a terabyte of rows without a column": entries(shape=[2**40, 0], data_offsets=[0, 0]),
    "has arrays of 20,000 rows": arrays(lambda a: np.zeros((20_000, *a.shape[1:2]), a.dtype)),
    "has arrays of one dimension": arrays(lambda a: a.reshape(-1)[:-1]),
    "has arrays of four dimensions more": arrays(lambda a: a.reshape(1, 1, 1, 1, *a.shape)),
    "has arrays of half precision": arrays(lambda a: a.astype(np.float16)),
    "has arrays of whole numbers": arrays(lambda a: a.astype(np.int16)),
    "has arrays that are NaN": floats(float("nan")),
    "has arrays that are endless": floats(float("inf")),
    "has nothing beside its arrays": header(lambda v: {k: a for k, a in v.items() if k != "__metadata__"}),
}
# What stands beside the arrays, for files that need it.
OTHER_METADATA: dict[str, Change] = {
    "says nothing": metadata(lambda text: ""),
    "says null": metadata(lambda text: "null"),
    "says a list": metadata(lambda text: "[]"),
    "says text": metadata(lambda text: '"x"'),
    "says lists in lists": metadata(lambda text: "[" * 20_000),
    "says objects in objects": metadata(lambda text: '{"a":' * 20_000 + "1" + "}" * 20_000),
    "says what is no Unicode": metadata(lambda text: '{"\\ud800": {}}'),
    "says what steers a terminal": metadata(lambda text: '{"\\u001b[2J\\u202e": {}}'),
    "says half of it": metadata(lambda text: text[: len(text) // 2]),
    "says a number of 5,000 digits": metadata(lambda text: "9" * 5_000),
    "says 500 kB": metadata(lambda text: json.dumps({"x": "y" * 500_000})),
}
# The same at full size, for one kind of file.
LARGE: dict[str, Change] = {
    "has 50,000 arrays": lambda good: raw(
        {f"b{k}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for k in range(50_000)}
    ),
    "has a header of a million lists in lists": lambda good: raw(b"[" * 1_000_000),
    "has a header of 20 MB": lambda good: raw(b'{"__metadata__":{"x":"' + b"y" * 20_000_000 + b'"}}'),
    "has arrays of two million rows": arrays(lambda a: np.zeros((2_000_000, *a.shape[1:2]), a.dtype)),
}
