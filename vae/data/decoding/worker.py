"""A process that decodes image files for an import: `python -m vae.data.decoding.worker`.

It reads requests from standard input and writes answers to standard output, until its input ends: that is also when
the import has died. Not multiprocessing, which would run the caller's main script again: Streamlit's, or a notebook's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from typing import BinaryIO

from vae.data import image_decoding
from vae.data.decoding.messages import Given, Returned, receive, send
from vae.data.image_decoding import ImageFacts
from vae.errors import DatasetError


class LargeError(DatasetError):
    """A picture that takes so much memory that only the import itself may decode it, one at a time."""


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    raise LargeError("large")
    yield


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Returned until nobody asks any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about large or odd files: there are bounds of our own
        while (request := receive(source, Given)) is not None:
            send(target, _answered(request))


def _answered(request: Given) -> Returned:
    outcomes: list[ImageFacts | str | None] = []
    pixels = bytearray()
    for given, is_path in zip(request.files, request.are_paths, strict=True):
        file = os.fsdecode(given) if is_path else given
        try:
            image = image_decoding.decode(file, request.form, request.reading, _elsewhere)
        except LargeError:
            outcomes.append(None)
        except DatasetError as error:
            outcomes.append(error.message)
        else:
            outcomes.append(image.facts)
            pixels += image.pixels.data
    return Returned(outcomes, bytes(pixels))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the import ends this one
    pipe, sys.stdout = sys.stdout.buffer, sys.stderr
    with contextlib.suppress(OSError):  # the import has ended
        main(sys.stdin.buffer, pipe)
