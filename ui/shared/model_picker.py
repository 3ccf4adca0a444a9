"""Which checkpoint the person looks at: from the link, the session, or a sensible first choice."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.shared import cache, page, page_state
from ui.shared.models import card
from ui.shared.models.loading import offer
from vae.checkpoints import checkpoint_files, loss_group
from vae.checkpoints.checkpoint import Checkpoint, Summary
from vae.checkpoints.loss_group import LossGroup
from vae.data import datasets
from vae.errors import CheckpointError, DatasetError

CHOICE = "model_choice"  # the picker's widget key
CHOSEN = "model_chosen"  # survives pages that don't show the picker
NOTICE = "model_notice"


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
    if linked is not None:
        _follow(linked, summaries)
    if notice := st.session_state.get(NOTICE):
        st.warning(page.escape(notice), icon=":material/link_off:")
    checkpoint = _card(summaries)
    if checkpoint is None:
        _nothing_yet()
    return checkpoint


def beside() -> None:
    """The same card on a page that can do without a model; what is wrong with one is said in the sidebar."""
    with st.sidebar, page.error_boundary():
        _card(cache.summaries())


def _card(summaries: list[Summary]) -> Checkpoint | None:
    """The picker and what it has chosen, in the sidebar. Raises CheckpointError for a damaged one."""
    with st.sidebar:
        box = st.container(border=True, key="model_card")
        with box:
            chosen = _pick({summary.name: summary for summary in in_order(summaries)})
            if chosen is not None:
                thumbnails = st.empty()
                card.facts(chosen)
        offer.show(_take)
        _broken([summary for summary in summaries if summary.problem])
    if chosen is None:
        return None
    checkpoint = cache.checkpoint(chosen.name, chosen.identity)
    card.thumbnails(checkpoint, thumbnails)
    with box:
        card.well_being(checkpoint)
    return checkpoint


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
        "Model",
        list(usable),
        key=CHOICE,
        on_change=_picked,
        format_func=lambda n: label(usable[n]),
    )
    return usable[name]


def _picked() -> None:
    _take(st.session_state[CHOICE])


def _take(name: str) -> None:
    """Show this model from now on."""
    st.session_state[CHOSEN] = name
    page_state.chose("model", name)
    st.session_state.pop(NOTICE, None)


def in_order(summaries: list[Summary]) -> list[Summary]:
    """The usable ones by data set, then likelihood and kind of loss, then name. No order by loss: those of different
    groups can't be compared.
    """
    groups = [(group, s) for s in summaries if not s.problem and (group := loss_group.of_summary(s)) is not None]
    return [summary for _, summary in sorted(groups, key=lambda pair: (pair[0], pair[1].name))]


def first_choice(usable: list[Summary]) -> Summary:
    """The lowest loss of one group: images that are on this machine, MNIST before others, grey Bernoulli pixels."""
    here = {s.dataset.name for s in usable if s.dataset and _on_this_machine(s.dataset.name)}

    def suits(group: LossGroup | None) -> tuple[bool, ...]:
        if group is None:
            return ()
        plain = group.objective == "elbo" and group.likelihood == "bernoulli" and not group.binarized
        return (group.images in here, group.images == "mnist", not group.classes, plain)

    measured = [s for s in usable if s.test_loss is not None] or usable
    best = max((loss_group.of_summary(s) for s in measured), key=suits)
    of_group = [s for s in measured if loss_group.of_summary(s) == best]
    return min(of_group, key=lambda s: s.test_loss or 0.0)


def _on_this_machine(dataset: str) -> bool:
    try:
        return datasets.info(dataset).on_this_machine()
    except DatasetError:
        return False


def label(summary: Summary) -> str:
    """One line of the picker: the name, and where it does not say so data set, architecture and latent dimension."""
    if summary.model is None or summary.dataset is None:
        return summary.name
    kind = (summary.dataset.name, summary.model.architecture, str(summary.model.latent_dim))
    return summary.name if summary.name.startswith("-".join(kind)) else f"{summary.name} · {' '.join(kind)}-D"


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
