"""The form of an import: what comes in, how it is taken, what becomes of the first images, and the button."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, cast

import streamlit as st

from ui.components import clicks
from ui.library.data import data_actions
from ui.library.importing import dropped, imports, looked, preview, public_set
from ui.library.importing.dropped import Archive
from ui.library.importing.looked import Looked
from ui.library.importing.request import AUTO, CHANNELS, ImportRequest
from ui.shared import page
from ui.shared.formatting import count
from ui.shared.images import folder_walk
from ui.shared.images.folder_walk import FolderField
from ui.shared.sessions import ownership
from vae.config import ImageReading
from vae.data import datasets, imported_dataset
from vae.data.folders.choices import FolderChoices
from vae.data.folders.image_walk import ImageWalk
from vae.data.image_decoding import Format
from vae.data.importing.zip_pictures import ZipPictures
from vae.errors import VAEError

ROUND = "library_round"  # in the session: after an import the next uploader stands there, empty
PACKED = "library_packed"  # in the session: what was dropped, as one archive
NAME, SUGGESTED, FOLDER = "library_name", "library_suggested", "library_folder"
SMALLEST, LARGEST, USUAL = 16, 128, 32  # pixels
FIELD = FolderField("library", most_images=1_000_000, most_entries=2_000_000)
UPLOAD, LOCAL, PUBLIC = "Files", "Folder on this machine", "Public data set"
FITS = {"cut": "Cut the middle", "pad": "Pad"}
CLASSES = {
    AUTO: "Folders, if any",
    "csv": "CSV file",
    "parent": "Innermost folder",
    "none": "No classes",
}
SPLITS = {
    AUTO: "Folders, if any",
    "folders": "Folders train, val, test",
    "csv": "CSV file",
    "content": "By content",
}
DROP_HELP = (
    "PNG, JPEG, WebP, AVIF, BMP, GIF, TIFF or PGM/PPM, of any size and number; a CSV of labels may lie beside them. "
    "A ZIP with one folder for each class. An NPZ with arrays `images` and, if you like, `labels`. Up to 500 MB."
)
EACH_ALONE = "Every class has a single image. If these are names rather than classes, choose No classes."
FIT_HELP = (
    "What becomes of images whose sides have another ratio. Pictures that a model is shown later are treated in the "
    "same way."
)
CLASSES_HELP = "What names an image's class."
SPLITS_HELP = (
    "Which images are for training, validation and test: as folders named train, val and test say, else by content. By "
    "content, about 10 % are for test and 5 % for validation, more of few images."
)


@st.fragment
def show() -> None:
    """Runs alone while it is filled in."""
    with page.error_boundary():
        source = _source()
        if source is not None:
            _settings(*source)


def _source() -> tuple[str, Archive | ImageWalk] | None:
    """What is to be imported, with a key that differs from any other's; None while there is nothing."""
    roots = folder_walk.readable()
    way = st.segmented_control(
        "Where from",
        [UPLOAD, LOCAL, PUBLIC],
        default=UPLOAD,
        required=True,
        key="library_way",
        label_visibility="collapsed",
    )
    if way == PUBLIC:
        public_set.show()
        return None
    if way == LOCAL:
        if not roots:
            st.caption(folder_walk.OFF)
            return None
        written = st.text_input(
            folder_walk.LABEL,
            key=FOLDER,
            max_chars=1_000,
            placeholder="/path/to/pictures",
            help=f"Below {folder_walk.named(roots)}. Pictures, or one folder of pictures for each class.",
        ).strip()
        walk = FIELD.read(written, roots, "Look into it")
        return None if walk is None else (f"folder {id(walk)}", walk)
    number = st.session_state.get(ROUND, 0)
    files: list[Any] = (
        st.file_uploader(
            "Drop images, a ZIP or an NPZ here",
            accept_multiple_files=True,
            key=f"library-files-{number}",
            help=DROP_HELP,
            max_upload_size=dropped.MOST_BYTES // 2**20,
        )
        or []
    )
    if not files:
        st.session_state.pop(PACKED, None)
        looked.forget()
        return None
    key = hashlib.blake2b(" ".join(file.file_id for file in files).encode(), digest_size=8).hexdigest()
    known = st.session_state.get(PACKED)
    if known is None or known[0] != key:
        st.session_state[PACKED] = known = (key, dropped.archive_of(files))
    return key, known[1]


