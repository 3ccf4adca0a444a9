"""Every kind of damage to a checkpoint is refused with words, and hides no other checkpoint."""

from __future__ import annotations

import json
import os
import pickle  # written only, to show that it is never read
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tests.vae.helpers import edit_config, new_checkpoint, random_latents, rehash
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.errors import CheckpointError
from vae.maps import map_files, pca

Damage = Callable[[Path], object]


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    return checkpoint_writing.write(new_checkpoint(), tmp_path / "a")


def config_of(folder: Path) -> dict:
    return json.loads((folder / checkpoint_files.CONFIG).read_text(encoding="utf-8"))


def cut(name: str, keep: int) -> Damage:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:keep])


def flip_last_byte(name: str) -> Damage:
    def damage(folder: Path) -> None:
        raw = bytearray((folder / name).read_bytes())
        raw[-2] ^= 1
        (folder / name).write_bytes(raw)

    return damage


def forged(name: str, content: bytes) -> Damage:
    """Other content whose size and hash config.json knows."""

    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)
        rehash(folder)

    return damage


def config(**changes: object) -> Damage:
    return lambda folder: edit_config(folder, **changes)


def model(**changes: object) -> Damage:
    return lambda folder: edit_config(folder, model=config_of(folder)["model"] | changes)


def files(change: Callable[[dict], object]) -> Damage:
    def damage(folder: Path) -> None:
        values = config_of(folder)["files"]
        change(values)
        edit_config(folder, files=values)

    return damage


def tensors(**arrays: np.ndarray) -> bytes:
    return safetensors.numpy.save(arrays)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "empty weights": (cut(checkpoint_files.WEIGHTS, 0), "weights.safetensors has 0 bytes, expected 3,040"),
    "truncated weights": (cut(checkpoint_files.WEIGHTS, 500), "weights.safetensors has 500 bytes, expected 3,040"),
    "truncated latents": (cut(checkpoint_files.LATENTS, -1), "latents.safetensors has"),
    "absent maps": (lambda f: (f / checkpoint_files.MAPS).unlink(), "maps.safetensors is missing"),
    "absent config": (lambda f: (f / checkpoint_files.CONFIG).unlink(), "config.json can't be read: No such file"),
    "tampered weights": (
        flip_last_byte(checkpoint_files.WEIGHTS),
        "content of weights.safetensors does not match the SHA-256",
    ),
    "tampered latents": (
        flip_last_byte(checkpoint_files.LATENTS),
        "content of latents.safetensors does not match the SHA-256",
    ),
    "tampered metrics": (
        flip_last_byte(checkpoint_files.METRICS),
        "content of metrics.json does not match the SHA-256",
    ),
    "tampered history": (flip_last_byte(checkpoint_files.HISTORY), "content of history.csv does not match the SHA-256"),
    "config is no JSON": (cut(checkpoint_files.CONFIG, 100), "config.json is not valid JSON"),
    "config is a list": (lambda f: (f / checkpoint_files.CONFIG).write_text("[1, 2]"), "config.json holds a list"),
    "newer format": (config(format_version=2), "format 2, this program reads 1. Update the program"),
    "no format": (config(format_version=None), "format None, this program reads 1. Train it again"),
    "no model": (config(model=None), "model config is NoneType"),
    "no training": (config(train={}), "training config has unknown settings [] and lacks"),
    "no data set": (config(dataset={"name": "digits"}), "config.json is incomplete or wrong"),
    "impossible model": (model(latent_dim=0), "latent_dim is 0, expected"),
    "unknown setting": (model(run="rm"), "unknown settings ['run']"),
    "other latent dim": (model(latent_dim=3), "the latents have 2 dimensions, config.json says 3"),
    "other image shape": (model(image_shape=[1, 28, 28]), "model takes images (1, 28, 28), its data set has (1, 8, 8)"),
    "file not listed": (files(lambda v: v.pop(checkpoint_files.MAPS)), "config.json lists"),
    "file too many": (files(lambda v: v.update({"../x": v[checkpoint_files.MAPS]})), "config.json lists ['../x'"),
    "endless file": (
        files(lambda v: v[checkpoint_files.MAPS].update(bytes=float("inf"))),
        "config.json is incomplete or wrong",
    ),
    "files is a list": (config(files=[]), "config.json is incomplete or wrong"),
    "forged metrics": (
        forged(checkpoint_files.METRICS, b'{"elbo": {"value": "x"}}'),
        "metrics.json: elbo is 'x', expected a finite number",
    ),
    "metrics is a list": (forged(checkpoint_files.METRICS, b"[]"), "metrics.json holds a list"),
    "forged history": (forged(checkpoint_files.HISTORY, b"epoch,elbo\n1,two\n"), "history.csv is damaged"),
    "short history": (forged(checkpoint_files.HISTORY, b"epoch,elbo\n1\n"), "history.csv is damaged"),
    "other latents": (
        forged(checkpoint_files.LATENTS, tensors(mu=np.zeros((3, 2)))),
        "latents.safetensors holds ['mu'], expected",
    ),
    "other maps": (forged(checkpoint_files.MAPS, tensors(xy=np.zeros((3, 2)))), "maps.safetensors is incomplete"),
    "map of other images": (
        forged(checkpoint_files.MAPS, map_files.to_bytes([pca.fit(random_latents(7).mu)])),
        "the pca map has shape (7, 2), expected (40, 2)",
    ),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_refused_with_words(folder: Path, damage: Damage, message: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=re.escape(message)) as error:
        checkpoint_files.read("a", folder.parent)
    assert re.match("a[: ]", error.value.message)  # the checkpoint is named


