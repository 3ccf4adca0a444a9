"""Every colour that Python draws with, once. Their look on a page is .streamlit/config.toml's.

The data's colours belong to the classes; one accent stands for what is chosen, drawn or under way.
"""

# Found by a search for ten colours whose smallest CIEDE2000 difference is as large as possible, also to protan, deutan
# and tritan eyes and as points on a white and a dark page; tests/ui/test_palette.py holds what it reached (16 to 23).
# In such an order that the first few differ most.
CLASS_COLOURS = (
    "#497dff",
    "#e9d604",
    "#7b0900",
    "#6c8a03",
    "#67416d",
    "#00d4fd",
    "#988b9a",
    "#f78d81",
    "#206a4e",
    "#3b06f7",
)
CLASS_SYMBOLS = ("circle", "diamond", "square", "cross")  # tells classes apart once the ten colours are used up
# From blue over magenta to yellow, ever lighter; most of the way lies where most errors do, at the small ones.
VALUE_COLOURS = ((0.0, "#2a36b8"), (0.2, "#8b3fc9"), (0.45, "#df5690"), (0.7, "#f28a4e"), (1.0, "#efcb2e"))
ACCENT = "#0f8f84"
BAND = "rgba(148, 164, 162, 0.22)"  # where most values lie, behind a line
CHANCE = "#94a4a2"  # what guessing would reach
QUIET = "#8a939c"  # what is not spoken of; contrast of at least 3.1 to the light and to the dark page, as the next two
RECONSTRUCTION, KL = "#d97706", "#8b5cf6"
NORMAL, OUTLIER, UNKNOWN = "#3f90da", "#ffa90e", "#717581"
# Lines need not be as many as classes: without the grey, which means "quiet" there, and the yellow, light for a line.
# Those first that stand out both from the light and from the dark page.
LINE_COLOURS = ("#497dff", "#6c8a03", "#206a4e", "#f78d81", "#67416d", "#3b06f7", "#00d4fd", "#7b0900")
