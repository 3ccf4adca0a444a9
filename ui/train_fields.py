"""The fields of the training form, each with its default and one sentence of help. What was typed is kept."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from vae import datasets
from vae.config import ACTIVATIONS, ARCHITECTURES, MAX_LATENT_DIM, TrainConfig, default_model_config

NAME, NAME_TYPED = "train_name", "train_name_typed"
ARCHITECTURE_TITLES = {"mlp": "MLP", "conv": "Convolutional"}
EPOCHS = {"digits": 100}  # an epoch of digits is a few steps; others begin with TrainConfig's own
DEFAULTS = TrainConfig("digits")


@dataclass(frozen=True)
class Typed:
    """The fields as they stand, not yet checked."""

    dataset: str
    architecture: str
    latent_dim: int
    epochs: int
    name: str
    hidden: str
    channels: str
    activation: str
    batch_size: int
    learning_rate: float
    beta: float
    seed: int


def ask(names_in_use: set[str]) -> Typed:
    """Draw the form and read it."""
    dataset = st.selectbox(
        "Data set",
        datasets.names(),
        format_func=_dataset_title,
        key="train_dataset",
        persist_state="session",
        help="The images that the model learns, with fixed training, validation and test splits.",
    )
    architecture = st.segmented_control(
        "Architecture",
        ARCHITECTURES,
        default="mlp",
        required=True,
        format_func=lambda a: ARCHITECTURE_TITLES.get(a, a),
        key="train_architecture",
        persist_state="session",
        width="stretch",
        help="MLP is fully connected and trains fast; convolutional reconstructs images better and takes longer.",
    )
    dataset, architecture = str(dataset), str(architecture)
    left, right = st.columns([1.4, 1])  # the longer label needs its line
    with left:
        latent_dim = _whole(
            "Latent dimensions",
            "train_latent_dim",
            2,
            MAX_LATENT_DIM,
            "Numbers that describe one image: 2 can be seen directly, 8 to 32 reconstruct better.",
        )
    with right:
        epochs = _whole(
            "Epochs",
            f"train_epochs_{dataset}",
            EPOCHS.get(dataset, DEFAULTS.epochs),
            100_000,
            "Passes over all training images; a stop keeps the last finished one.",
        )
    name = _name(f"{dataset}-{architecture}-{latent_dim}", names_in_use)
    return Typed(dataset, architecture, latent_dim, epochs, name, *_advanced(dataset, architecture))


def _advanced(dataset: str, architecture: str) -> tuple[str, str, str, int, float, float, int]:
    usual = default_model_config(architecture, datasets.info(dataset).image_shape, 2)
    with st.expander("Advanced", icon=":material/tune:"):
        hidden = _widths(
            "Hidden widths",
            f"train_hidden_{architecture}",
            usual.hidden,
            "Widths of the fully connected layers from the image inwards; the decoder mirrors them.",
        )
        channels = ""
        if architecture == "conv":
            channels = _widths(
                "Channels",
                "train_channels",
                usual.channels,
                "Channels of the convolutions from the image inwards; each halves height and width.",
            )
        activation = st.segmented_control(
            "Activation",
            ACTIVATIONS,
            default=usual.activation,
            required=True,
            key=f"train_activation_{architecture}",
            persist_state="session",
            help="The function between layers: relu is fast, silu is smoother and suits convolutions.",
        )
        left, right = st.columns(2)
        with left:
            batch_size = _whole(
                "Batch size", "train_batch_size", DEFAULTS.batch_size, 1_000_000, "Images in one gradient step."
            )
            beta = _real("β", "train_beta", DEFAULTS.beta, 0.5, "Weight of the KL term: 1 trains the ELBO itself.")
        with right:
            learning_rate = _real(
                "Learning rate",
                "train_learning_rate",
                DEFAULTS.learning_rate,
                5e-4,
                "The peak of the schedule; 0.001 to 0.005 suit most models.",
            )
            seed = _whole(
                "Seed", "train_seed", DEFAULTS.seed, 2**53 - 1, "The same seed on the same CPU gives the same model.", 0
            )
    return hidden, channels, str(activation), batch_size, learning_rate, beta, seed


def _whole(label: str, key: str, value: int, high: int, explanation: str, low: int = 1) -> int:
    return int(st.number_input(label, low, high, value, 1, key=key, help=explanation, persist_state="session"))


def _real(label: str, key: str, value: float, step: float, explanation: str) -> float:
    return float(
        st.number_input(label, 0.0, 1e6, value, step, format="%g", key=key, help=explanation, persist_state="session")
    )


def _widths(label: str, key: str, usual: tuple[int, ...], explanation: str) -> str:
    placeholder = ", ".join(map(str, usual))
    return str(st.text_input(label, key=key, placeholder=placeholder, help=explanation, persist_state="session"))


def _dataset_title(name: str) -> str:
    known = datasets.info(name)
    _, height, width = known.image_shape
    return f"{known.title}, {height} × {width}" + ("" if known.on_this_machine() else " (missing)")


# --- the name ---------------------------------------------------------------------------------------------------------


def _name(usual: str, names_in_use: set[str]) -> str:
    """A field that follows the other ones until somebody types in it, and again once it is emptied."""
    if not st.session_state.get(NAME_TYPED):
        st.session_state[NAME] = free_name(usual, names_in_use)
    return str(
        st.text_input(
            "Model name",
            key=NAME,
            on_change=_name_changed,
            persist_state="session",
            help="The folder below checkpoints/ and the name in Explore; empty it for a suggestion.",
        )
    )


def _name_changed() -> None:
    st.session_state[NAME_TYPED] = bool(st.session_state[NAME].strip())


def forget_name() -> None:
    """Suggest a name again: the typed one is used."""
    st.session_state[NAME_TYPED] = False


def free_name(usual: str, names_in_use: set[str]) -> str:
    """`usual`, or with -b, -c, … -z, -27, -28, … when that is in use."""
    lower = {name.lower() for name in names_in_use}  # some file systems don't tell a and A apart
    return next(name for name in _candidates(usual) if name.lower() not in lower)


def _candidates(usual: str) -> Iterator[str]:
    yield usual
    for letter in string.ascii_lowercase[1:]:
        yield f"{usual}-{letter}"
    for number in itertools.count(27):
        yield f"{usual}-{number}"
