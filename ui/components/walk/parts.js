// The live decoder and the legend on a page without a server: the map is our own canvas, originals lie in the page.

import { Panel } from "../live_decoder/panel.js"
import { MapLegend } from "../map_legend/legend.js"
import { CanvasLink } from "./canvas_link.js"

export class WalkPanel extends Panel {
  /** `map`: a PointMap; `moved({row, z})` is told where somebody is. */
  constructor(root, map, moved) {
    super(root)
    this.map = map
    this.along = "latent"
    this.report = (name, value) => {
      if (name === "view") moved(value)
      if (name === "turn") this.turn(value.along)
    }
    for (const absent of [".to-own", ".of-names", ".keep-walk"]) this.find(absent).remove()
  }

  receive(data) {
    super.receive({ ...data, along: this.along })
  }

  turn(along) {
    this.along = along
    this.receive(this.data)
  }

  linkMap({ chart_key: key }) {
    this.link ??= new CanvasLink(key, this.map, {
      over: (place, time) => this.hoverAt(place, time),
      leave: () => this.leave(),
      pin: (place) => this.pin(place),
    })
    this.link.attach()
  }

  /** {z, near} of a place on the map: in what the map doesn't show, as it is now. */
  latentAt(x, y) {
    return this.inverseOfMap().at({ x, y }, this.z)
  }

  original() {
    if (this.row === null) return null
    const { pictures } = this.model?.tensors ?? {}
    const name = this.data.file_names?.[this.row] ?? ""
    return { row: this.row, name, pixels: pictures?.data, problem: pictures ? "" : "Not in this file" }
  }

  pixelsOf({ row, pixels }) {
    const length = this.data.image_shape.reduce((product, side) => product * side, 1)
    return Float32Array.from(pixels.subarray(row * length, (row + 1) * length), (value) => value / 255)
  }
}

export class WalkLegend extends MapLegend {
  /** `filter(isShown)` takes a function of a class's name. */
  constructor(root, filter) {
    super(root)
    this.filter = filter
    this.report = () => {}
  }

  chartOf(key) {
    return { key, showTraces: (isShown) => this.filter(isShown), close() {} }
  }
}
