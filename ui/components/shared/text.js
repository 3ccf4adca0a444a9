// Numbers as text, and bytes out of it.

/** A number with so many digits after the point, and a real minus sign. */
export function signed(value, digits) {
  return withMinus(value.toFixed(digits))
}

/** The same text with a real minus sign. */
export function withMinus(text) {
  return text.replace("-", "−")
}

export function bytesFromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
