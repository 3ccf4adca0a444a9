"""Where the training form keeps its values in the session, and how presets and `Duplicate` write them.

One value a setting (`train_beta`), for widths and activation one per architecture: what suits one does not suit the
other. They are written before the fields are drawn, so that the fields need no defaults of their own. None is in the
URL: a form that is half filled in is nobody's link.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator
from dataclasses import asdict

import streamlit as st

from ui.shared import train_place
from ui.train.presets import OWN, PRESETS, Settings, matching, preset, settings_of
from vae.config import default_model_config
from vae.data import datasets
from vae.data.traits import traits
from vae.errors import VAEError
from vae.training.naming import name_of
from vae.training.request import TrainingRequest
from vae.training.suggested import suggest

PRESET, DATASET = "train_preset", train_place.DATASET
NAME, NAME_TYPED = "train_name", "train_name_typed"
FILLED = "train_filled"  # what the chosen preset has filled in
OPEN = train_place.OPEN
PER_ARCHITECTURE = ("hidden", "channels", "activation")


def key(setting: str, architecture: str) -> str:
    """The session's key of a setting, which is also that of its field."""
    return f"train_{setting}_{architecture}" if setting in PER_ARCHITECTURE else f"train_{setting}"


def begin() -> None:
    """Before the fields are drawn: the first visit gets the first preset, and a changed one becomes one's own."""
    state = st.session_state
    if state.get(DATASET) not in datasets.names():
        state[DATASET] = datasets.names()[0]
    if PRESET not in state:
        state[PRESET] = PRESETS[0].id
        preset_chosen()
    _fill_gaps()
    if not (chosen := preset(state[PRESET])):
        return
    if FILLED in state and state[FILLED].effective() != read().effective():
        state[PRESET] = OWN
    elif chosen.settings(state[DATASET]) != state.get(FILLED):  # its images were downloaded or imported anew meanwhile
        preset_chosen()


def read() -> Settings:
    """The settings as they stand."""
    architecture = str(st.session_state[key("architecture", "")])
    return Settings(**{name: st.session_state[key(name, architecture)] for name in asdict(Settings())})


def fill(settings: Settings) -> None:
    """Write all settings; the other architecture keeps its own widths."""
    for name, value in asdict(settings).items():
        st.session_state[key(name, settings.architecture)] = value


def duplicate(request: TrainingRequest, name: str) -> None:
    """Fill in a run's settings under a name of its own. For callbacks: no field may be drawn yet."""
    settings, dataset = settings_of(request), request.train.dataset
    if dataset in datasets.names():
        st.session_state[DATASET] = dataset
    fill(settings)
    st.session_state[PRESET], st.session_state[FILLED] = matching(settings, dataset), settings
    st.session_state[OPEN] = True
    st.session_state[NAME], st.session_state[NAME_TYPED] = name, True


def preset_chosen() -> None:
    """Somebody chose a preset, or another data set under one."""
    if chosen := preset(st.session_state[PRESET]):
        st.session_state[FILLED] = settings = chosen.settings(st.session_state[DATASET])
        fill(settings)


def _fill_gaps() -> None:
    """Fields that were never drawn have no value yet, such as the other architecture's."""
    for architecture in ("mlp", "conv"):
        activation = default_model_config(architecture, (1, 8, 8), 2).activation
        defaults = asdict(Settings(architecture=architecture, activation=activation))
        for name, value in defaults.items():
            st.session_state.setdefault(key(name, architecture), value)


# --- the name ---------------------------------------------------------------------------------------------------------


def suggest_name(names_in_use: set[str]) -> None:
    """The name follows the other fields until somebody types one, and again once it is emptied."""
    if not st.session_state.get(NAME_TYPED):
        st.session_state[NAME] = free_name(_default_name(), names_in_use)


def _default_name() -> str:
    """What tells a run of these settings from others: `digits-mlp-10-beta4`."""
    state, settings = st.session_state, read().effective()
    chosen = preset(state[PRESET])
    try:
        request = settings.request(state[DATASET], "any")
        usual = settings.likelihood if chosen else suggest(traits(state[DATASET]), {})["likelihood"].value
        return name_of(request.model, request.train, chosen.word if chosen else "", str(usual))
    except VAEError:  # the form says what is wrong with them
        return f"{state[DATASET]}-{settings.architecture}-{settings.latent_dim}"


def name_changed() -> None:
    """Somebody typed in the name's field."""
    st.session_state[NAME_TYPED] = bool(st.session_state[NAME].strip())


def forget_name() -> None:
    """Suggest a name again: the typed one is used."""
    st.session_state[NAME_TYPED] = False


def free_name(default: str, names_in_use: set[str]) -> str:
    """`default`, or with -b, -c, … -z, -27, -28, … when that is in use."""
    lower = {name.lower() for name in names_in_use}  # some file systems don't tell a and A apart
    return next(name for name in _candidates(default) if name.lower() not in lower)


def _candidates(default: str) -> Iterator[str]:
    yield default
    for letter in string.ascii_lowercase[1:]:
        yield f"{default}-{letter}"
    for number in itertools.count(27):
        yield f"{default}-{number}"
