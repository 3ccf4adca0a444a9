// The picture beside the sheet: decoded at one exact place, by the page or by the server.

import { Pictures } from "../model_store/pictures.js"
import { sizeCanvas } from "../shared/pictures.js"
import { same } from "../shared/same.js"
import { signedText } from "./axes.js"
import { latentAt } from "./plane.js"
import { writePixels } from "./tiles/pixels.js"

export class Preview {
  constructor(find) {
    this.find = find
    this.pictures = new Pictures(
      ({ pixels }) => this.draw(pixels),
      (isWaiting) => this.find(".preview").classList.toggle("waits", isWaiting),
    )
    this.z = null // what was asked for last
  }

  /** From now on of this model, which shows pictures of `shape`; `socket` is where the server decodes, or null. */
  useModel(model, shape, socket) {
    this.z = null
    this.shape = shape
    this.pictures.use(model, socket, null)
  }

  close() {
    this.pictures.close()
  }

  /** Show the picture at `place`; the numbers get more digits at a deeper level of the sheet. */
  show(caption, place, level, { plane, names }) {
    const digits = Math.min(6, 2 + Math.ceil(0.3 * Math.max(0, level)))
    const numbers = [place.a, place.b].map((value, axis) => `${names[axis]} = ${signedText(value, digits)}`)
    this.find(".caption").textContent = caption
    this.find(".readout").textContent = numbers.join(", ")
    const z = latentAt(plane, place.a, place.b)
    if (same(z, this.z)) return
    this.z = z
    this.pictures.ask(z, performance.now())
  }

  draw(pixels) {
    const [, height, width] = this.shape
    const canvas = this.find(".preview")
    sizeCanvas(canvas, width, height)
    const image = new ImageData(width, height)
    writePixels(pixels, this.shape, { block: 1, width, height }, image.data, 0)
    canvas.getContext("2d").putImageData(image, 0, 0)
  }
}
