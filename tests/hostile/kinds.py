"""Every kind of file that the program reads: where it is, and what reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tests.hostile import house as houses
from tests.hostile.house import CHOICE, House
from tests.vae.helpers import edit_config
from vae.adoption import onnx_reading
from vae.adoption.weights import parts, state_dict, weights_file
from vae.anomalies import detector_files, sources
from vae.anomalies.evaluation import comparison_files
from vae.checkpoints import checkpoint_files, dimension_name_files, every_image, named_place_files
from vae.config import USUAL_READING
from vae.data import image_decoding, imported_dataset
from vae.data.built_in import mnist
from vae.data.folders import class_table
from vae.data.image_decoding import Format
from vae.data.importing import sources as import_sources
from vae.data.keeping import overview
from vae.errors import GenerationError
from vae.foreign import onnx_file
from vae.generation import direction_files, mixture_files, posterior_files
from vae.jobs import queue
from vae.jobs.job import log_tail, read_values
from vae.maps import map_files
from vae.sample_quality import quality_files
from vae.selection import tag_files
from vae.storage import door
from vae.storage.array_files import read_idx
from vae.storage.kinds import ARCHIVE, ARRAYS, IDX, ONNX, STATE
from vae.training.run_folder import epoch_files, film_files, request_files, status
from vae.training.run_folder.status import resume_file

DECODER = "decoder.onnx"
SMALL = 64 * 2**20  # bytes; of a larger file config.json knows the size only
GREY = Format(8, 8, colour=False)
FAMILIES = ("json", "tensors", "tensors with metadata", "table", "npy", "labels", "idx", "picture", "zip", "text")


@dataclass(frozen=True)
class Kind:
    """A kind of file. `read` gives what can be used of it, nothing (None, empty) where it is passed over, or raises a
    VAEError; `agree` makes what stands beside a damaged file agree with it, as somebody would who forges it.
    """

    name: str
    family: str
    place: Callable[[House], Path]
    read: Callable[[House], object]
    agree: Callable[[House], object] = lambda house: None


def _rehash(house: House) -> None:
    folder, files = house.checkpoint, {}
    for name in checkpoint_files.FILES:
        path = folder / name
        size = path.stat().st_size if _is_file(path) else 0
        known = _is_file(path) and size < SMALL
        files[name] = {"bytes": size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest() if known else "0" * 64}
    edit_config(folder, files=files)


def _rehash_network(house: House) -> None:
    """The description of the model tells the file's size, too."""
    path = house.foreign / DECODER
    raw = path.read_bytes() if _is_file(path) and path.stat().st_size < SMALL else b""
    values = json.loads((house.foreign / checkpoint_files.CONFIG).read_text())
    values["files"][DECODER] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    values["model"]["networks"]["decoder"]["nodes"][0]["size"] = len(raw)
    edit_config(house.foreign, files=values["files"], model=values["model"])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _same_size(house: House) -> None:
    """config.json keeps its identity: what is derived from it is found."""


def _checkpoint(house: House) -> object:
    checkpoint_files.summaries()  # a list of them comes whatever one of them holds
    return house.read_checkpoint()


def _weights(house: House) -> object:
    return checkpoint_files.read_weights(house.read_checkpoint())


def _network(house: House) -> object:
    import torch

    from vae.checkpoints import loading

    checkpoint_files.summaries()
    with torch.inference_mode():
        model = loading.load_model(checkpoint_files.read(house.foreign.name))
        return model.decode_mean(torch.zeros(1, model.config.latent_dim)).shape


def _maps(house: House) -> object:
    checkpoint = house.read_checkpoint()
    return map_files.read_derived_maps(checkpoint.identity, checkpoint.latents.mu.shape)


def _mixture(house: House) -> object:
    refuse = mock.Mock(side_effect=GenerationError("It is fitted anew."))
    with mock.patch.object(mixture_files, "fit_mixture", refuse):
        return mixture_files.mixture_of(house.read_checkpoint(), 2)


def _detectors(house: House) -> object:
    checkpoint = house.read_checkpoint()
    detector_files.saved(checkpoint)
    return detector_files.read(checkpoint, "first")


def _comparison(house: House) -> object:
    return comparison_files.saved(house.read_checkpoint(), CHOICE)


