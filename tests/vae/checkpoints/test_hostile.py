"""Checkpoints whose hashes are right and whose contents are made to break a reader: CheckpointError, nothing else."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tests.vae.helpers import edit_config, new_checkpoint, random_latents, rehash
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Latents, check_latents
from vae.errors import CheckpointError, StorageError
from vae.maps import map_files, pca
from vae.storage import door
from vae.storage.kinds import FileKind

Hostile = Callable[[Path], object]
HUGE = 10**400
NAN = np.float32(np.nan)


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    return checkpoint_writing.write(new_checkpoint(), tmp_path / "a")


def replace(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    rehash(folder)


def metrics(text: str) -> Hostile:
    return lambda folder: replace(folder, checkpoint_files.METRICS, text.encode())


def elbo(value: str) -> Hostile:
    return metrics(f'{{"elbo": {{"value": {value}, "unit": "", "protocol": ""}}}}')


def latents(**changes: object) -> Hostile:
    """Some arrays exchanged; a function gets the array that was there."""

    def forge(folder: Path) -> None:
        arrays = {name: getattr(random_latents(), name) for name in Latents.__dataclass_fields__}
        arrays |= {name: change(arrays[name]) if callable(change) else change for name, change in changes.items()}
        replace(
            folder,
            checkpoint_files.LATENTS,
            safetensors.numpy.save({n: np.ascontiguousarray(a) for n, a in arrays.items()}),
        )

    return forge


def at_first(value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        changed = array.copy()
        changed.flat[0] = value
        return changed

    return change


def nobody(folder: Path) -> None:
    empty = {name: getattr(random_latents(), name)[:0] for name in Latents.__dataclass_fields__}
    replace(folder, checkpoint_files.LATENTS, safetensors.numpy.save(empty))


def pca_map(about: dict | None = None, **arrays: object) -> Hostile:
    """The PCA map with other arrays, or other words and numbers about it."""

    def forge(folder: Path) -> None:
        (folder / "new").write_bytes((folder / checkpoint_files.MAPS).read_bytes())
        with safetensors.safe_open(folder / "new", framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            values = json.loads(file.metadata()["maps"])
        for name, change in arrays.items():
            tensors[f"pca.{name}"] = change(tensors[f"pca.{name}"]) if callable(change) else change
        values["pca"] |= about or {}
        replace(folder, checkpoint_files.MAPS, safetensors.numpy.save(tensors, {"maps": json.dumps(values)}))

    return forge


def data_set(**changes: object) -> Hostile:
    def forge(folder: Path) -> None:
        old = json.loads((folder / checkpoint_files.CONFIG).read_text(encoding="utf-8"))["dataset"]
        edit_config(folder, dataset=old | changes)

    return forge


HOSTILE: dict[str, tuple[Hostile, str]] = {
    "endless metric": (elbo(str(HUGE)), "metrics.json: elbo is 1000000"),
    "metric that is no number": (elbo("NaN"), "metrics.json: elbo is nan, expected a finite number"),
    "infinite metric": (elbo("1e999"), "metrics.json: elbo is inf, expected a finite number"),
    "true metric": (elbo("true"), "metrics.json: elbo is True, expected a finite number"),
    "metric is a list": (metrics('{"elbo": [1]}'), "metrics.json is incomplete"),
    "metric is text": (metrics('{"elbo": "x"}'), "metrics.json is incomplete"),
    "metric is null": (metrics('{"elbo": null}'), "metrics.json is incomplete"),
    "surrogate in metrics": (metrics('{"\\ud800": {}}'), "metrics.json holds text that is no Unicode"),
    "surrogate in config": (lambda f: edit_config(f, command="\ud800"), "config.json holds text that is no Unicode"),
    "surrogate in a map": (pca_map({"parameters": {"x": "\ud800"}}), "maps.safetensors is incomplete"),
    "no class names": (data_set(class_names=[]), "names no classes, expected at least one"),
    "class names are null": (data_set(class_names=None), "config.json is incomplete or wrong"),
    "endless image side": (data_set(image_shape=[1, 8, float("inf")]), "config.json is incomplete or wrong"),
    "no images": (nobody, "the latents are of 0 images, expected at least 1"),
    "one number as mu": (latents(mu=np.zeros((), np.float32)), "The latents' arrays disagree"),
    "mu in float64": (latents(mu=lambda a: a.astype(np.float64)), "latents' mu is float64, expected float32"),
    "mu is NaN": (latents(mu=at_first(NAN)), "latents' mu has 1 of 80 numbers that are not finite"),
    "endless sigma": (latents(sigma=at_first(np.inf)), "latents' sigma has 1 of 80 numbers that are not finite"),
    "negative sigma": (latents(sigma=at_first(-1)), "the smallest sigma is -1, expected 0 or more"),
    "elbo is NaN": (latents(elbo=at_first(NAN)), "latents' elbo has 1 of 40 numbers that are not finite"),
    "kl in int64": (latents(kl=lambda a: a.astype(np.int64)), "latents' kl is int64, expected float32"),
    "labels in float32": (latents(labels=lambda a: a.astype(np.float32)), "labels are float32, expected int64"),
    "label too high": (latents(labels=at_first(10)), "to 10, expected 0 to 9 for 10 class names"),
    "label too low": (latents(labels=at_first(-1)), "the labels go from -1 to 9, expected 0 to 9"),
    "xy in float64": (pca_map(xy=lambda a: a.astype(np.float64)), "the pca map is float64, expected float32"),
    "xy is NaN": (pca_map(xy=at_first(NAN)), "the pca map has 1 of 80 numbers that are not finite"),
    "other mean": (pca_map(mean=np.zeros(3, np.float32)), "pca map's mean has shape (3,), expected (2,)"),
    "mean is NaN": (pca_map(mean=at_first(NAN)), "pca map's mean has 1 of 2 numbers that are not finite"),
    "other components": (
        pca_map(components=np.zeros((2, 3), np.float32)),
        "components has shape (2, 3), expected (2, 2)",
    ),
    "endless components": (pca_map(components=at_first(np.inf)), "components has 1 of 4 numbers that are not finite"),
    "quality is a list": (pca_map({"quality": [1]}), "pca map's quality are [1], expected an object"),
    "parameters are null": (pca_map({"parameters": None}), "pca map's parameters are None, expected an object"),
    "trustworthiness is text": (
        pca_map({"quality": {"trustworthiness": "x"}}),
        "map's trustworthiness is 'x', expected",
    ),
    "trustworthiness is NaN": (pca_map({"quality": {"trustworthiness": np.nan}}), "map's trustworthiness is nan"),
    "trustworthiness is endless": (pca_map({"quality": {"trustworthiness": HUGE}}), "map's trustworthiness is 1000"),
    "protocol is a list": (pca_map({"quality": {"protocol": [1]}}), "pca map's protocol is [1], expected text"),
    "shares are text": (pca_map({"quality": {"explained_variance_ratio": "12"}}), "ratio is '12', expected a list"),
    "share is NaN": (
        pca_map({"quality": {"explained_variance_ratio": [0.5, np.nan]}}),
        "ratio is nan, expected a finite",
    ),
}


@pytest.mark.parametrize(("forge", "message"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_content_is_refused_with_words(folder: Path, forge: Hostile, message: str) -> None:
    checkpoint_writing.write(new_checkpoint(), folder.parent / "b")
    forge(folder)
    with pytest.raises(CheckpointError, match=re.escape(message)):
        checkpoint_files.read("a", folder.parent)
    listed = checkpoint_files.summaries(folder.parent)  # a name in the list shows, whatever the folder holds
    assert [s.name for s in listed] == ["a", "b"]
    assert listed[1].problem is None


def test_a_history_that_is_too_long_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checkpoint_files.KINDS, checkpoint_files.HISTORY, FileKind("a short history", 20))
    with pytest.raises(CheckpointError, match=r"history\.csv has \d+ bytes, expected at most 20"):
        checkpoint_files.read("a", folder.parent)


def test_a_file_that_goes_while_it_is_verified(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, kind: FileKind) -> str:
        raise StorageError(f"{door.where(path)} can't be read: Permission denied.")

    monkeypatch.setattr(door, "sha256", refuse)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors can't be read: Permission denied"):
        checkpoint_files.read("a", folder.parent)


def test_what_nobody_foresaw_takes_down_no_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint_writing.write(new_checkpoint(), folder.parent / "b")
    read = checkpoint_files._read_header

    def surprise(path: Path) -> object:
        if path.name == "a":
            raise ZeroDivisionError("surprise")
        return read(path)

    monkeypatch.setattr(checkpoint_files, "_read_header", surprise)
    first, second = checkpoint_files.summaries(folder.parent)
    assert "a can't be read: ZeroDivisionError('surprise')" in str(first.problem)
    assert second.problem is None


def test_weights_that_are_no_numbers(folder: Path) -> None:
    for value, message in ((NAN, "1 of 256 numbers that are not finite"), (np.float64(1), "is float64")):
        weights = dict(new_checkpoint().weights)
        tensor = weights["encoder.1.weight"].astype(np.result_type(value))
        tensor.flat[0] = value
        weights["encoder.1.weight"] = tensor
        replace(folder, checkpoint_files.WEIGHTS, safetensors.numpy.save(weights))
        with pytest.raises(CheckpointError, match=message):
            checkpoint_files.read_weights(checkpoint_files.read("a", folder.parent))


def test_a_type_that_numpy_lacks(folder: Path) -> None:
    header = b'{"mu":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}'
    replace(folder, checkpoint_files.LATENTS, len(header).to_bytes(8, "little") + header + b"\0")
    with pytest.raises(CheckpointError, match=r"latents\.safetensors"):
        checkpoint_files.read("a", folder.parent)


# --- what is right passes ---------------------------------------------------------------------------------------------


def test_the_map_of_a_collapsed_model_is_readable() -> None:
    collapsed = dataclasses.replace(random_latents(), mu=np.zeros((40, 2), np.float32))
    check_latents(collapsed, 2, 10, "a")
    found = pca.fit(collapsed.mu)
    assert found.quality["explained_variance_ratio"] == [0.0, 0.0]
    map_files.check_map(found, collapsed.mu.shape, "a")


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_what_is_written_can_be_read(latent_dim: int) -> None:
    found = random_latents(latent_dim=latent_dim)
    content = np.frombuffer(bytearray(map_files.to_bytes([pca.fit(found.mu)])), np.uint8)
    check_latents(found, latent_dim, 10, "a")
    map_files.check_map(map_files.maps_of(content, "maps")["pca"], found.mu.shape, "a")
