// Which images a map shows. No DOM.

/** The rows from `from` to below `to` that have a place, and whose class is one of `labels`; null: of any. */
export function shownRows(model, xy, [from, to], labels) {
  const wanted = labels && new Set(labels)
  const rows = []
  for (let row = from; row < Math.min(to, xy.length / 2); row++) {
    if (!wanted || wanted.has(model.tensors.labels.data[row])) rows.push(row)
  }
  return rows
}
