// What the model makes of the picture, drawn anew for every frame: place and spread on the map, reconstruction, nearest
// images, numbers.

import { drawTile } from "../image_sheet/sheets.js"
import { NEIGHBOURS, nearestRows, placeAmong, placeOnMap } from "../model_store/store.js"
import { showText } from "../shared/help.js"
import { drawDifference, drawPixels } from "../shared/pictures.js"
import { setText } from "../shared/text.js"
import { Encoding } from "./encoding.js"
import { comparedWith, marksOf, neighboursOf, numbersOf, trustOf } from "./facts.js"
import { covarianceOnMap } from "./spread.js"

const SHOWN = 8 // nearest images
const SEARCHED = 32 // among which draws of the posterior find theirs

export class Results {
  /** `onRow(row)` gets clicks on nearest images. */
  constructor(find, onRow) {
    this.find = find
    this.tiles = Array.from({ length: SHOWN }, () => tile(onRow))
    find(".strip").replaceChildren(...this.tiles.map(({ button }) => button))
  }

  use(model, encoder) {
    this.model = model
    this.encoding = new Encoding(encoder, model)
    this.find(".decodes-not").hidden = Boolean(this.encoding.decode)
  }

  /** Show a picture's bytes; returns its posterior. `data` is what Python said, `mark` the map's. */
  show(bytes, data, mark) {
    const { model } = this
    const posterior = this.encoding.posterior(bytes)
    const bound = this.encoding.bound(posterior)
    const near = nearestRows(model, posterior.mu, SEARCHED)
    this.mark(posterior, data, near, mark)
    if (bound) {
      drawPixels(this.find(".reconstruction"), bound.mean, data.image_shape)
      drawDifference(this.find(".error"), bound.mean, posterior.x, data.image_shape)
    }
    this.showNeighbours(near.slice(0, SHOWN), data)
    setText(this.find(".beside"), comparedWith(data.tests))
    this.showNumbers(numbersOf(model, { kl: posterior.kl, bound }, data.terms, data.tests))
    const trust = trustOf(model, { bound }, awayOf(model, posterior.mu, data, near), data.tests)
    this.find(".trust").dataset.level = trust.level
    showText(this.find(".trust"), trust.text)
    showText(this.find(".marks"), marksOf(model, data.map.method, posterior.sigma, data.terms))
    return posterior
  }

  /** On the map: t-SNE may have places of test images only, which are the first. */
  mark(posterior, data, near, mark) {
    const { model } = this
    const { map, count } = data
    const placed = isLinear(model, map) ? count : model.tensors[`${map.method}.xy`].data.length / 2
    const voters = placed < count ? nearestRows(model, posterior.mu, SEARCHED, undefined, placed) : near
    const place = isLinear(model, map)
      ? placeOnMap(model, map, posterior.mu, null)
      : placeAmong(model, map, voters.slice(0, NEIGHBOURS))
    mark.show(place, covarianceOnMap(model, map, posterior, voters))
  }

  showNeighbours(near, data) {
    const labels = this.model.tensors.labels.data
    for (const [i, one] of this.tiles.entries()) {
      const row = near[i]?.row
      one.button.hidden = row === undefined
      if (row === undefined || (row === one.row && one.drawn === Boolean(data.sheet))) continue
      Object.assign(one, { row, drawn: Boolean(data.sheet) })
      const name = data.class_names.length > 1 ? data.class_names[labels[row]] : ""
      setText(one.name, name || `row ${row}`)
      one.button.title = `Row ${row}${name && `, class ${name}`}: put it on the canvas`
      one.button.classList.toggle("is-drawn", one.drawn)
      if (one.drawn) drawTile(data.sheet, row, one.canvas)
    }
    const found = near.map(({ row }) => labels[row])
    showText(this.find(".neighbours"), neighboursOf(found, data.class_names))
  }

  showNumbers(lines) {
    const list = this.find(".numbers")
    if (list.children.length !== lines.length) list.replaceChildren(...lines.map(emptyLine))
    lines.forEach(({ name, number, compared }, i) => {
      const [term, value, place] = list.children[i].children
      showText(term, name)
      setText(value, number)
      setText(place, compared)
    })
  }
}

/** Whether a map places any latent vector. */
function isLinear(model, { method }) {
  return method === "latent" || Boolean(model.tensors[`${method}.mean`])
}

/** How far a place is from the test images where the model has them, and how far is usual; null where that isn't known. */
function awayOf(model, mu, { reach, count, tests }, near) {
  if (!reach) return null
  const known = tests === count && reach.dims.length === mu.length
  const [nearest] = known ? near : nearestRows(model, mu, 1, reach.dims, tests)
  return { distance: nearest.distance, limit: reach.limit }
}

function tile(onRow) {
  const [button, canvas, name] = ["button", "canvas", "span"].map((kind) => document.createElement(kind))
  button.type = "button"
  button.hidden = true
  button.append(canvas, name)
  const found = { button, canvas, name, row: null, drawn: false }
  button.onclick = () => onRow(found.row)
  return found
}

function emptyLine() {
  const line = document.createElement("div")
  line.append(...["dt", "dd", "dd"].map((kind) => document.createElement(kind)))
  line.lastElementChild.className = "compared"
  return line
}
