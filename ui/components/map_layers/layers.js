// What lies on Streamlit's native map beside its points: images in their places where there is room, the map as decoded
// pictures, class regions, density and class names. Drawn in the page, on a figure that stays; Python hears which
// layers are wanted.

import { tilesOf, withSheet } from "../image_sheet/sheets.js"
import { withModel } from "../model_store/store.js"
import { onWhereabouts } from "../model_store/whereabouts.js"
import { EMPTY, MapCanvas } from "../native_map/map_canvas.js"
import { DRAWN_AGAIN, NativeChart } from "../native_map/native_chart.js"
import { pointColours } from "../native_map/point_colours.js"
import { Thumbnails } from "../point_map/thumbnails.js"
import { UNKNOWN } from "../shared/colours.js"
import { same } from "../shared/same.js"
import { followTheme, themeValue } from "../shared/theme.js"
import { LayeredMap } from "./layered_map.js"
import { LayerMenu } from "./menu.js"
import { pngOf, svgOf } from "./print.js"

const LONG_ENOUGH = 60_000 // ms in which a browser has taken a file
const MOST_FRAMES = 1_000 // that layers may take

export class MapLayers {
  constructor(root) {
    this.element = root.querySelector(".layers")
    this.menu = new LayerMenu(root, {
      choose: (chosen) => this.choose(chosen),
      save: (format) => this.save(format),
    })
    this.stopListening = onWhereabouts((fingerprint) => fingerprint === this.data?.fingerprint && this.moved())
  }

  // --- what Python says ---------------------------------------------------------------------------------------------

  receive(data) {
    const before = this.data
    this.data = data
    this.closed = false
    // an answer to an earlier click does not undo a later one
    if (!this.waiting || same(this.waiting, data.chosen) || data.revision !== before.revision) {
      this.chosen = new Set(data.chosen)
      this.waiting = null
    }
    followTheme(this.element)
    this.menu.show(data.layers, this.chosen, data.usual)
    this.linkChart(data.chart_key)
    if (data.sheet !== before?.sheet) this.awaitSheet(data.sheet)
    if (!same(placesKey(data), before && placesKey(before))) {
      this.map = null
      withModel(data.fingerprint, (model) => this.useModel(model))
    }
    this.ask()
  }

  linkChart(key) {
    if (this.chart?.key === key) return this.chart.attach()
    this.unlinkChart()
    const ask = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.ask()]))
    this.chart = new NativeChart(key, ask, () => this.onFigure())
    this.under = new MapCanvas(this.chart, (context, view) => this.drawUnder(context, view), "ground")
    this.over = new MapCanvas(this.chart, (context, view) => this.drawOver(context, view))
    this.under.element.dataset.testid = "map-ground"
    this.over.element.dataset.testid = "map-layers"
    this.onFigure()
  }

  unlinkChart() {
    this.under?.close()
    this.over?.close()
    this.chart?.close()
  }

  onFigure() {
    this.colourOf = null
    this.ask()
  }

  useModel(model) {
    if (this.closed || model.fingerprint !== this.data.fingerprint) return
    this.map = new LayeredMap(model, this.data)
    this.ask()
  }

  awaitSheet(name) {
    this.thumbnails = null
    this.asked = null
    withSheet(name, (sheet) => {
      if (this.closed || name !== this.data.sheet) return
      this.thumbnails = new Thumbnails(tilesOf(sheet))
      this.ask()
    })
  }

  close() {
    this.closed = true
    this.stopListening()
    this.menu.end()
    this.unlinkChart()
  }

  // --- what a person does -------------------------------------------------------------------------------------------

  choose(chosen) {
    this.chosen = chosen
    const names = this.data.layers.map(({ name }) => name).filter((name) => chosen.has(name))
    this.waiting = names
    this.menu.show(this.data.layers, chosen, this.data.usual)
    this.ask()
    this.report("choice", { names })
  }

  /** Save what is seen as a file. */
  async save(format) {
    const { class_colours: colours, print: about } = this.data
    await this.complete()
    const print = { ...about, colours, chart: this.chart, under: this.under, over: this.over, look: this.look() }
    const made = await (format === "png" ? pngOf(print) : svgOf(print))
    const link = Object.assign(document.createElement("a"), {
      href: URL.createObjectURL(made),
      download: `${about.file}.${format}`,
    })
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), LONG_ENOUGH)
  }

  /** Wait until no layer lacks a piece of what is seen. */
  async complete() {
    const lacking = () => [this.under, this.over].some(({ element }) => Number(element.dataset.missing))
    for (let frame = 0; lacking() && frame < MOST_FRAMES; frame++) await new Promise(requestAnimationFrame)
  }

  moved() {
    this.map?.moved()
    this.ask()
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  ask() {
    this.under?.ask()
    this.over?.ask()
  }

  /** Whether a layer is to be drawn: what is known must belong to the figure that is there, and the two don't come at
   * once. */
  shows(name) {
    return this.chosen.has(name) && Boolean(this.map) && this.chart.about().map === this.data.figure
  }

  gridded() {
    return this.shows("grid") && Boolean(this.map.grid)
  }

  look() {
    const [text, page] = ["text", "background"].map((name) => themeValue(this.element, `--st-${name}-color`))
    return { text, page, font: themeValue(this.element, "--st-font") }
  }

  drawUnder(context, view) {
    const [regions, density] = ["regions", "density"].map((name) => !this.gridded() && this.shows(name))
    const look = (regions || density) && this.look()
    const missing = regions ? this.map.drawRegions(context, view, look) : 0
    if (density) this.map.drawDensity(context, view, look)
    if (missing) this.under.ask()
    this.under.element.dataset.missing = missing
    return look ? undefined : EMPTY
  }

  drawOver(context, view) {
    const [gridded, named] = [this.gridded(), this.shows("names")]
    const look = (gridded || named) && this.look()
    const missing = gridded ? this.map.drawGrid(context, view, look) : 0
    const pictured = !gridded && this.shows("pictures") ? this.drawPictures(context, view) : 0
    const names = named ? this.map.drawNames(context, view, look) : 0
    if (missing) this.over.ask()
    Object.assign(this.over.element.dataset, { pictured, missing, gridded, named: names })
    return look || pictured ? undefined : EMPTY
  }

  drawPictures(context, view) {
    if (!this.map.hasPictures(view)) return 0
    if (!this.thumbnails) {
      this.askForSheet()
      return 0
    }
    this.colourOf ??= pointColours(this.chart)
    return this.map.drawPictures(context, view, this.thumbnails, this.colourOf ?? (() => UNKNOWN))
  }

  /** Python brings the images once they are wanted. */
  askForSheet() {
    const { sheet } = this.data
    if (this.asked === sheet) return
    this.asked = sheet
    this.report("wanted", { sheet })
  }
}

/** What the places of a map's points follow from. */
function placesKey({ fingerprint, map, rows, labels }) {
  return [fingerprint, map, rows, labels]
}
