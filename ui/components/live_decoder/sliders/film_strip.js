// What a slider leads to: pictures at even places of its range, all else as it is. None is decoded again while its own
// slider moves.

import { signed } from "../../shared/text.js"
import { PictureRow } from "../picture_row.js"
import { STOPS, stopsOf } from "./swing.js"

export class FilmStrip {
  /** `goTo(value)` is called with the value whose picture is clicked. */
  constructor(element, goTo) {
    this.row = new PictureRow(element, (k) => goTo(this.values[k]))
  }

  /** As a PictureRow's. */
  use(decode, shape) {
    if (decode !== this.row.decode) this.slider = null
    this.row.use(decode, shape)
  }

  /** Show where `slider` leads from z. */
  show(slider, z) {
    if (!this.row.decode) return
    const at = slider.axis.rest(z)
    if (slider !== this.slider || !isNear(at, this.at)) {
      Object.assign(this, { slider, at })
      this.values = stopsOf(-slider.bound, slider.bound, STOPS)
      this.row.show(
        this.values.map((value) => {
          const there = [...z]
          slider.axis.put(there, value)
          return { z: there, title: `${slider.name} = ${signed(value, 2)}` }
        }),
      )
    }
    const share = (slider.axis.of(z) / slider.bound + 1) / 2
    this.row.mark(Math.round(Math.min(1, Math.max(0, share)) * (STOPS - 1)))
  }

  close() {
    this.row.close()
    this.slider = null
  }
}

/** Whether two vectors are the same but for rounding. */
function isNear(one, other) {
  return one.every((value, j) => Math.abs(value - other[j]) < 1e-5)
}
