// The picture beside the sheet: decoded at one exact place.

import { sizeCanvas } from "../shared/pictures.js"
import { same } from "../shared/same.js"
import { signedText } from "./axes.js"
import { latentAt } from "./plane.js"
import { writePixels } from "./tiles/pixels.js"

export class Preview {
  constructor(find) {
    this.find = find
    this.forget()
  }

  forget() {
    this.z = null // what is shown
  }

  /** Show the picture at `place`; the numbers get more digits at a deeper level of the sheet. */
  show(caption, place, level, { plane, names, shape }, decode) {
    const digits = Math.min(6, 2 + Math.ceil(0.3 * Math.max(0, level)))
    const numbers = [place.a, place.b].map((value, axis) => `${names[axis]} = ${signedText(value, digits)}`)
    this.find(".caption").textContent = caption
    this.find(".readout").textContent = numbers.join(", ")
    const z = latentAt(plane, place.a, place.b)
    if (same(z, this.z)) return
    this.z = z
    const [, height, width] = shape
    const canvas = this.find(".preview")
    sizeCanvas(canvas, width, height)
    const image = new ImageData(width, height)
    writePixels(decode(z), shape, { block: 1, width, height }, image.data, 0)
    canvas.getContext("2d").putImageData(image, 0, 0)
  }
}
