// Images out of bytes, for Thumbnails: a sheet holds the last ones that were asked for.

const SHEET = 32 // images in a row of the sheet, and rows

export class ByteTiles {
  /** `data`: bytes (N, C, H, W). */
  constructor(data, [, channels, height, width]) {
    Object.assign(this, { data, channels, height, width })
    this.sheet = Object.assign(document.createElement("canvas"), { width: SHEET * width, height: SHEET * height })
    this.context = this.sheet.getContext("2d")
    this.slots = new Map() // row -> its place on the sheet
  }

  at(row) {
    const slot = this.slotOf(row)
    return {
      image: this.sheet,
      left: (slot % SHEET) * this.width,
      top: Math.floor(slot / SHEET) * this.height,
    }
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
