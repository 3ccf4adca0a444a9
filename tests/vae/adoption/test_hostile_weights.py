"""Files of weights that are made to break their reader: refused in words, nothing is executed or written."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from tests.hostile.contents import tensor_files
from tests.vae.adoption import models
from vae.adoption import from_weights
from vae.adoption.weights import loading_child, parts, state_dict, weights_file
from vae.errors import VAEError

MARKER = "executed"
LONGEST = 1_500
pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle", "ignore:Validating sparse")


class Evil:
    """Runs a command where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {MARKER}",)


class Evaluates:
    """Evaluates Python where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"open('{MARKER}', 'w')",)


def saved(content: Any, **how: Any) -> bytes:
    """By torch.save."""
    file = io.BytesIO()
    torch.save(content, file, **how)
    return file.getvalue()


def _zip(**records: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, raw in records.items():
            archive.writestr(f"archive/{name.replace('_', '.')}", raw)
    return file.getvalue()


def _state() -> dict[str, torch.Tensor]:
    return models.Linear(16, 4, 2).state_dict()


def _huge_view(*sides: int) -> torch.Tensor:
    return torch.zeros(1).expand(*sides)


RAW = saved(_state())


def _cut(part: int, parts: int) -> bytes:
    return RAW[: len(RAW) * part // parts]


PICKLES: dict[str, Callable[[], bytes]] = {
    **{f"a command, protocol {n}": partial(pickle.dumps, Evil(), n) for n in range(6)},
    "a command by hand": lambda: b"cposix\nsystem\n(S'touch executed'\ntR.",
    "code by hand": lambda: b"c__builtin__\neval\n(S'open(chr(120), chr(119))'\ntR.",
    "a command by torch.save": lambda: saved(Evil()),
    "a command by torch.save, as once": lambda: saved(Evil(), _use_new_zipfile_serialization=False),
    "code by torch.save": lambda: saved({"state_dict": _state(), "extra": Evaluates()}),
    "code behind weights": lambda: saved([_state(), Evaluates()]),
    "a module": lambda: saved(torch.nn.Linear(3, 2)),
    "a module, as once": lambda: saved(torch.nn.Linear(3, 2), _use_new_zipfile_serialization=False),
    "somebody's own module": lambda: saved(models.Linear(16, 4, 2)),
    "arrays of objects": lambda: pickle.dumps(np.array([Evil()], object)),
    "a path": lambda: saved({"where": Path("/etc/passwd")}),
    "a number": lambda: saved(3),
    "text": lambda: saved("weights"),
    "nothing in a dictionary": lambda: saved({}),
    "a list of tensors": lambda: saved(list(_state().values())),
    "a string of 2 GB that isn't there": lambda: b"\x80\x04\x8d" + (2**31).to_bytes(8, "little") + b"x.",
    "a number of 2 GB that isn't there": lambda: b"\x80\x02\x8b" + (2**31 - 1).to_bytes(4, "little") + b"x.",
    "lists in lists": lambda: b"]" * 100_000 + b"a" * 99_999 + b".",
    "a terabyte of one number": lambda: saved({"a.weight": _huge_view(10**6, 10**6), "b.weight": _huge_view(1, 1)}),
    "2 GB of one number": lambda: saved({"a.weight": _huge_view(2**19, 1024), "b.weight": _huge_view(1, 1)}),
    "2 GB of one number often": lambda: saved({f"a{k}.weight": _huge_view(2**13, 1024) for k in range(64)}),
    "sparse tensors": lambda: saved({"a.weight": torch.eye(3).to_sparse(), "b.weight": torch.eye(3).to_sparse()}),
    "names that are no Unicode": lambda: saved({"\ud800.weight": torch.eye(3), "b.weight": torch.eye(3)}),
    "a zip of something else": lambda: _zip(readme_txt=b"hello"),
    "a zip with a pickle": lambda: _zip(data_pkl=pickle.dumps(Evil(), 2), version=b"3\n", byteorder=b"little"),
    "a zip without numbers": lambda: RAW.replace(b"archive/data/0", b"archive/data/X"),
    "nothing": lambda: b"",
    "zeros": lambda: bytes(1000),
    "a page": lambda: b"<!doctype html><script>alert(1)</script>",
    **{f"cut off at {k} of 23 parts": partial(_cut, k, 23) for k in range(1, 23)},
}


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, which the child's bounds don't protect."""
    monkeypatch.chdir(tmp_path)
    path, result = tmp_path / "model.pt", tmp_path / "result"
    path.write_bytes(PICKLES[name]())
    found = loading_child.main(str(path), str(result))
    assert found.get("refused") or not found["tensors"], found
    assert sorted(p.name for p in tmp_path.iterdir() if p != result) == ["model.pt"]


