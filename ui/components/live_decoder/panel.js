// The live decoder: pictures, sliders and buttons. While you move, nothing is asked of Python; it gets the row and the
// latent vector when you let go. Where Python decodes, pictures come over a socket of the server (`data.socket`), and
// without one when you let go (`data.decoded`).
//
// A pointer over the map decodes the place under it, and nothing else changes: `z` is where one is, `hover` what is shown
// for as long as the pointer is there.
//
// What belongs to the selected image and what belongs to the picture shown stand in two places: the sliders leave the
// one and change the other.

import { MapInverse } from "../model_store/inverse.js"
import { Pictures } from "../model_store/pictures.js"
import { withReach } from "../model_store/reaches.js"
import { meanOfRow, nearestRows, placeOnMap, withModel } from "../model_store/store.js"
import { tellWhereabouts } from "../model_store/whereabouts.js"
import { announce, NextFrame, OnceAFrame } from "../shared/frames.js"
import { showText } from "../shared/help.js"
import { Shortcuts } from "../shared/keys.js"
import { drawDifference, drawPixels, rememberSmooth } from "../shared/pictures.js"
import { bytesFromBase64, setText } from "../shared/text.js"
import { followTheme, themeValue } from "../shared/theme.js"
import { movesOf, nearestIs, noSuchRow, numbersOf, pointerIs, whereIs, whoIs } from "./facts.js"
import { MapLink } from "./map_link.js"
import { dimsOf } from "./sliders/dims.js"
import { Naming } from "./sliders/naming.js"
import { Sliders } from "./sliders/sliders.js"
import { TrustMark } from "./trust_mark.js"
import { UndoHistory } from "./undo.js"
import { MOST, Visited } from "./visited.js"

const FARTHEST = 100 // as in latent_vector.py

