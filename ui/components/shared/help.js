// A "?" that explains the words before it, to the mouse, to the keyboard and to a screen reader.

/** Show a text, a list of strings and of {help}, in an element. */
export function showText(element, parts) {
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
