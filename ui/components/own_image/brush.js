// What a pen does to the pixels of a picture. No DOM.
//
// A picture is bytes (C, H, W), as the data sets have them. A stroke covers each pixel as much as the point of it that
// comes nearest: crossing its own line makes it no darker, and its edge is as soft as a downscaled line's.

export class Brush {
  constructor([channels, height, width]) {
    Object.assign(this, { channels, height, width })
    this.covered = new Float32Array(height * width)
  }

  /** Start a stroke on this picture, which `line` then changes. `colour`: a byte for each channel. */
  begin(bytes, { colour, radius, edge }) {
    Object.assign(this, { bytes, colour, radius, edge })
    this.under = bytes.slice()
    this.covered.fill(0)
  }

  /** Draw from one place to another, in pixels from the left upper corner; a dot where both are one. */
  line(x0, y0, x1, y1) {
    const reach = this.radius + this.edge / 2
    const [left, right] = span(x0, x1, reach, this.width)
    const [top, bottom] = span(y0, y1, reach, this.height)
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const share = (reach - distanceTo(x + 0.5, y + 0.5, x0, y0, x1, y1)) / this.edge
        const at = y * this.width + x
        if (share > this.covered[at]) this.cover(at, Math.min(1, share))
      }
    }
  }

  cover(at, share) {
    this.covered[at] = share
    const area = this.height * this.width
    for (let c = 0; c < this.channels; c++) {
      const under = this.under[c * area + at]
      this.bytes[c * area + at] = Math.round(under + share * (this.colour[c] - under))
    }
  }
}

/** The pixels that a line may reach along one axis. */
function span(from, to, reach, size) {
  return [Math.max(0, Math.floor(Math.min(from, to) - reach)), Math.min(size, Math.ceil(Math.max(from, to) + reach))]
}

/** How far a place is from a line between two others. */
function distanceTo(x, y, x0, y0, x1, y1) {
  const [dx, dy] = [x1 - x0, y1 - y0]
  const length = dx * dx + dy * dy
  const share = length ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length)) : 0
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy)
}

/** The picture in which every pixel has this colour. */
export function blank([channels, height, width], colour) {
  const bytes = new Uint8Array(channels * height * width)
  for (let c = 0; c < channels; c++) bytes.fill(colour[c], c * height * width, (c + 1) * height * width)
  return bytes
}

export const inverted = (bytes) => bytes.map((value) => 255 - value)

/** The picture moved by whole pixels, so that what differs from the paper has its centre of mass in the middle. */
export function centred(bytes, shape, paper) {
  const [channels, height, width] = shape
  const area = height * width
  const sum = { mass: 0, x: 0, y: 0 }
  for (let p = 0; p < area; p++) {
    let mass = 0
    for (let c = 0; c < channels; c++) mass += Math.abs(bytes[c * area + p] - paper[c])
    sum.mass += mass
    sum.x += mass * ((p % width) + 0.5)
    sum.y += mass * (Math.floor(p / width) + 0.5)
  }
  const [right, down] = sum.mass
    ? [Math.round(width / 2 - sum.x / sum.mass), Math.round(height / 2 - sum.y / sum.mass)]
    : [0, 0]
  const made = blank(shape, paper)
  for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
    for (let x = Math.max(0, -right); x < Math.min(width, width - right); x++) {
      const [from, to] = [y * width + x, (y + down) * width + x + right]
      for (let c = 0; c < channels; c++) made[c * area + to] = bytes[c * area + from]
    }
  }
  return made
}