@pytest.mark.parametrize("name", ["a command by torch.save", "somebody's own module", "a terabyte of one number"])
def test_the_child_says_why(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.ckpt"
    path.write_bytes(PICKLES[name]())
    with pytest.raises(VAEError, match=r"model\.ckpt .*save_file") as refused:
        weights_file.read(path)
    named = {"a command by torch.save": "system", "somebody's own module": "adoption.models.Linear"}.get(
        name, "numbers"
    )
    assert named in refused.value.message
    assert [p.name for p in tmp_path.iterdir()] == ["model.ckpt"]


# --- safetensors ------------------------------------------------------------------------------------------------------

GOOD = safetensors.numpy.save({name: tensor.numpy() for name, tensor in models.Linear(256, 8, 2).state_dict().items()})


# any name may be that of a layer
DAMAGED = {name: change for name, change in tensor_files.NO_FILE.items() if name != "has arrays of another name"}


@pytest.mark.parametrize("name", [*DAMAGED, *(f"cut off at {k} of 7 parts" for k in range(7))])
def test_a_damaged_safetensors_file_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    change = DAMAGED.get(name)
    path.write_bytes(change(GOOD) if change else GOOD[: len(GOOD) * int(name.split()[3]) // 7])
    _refused(path)


def _others() -> dict[str, dict[str, Any]]:
    good = {name: tensor.numpy() for name, tensor in models.Linear(256, 8, 2).state_dict().items()}
    one = np.ones((3, 3), np.float32)
    return {
        "NaN": good | {"fc3.weight": np.full_like(good["fc3.weight"], np.nan)},
        "endless numbers": good | {"fc3.bias": np.full_like(good["fc3.bias"], np.inf)},
        "a bias of another size": good | {"fc1.bias": np.ones(9, np.float32)},
        "a bias of two dimensions": good | {"fc1.bias": np.ones((8, 1), np.float32)},
        "layers that don't fit": good
        | {"fc21.weight": np.ones((2, 9), np.float32), "fc22.weight": np.ones((2, 9), np.float32)},
        "a decoder of another size": good | {"fc3.weight": np.ones((8, 5), np.float32)},
        "pictures of another size": good
        | {"fc4.weight": np.ones((255, 8), np.float32), "fc4.bias": np.ones(255, np.float32)},
        "images of another size": good | {"fc1.weight": np.ones((8, 257), np.float32)},
        "no number": good | {"fc1.weight": np.ones((0, 256), np.float32), "fc1.bias": np.ones(0, np.float32)},
        "three dimensions": good | {"fc1.weight": np.ones((8, 256, 1), np.float32)},
        "five dimensions": good | {"fc1.weight": np.ones((8, 256, 1, 1, 1), np.float32)},
        "a single number": good | {"fc1.weight": np.float32(1)},
        "no latent space": {"a.weight": one, "b.weight": one},
        "one layer": {"a.weight": one},
        "10,000 layers": {f"layer{k}.weight": one for k in range(9_999)},
        "what is no layer": {f"gru.weight_hh_l{k}": one for k in range(100)},
        "names of 10,000 characters": {f"{'x' * 10_000}{k}.weight": one for k in range(30)},
        "names that steer a terminal": {
            f"\x1b]0;owned\x07\u202e{k}.{role}": one for k in range(9) for role in ("weight", "x")
        },
        "names of markup": {f"<script>alert({k})</script>.{role}": one for k in range(9) for role in ("weight", "x")},
        "names of dots": {"." * 5_000: one, "..": one, "": one},
        "a normalization of another size": good
        | {"norm.weight": np.ones(7, np.float32), "norm.running_mean": np.ones(6, np.float32)},
        "statistics without a layer": good | {"norm.running_mean": np.ones(8, np.float32)},
    }


@pytest.mark.parametrize("name", _others())
def test_other_weights_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors.numpy.save({k: np.asarray(v) for k, v in _others()[name].items()}))
    said = _refused(path)
    assert "vae.adopt(" in said


def _refused(path: Path) -> str:
    before = sorted(path.parent.iterdir())
    with pytest.raises(VAEError) as refused:
        from_weights.ranked(path, "grey")
    said = str(refused.value)
    assert 20 < len(said) < LONGEST and path.name in said
    assert not set(said) & {"\x1b", "\x07", "\u202e"}, said
    assert sorted(path.parent.iterdir()) == before
    return said


@pytest.mark.parametrize("name", ["model.exe", "model", "model.pt.zip"])
def test_other_files_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(RAW)
    with pytest.raises(VAEError, match=r"expected \.pt"):
        weights_file.read(tmp_path / name)


def test_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.pt")
    with pytest.raises(VAEError, match=r"model\.pt"):
        weights_file.read(tmp_path / "model.pt")


def test_the_good_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(GOOD)
    layers = state_dict.layers_of(weights_file.read(path))
    assert parts.parts_of(layers).latent_dim == 2
