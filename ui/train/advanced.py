"""Every other setting of the training form, in groups. A field is there only where it applies."""

from __future__ import annotations

import streamlit as st

from ui.train.form_state import key
from vae.config import (
    ACTIVATIONS,
    BINARIZATIONS,
    KL_SCHEDULES,
    LIKELIHOODS,
    LR_SCHEDULES,
    MAX_IMPORTANCE_SAMPLES,
    OBJECTIVES,
    PRECISIONS,
    default_model_config,
)
from vae.data import datasets

MAX_SEED = 2**53 - 1  # what a browser's number holds
TITLES = {
    "relu": "ReLU",
    "silu": "SiLU",
    "bernoulli": "Bernoulli",
    "gaussian": "Gaussian",
    "elbo": "ELBO",
    "iwae": "IWAE",
    "autoencoder": "Autoencoder",
    "none": "Grey",
    "dynamic": "Drawn as 0 or 1",
    "constant": "Constant",
    "linear": "Linear",
    "cyclical": "Cyclical",
    "one_cycle": "One cycle",
    "cosine": "Cosine",
    "auto": "Auto",
}


def ask(dataset: str, architecture: str) -> None:
    """Draw the groups; the session holds what they say."""
    with st.expander("Advanced", icon=":material/tune:"):
        st.caption("**Network**")
        likelihood = _network(dataset, architecture)
        st.caption("**Objective**")
        objective = _objective(likelihood)
        if objective == "elbo":
            st.caption("**KL term**")
            _kl_term()
        st.caption("**Optimisation**")
        _optimisation()
        st.caption("**Safety**")
        _safety()


def _network(dataset: str, architecture: str) -> str:
    default = default_model_config(architecture, datasets.info(dataset).image_shape, 2)
    widths(
        "Hidden widths",
        "hidden",
        default.hidden,
        "Widths of the fully connected layers from the image inwards; the decoder mirrors them.",
        architecture,
    )
    if architecture == "conv":
        widths(
            "Channels",
            "channels",
            default.channels,
            "Channels of the convolutions from the image inwards; each halves height and width.",
            architecture,
        )
    choice(
        "Activation",
        "activation",
        ACTIVATIONS,
        "The function between layers: ReLU is fast, SiLU is smoother and suits convolutions.",
        TITLES,
        architecture,
    )
    return choice(
        "Likelihood",
        "likelihood",
        LIKELIHOODS,
        "What the decoder says of a pixel: the chance that it is white, or a mean with one learned variance for all.",
        TITLES,
    )


def _objective(likelihood: str) -> str:
    objective = choice(
        "Objective",
        "objective",
        OBJECTIVES,
        "What is maximised: the ELBO, a tighter bound of several samples, or only the reconstruction without noise.",
        TITLES,
    )
    if objective == "iwae":
        integer(
            "Importance samples",
            "importance_samples",
            2,
            MAX_IMPORTANCE_SAMPLES,
            "Posterior samples per image and step: more tighten the bound and take as much longer.",
        )
    if likelihood == "bernoulli":
        choice(
            "Pixels",
            "binarization",
            BINARIZATIONS,
            "Grey values as they are, or black and white drawn from them each time, which makes the ELBO a true "
            "likelihood bound.",
            TITLES,
        )
    return objective


def _kl_term() -> None:
    left, right = st.columns(2)
    with left:
        number("β", "beta", 0.5, "Weight of the KL term: 1 trains the ELBO itself, more uses fewer dimensions.")
    with right:
        number(
            "Free bits", "free_bits", 0.05, "Nats per dimension that cost nothing, against collapse; 0 is off.", 100.0
        )
    schedule = choice(
        "KL schedule",
        "kl_schedule",
        KL_SCHEDULES,
        "How the weight reaches β: at once, growing over the first epochs, or growing again in every cycle.",
        TITLES,
    )
    if schedule == "linear":
        integer("Warm-up epochs", "kl_warmup", 1, 100_000, "Epochs in which the weight grows from 0 to β.")
    if schedule == "cyclical":
        integer(
            "Cycles", "kl_cycles", 1, 1_000, "Times that the weight grows from 0 to β, in equal parts of the training."
        )


def _optimisation() -> None:
    left, right = st.columns(2)
    with left:
        integer("Batch size", "batch_size", 1, 1_000_000, "Images in one gradient step.")
    with right:
        number(
            "Learning rate", "learning_rate", 5e-4, "The peak of its schedule; 0.001 to 0.008 suit most models.", 1e3
        )
    choice(
        "Learning-rate schedule",
        "lr_schedule",
        LR_SCHEDULES,
        "One cycle rises and falls and needs the fewest epochs, cosine only falls, constant stays.",
        TITLES,
    )
    choice(
        "Precision",
        "precision",
        PRECISIONS,
        "Auto computes matrix products in 16 bits where this machine has them and in 32 elsewhere.",
        TITLES,
    )
    integer("Seed", "seed", 0, MAX_SEED, "The same seed on the same CPU gives the same model.")


def _safety() -> None:
    left, right = st.columns(2)
    with left:
        integer(
            "Patience",
            "patience",
            0,
            100_000,
            "Epochs without improvement on the validation images, once the learning rate has come down, before it "
            "stops and goes back to the best; 0 is off.",
        )
    with right:
        number("Gradient limit", "max_grad_norm", 1.0, "A longer gradient is scaled down to this norm; 0 is off.", 1e9)


# --- the kinds of field: their values are in the session before they are drawn ----------------------------------------


def integer(label: str, setting: str, low: int, high: int, help_text: str, architecture: str = "") -> int:
    """A whole number."""
    value = st.number_input(
        label, low, high, step=1, key=key(setting, architecture), help=help_text, persist_state="session"
    )
    return int(value)


def number(label: str, setting: str, step: float, help_text: str, high: float = 1e6) -> float:
    """A number from 0."""
    value = st.number_input(
        label, 0.0, high, step=step, format="%g", key=key(setting, ""), help=help_text, persist_state="session"
    )
    return float(value)


def widths(label: str, setting: str, default: tuple[int, ...], help_text: str, architecture: str) -> str:
    """Widths of layers as text; empty for the default, which it shows."""
    value = st.text_input(
        label,
        key=key(setting, architecture),
        placeholder=", ".join(map(str, default)),
        help=help_text,
        persist_state="session",
    )
    return str(value)


def choice(
    label: str,
    setting: str,
    options: tuple[str, ...],
    help_text: str,
    titles: dict[str, str] | None = None,
    architecture: str = "",
) -> str:
    """One of a few words."""
    chosen = st.segmented_control(
        label,
        options,
        required=True,
        format_func=lambda option: (titles or {}).get(option, option),
        key=key(setting, architecture),
        persist_state="session",
        width="stretch",
        help=help_text,
    )
    return str(chosen)
