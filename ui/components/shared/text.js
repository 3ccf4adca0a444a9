// Numbers as text, and bytes out of it.

/** A number with so many digits after the point, and a real minus sign. */
export function signed(value, digits) {
  return withMinus(value.toFixed(digits))
}

/** The same with a comma between thousands. */
export function grouped(value, digits) {
  return withMinus(value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }))
}

/** The same text with a real minus sign. */
export function withMinus(text) {
  return text.replace("-", "−")
}

export function bytesFromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text)
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Write only what differs: the browser lays the page out anew for a text that is set, be it the same. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}
