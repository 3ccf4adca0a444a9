// Which images a map shows. No DOM.

/** The rows from `from` to below `to` that have a place, and whose class is one of `labels`; null: of any. */
export function shownRows(model, xy, [from, to], labels) {
  const wanted = labels && new Set(labels)
  const of = model.tensors.labels.data
  const rows = new Uint32Array(of.length)
  const end = Math.min(to, xy.length / 2)
  let count = 0
  for (let row = from; row < end; row++) if (!wanted || wanted.has(of[row])) rows[count++] = row
  return rows.subarray(0, count)
}
