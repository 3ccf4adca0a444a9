// A model as one page without a server: its map, the live decoder, and the images. Everything is in the page.

import { keepModel } from "../model_store/keeping.js"
import { keepReach } from "../model_store/reaches.js"
import { pointsOnMap, withModel } from "../model_store/store.js"
import { ByteTiles } from "../point_map/byte_tiles.js"
import { DecodedGrid } from "../point_map/decoded_grid.js"
import { PointMap } from "../point_map/point_map.js"
import { bytesFromBase64, grouped } from "../shared/text.js"
import { parse, write } from "./address.js"
import { byClass, byValue } from "./colouring.js"
import { WalkLegend, WalkPanel } from "./parts.js"

const find = (selector) => document.querySelector(selector)
const about = JSON.parse(find("#about").textContent)

/** The text of a script, unpacked. */
async function unpacked(element) {
  const packed = new Blob([bytesFromBase64(element.textContent.trim())])
  element.remove() // its text is as large as all else together
  return new Uint8Array(await new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer())
}

/** A component's place: its own HTML and style in a shadow root, as Streamlit does it. */
function placeOf(selector, { html, css }) {
  const root = find(selector).attachShadow({ mode: "open" })
  root.innerHTML = `<style>${css}</style>${html}`
  return root
}

class Walk {
  constructor(model) {
    this.model = model
    this.state = {
      map: about.methods[0].name,
      colour: "class",
      x: about.axes[0],
      y: about.axes[1] ?? null,
      row: null,
      z: null,
    }
    Object.assign(this.state, about.start, parse(location.hash, limits()))
    this.revision = 0
    this.map = new PointMap(find(".map"), {
      onPick: (row) => this.panel.select(row),
      onHover: (row, at) => this.name(row, at),
      onDrawn: () => this.panel.link?.draw(),
    })
    const { pictures } = model.tensors
    if (pictures) this.map.usePictures(new ByteTiles(pictures.data, pictures.shape))
    this.panel = new WalkPanel(placeOf(".decoder", about.panel_parts), this.map, (place) => this.moved(place))
    this.legend = new WalkLegend(placeOf(".classes", about.legend_parts), (isShown) => this.showClasses(isShown))
    this.grid = new DecodedGrid({
      latentAt: (x, y) => this.panel.latentAt(x, y),
      decode: (z) => model.decode(z),
      shape: about.panel.image_shape,
    })
    this.fillChoices()
    this.drawMap()
    this.colour()
    window.onhashchange = () => this.follow()
  }

  // --- choices ------------------------------------------------------------------------------------------------------

  fillChoices() {
    fill(
      find(".method"),
      about.methods.map(({ name, title }) => [name, title]),
    )
    fill(find(".colour"), Object.entries(about.colours))
    for (const name of ["across", "up"])
      fill(
        find(`.${name}`),
        about.order.map((j) => [j, `${name === "up" ? "Up" : "Across"}: ${about.labels[j]}`]),
      )
    find(".method").onchange = (event) => this.choose({ map: event.target.value })
    find(".colour").onchange = (event) => this.choose({ colour: event.target.value })
    find(".across").onchange = (event) => this.choose({ x: Number(event.target.value) })
    find(".up").onchange = (event) => this.choose({ y: Number(event.target.value) })
    find(".grid").onclick = () => this.showGrid(!this.map.ground)
    find(".whole").onclick = () => this.map.change(() => this.map.view.fit())
  }

  choose(change) {
    const swapped =
      change.x === this.state.y && "x" in change
        ? { y: this.state.x }
        : change.y === this.state.x && "y" in change
          ? { x: this.state.y }
          : {}
    Object.assign(this.state, change, swapped)
    if ("colour" in change) this.colour()
    else this.drawMap()
    this.remember()
  }

  // --- the map ------------------------------------------------------------------------------------------------------

