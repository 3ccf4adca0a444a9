// The live decoder: pictures, sliders and buttons. While you move, nothing is asked of the server; it is told the row and
// the latent vector when you let go.

import { meanOfRow, placeOnMap, withModel } from "../model_store/store.js"
import { drawPixels, fromBase64, isDark, rememberSmooth, signed, standardNormal } from "../shared/pictures.js"
import { MapLink } from "./map_link.js"
import { Slider, UNUSED_KL } from "./slider.js"

const panels = new WeakMap()
const HISTORY_KEPT = 200
const DOUBLE_CLICK_HINT = "Drag a slider, or focus it and use the arrow keys (Shift: ten times further)."

export default function ({ data, parentElement, setStateValue }) {
  let panel = panels.get(parentElement)
  if (!panel) {
    panel = new Panel(parentElement)
    panels.set(parentElement, panel)
  }
  panel.tellPython = (view) => setStateValue("view", view)
  panel.receive(data)
  return () => {
    panels.get(parentElement)?.close()
    panels.delete(parentElement)
  }
}

class Panel {
  constructor(root) {
    this.root = root
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".panel")
    this.z = []
    this.row = null
    this.past = []
    this.future = []
    this.moves = 0
    this.wireButtons()
    rememberSmooth(this.find(".smooth"), this.element)
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(data) {
    const changedModel = data.fingerprint !== this.data?.fingerprint
    const pythonMoved = changedModel || data.revision !== this.data.revision
    this.data = data
    this.closed = false
    if (changedModel) {
      this.model = null
      this.element.dataset.ready = "no"
      this.past = []
      this.future = []
      this.element.style.setProperty("--picture-ratio", data.image_shape[2] / data.image_shape[1])
      this.buildSliders()
    }
    if (pythonMoved) {
      this.row = data.row
      this.z = data.z ?? new Array(data.latent_dim).fill(0)
    }
    this.find(".row").max = data.count - 1
    this.linkMap(data.map)
    this.link.paint(this.theme("--st-primary-color"), this.theme("--st-background-color"))
    this.element.style.colorScheme = isDark(this.theme("--st-background-color")) ? "dark" : "light"
    withModel(data.fingerprint, (model) => this.useModel(model, pythonMoved && !data.z))
  }

  useModel(model, startAtRow) {
    if (this.closed || model.fingerprint !== this.data.fingerprint) return
    this.model = model
    this.find(".decoded-absent").textContent = ""
    this.showHint()
    this.element.dataset.ready = "yes"
    if (startAtRow && this.row !== null) this.z = meanOfRow(model, this.row)
    this.refresh()
  }

  linkMap(map) {
    if (this.link?.key !== map.chart_key) {
      this.link?.close()
      this.link = new MapLink({
        key: map.chart_key,
        onRow: (row) => this.select(row),
        onHover: (row) => this.previewOf(row),
      })
    } else {
      this.link.attach()
    }
  }

  close() {
    this.closed = true
    cancelAnimationFrame(this.frame)
    this.link?.close()
  }

  theme(name) {
    return getComputedStyle(this.root.host ?? this.root)
      .getPropertyValue(name)
      .trim()
  }

  // --- moving ---------------------------------------------------------------------------------------------------------

  /** Select the image of `row`: sliders and decoder go to its posterior mean at once, Python brings the original. */
  select(row) {
    if (!this.model || row < 0 || row >= this.data.count) return
    this.remember()
    this.row = row
    this.z = meanOfRow(this.model, row)
    this.commit()
  }

  moveTo(z) {
    this.remember()
    this.z = z
    this.commit()
  }

  /** Draw now, and tell Python. */
  commit() {
    this.refresh()
    this.moves += 1
    // a move that Python has not seen must differ from all it has seen, also after a remount
    this.tellPython({ row: this.row, z: this.z.map((v) => Number(v.toFixed(4))), id: `${Date.now()}-${this.moves}` })
  }

  remember() {
    this.past.push({ row: this.row, z: [...this.z] })
    if (this.past.length > HISTORY_KEPT) this.past.shift()
    this.future = []
  }