# --- weights, which are read later ------------------------------------------------------------------------------------


class Bomb:
    """What a hostile pickle does: run a command when it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, ("unpickled",))


def test_a_pickle_is_never_loaded(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (checkpoint_files.WEIGHTS, checkpoint_files.LATENTS, checkpoint_files.MAPS):
        forged(name, pickle.dumps(Bomb()))(folder)
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        checkpoint_files.read("a", tmp_path)
    checkpoint_writing.write(new_checkpoint(), tmp_path / "b")
    forged(checkpoint_files.WEIGHTS, pickle.dumps(Bomb()))(tmp_path / "b")
    with pytest.raises(CheckpointError, match=r"weights\.safetensors is not a readable safetensors file"):
        checkpoint_files.read_weights(checkpoint_files.read("b", tmp_path))
    assert not (tmp_path / "unpickled").exists()


def test_weights_of_another_shape_than_the_config(folder: Path) -> None:
    model(hidden=[5])(folder)
    with pytest.raises(CheckpointError, match=r"tensor decoder\.0\.bias has shape \(4,\), expected \(5,\)"):
        checkpoint_files.read_weights(checkpoint_files.read("a", folder.parent))


def test_a_tensor_of_another_shape(folder: Path) -> None:
    weights = dict(new_checkpoint().weights)
    weights["encoder.1.weight"] = weights["encoder.1.weight"].T.copy()
    forged(checkpoint_files.WEIGHTS, safetensors.numpy.save(weights))(folder)
    with pytest.raises(CheckpointError, match=r"encoder\.1\.weight has shape \(64, 4\), expected \(4, 64\)"):
        checkpoint_files.read_weights(checkpoint_files.read("a", folder.parent))


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_a_tensor_too_few_or_too_many(folder: Path, change: str) -> None:
    weights = dict(new_checkpoint().weights)
    if change == "missing":
        del weights["decoder.2.bias"]
    else:
        weights["decoder.9.bias"] = np.zeros(2, np.float32)
    forged(checkpoint_files.WEIGHTS, safetensors.numpy.save(weights))(folder)
    with pytest.raises(CheckpointError, match=r"tensor decoder\.[29]\.bias has shape .*None"):
        checkpoint_files.read_weights(checkpoint_files.read("a", folder.parent))


# --- names and lists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../a", "..", ".", "", "a/b", "/etc", ".a", "a\n", "a\0b", "x" * 81, "~"])
def test_names_cant_leave_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match="is not a checkpoint's name"):
        checkpoint_files.read(name, folder.parent)


def test_an_unknown_name_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"no checkpoint 'b' in {tmp_path}"):
        checkpoint_files.read("b", tmp_path)


def test_good_checkpoints_are_listed_beside_broken_ones(folder: Path) -> None:
    root = folder.parent
    for name in ("broken", "c"):
        checkpoint_writing.write(new_checkpoint(), root / name)
    cut(checkpoint_files.WEIGHTS, 0)(root / "broken")
    (root / "empty").mkdir()
    (root / ".a.0000.tmp").mkdir()  # a write that is under way
    (root / "notes.txt").write_text("")
    found = {s.name: s for s in checkpoint_files.summaries(root)}
    assert list(found) == ["a", "broken", "c", "empty"]
    assert [name for name, s in found.items() if s.problem] == ["broken", "empty"]
    assert "weights.safetensors has 0 bytes" in str(found["broken"].problem)
    assert (found["a"].test_loss, found["a"].identity) == (31.25, checkpoint_files.read("a", root).identity)


def test_no_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert checkpoint_files.summaries(tmp_path / "absent") == []
