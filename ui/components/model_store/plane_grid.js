// The nearest of many points in a plane, found by a grid of cells: a search looks at few of them, however many there are. No DOM.

const A_CELL = 2 // points in one of the grid's cells, on average
const MOST_CELLS = 1024 // along one side
const OUTLIERS = 0.01 // of the points at each end of an axis: the cells at the edge hold them, or one far point would fill all others into one cell
const ENOUGH = 50_000 // points: where the cells end need not be known exactly
const CALIBRATED = 500 // points whose own neighbours say how near is usual

export class PlaneGrid {
  /** `xy`: x and y of each point, one after another. */
  constructor(xy) {
    this.xy = xy
    this.count = xy.length / 2
    const sides = [0, 1].map((axis) => innerRange(xy, axis))
    const longest = Math.max(...sides.map(([low, high]) => high - low))
    const across = Math.max(1, Math.min(MOST_CELLS, Math.ceil(Math.sqrt(this.count / A_CELL))))
    this.size = longest > 0 ? longest / across : 1
    this.low = sides.map(([low]) => low)
    this.cells = sides.map(([low, high]) => Math.max(1, Math.ceil((high - low) / this.size)))
    this.fill()
  }

  /** Points by cell: those of cell c are `rows` from `starts[c]` to `starts[c + 1]`. */
  fill() {
    const { xy, count, cells } = this
    const cellOf = new Uint32Array(count)
    this.starts = new Uint32Array(cells[0] * cells[1] + 1)
    for (let row = 0; row < count; row++) {
      cellOf[row] = this.column(xy[2 * row]) + cells[0] * this.line(xy[2 * row + 1])
      this.starts[cellOf[row] + 1] += 1
    }
    for (let c = 1; c < this.starts.length; c++) this.starts[c] += this.starts[c - 1]
    this.rows = new Uint32Array(count)
    const next = this.starts.slice()
    for (let row = 0; row < count; row++) this.rows[next[cellOf[row]]++] = row
  }

  column(x) {
    return Math.min(this.cells[0] - 1, Math.max(0, Math.floor((x - this.low[0]) / this.size)))
  }

  line(y) {
    return Math.min(this.cells[1] - 1, Math.max(0, Math.floor((y - this.low[1]) / this.size)))
  }

  /** The `count` points nearest to (x, y), or all of fewer, nearest first: [{row, distance}]. */
  nearest(x, y, count) {
    const best = []
    const [column, line] = [this.column(x), this.line(y)]
    const last = Math.max(column, this.cells[0] - 1 - column, line, this.cells[1] - 1 - line)
    for (let ring = 0; ring <= last; ring++) {
      // what is left lies at least this many cells away
      if (best.length === count && best[count - 1].squared <= ((ring - 1) * this.size) ** 2 && ring > 0) break
      this.lookAtRing(column, line, ring, (row) => {
        const squared = (this.xy[2 * row] - x) ** 2 + (this.xy[2 * row + 1] - y) ** 2
        if (best.length === count && squared >= best[count - 1].squared) return
        let place = best.length
        while (place > 0 && best[place - 1].squared > squared) place -= 1
        best.splice(place, 0, { row, squared })
        if (best.length > count) best.pop()
      })
    }
    return best.map(({ row, squared }) => ({ row, distance: Math.sqrt(squared) }))
  }

  /** Call `look(row)` for the points of the cells that are `ring` cells away, in a square. */
  lookAtRing(column, line, ring, look) {
    const [wide, high] = this.cells
    for (let j = Math.max(0, line - ring); j <= Math.min(high - 1, line + ring); j++) {
      const edge = Math.abs(j - line) === ring
      const step = edge || ring === 0 ? 1 : 2 * ring
      for (let i = column - ring; i <= column + ring; i += step) {
        if (i < 0 || i >= wide) continue
        const cell = i + wide * j
        for (let at = this.starts[cell]; at < this.starts[cell + 1]; at++) look(this.rows[at])
      }
    }
  }
}

/** How far the `nth` nearest other point is from each of some of the points, the least first. */
export function ownDistances(grid, nth) {
  const step = Math.max(1, Math.floor(grid.count / CALIBRATED))
  const found = []
  for (let row = 0; row < grid.count; row += step) {
    const near = grid.nearest(grid.xy[2 * row], grid.xy[2 * row + 1], nth + 1)
    const other = near.filter((one) => one.row !== row)[nth - 1]
    if (other) found.push(other.distance)
  }
  return found.sort((a, b) => a - b)
}

/** [low, high] of an axis but for its outliers, of so many points from some of them. */
function innerRange(xy, axis) {
  const every = Math.max(1, Math.floor(xy.length / 2 / ENOUGH))
  const length = Math.ceil(xy.length / 2 / every)
  const values = Float32Array.from({ length }, (_, k) => xy[2 * k * every + axis]).sort()
  const cut = Math.floor(OUTLIERS * values.length)
  return [values[cut] ?? 0, values[values.length - 1 - cut] ?? 0]
}