  step(from, to) {
    const view = from.pop()
    if (!view) return
    to.push({ row: this.row, z: [...this.z] })
    this.row = view.row
    this.z = view.z
    this.commit()
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** Ask for one redraw in the next frame; `inputTime` is the time stamp of the event that asked. */
  schedule(inputTime) {
    this.inputTime = inputTime
    if (this.scheduled) return
    this.scheduled = true
    this.frame = requestAnimationFrame(() => {
      this.scheduled = false
      this.drawMoving()
      this.element.dispatchEvent(
        new CustomEvent("latent-drawn", { bubbles: true, composed: true, detail: { inputTime: this.inputTime } }),
      )
    })
  }

  /** What changes while a slider is dragged: two pictures and the marker. */
  drawMoving() {
    if (!this.model) return
    this.pixels = this.model.decode(this.z)
    drawPixels(this.find(".decoded"), this.pixels, this.data.image_shape)
    this.drawDifference()
    this.find(".decoded-caption").textContent = this.atImage() ? "Reconstruction" : "Decoded"
    this.link.show(placeOnMap(this.model, this.data.map, this.z, this.atImage() ? this.row : null))
  }

  /** Everything. */
  refresh() {
    for (const slider of this.sliders) slider.show(this.z[slider.index])
    this.drawMoving()
    this.drawOriginal()
    this.drawDifference()
    this.writeFacts()
    this.find(".to-image").disabled = this.row === null
    this.find(".undo").disabled = this.past.length === 0
    this.find(".redo").disabled = this.future.length === 0
    const field = this.find(".row")
    if (!this.typingRow) field.value = this.row ?? ""
    this.element.dataset.row = this.row ?? ""
  }

  /** The original of the selected row, if Python has brought it already. */
  original() {
    const original = this.data.original
    return original && original.row === this.row ? original : null
  }

  drawOriginal() {
    const original = this.original()
    const canvas = this.find(".original")
    const known = Boolean(original?.pixels)
    canvas.style.visibility = known ? "visible" : "hidden"
    this.originalPixels = known ? fromBase64(original.pixels) : null
    if (known) drawPixels(canvas, this.originalPixels, this.data.image_shape)
    const none = this.row === null ? "Click a point on the map" : "Loading…"
    this.find(".original-absent").textContent = known ? "" : (original?.problem ?? none)
    this.find(".difference-absent").textContent = known || this.row === null ? "" : "Needs the original"
  }

  drawDifference() {
    const canvas = this.find(".difference")
    canvas.style.visibility = this.originalPixels && this.pixels ? "visible" : "hidden"
    this.find(".difference-sum").textContent = ""
    if (!this.originalPixels || !this.pixels) return
    const difference = this.pixels.map((value, i) => Math.abs(value - this.originalPixels[i]))
    drawPixels(canvas, difference, this.data.image_shape)
    this.find(".difference-sum").textContent = `Σ ${difference.reduce((a, b) => a + b, 0).toFixed(1)}`
  }

  atImage() {
    if (this.row === null || !this.model) return false
    const mu = meanOfRow(this.model, this.row)
    return this.z.every((value, j) => Math.abs(value - mu[j]) < 5e-4)
  }

  writeFacts() {
    const who = this.find(".class-name")
    const numbers = this.find(".numbers")
    if (this.row === null || !this.model) {
      who.textContent = ""
      numbers.textContent =
        "Click a point on the map or type its row to select an image; drag a slider to generate one."
      return
    }
    const { tensors } = this.model
    const value = (name) => tensors[name].data[this.row]
    who.textContent = `class ${this.data.class_names[value("labels")]}`
    // the sum is shown as the sum of what is shown: rounding each alone would let it look wrong
    const elbo = Number(value("elbo").toFixed(1))
    const kl = Number(value("kl").toFixed(1))
    numbers.textContent = `ELBO ${signed(elbo, 1)} = ${signed(elbo + kl, 1)} (reconstruction) − ${signed(kl, 1)} (KL) nats · squared error ${value("squared_error").toFixed(2)}`
    numbers.title =
      `Reconstruction: ${this.model.terms}, one posterior sample; KL in closed form. ` +
      "Squared error between the original and the reconstruction from the posterior mean, summed over pixels in [0, 1]."
  }

  previewOf(row) {
    if (row === null || !this.model) return null
    return { pixels: this.model.decode(meanOfRow(this.model, row)), shape: this.data.image_shape }
  }

  // --- controls -------------------------------------------------------------------------------------------------------

  buildSliders() {
    const holder = this.find(".sliders")
    holder.replaceChildren()
    this.sliders = this.data.dims.map((dim) => {
      const slider = new Slider(dim, {
        begin: () => this.remember(),
        move: (value, time) => {
          this.z[dim.index] = value
          this.schedule(time)
        },
        release: () => this.commit(),
        home: () => (this.row === null || !this.model ? 0 : meanOfRow(this.model, this.row)[dim.index]),
      })
      holder.append(slider.element)
      return slider
    })
    this.showHint()
  }

  showHint() {
    const unused = this.data.dims.filter((dim) => dim.kl < UNUSED_KL).length
    const order = this.data.latent_dim > 1 ? " The most informative dimension (largest KL) comes first." : ""
    const idle = unused
      ? ` ${unused} greyed ${unused === 1 ? "dimension carries" : "dimensions carry"} almost nothing.`
      : ""
    const protocol = this.model
      ? ` ELBO: ${this.model.terms}, one posterior sample; −ELBO is ${this.model.standing}.`
      : ""
    this.find(".hint").textContent = `${DOUBLE_CLICK_HINT} Double-click resets.${order}${idle}${protocol}`
  }

  wireButtons() {
    this.find(".to-image").onclick = () => this.select(this.row)
    this.find(".to-origin").onclick = () => this.moveTo(this.z.map(() => 0))
    this.find(".to-random").onclick = () => this.moveTo(this.z.map(standardNormal))
    this.find(".undo").onclick = () => this.step(this.past, this.future)
    this.find(".redo").onclick = () => this.step(this.future, this.past)
    const field = this.find(".row")
    field.oninput = () => (this.typingRow = true)
    field.onchange = () => {
      this.typingRow = false
      const row = field.valueAsNumber
      if (Number.isInteger(row)) this.select(Math.min(Math.max(row, 0), this.data.count - 1))
      else this.refresh()
    }
    this.element.onkeydown = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.target.type === "number") return
      if (event.key === "z" && !event.shiftKey) this.step(this.past, this.future)
      else if (event.key === "y" || (event.key === "z" && event.shiftKey)) this.step(this.future, this.past)
      else return
      event.preventDefault()
    }
  }
}
