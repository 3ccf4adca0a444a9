// A "?" that explains the words before it, to the mouse, to the keyboard and to a screen reader.

const shown = new WeakMap() // by element: what it shows

/** Show a text, a list of strings and, after any of them, {help}, in an element. What it shows already stays: it may be asked each frame. */
export function showText(element, parts) {
  const text = JSON.stringify(parts)
  if (shown.get(element) === text && element.hasChildNodes()) return
  shown.set(element, text)
  element.replaceChildren(...parts.flatMap((part, k) => (part.help ? [] : withMark(part, parts[k + 1]?.help))))
}

/** A string, and the "?" after it, which stays on the line of the last word. */
function withMark(text, help) {
  if (!help) return [text]
  const last = text.lastIndexOf(" ") + 1
  const together = document.createElement("span")
  together.className = "with-help"
  together.append(text.slice(last), helpMark(help))
  return [text.slice(0, last), together]
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
