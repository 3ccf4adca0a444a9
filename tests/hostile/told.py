"""Commands in hostile houses: whatever a file holds, the exit code is 0 or 2, with clear lines and no stack trace."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout

from tests.hostile.house import House
from vae.commands import main
from vae.errors import VAEError

# Each with the file, by its kind, that it reads first.
COMMANDS: dict[str, tuple[str, Sequence[str]]] = {
    "evaluate": ("checkpoint's latents.safetensors", ("evaluate", "a")),
    "sample": ("checkpoint's config.json", ("sample", "a", "--output", "new.png")),
    "traverse": ("checkpoint's maps.safetensors", ("traverse", "a", "--output", "new.png")),
    "interpolate": ("checkpoint's latents.safetensors", ("interpolate", "a", "row:0", "row:1", "--output", "new.png")),
    "map": ("checkpoint's metrics.json", ("map", "a", "--method", "pca")),
    "encode": ("checkpoint's config.json", ("encode", "a", "--output", "new.npz")),
    "quality": ("checkpoint's weights.safetensors", ("quality", "a")),
    "compare": ("checkpoint's metrics.json", ("compare", "a")),
    "score": ("detector", ("score", "a", "--images", "pictures", "--detector", "first", "--output", "new.csv")),
    "train": ("imported meta.json", ("train", "--dataset", "own", "--latent-dim", "2", "--output", "new")),
    "resume": ("run's request.json", ("train", "--resume", "{job}")),
    "resume a job": ("run's job.json", ("train", "--resume", "{job}")),
}
LONGEST_LINE = 1_200  # characters
STEER = {chr(c) for c in range(32)} - set("\n\r\t") | {"\x7f", "\u202e", "\u2066"}


class RefusedError(VAEError):
    """A command ended with exit code 2; its line is the message."""


def run(*words: str) -> Callable[[House], object]:
    """A reader that is a command. Raises RefusedError."""

    def read(house: House) -> object:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = main([word.format(job=house.job_id) for word in words])
            except SystemExit as error:  # bad arguments
                code = error.code if isinstance(error.code, int) else -1
        printed = out.getvalue() + err.getvalue()
        assert code in (0, 2), f"exit code {code}"
        assert "Traceback" not in printed, printed[-1_000:]
        if steering := STEER.intersection(printed):
            raise AssertionError(f"prints {sorted(steering)}: {printed[:300]!r}")
        lines = [line for line in err.getvalue().splitlines() if line.strip()]
        assert all(len(line) <= LONGEST_LINE for line in lines), max(lines, key=len)[:300]
        if code == 0:
            return True
        assert len(lines) == 1, lines
        raise RefusedError(lines[0])

    return read
