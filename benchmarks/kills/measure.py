"""What SIGKILL at random moments destroys: trainings (command, runner, both), imports, encodings and maps.

- A training of digits is a job. It is killed at a moment drawn evenly over what is left of it, its start and its end
  included, resumed, and killed again; when it has ended the next one begins, until there were as many kills as asked
  for. lost_epochs: epochs that were finished (the page said so, or the state on disk did) and are not there after the
  kill, or are missing in the history at the end. After the kill of a runner alone its command is stopped, as by a page.
- import, encode and map are killed at moments drawn evenly over the time that they take. Half the time the earlier
  result is there, where they may replace it.
- half_results: results that are there after a kill and can't be read, or are not bit for bit the whole ones.
- not_bit_equal: trainings that have ended with other weights than the undisturbed run of that seed; commands that have
  written something else at their end.
- leftovers: temporary files and folders, and processes, that are left at the very end.

Trainings and commands are killed side by side, each on one thread. Exit code 1 when a figure that must be 0 is not.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import report
from benchmarks.kills import commands, trainings
from benchmarks.kills.tally import Tally
from vae.storage.temporary import NAME

KILLS = 20
ENDING_SECONDS = 10.0
FOLDERS = ("VAE_RUNS", "VAE_CHECKPOINTS", "VAE_DERIVED", "VAE_DATA")


def main() -> int:
    """Kill, look, report. Returns 1 when anything was lost."""
    parser = report.parser((__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS, help=f"of each of the six (default: {KILLS})")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    arguments = parser.parse_args()
    began = time.monotonic()
    with own_folders() as folder, ThreadPoolExecutor(2) as pool:
        parts = [pool.submit(part, folder, arguments.kills, arguments.seed) for part in (killed_commands, killed_runs)]
        tallies = parts[1].result() | parts[0].result()
        left = leftovers(folder)
    for name, tally in tallies.items():
        for problem in tally.problems:
            print(f"{name}: {problem}", file=sys.stderr)
    values: report.Values = {}
    for name, tally in tallies.items():
        values |= tally.figures(name)
    values |= {"leftovers": left, "seconds": round(time.monotonic() - began), "seed": arguments.seed}
    report.show(values | report.machine(), arguments.json)
    return int(left > 0 or any(tally.faults for tally in tallies.values()))


def killed_runs(folder: Path, kills: int, seed: int) -> dict[str, Tally]:
    """Trainings, by who is killed."""
    whole = trainings.undisturbed()
    return {f"train_{who}": trainings.kill_trainings(who, kills, whole, moments(who, seed)) for who in trainings.WHO}


def killed_commands(folder: Path, kills: int, seed: int) -> dict[str, Tally]:
    """Commands, by name."""
    return {
        name: commands.kill_command(make(folder), kills, moments(name, seed))
        for name, make in commands.COMMANDS.items()
    }


def moments(name: str, seed: int) -> random.Random:
    """The same moments in every run, whatever else is killed beside it."""
    return random.Random(f"{name} {seed}")  # noqa: S311 - moments, no secrets


@contextmanager
def own_folders() -> Iterator[Path]:
    """A temporary folder, in which this process and its children keep everything; one thread for each."""
    with tempfile.TemporaryDirectory(prefix="vae-kills-", ignore_cleanup_errors=True) as name:
        os.environ |= {variable: str(Path(name, variable.lower())) for variable in FOLDERS} | {"OMP_NUM_THREADS": "1"}
        try:
            yield Path(name)
        finally:
            trainings.kill_all()


def leftovers(folder: Path) -> int:
    """Temporary files and folders, and processes that still work on something here; a runner ends after its job."""
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or ())
    ]
    _, working = psutil.wait_procs(found, ENDING_SECONDS)
    files = [path for path in folder.rglob(".*") if NAME.fullmatch(path.name)]
    for what in (*files, *working):
        print(f"left: {what}", file=sys.stderr)
    return len(files) + len(working)
