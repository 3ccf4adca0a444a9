"""Download a data set through torchvision: MNIST into VAE_DATA as it is, others to be imported."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from vae import recognition
from vae.budget import limits
from vae.commands.common import add_run_folder
from vae.data import datasets
from vae.data.built_in import mnist
from vae.errors import DatasetError
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable, unstoppable
from vae.storage import paths, probe
from vae.storage.printing import bar_stream
from vae.storage.temporary import temporary_folder

UNPACKED = 6  # times the size of MNIST's archives
LEAST_ROOM = 10**9  # bytes of disk for a set whose size nobody tells beforehand
LOOK_SECONDS = 0.3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME."""
    parser.add_argument("name", metavar="NAME", help="mnist, or one of torchvision's sets, such as fashionmnist")
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Fetch into a temporary folder and move it in place when it is complete: a failure changes nothing."""
    if not datasets.is_known(arguments.name):
        _fetch_public(arguments)
        return
    known = datasets.info(arguments.name)
    if known.on_this_machine():
        print(f"{known.title} is already on this machine.")
        return
    room = known.download_mb * 10**6 * (1 + UNPACKED)
    limits.check_disk({paths.data_dir(): room}, f"Downloading {known.title}")
    progress = Progress(arguments.run_folder)
    with stoppable():
        fetch_mnist(progress, known.download_mb * 1_000_000)
    progress.report(stage="done", fraction=1.0, seconds_left=0, finished=True)
    progress.close()
    print(f"{known.title} is now in {mnist.raw_dir()}.")


def fetch_mnist(progress: Progress, expected_bytes: int) -> None:
    """Download, verify (torchvision checks MD5 sums) and move MNIST. Raises DatasetError saying why it failed."""
    from torchvision.datasets import MNIST

    progress.stage("downloading MNIST", "bytes")
    with _downloaded("MNIST") as temporary:
        raw = temporary / "MNIST" / "raw"
        with _watch(raw, progress, expected_bytes), redirect_stderr(bar_stream()):  # torchvision draws one
            MNIST(str(temporary), download=True)
        with unstoppable():
            _move(raw, mnist.raw_dir())


def _fetch_public(arguments: argparse.Namespace) -> None:
    """One of torchvision's sets, imported under its name. Raises DatasetError for an unknown one."""
    from vae.data import import_folder
    from vae.data.importing import torchvision_sets

    public = torchvision_sets.named(arguments.name)
    if public is None:
        names = [known.name for known in torchvision_sets.offered()]
        near = recognition.nearest(arguments.name, ["mnist", *names])
        told = f"{near} There are mnist, {', '.join(names)}.".strip()
        raise DatasetError(f"torchvision downloads no data set called {arguments.name!r:.100}.", told)
    import_folder.free_folder(public.name)
    limits.check_disk({paths.data_dir(): LEAST_ROOM}, f"Downloading {public.title}")
    progress = Progress(arguments.run_folder)
    with stoppable():
        progress.stage(f"downloading {public.title}", "bytes")
        with _downloaded(public.title) as temporary:
            with _watch(temporary, progress, title=public.title), redirect_stderr(bar_stream()):
                parts = public.download(temporary)
            progress.stage("importing images", "images")
            result = torchvision_sets.write(public, parts, progress.update)
    counts = ", ".join(f"{count:,} {split}" for split, count in result.counts.items())
    message = f"{public.name}: {counts} images, in {result.folder}."
    progress.report(stage="done", fraction=1.0, seconds_left=0, finished=True, message=message)
    progress.close()
    print(message)


@contextmanager
def _downloaded(title: str) -> Iterator[Path]:
    """A folder for what arrives; it goes when all is taken from it. What torchvision raises becomes a DatasetError."""
    try:
        with temporary_folder(paths.data_dir() / "fetch") as temporary:
            yield temporary
    except (OSError, RuntimeError) as error:
        raise DatasetError(
            f"{title} could not be downloaded: {' '.join(str(error).split())[:300]}.",
            "Nothing was changed. Check the connection and try again.",
        ) from error


def _move(source: Path, destination: Path) -> None:
    destination.mkdir(parents=True, exist_ok=True)
    for path in probe.entries(source):
        if path.suffix != ".gz":
            path.replace(destination / path.name)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder: torchvision's lie a few folders deep."""
    if probe.is_folder(path) and not probe.is_link(path):
        return sum(map(_size, probe.entries(path)))
    stamp = probe.stamp(path)
    return stamp.size if stamp else 0


@contextmanager
def _watch(folder: Path, progress: Progress, expected_bytes: int = 0, title: str = "") -> Iterator[None]:
    """Report the bytes of archives that have arrived, of as many as are expected, if that is known; torchvision offers
    no callback.
    """
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_SECONDS):
            if expected_bytes:
                arrived = sum(_size(path) for path in probe.entries(folder) if path.suffix == ".gz")
                progress.update(min(arrived, expected_bytes), expected_bytes)
            else:
                progress.note(stage=f"downloading {title}, {_size(folder) / 1e6:,.0f} MB so far")

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
