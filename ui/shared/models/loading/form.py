"""The dialog in which files are brought, and the one in which a reading is changed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.components import clicks
from ui.shared import page
from ui.shared.models.loading import request
from ui.shared.models.loading.request import AUTO, LoadRequest
from ui.shared.sessions import ownership
from vae.adoption.meaning import RANGES
from vae.adoption.weights.assembling import FUNCTIONS
from vae.data import datasets
from vae.errors import DatasetError, VAEError
from vae.jobs import queue
from vae.jobs.job import Job

JOB = "model_loading"  # the session's job that loads a model
KEPT = "model_loading_kept"  # its files, to be read otherwise: the job removes its own when it ends
NAME, SUGGESTED, DATASET, FILES = "load_name", "load_suggested", "load_dataset", "load_files"
TYPES = [kind.removeprefix(".") for kind in (*request.ONNX, *request.WEIGHTS)]
MOST_MEGABYTES = 500  # a checkpoint with its optimizer's state has three times its weights
FROM_PYTHON = """**From Python**, with the code at hand, anything that PyTorch can follow comes in:

```python
import vae
vae.adopt("my-vae", encoder=model.encode, decoder=model.decode, dataset="mnist")
```
"""
FILES_HELP = (
    "Two ONNX files, an encoder and a decoder. Or one file of weights: .pt, .pth, .ckpt or .safetensors. "
    "Nothing in a file is run: a pickle may hold nothing but numbers."
)
IMAGES_HELP = (
    "The images that the model was trained on, at their size, or ones like them. They are put on the map, and what the "
    "files don't tell is tried out on them. Import your own with `python -m vae import`."
)
OPTIONS: Mapping[str, tuple[str, dict[str, str]]] = {
    "pixels": (
        "Range of its pixels",
        {AUTO: "Try out", **{name: known.name for name, known in RANGES.items()}},
    ),
    "logits": ("Its decoder gives", {AUTO: "Try out", "yes": "logits", "no": "pixels"}),
    "activation": ("Function between layers", {AUTO: "Try out", **{str(f): str(f) for f in FUNCTIONS}}),
    "final": ("After the last layer", {AUTO: "Try out", "nothing": "nothing", "Sigmoid": "Sigmoid", "Tanh": "Tanh"}),
    "likelihood": ("Likelihood", {AUTO: "As its output suggests", "bernoulli": "Bernoulli", "gaussian": "Gaussian"}),
}
OF_ONNX = ("pixels", "logits", "likelihood")


def ask() -> None:
    """Files, images, a name."""
    uploads: list[Any] = (
        st.file_uploader(
            "Files", TYPES, accept_multiple_files=True, key=FILES, help=FILES_HELP, max_upload_size=MOST_MEGABYTES
        )
        or []
    )
    files = {upload.name: upload.getvalue() for upload in uploads}
    with st.container(horizontal=True):
        dataset = st.selectbox("Images", datasets.names(), key=DATASET, format_func=_with_shape, help=IMAGES_HELP)
        _suggest(request.suggested_name(files))
        name = st.text_input("Name", key=NAME, max_chars=80)
    with st.expander("What you know about it", icon=":material/tune:"):
        settings = _settings("load", OPTIONS if _of_weights(files) else {k: OPTIONS[k] for k in OF_ONNX}, {})
    with st.container(horizontal=True, vertical_alignment="center"):
        go = clicks.button("Load", "load_go", type="primary", icon=":material/upload:")
        with st.popover("From Python", type="tertiary"):
            st.markdown(FROM_PYTHON)
    if go:
        _submit(LoadRequest(name.strip(), str(dataset), files, settings))


def _suggest(name: str) -> None:
    """A name after the files, unless somebody has typed one."""
    if st.session_state.get(NAME, "") == st.session_state.get(SUGGESTED, ""):
        st.session_state[NAME] = name
    st.session_state[SUGGESTED] = name


def change(job: Job, files: Mapping[str, bytes], tried: list[dict[str, Any]]) -> None:
    """What was taken beside what came next, and fields to take something else."""
    name, dataset = job.arguments[1], job.arguments[job.arguments.index("--dataset") + 1]
    st.table(comparison(tried))
    st.caption("Error: squared error of reconstructions, in per cent of that of the mean image; training images.")
    told = {
        option: job.arguments[job.arguments.index(f"--{option}") + 1]
        for option in OPTIONS
        if f"--{option}" in job.arguments
    }
    told |= {"logits": "yes"} if "--logits" in job.arguments else {}
    told |= {"logits": "no"} if "--no-logits" in job.arguments else {}
    settings = _settings("again", OPTIONS if _of_weights(files) else {k: OPTIONS[k] for k in OF_ONNX}, told)
    if clicks.button("Read it again", "load_again", type="primary", icon=":material/refresh:"):
        _submit(LoadRequest(name, dataset, files, settings, again=True), instead_of=job)


def comparison(tried: list[dict[str, Any]]) -> dict[str, list[str]]:
    """A table: what was decided, then one column for each reading, the one that was taken first."""
    names = list(dict.fromkeys(name for one in tried for name in one["choices"]))
    columns = {"": [*names, "Error"]}
    for place, one in enumerate(tried):
        title = "Taken" if place == 0 else f"{place + 1}nd" if place == 1 else f"{place + 1}rd"
        cells = [page.escape(str(one["choices"].get(name, "–"))) for name in names]
        columns[title] = [*cells, f"{100 * float(one['error']):.1f} %"]
    return columns


def _settings(place: str, options: Mapping[str, tuple[str, dict[str, str]]], told: Mapping[str, str]) -> dict[str, str]:
    """What is chosen, as options of the command."""
    found: dict[str, str] = {}
    columns = st.columns(2)
    for i, (option, (label, titles)) in enumerate(options.items()):
        known = list(titles)
        start = known.index(told[option]) if told.get(option) in known else 0
        with columns[i % 2]:
            value = st.selectbox(label, known, start, format_func=titles.__getitem__, key=f"{place}-{option}")
        if value == AUTO:
            continue
        if option == "logits":
            found["logits" if value == "yes" else "no-logits"] = ""
        else:
            found[option] = str(value)
    return found


def _submit(wanted: LoadRequest, instead_of: Job | None = None) -> None:
    try:
        job = wanted.submit()
        if instead_of:  # with its copy of the files
            queue.delete(instead_of.id)
    except VAEError as error:
        page.show_error(error)
        return
    ownership.claim(ownership.of_run(job))
    st.session_state[JOB], st.session_state[KEPT] = job.id, dict(wanted.files)
    st.rerun()


def _of_weights(files: Mapping[str, bytes]) -> bool:
    return not all(name.lower().endswith(request.ONNX) for name in files) or not files


def _with_shape(name: str) -> str:
    try:
        known = datasets.info(name)
    except DatasetError:
        return name
    channels, height, width = known.image_shape
    return f"{known.title} · {height}×{width}{' colour' if channels == 3 else ''}"
