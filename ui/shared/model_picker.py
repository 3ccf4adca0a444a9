"""Which checkpoint the person looks at: from the link, the session, or a sensible first choice."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.shared import cache, formatting, page, page_state
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint, Summary
from vae.data import datasets
from vae.errors import CheckpointError, DatasetError

CHOICE = "model_choice"  # the picker's widget key
CHOSEN = "model_chosen"  # survives pages that don't show the picker
NOTICE = "model_notice"
LOSS_PROTOCOL = (
    "Test loss: −ELBO, mean of the test images, one posterior sample each; lower is better. A model trained for the "
    "importance-weighted bound or as an autoencoder is measured by that. Compare models of the same images and "
    "likelihood only. Of Bernoulli terms on grey pixels it is a loss, not a likelihood."
)


@dataclass(frozen=True)
class Link:
    """A checkpoint as links carry it: its name and the first 8 digits of its identity."""

    name: str
    digits: str

    @classmethod
    def parse(cls, text: str) -> Link:
        """`name~12345678`; the digits may be missing."""
        name, _, digits = text.partition("~")
        return cls(name, digits)


def link_text(checkpoint: Checkpoint) -> str:
    """What `?model=` says for this checkpoint."""
    return f"{checkpoint.name}~{checkpoint.short_identity}"


def choose(linked: str | None) -> Checkpoint | None:
    """Show the picker in the sidebar and read what is chosen; None, with an explanation, when there is nothing.

    `linked` is what a newly followed link says, None when there is none. Raises CheckpointError when the chosen one
    turns out damaged.
    """
    summaries = cache.summaries()
    usable = {summary.name: summary for summary in summaries if not summary.problem}
    with st.sidebar:
        if linked is not None:
            _follow(linked, summaries)
        chosen = _pick(usable)
        _broken([summary for summary in summaries if summary.problem])
    if notice := st.session_state.get(NOTICE):
        st.warning(page.escape(notice), icon=":material/link_off:")
    if chosen is None:
        _nothing_yet()
        return None
    return cache.checkpoint(chosen.name, chosen.identity)


def _follow(linked: str, summaries: list[Summary]) -> None:
    """Go where a link points, or keep a notice that says why not."""
    link = Link.parse(linked)
    st.session_state.pop(NOTICE, None)
    found = next((summary for summary in summaries if summary.name == link.name), None)
    if found is None:
        try:
            checkpoint_files.checkpoint_path(link.name)
            notice = f"The link names checkpoint {link.name}, which is not on this machine."
        except CheckpointError as error:
            notice = f"The link is wrong: {error}"
        st.session_state[NOTICE] = f"{notice} Another one is shown."
    elif found.problem:
        st.session_state[NOTICE] = f"The link names a checkpoint that can't be used. {found.problem}"
    else:
        st.session_state[CHOSEN] = link.name
        if link.digits and not found.identity.startswith(link.digits):
            st.session_state[NOTICE] = (
                f"The link was made for another {link.name} ({link.digits}); the one on this machine is "
                f"{found.identity[:8]}, so pictures and places differ."
            )


def _pick(usable: dict[str, Summary]) -> Summary | None:
    if not usable:
        return None
    if st.session_state.get(CHOSEN) not in usable:
        st.session_state[CHOSEN] = first_choice(list(usable.values())).name
    st.session_state[CHOICE] = st.session_state[CHOSEN]
    name = st.selectbox(
        "Model · test loss in nats",
        list(usable),
        key=CHOICE,
        on_change=_picked,
        format_func=lambda n: label(usable[n]),
        help=LOSS_PROTOCOL,
    )
    chosen = usable[name]
    st.caption(page.escape(description(chosen)))
    return chosen


def _picked() -> None:
    st.session_state[CHOSEN] = st.session_state[CHOICE]
    page_state.chose("model", st.session_state[CHOICE])
    st.session_state.pop(NOTICE, None)


def first_choice(usable: list[Summary]) -> Summary:
    """The model with the lowest loss of images that are on this machine, MNIST before digits."""

    def rank(summary: Summary) -> tuple[bool, bool, float]:
        name = summary.dataset.name if summary.dataset else ""
        loss = summary.test_loss if summary.test_loss is not None else float("inf")
        return (_on_this_machine(name), name == "mnist", -loss)

    return max(usable, key=rank)


def _on_this_machine(dataset: str) -> bool:
    try:
        return datasets.info(dataset).on_this_machine()
    except DatasetError:
        return False


def label(summary: Summary) -> str:
    """One line of the picker: name, test loss, data set, architecture, latent dimension."""
    loss = "" if summary.test_loss is None else f" · loss {formatting.number(summary.test_loss, 1)}"
    if summary.model is None or summary.dataset is None:
        return f"{summary.name}{loss}"
    kind = (summary.dataset.name, summary.model.architecture, str(summary.model.latent_dim))
    if summary.name.startswith("-".join(kind)):  # the name says it already
        return f"{summary.name}{loss}"
    return f"{summary.name}{loss} · {' '.join(kind)}-D"


def description(summary: Summary) -> str:
    """Data set, architecture, latent dimension and test loss of a usable checkpoint."""
    if summary.model is None or summary.dataset is None:
        return summary.name
    size = f"{summary.model.latent_dim} latent dimension{'s' if summary.model.latent_dim > 1 else ''}"
    measured = summary.test_loss is not None
    loss = f"test loss {formatting.number(summary.test_loss)} nats per image" if measured else "not measured"
    only = f" Trained on class {', '.join(summary.classes)} only." if summary.classes else ""
    return f"{summary.dataset.title}, {summary.model.architecture}, {size}, {loss}.{only}"


def _broken(broken: list[Summary]) -> None:
    if not broken:
        return
    count = f"{len(broken)} checkpoint{'s' if len(broken) > 1 else ''} can't be used"
    with st.expander(count, icon=":material/warning:"):
        for summary in broken:
            st.markdown(f"**{page.escape(summary.name)}**: {page.escape(str(summary.problem))}")


def _nothing_yet() -> None:
    st.info("There is no trained model here yet. Train one: digits take less than a minute.", icon=":material/info:")
    st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