def _settings(key: str, source: Archive | ImageWalk) -> None:
    chosen = f"library_classes-{key}"
    if chosen not in st.session_state and looked.at(key, source, FolderChoices()).has_table:
        st.session_state[chosen] = "csv"  # whoever brings a table means it
    problem: VAEError | None = None
    try:
        first = looked.at(key, source, _choices(key))
    except VAEError as error:  # a table that fits no image, say: the choice has to stay in reach
        problem, first = error, looked.at(key, source, FolderChoices())
    _suggest(looked.root_of(source))
    with st.container(key="side_by_side"):
        fields, shown = st.columns([2, 3], gap="medium")
    with fields:
        name = st.text_input("Name", key=NAME, max_chars=60, help="As it will stand in the lists.").strip()
        height, width = _size(first)
        fit = _words("Aspect ratio", FITS, f"library_fit-{key}", FIT_HELP)
        channels = _words(
            "Channels", CHANNELS, f"library_channels-{key}", "As they are: colour if any image has colour."
        )
        _classes(key, first)
        wanted = ImportRequest(
            name,
            source if isinstance(source, Archive) else source.root,
            height,
            width,
            fit,
            channels,
            _choices(key).classes_from,
            _choices(key).split_from,
            () if isinstance(source, Archive) else folder_walk.readable(),
        )
        with st.container(horizontal=True):
            go = clicks.button(
                "Import", "library_import", type="primary", icon=":material/library_add:", disabled=problem is not None
            )
            if clicks.button("Discard", "library_discard"):
                forget()
                st.rerun()
        if go:
            _submit(wanted)
    with shown:
        if problem is not None:
            page.show_error(problem)
        _told(first)
        form = Format(height, width, colour=channels != "grey")
        reading = ImageReading(fit=cast(Literal["cut", "pad"], fit))
        st.html(preview.rows(looked.previewed(first, form, reading)))
        st.caption(f"Each becomes {width} × {height} pixels. The frame shows what is kept.")


def _submit(wanted: ImportRequest) -> None:
    try:
        job = wanted.submit()
    except VAEError as error:
        page.show_error(error)
        return
    ownership.claim(ownership.of_run(job))
    ownership.claim(data_actions.note_of(wanted.name))
    imports.began(job, wanted.name)
    forget()
    st.rerun()


def forget() -> None:
    """What was brought is imported, or not wanted."""
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.session_state.pop(PACKED, None)
    st.session_state.pop(FOLDER, None)
    FIELD.forget()
    looked.forget()


def _suggest(source: str) -> None:
    """A name after the files, unless somebody has typed one."""
    if st.session_state.get(NAME, "") in ("", st.session_state.get(SUGGESTED, "")):
        st.session_state[NAME] = name = dropped.suggested_name(
            source, [*imported_dataset.all_names(), *datasets.BUILT_IN]
        )
        st.session_state[SUGGESTED] = name


def _size(found: Looked) -> tuple[int, int]:
    """(height, width)."""
    side = found.brought.side
    if side is not None and max(side) <= LARGEST:
        height, width = side
        if st.checkbox(f"Keep their size, {width} × {height} pixels", True, key=f"library_own_size-{found.key[:80]}"):
            return side
    size = int(st.slider("Size", SMALLEST, LARGEST, USUAL, key="library_size", format="%d pixels"))
    return size, size


def _words(label: str, titles: dict[str, str], key: str, explanation: str) -> str:
    chosen = st.segmented_control(
        label,
        list(titles),
        default=next(iter(titles)),
        required=True,
        format_func=titles.__getitem__,
        key=key,
        help=explanation,
    )
    return str(chosen)


def _choices(key: str) -> FolderChoices:
    state = st.session_state
    return FolderChoices(state.get(f"library_classes-{key}") or AUTO, state.get(f"library_splits-{key}") or AUTO)


def _classes(key: str, found: Looked) -> None:
    """Where classes and splits come from; arrays say it themselves."""
    if found.brought.side is not None:
        return
    table = found.has_table or not isinstance(found.brought.pictures, ZipPictures)
    with st.container(horizontal=True):
        for label, titles, explanation in (("Classes", CLASSES, CLASSES_HELP), ("Splits", SPLITS, SPLITS_HELP)):
            st.selectbox(
                label,
                [word for word in titles if table or word != "csv"],
                key=f"library_{label.lower()}-{key}",
                format_func=titles.__getitem__,
                help=explanation,
            )


def _told(found: Looked) -> None:
    understood, left = found.brought.layout, found.brought.left_out
    classes = understood.class_names
    named = "1 class" if len(classes) == 1 else f"{len(classes):,} classes"
    named = "no classes" if understood.classes_from.startswith("none") else named
    more = f", {count(left.count, 'file')} left out" if left.count else ""
    st.markdown(page.escape(f"{count(len(understood.files), 'image')}, {named}{more}."))
    if left.count:
        with st.expander("What is left out", icon=":material/warning:"):
            for reason in left.reasons():
                st.markdown(page.escape(str(reason)))
    if 1 < len(classes) == len(understood.files):
        st.caption(EACH_ALONE)
    for warned in understood.warnings[:3]:
        st.caption(page.escape(warned.text))
