"""What is wrong with values, in words: where, what is there, what was expected, what to do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from vae.errors import StorageError
from vae.storage.schema import Finite, Sha256, check, check_value, integer, number, one_of, read_as, text

DIGEST = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Part:
    count: Annotated[int, integer(1, 1_000, "Count again.")]
    digest: Sha256
    share: Annotated[float, number(0, 1)] = 0.5


@dataclass(frozen=True)
class Whole:
    version: Literal[1]
    shape: tuple[Annotated[int, integer(1, 9)], Annotated[int, integer(1, 9, title="the height")]]
    part: Part
    names: Annotated[tuple[Annotated[str, text(5)], ...], Meta(min_length=1, description="at least one name")] = ("a",)
    kind: Annotated[str, one_of("x.", "y")] = "y"
    parts: dict[str, Part] = field(default_factory=dict)
    numbers: list[Finite] = field(default_factory=list)
    grey: bool = False


GOOD: dict[str, Any] = {"version": 1, "shape": [2, 3], "part": {"count": 3, "digest": DIGEST}}
PART = GOOD["part"]


def test_lists_become_tuples_and_unknown_names_are_passed_over() -> None:
    assert read_as(GOOD | {"new": 1}, Whole, "a.json") == Whole(1, (2, 3), Part(3, DIGEST))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "a.json: version is 2, expected 1."),
        ({"version": True}, "a.json: version is True, expected 1."),
        ({"shape": [2]}, "a.json: shape is [2], expected a list of 2."),
        ({"shape": 2}, "a.json: shape is 2, expected a list of 2."),
        ({"shape": [0, 1]}, "a.json: shape[0] is 0, expected a whole number from 1 to 9."),
        ({"shape": [1, 1.0]}, "the height is 1.0, expected a whole number from 1 to 9."),
        ({"part": []}, "a.json: part is [], expected an object with named values."),
        ({"part": {}}, "a.json: part lacks count, digest."),
        ({"part": PART | {"count": 10**400}}, "a whole number from 1 to 1,000. Count again."),
        ({"part": PART | {"count": True}}, "a.json: part.count is True, expected"),
        ({"part": PART | {"digest": DIGEST + "\n"}}, "expected 64 hexadecimal digits."),
        ({"part": PART | {"digest": 3}}, "a.json: part.digest is 3, expected 64 hexadecimal digits."),
        ({"part": PART | {"share": math.nan}}, "a.json: part.share is nan, expected a number from 0 to 1."),
        ({"part": PART | {"share": "1"}}, "a.json: part.share is '1', expected a number from 0 to 1."),
        ({"names": []}, "a.json: names is [], expected at least one name."),
        ({"names": ["a", "abcdef"]}, "a.json: names[1] is 'abcdef', expected text of at most 5 characters."),
        ({"kind": "xy"}, "a.json: kind is 'xy', expected one of x., y."),
        ({"parts": {"b": PART, "c\n": PART | {"count": 0}}}, r"a.json: parts.c\n.count is 0, expected"),
        ({"parts": {"b": 3}}, "a.json: parts.b is 3, expected an object with named values."),
        ({"numbers": [1, math.inf]}, "a.json: numbers[1] is inf, expected a finite number."),
        ({"numbers": [10**400]}, "expected a finite number."),
        ({"grey": 1}, "a.json: grey is 1, expected true or false."),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(StorageError) as error:
        read_as(GOOD | change, Whole, "a.json")
    assert message in str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(("values", "message"), [([], "a.json is [], expected"), ({}, "a.json lacks version, shape,")])
def test_what_is_no_record_at_all(values: object, message: str) -> None:
    with pytest.raises(StorageError, match=message.replace("[", r"\[")):
        read_as(values, Whole, "a.json")


def test_a_record_that_was_made_here_is_checked_too() -> None:
    check(Part(3, DIGEST, 1))  # a whole number is a number
    with pytest.raises(StorageError, match="count is 0, expected a whole number from 1 to 1,000") as error:
        check(Part(0, DIGEST))
    assert error.value.hint == "Count again."
    with pytest.raises(StorageError, match="names is \\['a'\\], expected at least one name"):
        check(Whole(1, (2, 3), Part(3, DIGEST), ["a"]))  # type: ignore[arg-type] # a list can be changed


def test_a_single_value() -> None:
    check_value(3, Annotated[int, integer(1, 5)], "cycles")
    with pytest.raises(StorageError, match=r"^cycles is 7, expected a whole number from 1 to 5\.$"):
        check_value(7, Annotated[int, integer(1, 5)], "cycles")
