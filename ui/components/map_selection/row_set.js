// Which of the images are meant: a byte a row here, a bit a row on the way to Python and back. No DOM.

import { bytesFromBase64 } from "../shared/text.js"

/** What a gesture does with what was selected before. */
export const HOW = {
  replace: (_, inside) => inside,
  add: (before, inside) => before | inside,
  subtract: (before, inside) => before & ~inside & 1,
}

/** `before` (a byte a row) and a region, as `how` combines them: of the rows that are `shown` those whose place, of `xy`,
 * is inside. */
export function combined(before, how, { xy, shown }, region) {
  const combine = HOW[how]
  return before.map((was, row) => combine(was, shown[row] && region.contains(xy[2 * row], xy[2 * row + 1]) ? 1 : 0))
}

/** How many rows are meant, and how many of each of `classes` labels. */
export function counted(rows, labels, classes) {
  const byClass = new Array(classes).fill(0)
  let total = 0
  for (let row = 0; row < rows.length; row++) {
    if (!rows[row]) continue
    total += 1
    byClass[labels[row]] += 1
  }
  return { total, byClass }
}

/** A bit a row as text, the first row the lowest bit of the first byte; "" for none. */
export function toBits(rows) {
  if (!rows.includes(1)) return ""
  const bytes = new Uint8Array(Math.ceil(rows.length / 8))
  for (let row = 0; row < rows.length; row++) bytes[row >> 3] |= rows[row] << (row & 7)
  let text = ""
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

/** A byte a row, of `count` rows. */
export function fromBits(bits, count) {
  if (!bits) return new Uint8Array(count)
  const bytes = bytesFromBase64(bits)
  return Uint8Array.from({ length: count }, (_, row) => (bytes[row >> 3] >> (row & 7)) & 1)
}
