// Where the images of another map are, as the tools of the large one count them. No DOM.

/** The points of a chart (as NativeChart's `points()`) as places.js has places, of so many images as the large map has: those
 * that it does not show are not shown here either. */
export function linkedPlaces(points, { shown }) {
  const xy = new Float32Array(2 * shown.length)
  const here = new Uint8Array(shown.length)
  for (const { rows, x, y } of points) {
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]
      if (row >= shown.length) continue
      xy[2 * row] = x[k]
      xy[2 * row + 1] = y[k]
      here[row] = shown[row]
    }
  }
  return { xy, shown: here, rows: [...here.keys()].filter((row) => here[row]) }
}

/** A byte a row: which images of a map are within its ranges [[x0, x1], [y0, y1]]. */
export function inView({ xy, shown }, [[x0, x1], [y0, y1]]) {
  return shown.map((is, row) => {
    const [x, y] = [xy[2 * row], xy[2 * row + 1]]
    return is && 2 * row < xy.length && x >= x0 && x <= x1 && y >= y0 && y <= y1 ? 1 : 0
  })
}
