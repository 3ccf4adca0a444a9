// A "?" that explains the words before it, to the mouse, to the keyboard and to a screen reader.

const shown = new WeakMap() // by element: what it shows

/** Show a text, a list of strings and of {help}, in an element. What it shows already stays: it may be asked each frame. */
export function showText(element, parts) {
  const text = JSON.stringify(parts)
  if (shown.get(element) === text && element.hasChildNodes()) return
  shown.set(element, text)
  element.replaceChildren(...parts.map((part) => (typeof part === "string" ? part : helpMark(part.help))))
}

function helpMark(sentence) {
  const mark = document.createElement("button")
  mark.type = "button"
  mark.className = "help"
  mark.textContent = "?"
  mark.dataset.help = sentence
  mark.setAttribute("aria-label", `Help: ${sentence}`)
  return mark
}
