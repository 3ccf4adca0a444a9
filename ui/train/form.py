"""The left side of Train: what to train, checked before anything starts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import streamlit as st

from ui.shared import formatting, job_card, page
from ui.train import estimate, fields, form_state
from ui.train.fields import Typed
from ui.train.presets import Settings
from vae.checkpoints import checkpoint_files
from vae.commands.train import TRAINING_HELP, command_words
from vae.config import ModelConfig, TrainConfig, check_together, default_model_config
from vae.data import datasets
from vae.errors import CheckpointError, ConfigError, VAEError
from vae.jobs import queue
from vae.model.layers import parameter_shapes
from vae.storage import paths

TRAINING_BYTES = 16  # a parameter, its gradient and two moments of Adam, in float32
LARGE = 100_000_000


@dataclass(frozen=True)
class Request:
    """One training run, checked."""

    name: str
    model: ModelConfig
    train: TrainConfig

    @property
    def arguments(self) -> list[str]:
        """What follows `python -m vae`."""
        return command_words(self.model, self.train, self.name)

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(math.prod(shape) for shape in parameter_shapes(self.model).values())


@st.fragment
def show(primary: bool) -> None:
    """The form runs alone while it is filled in; Train submits the job and puts its id into the URL."""
    with page.error_boundary():
        typed = fields.ask(names_in_use)
        known = datasets.info(typed.dataset)
        missing = not known.on_this_machine()
        if missing:
            st.markdown(f":material/cloud_off: {known.title}'s images are not on this machine.")
            job_card.download_offer(known.name, known.title, known.download_mb)
        checked = _check(typed)
        kind = "primary" if primary else "secondary"
        clicked = st.button("Train", key="train_submit", type=kind, disabled=missing, width="stretch")  # type: ignore[arg-type]
        if clicked and checked and not missing:
            _start(checked)
        estimate.show(checked if not missing else None)


def _start(wanted: Request) -> None:
    estimate.training_starts(wanted)
    job = queue.submit("train", f"Train {wanted.name}", wanted.arguments)
    form_state.forget_name()
    st.query_params["job"] = job.id
    st.rerun()


def _check(typed: Typed) -> Request | None:
    """The request, described, or None with the reason shown."""
    try:
        wanted = request(typed)
    except VAEError as error:
        page.show_error(error)
        return None
    st.caption(page.escape(description(wanted)))
    return wanted


def description(wanted: Request) -> str:
    """How large the model is and what will be written."""
    count, folder = wanted.parameters, checkpoint_files.checkpoint_path(wanted.name)
    folder = folder.relative_to(paths.PROJECT) if folder.is_relative_to(paths.PROJECT) else folder
    text = (
        f"{formatting.count(count, 'parameter')} ({formatting.size(4 * count)}). "
        f"Writes `{folder}`: weights, latents and maps of the test images, the learning curve."
    )
    if count > LARGE:
        text += f" Large: training takes about {formatting.size(TRAINING_BYTES * count)} of memory."
    return text


def request(typed: Typed) -> Request:
    """Check what was typed. Raises ConfigError, DatasetError or CheckpointError."""
    model, train = model_config(typed.dataset, typed.settings), train_config(typed.dataset, typed.settings)
    check_together(model, train)
    name = typed.name.strip()
    path = checkpoint_files.checkpoint_path(name)
    if path.exists():
        raise CheckpointError(f"There is already a model {name}.", "Choose another name.")
    if name in names_in_use():
        raise CheckpointError(f"A run that has not ended will write {name}.", "Choose another name.")
    return Request(name, model, train)


def model_config(dataset: str, s: Settings) -> ModelConfig:
    """The network that the fields describe. Raises ConfigError and DatasetError."""
    shape = datasets.info(dataset).image_shape
    model = default_model_config(s.architecture, shape, s.latent_dim, activation=s.activation, likelihood=s.likelihood)
    if s.hidden.strip():
        model = replace(model, hidden=widths("Hidden widths", s.hidden))
    if s.channels.strip() and s.architecture == "conv":
        model = replace(model, channels=widths("Channels", s.channels))
    return model


def train_config(dataset: str, s: Settings) -> TrainConfig:
    """The training that the fields describe. Raises ConfigError."""
    return TrainConfig(dataset, **{name: getattr(s, name) for name in TRAINING_HELP})


def widths(what: str, text: str) -> tuple[int, ...]:
    """`512, 256` or `512 256`; `none` for no such layer. Raises ConfigError."""
    if text.strip().lower() == "none":
        return ()
    parts = text.replace(",", " ").split()
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise ConfigError(f"{what} are {text.strip()[:60]!r}, expected whole numbers such as 512, 256.")
    return tuple(int(part) for part in parts)


def names_in_use() -> set[str]:
    """Names of models on disk, usable or not, and of those that active runs will write."""
    root = checkpoint_files.checkpoint_path("x").parent
    on_disk = {path.name for path in root.iterdir()} if root.is_dir() else set()
    return on_disk | {output_name(job) for job in queue.all_jobs() if job.kind == "train" and job.active}


def output_name(job: queue.Job) -> str:
    """The name of the model that a training job writes; empty when its command doesn't say."""
    try:
        return job.arguments[job.arguments.index("--output") + 1]
    except (ValueError, IndexError):
        return ""
