"""Values as files and forms hold them, checked against annotated dataclasses, and in words what is wrong with them.

By msgspec, which is imported in 3 ms of processor time where pydantic takes 57 and 6 more for its first schema: every
config.json is checked before Explore draws its first view, which may not become slower by more than 50 ms.

A field's annotation says what it may be, as in `epochs: Annotated[int, integer(1, 100)]`.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Hashable, Sequence
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, inspect

from vae.errors import StorageError
from vae.storage.validation import short

T = TypeVar("T")
Step = str | int  # a field's name, a key, or a place in a list
LARGEST = sys.float_info.max
STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


# --- what a field may be ----------------------------------------------------------------------------------------------


def integer(low: int, high: int, hint: str = "", title: str | None = None) -> Meta:
    """A whole number. `hint` says what to do about another one; `title` names it where its place says too little."""
    return Meta(
        ge=low, le=high, title=title, description=f"a whole number from {low:,} to {high:,}", extra=_extra(hint)
    )


def number(low: float, high: float, hint: str = "") -> Meta:
    """A finite number."""
    return Meta(ge=low, le=high, description=f"a number from {low:g} to {high:g}", extra=_extra(hint))


def one_of(*allowed: str) -> Meta:
    """One of these words."""
    return Meta(pattern=rf"\A(?:{'|'.join(map(re.escape, allowed))})\Z", description=f"one of {', '.join(allowed)}")


def text(longest: int) -> Meta:
    """Text of at most so many characters."""
    return Meta(max_length=longest, description=f"text of at most {longest:,} characters")


Finite = Annotated[float, Meta(ge=-LARGEST, le=LARGEST, description="a finite number")]
Positive = Annotated[float, Meta(gt=0, le=LARGEST, description="a number above 0")]
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z", description="64 hexadecimal digits")]


def _extra(hint: str) -> dict[str, str]:
    return {"hint": hint}


# --- checking ---------------------------------------------------------------------------------------------------------


def read_as(values: Any, kind: type[T], what: str) -> T:
    """`values`, as JSON gives them, as a `kind`: lists become tuples, names that it doesn't have are passed over.

    Raises StorageError that says where in `what` something is wrong, what is there and what was expected.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise _explained(error, values, kind, what) from error


def check(record: Any) -> None:
    """Raise StorageError unless every field of a dataclass is what its annotation says."""
    for name, kind in _kinds(type(record)).items():  # type: ignore[arg-type] # a type is hashable
        check_value(getattr(record, name), kind, name)


def check_value(value: Any, kind: Any, name: str) -> None:
    """Raise StorageError unless `value`, called `name`, is of `kind`: a type, annotated or not."""
    if read_as(value, kind, name) != value:  # it could be made one, as a tuple of a list
        raise _wrong(name, (), value, inspect.type_info(kind))


@functools.cache
def _kinds(record: Hashable) -> dict[str, Any]:
    return get_type_hints(record, include_extras=True)


# --- saying what is wrong ---------------------------------------------------------------------------------------------


def _explained(error: msgspec.ValidationError, values: Any, kind: Any, what: str) -> StorageError:
    """The error in our words. msgspec tells the place as in `$.a.b[0]`, and writes [...] for the key of an object."""
    place = str(error).rpartition(" - at `$")[2].removesuffix("`") if " - at `$" in str(error) else ""
    found, node = values, inspect.type_info(kind)
    path: list[Step] = []
    for name, index in STEP.findall(place):
        bare = _without_metadata(node)
        step: Step = name or (int(index) if index.isdigit() else _first_wrong(found, bare))
        node, found = _inner(bare, step), found[step]
        path.append(step)
    bare = _without_metadata(node)
    if isinstance(bare, inspect.DataclassType) and isinstance(found, dict):
        missing = [field.name for field in bare.fields if field.required and field.name not in found]
        return StorageError(f"{_label(what, path)} lacks {', '.join(missing)}.")
    return _wrong(what, path, found, node)


def _wrong(what: str, path: Sequence[Step], found: Any, node: inspect.Type) -> StorageError:
    about = node.extra_json_schema or {} if isinstance(node, inspect.Metadata) else {}
    hint = (node.extra or {}).get("hint", "") if isinstance(node, inspect.Metadata) else ""
    label = about.get("title") or _label(what, path)
    return StorageError(f"{label} is {short(found)}, expected {about.get('description') or _expected(node)}.", hint)


def _label(what: str, path: Sequence[Step]) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{short(step)[1:-1]}" for step in path).removeprefix(
        "."
    )
    return f"{what}: {place}" if what and place else what or place


def _expected(node: inspect.Type) -> str:
    """What a type without a description of its own asks for."""
    bare = _without_metadata(node)
    if isinstance(bare, inspect.LiteralType):
        return f"one of {', '.join(map(str, bare.values))}" if len(bare.values) > 1 else str(bare.values[0])
    if isinstance(bare, inspect.TupleType):
        return f"a list of {len(bare.item_types)}"
    words: dict[type[inspect.Type], str] = {
        inspect.BoolType: "true or false",
        inspect.IntType: "a whole number",
        inspect.FloatType: "a number",
        inspect.StrType: "text",
        inspect.VarTupleType: "a list",
        inspect.ListType: "a list",
    }
    return words.get(type(bare), "an object with named values")


def _without_metadata(node: inspect.Type) -> inspect.Type:
    return node.type if isinstance(node, inspect.Metadata) else node


def _inner(node: inspect.Type, step: Step) -> inspect.Type:
    """The type of what is at `step` of a list or object of type `node`."""
    match node:
        case inspect.DataclassType(fields=fields):
            return next(field.type for field in fields if field.name == step)
        case inspect.TupleType(item_types=kinds) if isinstance(step, int):
            return kinds[step]
        case inspect.VarTupleType(item_type=kind) | inspect.ListType(item_type=kind):
            return kind
        case inspect.DictType(value_type=kind):
            return kind
    return inspect.AnyType()


def _first_wrong(found: dict[str, Any], node: inspect.Type) -> str:
    """The key of the first value of an object that is not of its dataclass."""
    match node:
        case inspect.DictType(value_type=inspect.DataclassType(cls=kind)):
            return next(key for key, value in found.items() if not _fits(value, kind))
    return next(iter(found))


def _fits(value: Any, kind: type) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