def _quality(house: House) -> object:
    checkpoint = house.read_checkpoint()
    quality_files.recorded(checkpoint)
    return quality_files.read(quality_files.derived_path(checkpoint.identity), checkpoint)


def _job(house: House) -> object:
    queue.all_jobs()
    return house.job()


def _state(house: House) -> object:
    log_tail(house.job())
    return read_values(house.run / "state.json", STATE)


def _request(house: House) -> object:
    return request_files.read(house.job())


def _resume(house: House) -> object:
    from vae.training.run_folder import resume_state  # which imports torch

    status.why_not(house.job())
    trainer = houses.trainer()
    resume_state.restore(trainer, resume_file(house.run), "images")
    return trainer


def _epoch(house: House) -> object:
    return epoch_files.epochs(house.run) and epoch_files.read(house.run, 1, houses.trainer().model.config)


def _images(house: House) -> object:
    imported_dataset.names()
    return imported_dataset.info("own").load_split("train")


def _names(house: House) -> object:
    return imported_dataset.info("own").load_split("train").file_names


def _classes(house: House) -> object:
    return class_table.read(house.root / "classes.csv", ["class/0.png", "class/1.png"]).classes


def _archive(house: House) -> object:
    """How many of its pictures can be read."""
    path = house.root / "own.zip"
    with door.opened(path, ARCHIVE) as file, import_sources.looked_into(file, path.name) as brought:
        return sum(len(part.pixels) for part in brought.pictures.decoded(brought.layout.files, GREY, USUAL_READING))


def _arrays(house: House) -> object:
    path = house.root / "own.npz"
    import_sources.side_of(path)
    with door.opened(path, ARRAYS) as file, import_sources.looked_into(file, path.name) as brought:
        return sum(len(part.pixels) for part in brought.pictures.decoded(brought.layout.files, GREY, USUAL_READING))


def _overview(house: House) -> object:
    return overview.kept("own")


def _weights_from_elsewhere(house: House) -> object:
    return parts.parts_of(state_dict.layers_of(weights_file.read(house.root / "elsewhere.safetensors")))


def _onnx(house: House) -> object:
    path = house.root / "elsewhere.onnx"
    return onnx_reading.network_of(onnx_file.read(door.read(path, ONNX), path.name), path.name)


def _picture(house: House) -> object:
    return image_decoding.decode(house.pictures / "class" / "0.png", GREY).pixels.shape


def _scored_pictures(house: House) -> object:
    """Whether the first of three pictures is scored; the others are, whatever the first is."""
    chunks = list(sources.from_folder(house.pictures, (1, 8, 8)).read())
    names = [name for chunk in chunks for name in chunk.names]
    assert names[-2:] == ["class/1.png", "class/2.png"], names
    return "class/0.png" in names


# What a browser uploads is content alone: no path, and nothing stands in its place.
def uploaded_picture(house: House, content: bytes) -> object:
    return image_decoding.own_picture(content, (1, 8, 8)).pixels.shape


def uploaded_to_score(house: House, content: bytes) -> object:
    """Whether the first of two pictures is scored; the other is, whatever the first is."""
    good = (house.pictures / "class" / "1.png").read_bytes()
    files = [("\x1b[2J../x\ud800.png", content), ("good.png", good)]
    names = [name for chunk in sources.from_files(files, (1, 8, 8)).read() for name in chunk.names]
    assert names[-1] == "good.png", names
    return len(names) == 2


def uploaded_directions(house: House, content: bytes) -> object:
    found = direction_files.from_json(content, house.read_checkpoint())
    return found.directions or found.notes


def _in_checkpoint(name: str, family: str, read: Callable[[House], object] = _checkpoint) -> Kind:
    agree = _same_size if name == checkpoint_files.CONFIG else _rehash
    return Kind(f"checkpoint's {name}", family, lambda house: house.checkpoint / name, read, agree)


def _in_run(name: str, family: str, read: Callable[[House], object]) -> Kind:
    return Kind(f"run's {name}", family, lambda house: house.run / name, read)


def _only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


