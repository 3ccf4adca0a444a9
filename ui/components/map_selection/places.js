// Where the images are on the map, and which of them it shows. No DOM.

import { pointsOnMap } from "../model_store/store.js"

/** {xy, shown, rows}: x and y of each row, one after another, a byte a row, and which rows these are. What is known `before` and still holds is kept. */
export function placesOf(model, { map, rows: [from, to], shown_labels: labels }, before) {
  const key = JSON.stringify([model.fingerprint, map, from, to, labels])
  if (before?.key === key) return before
  const wanted = labels && new Set(labels)
  const of = model.tensors.labels.data
  const xy = pointsOnMap(model, map)
  const [shown, rows] = [new Uint8Array(of.length), new Uint32Array(of.length)]
  let count = 0
  for (let row = from; row < Math.min(to, of.length); row++) {
    if (wanted && !wanted.has(of[row])) continue
    shown[row] = 1
    if (2 * row < xy.length) rows[count++] = row
  }
  return { key, xy, shown, rows: rows.subarray(0, count) }
}
