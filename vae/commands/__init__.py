"""One file per command. Each has `add_arguments(parser)` and `run(arguments)`; torch is imported only by `run`."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from vae.commands import (
    compare,
    encode,
    evaluate,
    fetch,
    import_,
    interpolate,
    list_,
    map_,
    quality,
    sample,
    score,
    train,
    traverse,
    trial,
)
from vae.commands.elsewhere import adopt, export, share
from vae.errors import VAEError
from vae.jobs.stopping import Stopped
from vae.jobs.without_runner import alone
from vae.storage import paths
from vae.storage.delivery import delivered
from vae.storage.printing import clean_streams, visible

COMMANDS: dict[str, ModuleType] = {
    "train": train,
    "trial": trial,
    "evaluate": evaluate,
    "encode": encode,
    "map": map_,
    "sample": sample,
    "traverse": traverse,
    "interpolate": interpolate,
    "quality": quality,
    "score": score,
    "compare": compare,
    "list": list_,
    "fetch": fetch,
    "import": import_,
    "adopt": adopt,
    "export": export,
    "share": share,
}


SHORT_OF_MEMORY = "There is too little memory for it; close other programs, or ask for less."


class _Parser(argparse.ArgumentParser):
    """Bad arguments give one line and exit code 2, not a page of usage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {_one_line(message)} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns the exit code: 0 the result is there, 2 bad arguments or input, or what was printed can't be written, 130
    stopped with nothing to keep. A reader that goes away (`| head`) changes neither the work nor the code.
    """
    _write_anything()
    ended = False  # by the parser, after --help or for bad arguments
    with delivered() as delivery, clean_streams():
        try:
            code = _run(argv)
        except SystemExit as error:
            code, ended = int(error.code or 0), True
    code = delivery.exit_code(code)
    if ended:
        raise SystemExit(code)
    return code


def _run(argv: Sequence[str] | None) -> int:
    prog = _how_it_was_started()
    parser = _Parser(prog=prog, description="Train, evaluate and explore variational autoencoders.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, module in COMMANDS.items():
        summary = (module.__doc__ or "").strip().partition("\n")[0]  # python -OO has no documentation
        module.add_arguments(commands.add_parser(name, help=summary, description=summary))
    arguments = parser.parse_args(argv)
    told = paths.problems()
    for problem in told:
        print(f"{prog} {arguments.command}: {_one_line(problem)}", file=sys.stderr)
    folder: Path | None = getattr(arguments, "run_folder", None)
    try:
        with alone(folder) if folder else contextlib.nullcontext():
            COMMANDS[arguments.command].run(arguments)
    except VAEError as error:
        if str(error) not in told:
            print(f"{prog} {arguments.command}: {_one_line(str(error))}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"{prog} {arguments.command}: {_one_line(f'{SHORT_OF_MEMORY} {error!s:.200}')}", file=sys.stderr)
        return 2
    except (Stopped, KeyboardInterrupt):
        print(f"{prog} {arguments.command}: stopped; nothing was written.", file=sys.stderr)
        return 130
    return 0


def _how_it_was_started() -> str:
    """What a person types before the command: the installed script's name, or `python -m vae`."""
    return "vae" if Path(sys.argv[0]).stem == "vae" else "python -m vae"


def _write_anything() -> None:
    """What the terminal has no letter for is written as \\u2016: work that is done must not end in a stack trace."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))