export class Panel {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".panel")
    this.z = []
    this.row = null
    this.hover = null
    this.history = new UndoHistory()
    this.trust = new TrustMark(this.find(".nearness"))
    this.pictures = new Pictures(
      (picture) => this.drawPicture(picture),
      (isWaiting) => this.element.classList.toggle("is-waiting", isWaiting),
    )
    this.frame = new NextFrame((inputTime) => this.drawMoving(inputTime))
    this.hovering = new OnceAFrame(
      () => this.drawHovered(),
      (inputTime) => this.pictures.atOnce && announce(this.element, "latent-drawn", { inputTime, took: this.took }),
    )
    this.sliders = new Sliders(this.find, {
      begin: () => this.remember(),
      move: (slider, value, time) => {
        slider.axis.put(this.z, value)
        this.pictures.prepare(this.z)
        this.frame.ask(time)
      },
      ahead: (slider, value) => {
        if (!this.model || this.pictures.atOnce) return
        const z = [...this.z]
        slider.axis.put(z, value)
        this.pictures.prepare(z)
      },
      release: () => this.commit(),
      name: (named) => this.report("naming", named),
      home: (slider) => {
        const mu = this.imageMean()
        return mu ? slider.axis.of(mu) : 0
      },
    })
    this.visited = new Visited(this.find, {
      goTo: (steps) => this.goTo(this.history.go(steps, this.here())),
      begin: () => this.remember(),
      move: (z, time) => {
        this.z = z
        this.sliders.show(z)
        this.pictures.prepare(z)
        this.frame.ask(time)
      },
      release: () => this.commit(),
      keep: (places) => this.report("walk", { places }),
    })
    this.placeNaming = new Naming(this.find(".of-place"), (place) => place.name && this.report("place", place))
    this.wireButtons()
    const keys = this.find(".keys")
    this.find(".keys .shut").onclick = () => keys.close() // Streamlit lets no form of a component be sent
    keys.onclick = (event) => event.target === keys && keys.close() // beside it
    this.shortcuts = new Shortcuts(
      {
        "[": () => this.undo(),
        "]": () => this.redo(),
        r: () => this.toRandom(),
        0: () => this.toOrigin(),
        p: () => this.pictures.follow && this.sliders.playOrPause(),
        "?": () => (keys.open ? keys.close() : keys.showModal()),
      },
      (key) => this.model && !this.data.away && (!keys.open || key === "?"),
    )
    rememberSmooth(this.find(".smooth"), this.element)
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(data) {
    const changedModel = data.fingerprint !== this.data?.fingerprint
    const pythonMoved = changedModel || data.revision !== this.data.revision
    const turned = changedModel || data.along !== this.data.along
    this.data = data
    this.closed = false
    if (changedModel) {
      this.model = null
      this.trust.clear()
      this.element.dataset.ready = "no"
      this.history = new UndoHistory()
      this.element.style.setProperty("--picture-ratio", data.image_shape[2] / data.image_shape[1])
    }
    this.nameSliders(turned)
    if (pythonMoved) {
      if (!changedModel) this.remember() // where one was before is a step back, as after any other move
      this.rest()
      this.find(".row-problem").textContent = ""
      this.row = data.row
      this.z = data.z ?? new Array(data.latent_dim).fill(0)
    }
    if (pythonMoved || this.inverse?.key !== keyOf(data)) this.endHover()
    this.find(".row").max = data.count - 1
    this.find(".name-place").hidden = !data.can_name
    this.element.classList.toggle("is-away", data.away)
    if (data.away) this.rest()
    this.visited.keep(data.walk, "walk.gif")
    this.linkMap(data.map)
    this.link.ring.paint((name) => themeValue(this.element, name))
    followTheme(this.element)
    withModel(data.fingerprint, (model) => this.useModel(model, pythonMoved && !data.z))
    if (changedModel) withReach(data.reach_of, (reach) => this.useReach(reach))
  }

  nameSliders(anew) {
    const described = dimsOf(this.data)
    if (anew) this.sliders.build(described)
    this.sliders.call(described, this.data.can_name)
    showText(this.find(".dimensions"), described.line)
    this.find(".along").hidden = this.data.latent_dim === 1
    this.find(".along").value = this.data.along
  }

  useReach(reach) {
    const { fingerprint, reach_of: identity } = this.data
    if (this.closed || reach.identity !== identity) return
    withModel(fingerprint, (model) => {
      if (this.closed || model.fingerprint !== this.data.fingerprint) return
      this.trust.use(model, reach, this.data.tests)
      this.drawTrust()
    })
  }

  useModel(model, startAtRow) {
    if (this.closed || model.fingerprint !== this.data.fingerprint) return
    this.model = model
    this.pictures.use(model, this.data.socket, this.data.decoded)
    this.sliders.use(this.pictures, this.data.image_shape)
    this.visited.use(this.pictures, this.data.image_shape)
    this.find(".decoded-absent").textContent = ""
    this.element.dataset.ready = "yes"
    this.sayMoves(movesOf(model))
    if (startAtRow && this.row !== null) this.z = meanOfRow(model, this.row)
    this.refresh()
  }

  sayMoves({ origin, random }) {
    this.find(".to-origin").title = `To ${origin} (0)`
    this.find(".to-random").title = `To ${random} (R)`
    setText(this.find(".key-origin"), origin)
    setText(this.find(".key-random"), random)
  }

  linkMap(map) {
    if (this.link?.key !== map.chart_key) {
      this.link?.close()
      this.link = new MapLink({
        key: map.chart_key,
        onRow: (row) => this.data.picks && this.select(row),
        onHover: (row) => this.previewOf(row),
        over: (place, time) => this.hoverAt(place, time),
        leave: () => this.leave(),
        pin: (place) => this.pin(place),
      })
    } else {
      this.link.attach()
    }
  }

  close() {
    this.closed = true
    this.frame.cancel()
    this.hovering.cancel()
    this.shortcuts.close()
    this.sliders.close()
    this.visited.close()
    this.pictures.close()
    this.link?.close()
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

  toOrigin() {
    this.moveTo(this.z.map(() => 0))
  }

  toRandom() {
    if (!this.model) return
    this.moveTo(this.model.has_kl ? this.z.map(standardNormal) : betweenCodes(this.model, this.data.tests))
  }

  /** Draw now, and report it. */
  commit() {
    this.find(".row-problem").textContent = ""
    this.refresh()
    this.report("view", { row: this.row, z: this.z.map((v) => Number(v.toFixed(4))) })
  }

  here() {
    return { row: this.row, z: [...this.z] }
  }

  remember() {
    this.stay()
    this.history.remember(this.here())
  }

  undo() {
    this.goTo(this.history.undo(this.here()))
  }

  redo() {
    this.goTo(this.history.redo(this.here()))
  }

  goTo(place) {
    if (!place) return
    this.stay()
    this.row = place.row
    this.z = place.z
    this.commit()
  }

  // --- the place under the pointer ---------------------------------------------------------------------------------------

  hoverAt(place, inputTime) {
    if (!this.model || this.data.away || !this.pictures.follow) return
    this.place = place
    this.hovering.ask(inputTime)
  }

  drawHovered() {
    const start = performance.now()
    this.hover = this.inverseOfMap().at(this.place, this.z)
    if (this.element.dataset.hovered !== "yes") this.element.dataset.hovered = "yes"
    this.drawMoving()
    this.took = performance.now() - start
  }

  /** The pointer is somewhere else: back to where one is. */
  leave() {
    if (!this.hover) return
    this.endHover()
    this.drawMoving()
    this.nameNearest()
  }

  endHover() {
    this.hovering.cancel()
    this.hover = null
    this.element.dataset.hovered = "no"
  }

  /** What plays stops. */
  rest() {
    this.sliders.rest()
    this.visited.rest()
  }

  /** Whoever moves sees where they move to: a pointer that rests on the map shows its place only when it moves on. */
  stay() {
    this.rest()
    this.endHover()
    this.link?.pointer.hold()
  }

  /** Move to a place of the map, where the ring then stands: a map without an inverse would put it elsewhere. */
  pin(place) {
    if (!this.model || this.data.away) return
    const z = this.inverseOfMap()
      .at(place, this.z)
      .z.map((value) => Math.min(FARTHEST, Math.max(-FARTHEST, value)))
    this.pinned = { z, place: { ...place, exact: true }, key: keyOf(this.data) }
    this.moveTo(z)
  }

  inverseOfMap() {
    const key = keyOf(this.data)
    if (this.inverse?.key !== key) this.inverse = Object.assign(new MapInverse(this.model, this.data.map), { key })
    return this.inverse
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** What changes while something moves: two pictures, where they come from, how far to trust them, and the marker. */
  drawMoving(inputTime) {
    if (!this.model) return
    const { hover } = this
    const atImage = !hover && this.atImage()
    this.pictures.ask(hover?.z ?? this.z, inputTime)
    this.drawTrust()
    setText(this.find(".decoded-caption"), hover ? "At the pointer" : atImage ? "Reconstruction" : "Decoded")
    showText(this.find(".where"), hover ? pointerIs(this.inverse.isExact) : this.where())
    if (hover) return
    this.link.show(this.data.picks ? this.ringAt(atImage) : null)
    if (!this.visited.walking) this.sliders.follow(this.z)
  }

  drawTrust() {
    this.trust.show(this.hover?.z ?? this.z, this.hover?.near)
  }

  /** Where the ring stands. */
  ringAt(atImage) {
    const pinned = this.pinned?.key === keyOf(this.data) && this.pinned.z.every((value, j) => value === this.z[j])
    return pinned ? this.pinned.place : placeOnMap(this.model, this.data.map, this.z, atImage ? this.row : null)
  }

  drawPicture({ pixels, inputTime }) {
    this.pixels = pixels
    drawPixels(this.find(".decoded"), pixels, this.data.image_shape)
    this.drawDifference()
    if (inputTime !== undefined) announce(this.element, "latent-drawn", { inputTime })
  }

  /** Everything. */
  refresh() {
    if (this.model) tellWhereabouts(this.model.fingerprint, this.z)
    this.sliders.show(this.z)
    this.showPosterior()
    this.drawMoving()
    this.visited.show(this.history.around(this.here(), MOST))
    this.drawOriginal()
    this.drawDifference()
    this.writeFacts()
    this.nameNearest()
    this.find(".to-image").disabled = this.row === null
    this.find(".undo").disabled = this.history.past.length === 0
    this.find(".redo").disabled = this.history.future.length === 0
    const field = this.find(".row")
    if (!this.typingRow) field.value = this.row ?? ""
    this.element.dataset.row = this.row ?? ""
  }

  /** On each slider the selected image's mean, and one standard deviation of its posterior at both sides. */
  showPosterior() {
    const { posterior } = this.data
    const mu = posterior?.row === this.row ? this.imageMean() : null
    this.sliders.mark(mu && { mu, sigma: posterior.sigma })
  }

  /** The original of the selected row, if Python has brought it already. */
  original() {
    const original = this.data.original
    return original && original.row === this.row ? original : null
  }

  /** Its pixels in [0, 1]. */
  pixelsOf(original) {
    return Float32Array.from(bytesFromBase64(original.pixels), (value) => value / 255)
  }

  drawOriginal() {
    const original = this.original()
    const canvas = this.find(".original")
    const known = Boolean(original?.pixels)
    canvas.style.visibility = known ? "visible" : "hidden"
    this.originalPixels = known ? this.pixelsOf(original) : null
    if (known) drawPixels(canvas, this.originalPixels, this.data.image_shape)
    const none = this.row === null ? "Click a point on the map, or type its row" : "Loading…"
    this.find(".original-absent").textContent = known ? "" : (original?.problem ?? none)
    this.find(".difference-absent").textContent = known || this.row === null ? "" : "Needs the original"
  }

  drawDifference() {
    const canvas = this.find(".difference")
    canvas.style.visibility = this.originalPixels && this.pixels ? "visible" : "hidden"
    const both = this.originalPixels && this.pixels
    const sum = both ? drawDifference(canvas, this.pixels, this.originalPixels, this.data.image_shape) : ""
    setText(this.find(".difference-sum"), sum)
  }

  /** Where the picture shown comes from. */
  where() {
    const { row, z, model } = this
    return whereIs({ row, z, atImage: this.atImage(), hasKl: model?.has_kl ?? true }, this.data.terms)
  }

  /** Which image is nearest to a place that is nobody's. Searching all takes too long for every frame. */
  nameNearest() {
    if (!this.model || this.hover || this.atImage()) return
    const [nearest] = nearestRows(this.model, this.z, 1)
    showText(this.find(".where"), [...this.where(), nearestIs(nearest, this.model, this.data.class_names)])
  }

  /** Posterior mean of the selected image; null where there is none. */
  imageMean() {
    return this.row === null || !this.model ? null : meanOfRow(this.model, this.row)
  }

  atImage() {
    const mu = this.imageMean()
    return mu !== null && this.z.every((value, j) => Math.abs(value - mu[j]) < 5e-4)
  }

  writeFacts() {
    const known = this.model && this.row !== null
    const { class_names: names, terms } = this.data
    this.find(".class-name").textContent = known
      ? whoIs(this.model, this.row, names, this.original()?.name, this.data.splits)
      : ""
    const lines = known ? numbersOf(this.model, this.row, terms) : []
    this.find(".numbers").replaceChildren(
      ...lines.map(({ name, number, about = "" }) => {
        const [line, term, value] = ["div", "dt", "dd"].map((kind) => document.createElement(kind))
        showText(term, name)
        term.title = about
        value.textContent = number
        line.append(term, value)
        return line
      }),
    )
  }

  previewOf(row) {
    if (row === null || !this.model?.decode) return null
    return { pixels: this.model.decode(meanOfRow(this.model, row)), shape: this.data.image_shape }
  }

  // --- controls -------------------------------------------------------------------------------------------------------

  wireButtons() {
    this.find(".to-image").onclick = () => this.select(this.row)
    this.find(".to-origin").onclick = () => this.toOrigin()
    this.find(".to-random").onclick = () => this.toRandom()
    this.find(".to-keys").onclick = () => this.find(".keys").showModal()
    this.find(".to-own").onclick = () => this.report("opening", { tool: "own" })
    this.find(".name-place").onclick = () =>
      this.placeNaming.open({ ...this.here(), name: this.data.place_name ?? "" }, "Name this place")
    this.find(".along").onchange = (event) => this.report("turn", { along: event.target.value })
    this.find(".undo").onclick = () => this.undo()
    this.find(".redo").onclick = () => this.redo()
    const field = this.find(".row")
    field.oninput = () => (this.typingRow = true)
    field.onchange = () => {
      this.typingRow = false
      const [typed, row] = [field.value, field.valueAsNumber]
      if (row >= 0 && row < this.data.count && Number.isInteger(row)) this.select(row)
      else {
        this.refresh()
        if (typed) this.find(".row-problem").textContent = noSuchRow(typed, this.data.count)
      }
    }
    this.element.onkeydown = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.target.type === "number") return
      if (event.key === "z" && !event.shiftKey) this.undo()
      else if (event.key === "y" || (event.key === "z" && event.shiftKey)) this.redo()
      else return
      event.preventDefault()
    }
  }
}

/** Which model's which map. */
function keyOf({ fingerprint, map }) {
  return JSON.stringify([fingerprint, map])
}

const NEAR = 8 // images, of which one is the other end

/** A draw from an autoencoder's codes: on the line between a random test image's code and that of one near it. */
function betweenCodes(model, tests) {
  const a = meanOfRow(model, Math.floor(Math.random() * tests))
  const near = nearestRows(model, a, NEAR + 1, undefined, tests) // with itself
  const b = meanOfRow(model, near[Math.floor(Math.random() * near.length)].row)
  const t = Math.random()
  return a.map((value, j) => value + t * (b[j] - value))
}

/** Box and Muller's draw from N(0, 1). */
function standardNormal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}
