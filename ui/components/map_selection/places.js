// Where the images are on the map, and which of them it shows. No DOM.

import { pointsOnMap } from "../model_store/store.js"

/** {xy, shown, rows}: x and y of each row, one after another, a byte a row, and which rows these are. What is known `before` and still holds is kept. */
export function placesOf(model, { map, rows: [from, to], shown_labels: labels }, before) {
  const key = JSON.stringify([model.fingerprint, map, from, to, labels])
  if (before?.key === key) return before
  const wanted = labels && new Set(labels)
  const of = model.tensors.labels.data
  const shown = Uint8Array.from(of, (label, row) => row >= from && row < to && (!wanted || wanted.has(label)))
  const xy = pointsOnMap(model, map)
  return { key, xy, shown, rows: [...shown.keys()].filter((row) => shown[row] && 2 * row < xy.length) }
}
