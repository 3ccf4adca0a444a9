// Marching squares: the line on which a lattice of numbers has a given value. No DOM.

/** Lines [x, y, x, y, …]; `values` are `wide` in a row from `low` [x, y] on, `step` apart. */
export function contour(values, wide, [left, bottom], step, level) {
  const high = values.length / wide
  const found = []
  for (let j = 0; j + 1 < high; j++) {
    for (let i = 0; i + 1 < wide; i++) {
      const at = i + wide * j
      const corners = [values[at], values[at + 1], values[at + wide + 1], values[at + wide]] // around the cell
      const crossings = crossingsOf(corners, level)
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        for (const [across, up] of [crossings[k], crossings[k + 1]]) {
          found.push(left + (i + across) * step, bottom + (j + up) * step)
        }
      }
    }
  }
  return Float32Array.from(found)
}

const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
]

/** Where the line crosses the edges of a cell, two by two. */
function crossingsOf(corners, level) {
  const found = []
  for (let k = 0; k < 4; k++) {
    const [one, other] = [corners[k], corners[(k + 1) % 4]]
    if (one < level === other < level) continue
    const share = (level - one) / (other - one)
    const [from, to] = [CORNERS[k], CORNERS[(k + 1) % 4]]
    found.push([0, 1].map((axis) => from[axis] + share * (to[axis] - from[axis])))
  }
  return found
}
