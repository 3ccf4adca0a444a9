// Legends: a mark in its colour, and what it stands for.

/** An entry whose mark, an <i>, is drawn by the component's style. */
export function legendEntry(colour, text) {
  const mark = document.createElement("i")
  mark.style.background = colour
  return legendEntryOf(mark, text)
}

/** An entry with a mark of one's own. */
export function legendEntryOf(mark, text) {
  const entry = document.createElement("span")
  entry.append(mark, text)
  return entry
}