KINDS = (
    _in_checkpoint("config.json", "json"),
    _in_checkpoint("metrics.json", "json"),
    _in_checkpoint("weights.safetensors", "tensors", _weights),
    _in_checkpoint("latents.safetensors", "tensors"),
    _in_checkpoint("maps.safetensors", "tensors with metadata"),
    _in_checkpoint("history.csv", "table"),
    Kind("checkpoint's network in ONNX", "text", lambda house: house.foreign / DECODER, _network, _rehash_network),
    Kind("derived map", "tensors with metadata", lambda house: house.derived / "map-tsne.safetensors", _maps),
    Kind(
        "training latents",
        "tensors",
        lambda house: house.derived / "training-latents.safetensors",
        lambda house: posterior_files.kept(house.read_checkpoint()),
    ),
    Kind(
        "other splits' latents",
        "tensors",
        lambda house: house.derived / "other-latents.safetensors",
        lambda house: every_image.kept(house.read_checkpoint()),
    ),
    Kind("mixture", "tensors", lambda house: _only(house.derived, "mixture-*"), _mixture),
    Kind(
        "direction",
        "json",
        lambda house: _only(house.derived, "directions/*"),
        lambda house: direction_files.saved(house.read_checkpoint()),
    ),
    Kind(
        "tag",
        "tensors with metadata",
        lambda house: _only(house.derived, "tags/*"),
        lambda house: tag_files.saved(house.identity, 40),
    ),
    Kind("detector", "tensors with metadata", lambda house: _only(house.derived, "detectors/*"), _detectors),
    Kind("comparison", "tensors with metadata", lambda house: _only(house.derived, "anomalies/*"), _comparison),
    Kind(
        "names of dimensions",
        "json",
        lambda house: house.derived / "dimension-names.json",
        lambda house: dimension_name_files.read(house.read_checkpoint()).entries,
    ),
    Kind(
        "named places",
        "json",
        lambda house: house.derived / "named-places.json",
        lambda house: named_place_files.read(house.read_checkpoint()).entries,
    ),
    Kind("quality record", "json", lambda house: house.derived / "quality.json", _quality),
    Kind("imported meta.json", "json", lambda house: house.images / "meta.json", _images),
    Kind(
        "import's report",
        "json",
        lambda house: house.images / "report.json",
        lambda house: imported_dataset.report("own"),
    ),
    Kind("overview of a data set", "json", lambda house: _only(house.root / "derived", "datasets/*"), _overview),
    Kind("ZIP of images", "zip", lambda house: house.root / "own.zip", _archive),
    Kind("NPZ of images", "zip", lambda house: house.root / "own.npz", _arrays),
    Kind("imported names", "text", lambda house: house.images / "train-names.txt", _names),
    Kind("table of classes", "text", lambda house: house.root / "classes.csv", _classes),
    Kind("weights from elsewhere", "text", lambda house: house.root / "elsewhere.safetensors", _weights_from_elsewhere),
    Kind("ONNX file", "text", lambda house: house.root / "elsewhere.onnx", _onnx),
    Kind("imported images", "npy", lambda house: house.images / "train.npy", _images),
    Kind("imported labels", "labels", lambda house: house.images / "train-labels.npy", _images),
    Kind(
        "IDX file",
        "idx",
        lambda house: house.root / "data/MNIST/raw/train-images-idx3-ubyte",
        lambda house: read_idx(mnist.raw_dir() / "train-images-idx3-ubyte", IDX).shape,
    ),
    _in_run("job.json", "json", _job),
    _in_run("state.json", "json", _state),
    _in_run("progress.json", "json", lambda house: house.job().progress),
    _in_run("request.json", "json", _request),
    _in_run("written.json", "json", lambda house: status.written(house.run)),
    _in_run("history.csv", "table", lambda house: status.rows(house.job())),
    _in_run("resume.safetensors", "tensors with metadata", _resume),
    _in_run("epochs/epoch-000001.safetensors", "tensors", _epoch),
    _in_run("log.txt", "text", lambda house: log_tail(house.job())),
    _in_run("previews/fixed.safetensors", "tensors with metadata", lambda house: film_files.read_fixed(house.run)),
    _in_run(
        "previews/epoch-000001.safetensors",
        "tensors with metadata",
        lambda house: film_files.epochs(house.run) and film_files.read_frame(house.run, 1),
    ),
    Kind("picture", "picture", lambda house: house.pictures / "class/0.png", _picture),
    Kind("picture to score", "picture", lambda house: house.pictures / "class/0.png", _scored_pictures),
)
