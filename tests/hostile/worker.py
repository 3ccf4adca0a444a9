"""Makes and reads one case after the other, in a process that may hang, grow or die: `python -m tests.hostile.worker`.

Arguments: a folder to work in, where the first worker builds the good house, and the number of the first case. A line
of JSON before each reading and one after it; guard.py reads them.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import time
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from tests.hostile import corpus, house
from tests.hostile.corpus import Case
from tests.hostile.house import House, tree
from vae.errors import VAEError

MOST_MEMORY = 6 * 2**30  # bytes of addresses: a reader that wants more fails, and this machine goes on
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


def peak() -> int:
    """The most memory that this process had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT


def resident() -> int:
    """What it has now; where that is not known, what it had."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return peak()


def look(case: Case, at: House) -> dict[str, Any]:
    """What becomes of reading."""
    had, highest = resident(), peak()
    began = time.process_time()
    said = ""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            outcome = "read" if case.read(at) else "nothing"
    except VAEError as error:
        outcome, said = "refused", str(error)
    except BaseException as error:  # what nobody foresaw is what is looked for
        outcome, said = "broke", f"{type(error).__name__}: {error}"
    seconds = time.process_time() - began
    return {
        "outcome": outcome,
        "said": said[:2_000],
        "seconds": seconds,
        "bytes": peak() - had if peak() > highest else 0,
    }


def main() -> None:
    folder, first = Path(sys.argv[1]), int(sys.argv[2])
    speak = os.fdopen(os.dup(1), "w", buffering=1)
    about, work = folder / "house.json", folder / f"from-{first}"
    if not about.exists():
        about.write_text(house.as_json(house.build(folder / "good")), encoding="utf-8")
    good = house.from_json(about.read_text(encoding="utf-8"))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.RLIM_INFINITY))
    warnings.simplefilter("ignore")
    work.mkdir()
    copy, wanted, cases = good.copy(work / "house"), tree(good.root), corpus.cases()
    for number, case in enumerate(cases[first:], first):
        copy.enter()
        case.make(copy)
        begin = {"name": case.name, "must_refuse": case.refused, "left": len(cases) - number - 1}
        print(json.dumps(begin), file=speak)
        before = tree(copy.root)
        found = look(case, copy)
        after = tree(copy.root)
        changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        print(json.dumps(found | {"changed": changed}), file=speak)
        copy.mend(good, wanted, after)


if __name__ == "__main__":
    main()
