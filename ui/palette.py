"""Every colour that Python draws with, once. Their look on a page is .streamlit/config.toml's.

The data's colours belong to the classes; one accent stands for what is chosen, drawn or under way.
"""

# Petroff 2021 (arXiv:2107.02270): ten colours chosen for order, look and colour-vision deficiency.
CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
CLASS_SYMBOLS = ("circle", "diamond", "square", "cross")  # tells classes apart once the ten colours are used up
# From blue over grey to amber: told apart by every eye, and no end of it is lost on a white or on a black page.
VALUE_COLOURS = ((0.0, "#3a6fb0"), (0.5, "#9c9a8e"), (1.0, "#f5a300"))
ACCENT = "#0f8f84"
BAND = "rgba(148, 164, 162, 0.22)"  # where most values lie, behind a line
CHANCE = "#94a4a2"  # what guessing would reach
QUIET = "#8a939c"  # what is not spoken of; contrast of at least 3.1 to the light and to the dark page, as the next two
RECONSTRUCTION, KL = "#d97706", "#8b5cf6"
NORMAL, OUTLIER, UNKNOWN = "#3f90da", "#ffa90e", "#717581"
# lines need not be as many as classes: without the two greys, which mean "quiet" there
LINE_COLOURS = tuple(colour for colour in CLASS_COLOURS if colour not in ("#94a4a2", "#717581"))