  drawMap() {
    const { map, x, y } = this.state
    const method = about.methods.find(({ name }) => name === map)
    find(".method").value = map
    find(".across").value = x
    find(".up").value = y
    for (const name of ["across", "up"]) find(`.${name}`).hidden = map !== "latent" || about.order.length < 3
    find(".trust").textContent = method.trust
    find(".protocol").textContent = method.protocol
    const titled = (axis) => (axis === null ? "" : `${about.labels[axis]} (posterior mean)`)
    const axes = map === "latent" ? [titled(x), titled(y)] : method.axes
    this.map.show(pointsOnMap(this.model, { method: map, axes: [x, y] }), axes)
    this.map.element.setAttribute(
      "aria-label",
      `${method.title} map of ${grouped(about.count, 0)} images. Arrow keys move it, + and − enlarge.`,
    )
    this.show()
    this.grid.clear()
  }

  /** Decoded places instead of points, or points again. */
  showGrid(wanted) {
    this.map.useGround(wanted ? this.grid : null)
    find(".grid").setAttribute("aria-pressed", wanted)
  }

  colour() {
    const { colour } = this.state
    const { tensors } = this.model
    const labels = tensors.labels.data
    find(".colour").value = colour
    const look =
      colour === "class" ? byClass(labels, about.class_colours) : byValue(tensors[colour].data, about.value_colours)
    this.map.paint(look.colourOf, look.markOf, look.marks)
    const there = [...new Set(labels)].sort((a, b) => a - b)
    const few = there.length > 1 && there.length <= about.most_in_legend
    const names = there.map((label) => about.class_names[label])
    if (few) {
      const data = { names, labels: there, shown: names, chart_key: "map", revision: ++this.revision }
      this.legend.receive({ ...data, colours: colour === "class" ? about.class_colours : [] })
    }
    const scale = find(".scale")
    scale.hidden = !look.range
    if (look.range) {
      const stops = about.value_colours.map(([share, hex]) => `${hex} ${100 * share}%`)
      find(".scale i").style.background = `linear-gradient(to right, ${stops.join(", ")})`
      ;[find(".scale .low").textContent, find(".scale .high").textContent] = look.range.map((value) =>
        grouped(value, 1),
      )
    }
  }

  showClasses(isShown) {
    const labels = this.model.tensors.labels.data
    const shown = about.class_names.map((name) => isShown(name))
    this.map.filter((row) => shown[labels[row]])
  }

  name(row, at) {
    const tip = find(".tip")
    tip.hidden = row === null
    if (row === null) return
    const known =
      about.class_names.length > 1 ? `class ${about.class_names[this.model.tensors.labels.data[row]]} · ` : ""
    tip.textContent = [`${known}row ${grouped(row, 0)}`, about.file_names?.[row]].filter(Boolean).join(" · ")
    tip.style.transform = `translate(${at.left + 14}px, ${at.top + 14}px)`
  }

  // --- the decoder --------------------------------------------------------------------------------------------------

  /** Tell the panel which map there is, and where to be where somebody else says so. */
  show(revision = 1) {
    const { map, x, y, row, z } = this.state
    this.panel.receive({ ...about.panel, row, z, revision, map: { method: map, axes: [x, y], chart_key: "map" } })
  }

  moved({ row, z }) {
    Object.assign(this.state, { row, z })
    this.grid.clear()
    this.map.ask()
    this.remember()
  }

  remember() {
    if (location.protocol !== "about:") history.replaceState(null, "", write(this.state)) // a notebook's frame has no address
  }

  follow() {
    Object.assign(this.state, parse(location.hash, limits()))
    this.drawMap()
    this.colour()
    this.show(++this.revision + 1)
  }
}

function limits() {
  const { latent_dim: latentDim } = about.panel
  const methods = about.methods.map(({ name }) => name)
  return { methods, colours: Object.keys(about.colours), latentDim, count: about.count }
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)))
}

async function start() {
  keepModel(await unpacked(find("#model")))
  if (about.reach) keepReach({ identity: about.panel.reach_of, ...about.reach })
  withModel(about.panel.fingerprint, (model) => new Walk(model))
  find(".loading").remove()
}

start().catch((error) => {
  console.error(error)
  find(".loading").textContent = "This page needs a current version of Firefox, Chrome, Edge or Safari."
})
