// Lines between classes on a lattice of votes: where two neighbours differ, the line crosses where their votes would be
// equal. Where no class has half of the votes there is no border to speak of, and no line. No DOM.

const EDGES = [
  [0, 1],
  [1, 3],
  [3, 2],
  [2, 0],
] // between the corners of a cell: lower left, lower right, upper left, upper right

const MAJORITY = 0.5

/** Lines [x, y, x, y, …] of `votes`, as NeighbourVote gives them, `line` in a row from (x, y) on, `step` apart. */
export function bordersOf(votes, line, x, y, step) {
  const found = []
  for (let j = 0; j + 1 < line; j++) {
    for (let i = 0; i + 1 < line; i++) {
      const first = j * line + i
      const corners = [0, 1, line, line + 1].map((offset) => votes[first + offset])
      if (corners.every(({ label }) => label === corners[0].label)) continue
      const crossings = EDGES.map(([a, b]) => crossingOf(corners, a, b)).filter(Boolean)
      const place = ([across, up]) => [x + (i + across) * step, y + (j + up) * step]
      if (crossings.length === 2) found.push(...place(crossings[0]), ...place(crossings[1]))
      else if (crossings.length > 2) for (const one of crossings) found.push(...place(one), ...place([0.5, 0.5]))
    }
  }
  return Float32Array.from(found)
}

/** Where the border crosses an edge of a cell, as shares of it; null where it does not. */
function crossingOf(corners, a, b) {
  const [one, other] = [corners[a], corners[b]]
  if (one.label === other.label || Math.min(one.share, other.share) < MAJORITY || !one.near || !other.near) return null
  const [ahead, behind] = [lead(one, other.label), lead(other, one.label)]
  const share = ahead + behind > 0 ? ahead / (ahead + behind) : 0.5
  return [0, 1].map((axis) => bit(a, axis) + share * (bit(b, axis) - bit(a, axis)))
}

/** By which share of the votes the winner is ahead of another class. */
function lead({ share, second, secondShare }, label) {
  return share - (second === label ? secondShare : 0)
}

function bit(corner, axis) {
  return (corner >> axis) & 1
}
