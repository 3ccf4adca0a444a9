// Images in the place of their points: those that are in view and don't cover each other, from a sheet that holds the last ones.

const SHEET = 32 // images in a row of the sheet, and rows

export class Thumbnails {
  /** `data`: bytes (N, C, H, W). */
  constructor(data, [, channels, height, width]) {
    Object.assign(this, { data, channels, height, width })
    this.sheet = Object.assign(document.createElement("canvas"), { width: SHEET * width, height: SHEET * height })
    this.context = this.sheet.getContext("2d")
    this.slots = new Map() // row -> its place on the sheet
  }

  /** Of `rows` at `places` (left and top of each, one after another), the first ones that have room: drawn `side`
   * pixels wide or high, on a ground of `colourOf(row)`. Returns how many. */
  draw(context, rows, places, side, colourOf) {
    const chosen = apart(places, side)
    const scale = side / Math.max(this.width, this.height)
    const [wide, high] = [this.width * scale, this.height * scale]
    context.imageSmoothingEnabled = false
    for (const k of chosen.slice(0, SHEET * SHEET)) {
      const slot = this.slotOf(rows[k])
      const [left, top] = [places[2 * k] - wide / 2, places[2 * k + 1] - high / 2]
      context.fillStyle = colourOf(rows[k])
      context.fillRect(left - 2, top - 2, wide + 4, high + 4)
      const [from, down] = [(slot % SHEET) * this.width, Math.floor(slot / SHEET) * this.height]
      context.drawImage(this.sheet, from, down, this.width, this.height, left, top, wide, high)
    }
    return chosen.length
  }

  slotOf(row) {
    const known = this.slots.get(row)
    if (known !== undefined) return known
    if (this.slots.size === SHEET * SHEET) this.slots.clear()
    const slot = this.slots.size
    const area = this.width * this.height
    const image = this.context.createImageData(this.width, this.height)
    const start = row * this.channels * area
    for (let p = 0; p < area; p++) {
      for (let c = 0; c < 3; c++) image.data[4 * p + c] = this.data[start + (this.channels >= 3 ? c * area : 0) + p]
      image.data[4 * p + 3] = 255
    }
    this.context.putImageData(image, (slot % SHEET) * this.width, Math.floor(slot / SHEET) * this.height)
    this.slots.set(row, slot)
    return slot
  }
}

/** Which squares of this side, around these places, are drawn so that none covers another: the first come first. */
export function apart(places, side) {
  const gap = side + 4
  const taken = new Map() // by cell: the places that were chosen in it
  const chosen = []
  for (let k = 0; 2 * k < places.length; k++) {
    const [x, y] = [places[2 * k], places[2 * k + 1]]
    const [column, line] = [Math.floor(x / gap), Math.floor(y / gap)]
    if (isFree(taken, x, y, column, line, gap)) {
      chosen.push(k)
      taken.set(`${column},${line}`, [x, y]) // a cell is as wide as a square: it holds one
    }
  }
  return chosen
}

function isFree(taken, x, y, column, line, gap) {
  for (let i = column - 1; i <= column + 1; i++) {
    for (let j = line - 1; j <= line + 1; j++) {
      const other = taken.get(`${i},${j}`)
      if (other && Math.abs(other[0] - x) < gap && Math.abs(other[1] - y) < gap) return false
    }
  }
  return true
}
