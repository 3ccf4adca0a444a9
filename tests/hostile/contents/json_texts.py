"""JSON that is no JSON, too much of it, or holds other values than it should."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Change = Callable[[dict[str, Any]], str | bytes]
HUGE = 10**400
CONTROL = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\r\n"


def each(leaf: Callable[[Any], Any]) -> Change:
    """Every value that is neither a list nor an object, exchanged."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: change(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [change(inner) for inner in value]
        return leaf(value)

    return lambda good: json.dumps(change(good))


def numbers(other: Any) -> Change:
    return each(lambda value: other if isinstance(value, int | float) and not isinstance(value, bool) else value)


def texts(other: str) -> Change:
    return each(lambda value: other if isinstance(value, str) else value)


def tops(other: Any) -> Change:
    """Every value at the top, exchanged."""
    return lambda good: json.dumps(dict.fromkeys(good, other))


# What no reader may take for a file of its kind.
NO_OBJECT: dict[str, Change] = {
    "is a list": lambda good: "[]",
    "is null": lambda good: "null",
    "is true": lambda good: "true",
    "is a number": lambda good: "1e5",
    "is text": lambda good: '"{}"',
    "is NaN": lambda good: "NaN",
    "is lists in lists": lambda good: "[" * 20_000,
    "is objects in objects": lambda good: '{"a":' * 20_000 + "1" + "}" * 20_000,
    "is a number of 5,000 digits": lambda good: "9" * 5_000,
    "has a key that is none": lambda good: json.dumps(good)[:-1] + ", 1: 2}",
    "is the good one twice": lambda good: json.dumps(good) * 2,
    "hides brackets between letters of two bytes": lambda good: ('{"\u2201": ' + "[" * 900 + "]" * 900 + "}").encode(
        "utf-16"
    ),
    "has a byte that no UTF-8 has": lambda good: json.dumps(good).encode().replace(b":", b":\xff", 1),
}
# What is an object; whether it is a good one depends.
OTHER_VALUES: dict[str, Change] = {
    "holds nothing": lambda good: "{}",
    "holds null only": tops(None),
    "holds lists only": tops([]),
    "holds objects only": tops({}),
    "holds true only": tops(True),
    "holds text only": tops("x"),
    "holds lists in lists": lambda good: json.dumps(dict.fromkeys(good, "@")).replace('"@"', "[" * 900 + "]" * 900),
    "holds numbers that are NaN": numbers(float("nan")),
    "holds numbers that are endless": lambda good: str(numbers("@")(good)).replace('"@"', "1e999"),
    "holds numbers of 400 digits": numbers(HUGE),
    "holds numbers of 5,000 digits": lambda good: str(numbers("@")(good)).replace('"@"', "9" * 5_000),
    "holds numbers below 0": numbers(-1),
    "holds numbers that are text": numbers("1"),
    "holds texts that are no Unicode": texts("\ud800"),
    "holds texts that steer a terminal": texts(CONTROL),
    "holds texts of 100,000 characters": texts("x" * 100_000),
    "holds texts that are paths": texts("../../../../etc/passwd"),
    "has 10,000 keys more": lambda good: json.dumps({f"k{i}": 0 for i in range(10_000)} | good),
    "has keys that are no Unicode": lambda good: json.dumps({f"\ud800{key}": value for key, value in good.items()}),
    "has lists of 50,000": lambda good: json.dumps(
        {key: "@" if isinstance(value, list) else value for key, value in good.items()}
    ).replace('"@"', "[" + "0," * 50_000 + "0]"),
}
# The same at full size, for one kind of file.
LARGE: dict[str, Change] = {
    "is a million lists in lists": lambda good: "[" * 1_000_000,
    "is more than 4 MB of spaces": lambda good: json.dumps(good) + " " * (4 * 2**20),
    "has 200,000 keys more": lambda good: json.dumps({f"k{i}": 0 for i in range(200_000)} | good),
    "has a list of two million": lambda good: json.dumps(good)[:-1] + ', "x": [' + "0," * 1_999_999 + "0]}",
}
