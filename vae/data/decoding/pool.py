"""Decodes many files in order, several at once, and never holds more than a few parts of them in memory.

Threads decode where there are few files: Pillow lets go of Python's lock while it decodes, but of small pictures most
is Python. Processes start in half a second, so they are for many.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import subprocess
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, cast

import numpy as np

from vae.budget import free
from vae.config import ImageReading
from vae.data.decoding.messages import Given, Returned, receive, send
from vae.data.decoding.part import DecodedPart, File, decoded_here
from vae.data.image_decoding import Decoded, Format, ImageFacts, decode
from vae.errors import DatasetError
from vae.storage import paths

THREADS = 4  # where threads decode
AT_ONCE = 16  # files that a thread is given: to hand a small one over takes as long as to decode it
MANY = 2_000  # files, from which on processes decode
MOST_PROCESSES = 8
ROOM = 2**29  # bytes of memory that a process may take with the largest picture that it decodes, twice
HANDED_OVER = 64  # files that a process is given
WAITING = 2  # parts for each worker that are handed over before the first of them is fetched
BYTES = 2**25  # of pixels, or of files' contents, in memory at once
SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")  # NumPy's threads would only wait there

Work = Callable[[Sequence[File]], DecodedPart]


def process_count(files: int) -> int:
    """How many processes decode so many files; 0 where threads do."""
    found = min(_cores(), MOST_PROCESSES, free.memory() // ROOM) if files >= MANY else 0
    return found if found > 1 else 0


def _cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decoded(
    files: Iterable[File], count: int, form: Format, reading: ImageReading, workers: Decoders | None = None
) -> Generator[DecodedPart]:
    """The images of `count` files in their order, a few at a time; files are asked for as they are needed. `workers`
    may have been started before.

    Raises DatasetError where a process that decodes has ended, as when the system kills it for its memory.
    """
    with contextlib.ExitStack() as stack:
        workers = workers or stack.enter_context(Decoders())
        if processes := workers.start(count):
            work = partial(workers.decoded, form, reading)
            yield from _in_order(work, processes, _parts(files, HANDED_OVER, processes, form))
            return
    stopped = threading.Event()
    at_once = max(1, min(AT_ONCE, -(-count // THREADS)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about large or odd files: there are bounds of our own
        try:
            yield from _in_order(
                lambda part: decoded_here(part, form, reading, stopped), THREADS, _parts(files, at_once, THREADS, form)
            )
        finally:
            stopped.set()


def _parts(files: Iterable[File], most: int, workers: int, form: Format) -> Iterator[list[File]]:
    """As many files as a worker is given at once."""
    room = BYTES // ((WAITING + 1) * workers)
    most = max(1, min(most, room // math.prod(form.shape)))
    part: list[File] = []
    size = 0
    for file in files:
        part.append(file)
        size += len(file) if isinstance(file, bytes) else 0
        if len(part) == most or size > room:
            yield part
            part, size = [], 0
    if part:
        yield part


def _in_order(work: Work, workers: int, parts: Iterator[list[File]]) -> Iterator[DecodedPart]:
    """What `work` makes of each part, several at once."""
    pool = ThreadPoolExecutor(workers, "decode")
    under_way: deque[Future[DecodedPart]] = deque()
    try:
        for part in parts:
            under_way.append(pool.submit(work, part))
            if len(under_way) > WAITING * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Decoders:
    """Processes that decode; inside `with` they live once they are started, and at its end they are killed, whatever
    they do."""

    def __init__(self) -> None:
        self._all: list[subprocess.Popen[bytes]] = []
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def __enter__(self) -> Decoders:
        return self

    def start(self, files: int) -> int:
        """Start as many as so many files are worth, unless that was done before; how many there are."""
        if self._all:
            return len(self._all)
        command = [sys.executable, "-m", "vae.data.decoding.worker"]
        environment = os.environ | dict.fromkeys(SINGLE, "1")
        for _ in range(process_count(files)):
            process = subprocess.Popen(
                command, cwd=paths.PROJECT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._all.append(process)
            self._free.put(process)
        return len(self._all)

    def __exit__(self, *error: object) -> None:
        for process in self._all:
            process.kill()
        for process in self._all:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what was not yet written
                    cast(IO[bytes], pipe).close()

    def decoded(self, form: Format, reading: ImageReading, files: Sequence[File]) -> DecodedPart:
        """By the next process that is free."""
        readable = [file for file in files if not isinstance(file, DatasetError)]
        request = Given(
            form,
            reading,
            [os.fsencode(file) for file in readable],  # contents stay as they are
            [isinstance(file, str) for file in readable],
        )
        process = self._free.get()
        try:
            answer = _answer(process, request, readable)
        finally:
            self._free.put(process)
        return _whole(form, reading, files, answer)


def _whole(form: Format, reading: ImageReading, files: Sequence[File], answer: Returned) -> DecodedPart:
    """With what was wrong before, and with the large pictures, which are decoded here."""
    pixels = np.frombuffer(answer.pixels, np.uint8).reshape(-1, *form.shape)
    if all(isinstance(one, ImageFacts) for one in answer.outcomes) and len(answer.outcomes) == len(files):
        return DecodedPart(pixels, cast(list[ImageFacts | str], answer.outcomes))
    told, images = iter(answer.outcomes), iter(pixels)
    outcomes: list[ImageFacts | str] = []
    found = []
    for file in files:
        outcome = file.message if isinstance(file, DatasetError) else next(told)
        if isinstance(outcome, ImageFacts):
            found.append(next(images))
        elif outcome is None and not isinstance(file, DatasetError):
            image = _large(file, form, reading)
            outcome = image.message if isinstance(image, DatasetError) else image.facts
            if isinstance(image, Decoded):
                found.append(image.pixels)
        outcomes.append(cast(ImageFacts | str, outcome))
    return DecodedPart(np.stack(found) if found else pixels[:0], outcomes)


def _large(file: str | bytes, form: Format, reading: ImageReading) -> Decoded | DatasetError:
    try:
        return decode(file, form, reading)
    except DatasetError as error:
        return error


def _answer(process: subprocess.Popen[bytes], request: Given, files: Sequence[str | bytes]) -> Returned:
    """Raises DatasetError where the process has ended."""
    try:
        send(cast(IO[bytes], process.stdin), request)  # type: ignore[arg-type]
        answer = receive(cast(IO[bytes], process.stdout), Returned)  # type: ignore[arg-type]
    except OSError:
        answer = None
    if answer is None:
        code = process.wait()
        names = [Path(file).name for file in (files[0], files[-1]) if isinstance(file, str)]
        raise DatasetError(
            f"A process that decodes images has ended (code {code})"
            + (f" between {names[0]:.100} and {names[-1]:.100}." if names else "."),
            "Nothing was kept. If memory is short, close other programs; else leave these images out.",
        )
    return answer
