"""The child process that opens a stranger's pickle: `python -m vae.adoption.weights.loading_child FILE RESULT`.

torch's restricted unpickler makes nothing but tensors and plain containers; memory and processor time are bounded all
the same, because a few bytes can ask for any amount of both. What it finds is written as safetensors; its answer is
one JSON object on standard output.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import Any

MOST_MEMORY = 8 * 2**30  # of address space, of which torch itself takes a good part
MOST_SECONDS = 60  # of processor time
MOST_TENSORS = 10_000
MOST_DEPTH = 6
STATES = ("state_dict", "model_state_dict", "model_state", "model", "net", "weights", "ema", "params")
GLOBAL = re.compile(r"(?:GLOBAL|global) ([\w.]+)")
REASON = re.compile(r"WeightsUnpickler error: ([^\n.]+)")
ORDER = "|"  # after the place of each tensor, in its name: safetensors sorts them


def main(file: str, result: str) -> dict[str, Any]:
    """{"tensors": count} or {"refused": what, "global": name}."""
    import torch
    from safetensors.torch import save_file
    from torch import Tensor

    found: dict[str, Tensor] = {}
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
        _gather(content, "", found, Tensor, 0)
        chosen = _state(found)
        # a tensor may repeat what it holds, as often as its shape says
        numbers, size = sum(tensor.numel() for tensor in chosen.values()), Path(file).stat().st_size
        if numbers > size:
            return {"refused": f"Its tensors have {numbers:,} numbers, more than its {size:,} bytes can hold."}
        kept = {f"{i:06}{ORDER}{name}": tensor for i, (name, tensor) in enumerate(chosen.items())}
        save_file({name: tensor.detach().float().contiguous().clone() for name, tensor in kept.items()}, result)
    except Exception as error:  # the unpickler raises whatever it meets
        said = str(error)
        name = GLOBAL.search(said)
        why = REASON.search(said)  # torch's own advice, to load it unsafely, is not passed on
        return {"refused": why[1][:200] if why else type(error).__name__, "global": name[1] if name else ""}
    return {"tensors": len(chosen)}


def _gather(value: Any, name: str, found: dict[str, Any], kind: type, depth: int) -> None:
    """All tensors below nested dictionaries, by dotted names."""
    if isinstance(value, kind):
        if len(found) < MOST_TENSORS:
            found[name] = value
    elif isinstance(value, dict) and depth < MOST_DEPTH:
        for key, part in value.items():
            _gather(part, f"{name}.{key}" if name else str(key)[:200], found, kind, depth + 1)


def _state(found: dict[str, Any]) -> dict[str, Any]:
    """The model's own tensors among those of optimizers and records: those below a usual name, else all."""
    for state in STATES:
        below = {name[len(state) + 1 :]: t for name, t in found.items() if name.startswith(f"{state}.")}
        if len(below) > 1:
            return below
    return {name: t for name, t in found.items() if not name.startswith(("optimizer", "scheduler", "lr_scheduler"))}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
