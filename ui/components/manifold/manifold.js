// The plane of decoded images: a sheet of tiles to pan and zoom. Python gets an event where somebody clicked or
// the sheet came to rest, and is asked nothing.

import { withModel } from "../model_store/store.js"
import { announce, NextFrame } from "../shared/frames.js"
import { legendEntry } from "../shared/legend.js"
import { mount } from "../shared/mount.js"
import { sizeCanvas } from "../shared/pictures.js"
import { same } from "../shared/same.js"
import { themeValue } from "../shared/theme.js"
import { showTicks, ticksOf } from "./axes.js"
import { wireControls } from "./controls.js"
import { latentAt, placesOf, settingsOf } from "./plane.js"
import { Points } from "./points.js"
import { Preview } from "./preview.js"
import { Rest } from "./rest.js"
import { drawRing, RING } from "./ring.js"
import { Atlas } from "./tiles/atlas.js"
import { drawSheet } from "./tiles/drawing.js"
import { deepestLevel, HOME, insideBox, levelOf, tileSize, zoomed } from "./tiles/lattice.js"
import { tileShape } from "./tiles/pixels.js"
import { TileQueue } from "./tiles/queue.js"
import { ServerTiles } from "./tiles/server_tiles.js"
import { Workers } from "./tiles/workers.js"

const HINT =
  "Drag to move, wheel or + − to zoom, click to choose. Keys: arrows move by a tile (Shift: by five), + − zoom, " +
  "Home goes back, Enter chooses the middle."
const SCALE_HINTS = {
  prior: {
    quantile: "Laid out by the quantiles of the prior: equal areas hold equal probability.",
    even: "Laid out evenly in latent units.",
  },
  data: {
    quantile: "Laid out by the quantiles of a normal distribution with the data's mean and spread.",
    even: "Laid out evenly in standard deviations of the data.",
  },
}
const MANY_CLASSES = 20
const FAR_STEP = 5
const MANY_MISSING = 200 // tiles: while so many are waited for, not every one that comes is drawn at once
const DRAW_EVERY = 100 // ms

class Manifold {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".manifold")
    this.canvas = this.find(".sheet")
    this.points = new Points()
    this.preview = new Preview(this.find)
    this.queue = new TileQueue()
    this.frame = new NextFrame(() => this.draw())
    this.rest = new Rest(({ x, y, span }) =>
      this.reportOfPlane("moved", {
        window: same({ x, y, span }, HOME) ? null : [x, y, span].map((n) => Number(n.toPrecision(9))),
      }),
    )
    this.forgetTiles()
    this.resized = new ResizeObserver(() => this.schedule())
    this.resized.observe(this.canvas)
    this.wire()
  }

  close() {
    this.closed = true
    this.rest.close()
    this.resized.disconnect()
    this.workers?.close()
    this.preview.close()
    this.frame.cancel()
    clearTimeout(this.drawSoon)
    this.drawSoon = null
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(data) {
    const before = this.settings
    const now = settingsOf(data)
    this.closed = false
    this.readTheme()
    if (now && (!before || !same(before.socket, now.socket))) this.decodeBy(now.socket)
    this.settings = now
    if (!now) this.forgetTiles()
    if (!now) return this.say("This plane can't be drawn: its numbers are incomplete.")
    const changed = (...names) => names.some((name) => !same(before?.[name], now[name]))
    if (changed("fingerprint")) this.model = null
    if (changed("here", "revision", "fingerprint", "plane")) this.here = now.here
    const elsewhere = before && changed("here") && !this.isInView(now.here)
    if (changed("fingerprint", "even", "home", "plane", "revision") || elsewhere) {
      this.view = this.confined(now.window)
      this.rest.at(this.view)
    }
    this.view = this.confined(this.view)
    const other = changed("fingerprint", "plane", "even", "home", "n", "shape", "socket")
    if (other) this.forgetTiles()
    this.describe()
    if (this.model && !other) return this.schedule()
    if (!this.model) this.say("Loading…")
    withModel(now.fingerprint, (model) => this.useModel(model, now))
  }

  /** From now on the app's server decodes, or this page where there is no socket to it. */
  decodeBy(socket) {
    this.workers?.close()
    const asked = {
      next: (count) => this.queue.next(count, (x, y) => this.latentOf(x, y)),
      done: (keys, pixels) => this.keepTiles(keys, pixels),
      changed: () => this.schedule(),
      unreachable: () => this.reportOfPlane("unreachable", {}),
    }
    this.workers = socket ? new ServerTiles(asked, socket) : new Workers(asked)
  }

  useModel(model, settings) {
    if (this.closed || this.settings !== settings) return
    if (settings.plane.base.length !== model.latent_dim) return this.say("This plane lies in another latent space.")
    this.model = model
    this.say("")
    this.element.dataset.ready = "yes"
    this.places = null
    this.preview.useModel(model, settings.shape, settings.socket)
    this.atlas = new Atlas(tileShape(settings.shape))
    this.workers.useModel(model, settings.shape)
    this.schedule()
  }

  forgetTiles() {
    this.atlas = null
    this.queue.forget()
    this.element.dataset.ready = "no"
    this.workers?.forget()
  }

  say(problem) {
    this.find(".absent").textContent = problem
    if (problem) this.find(".count").textContent = ""
  }

  readTheme() {
    this.theme = {
      accent: themeValue(this.element, "--st-primary-color"),
      empty: themeValue(this.element, "--st-secondary-background-color"),
    }
  }

  describe() {
    const { names, shape, even, measured, points, colours, classNames } = this.settings
    this.element.style.setProperty("--ratio", Math.min(2, Math.max(0.5, shape[2] / shape[1])))
    this.element.style.setProperty("--picture-ratio", shape[2] / shape[1])
    this.find(".name-a").textContent = names[0]
    this.find(".name-b").textContent = names[1]
    this.find(".stage").setAttribute("aria-label", `Plane of decoded images: ${names[0]} across, ${names[1]} up`)
    this.find(".hint").textContent = `${SCALE_HINTS[measured][even ? "even" : "quantile"]} ${HINT}`
    const shown = points && colours.length ? classNames.slice(0, MANY_CLASSES) : []
    this.find(".legend").replaceChildren(...shown.map((name, k) => legendEntry(colours[k % colours.length], name)))
  }

  // --- moving ---------------------------------------------------------------------------------------------------------

  confined(view) {
    const { scale, n } = this.settings
    return insideBox(view, scale.box, deepestLevel(n, scale.box))
  }

  /** Go to this view as far as there is one; whether anything moved. */
  goTo(view) {
    const next = this.confined(view)
    const moved = !same(next, this.view)
    this.view = next
    if (moved) this.schedule()
    if (moved) this.rest.moved(next)
    return moved
  }

  step(across, down, far) {
    const size = tileSize(this.settings.n, levelOf(this.view.span)) * (far ? FAR_STEP : 1)
    this.goTo({ ...this.view, x: this.view.x + across * size, y: this.view.y + down * size })
  }

  /** What lies at these shares of the view. */
  placeAt(x, y) {
    const { scale } = this.settings
    return { a: scale.a(this.view.x + x * this.view.span), b: scale.b(this.view.y + y * this.view.span) }
  }

  /** Whether the view shows a place, null for none, of the plane. */
  isInView(place) {
    const { x, y } = this.screenOf(place ?? this.placeAt(0.5, 0.5))
    return Math.min(x, y) >= 0 && Math.max(x, y) <= 1
  }

  /** At which shares of the view a place of the plane lies. */
  screenOf({ a, b }) {
    const { scale } = this.settings
    return { x: (scale.x(a) - this.view.x) / this.view.span, y: (scale.y(b) - this.view.y) / this.view.span }
  }

  choose(x, y) {
    if (!this.model) return
    const { a, b } = this.placeAt(Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y)))
    this.here = { a: rounded(a), b: rounded(b) }
    const z = latentAt(this.settings.plane, this.here.a, this.here.b).map(rounded)
    this.reportOfPlane("visit", { ...this.here, z })
    this.schedule()
  }

  /** Report an event, and of which plane it is: Python may have moved on. */
  reportOfPlane(name, what) {
    this.report(name, { ...what, plane: this.settings.planeName })
  }

  wire() {
    const ready =
      (act) =>
      (...values) =>
        this.settings ? act(...values) : false
    const zoom = ready((factor, x, y) => this.goTo(zoomed(this.view, factor, x, y)))
    wireControls(this.find(".stage"), {
      pan: ready((across, down) => {
        const { x, y, span } = this.view
        this.dragging = true // what is under the pointer stays there
        this.goTo({ x: x - across * span, y: y - down * span, span })
      }),
      zoom,
      step: ready((across, down, far) => this.step(across, down, far)),
      home: ready(() => this.goTo(HOME)),
      hover: (x, y) => {
        this.dragging = false
        this.hovered = x === null ? null : { x, y }
        this.schedule()
      },
      choose: ready((x, y) => this.choose(x, y)),
      hold: (held) => (this.rest.held = held),
    })
    this.find(".nearer").onclick = () => zoom(2, 0.5, 0.5)
    this.find(".farther").onclick = () => zoom(0.5, 0.5, 0.5)
    this.find(".home").onclick = () => this.settings && this.goTo(HOME)
  }

  // --- tiles ----------------------------------------------------------------------------------------------------------

  /** The latent vector at screen coordinates. */
  latentOf(x, y) {
    const { scale, plane } = this.settings
    return latentAt(plane, scale.a(x), scale.b(y))
  }

  keepTiles(keys, pixels) {
    const bytes = pixels.length / keys.length
    for (const [k, key] of keys.entries()) this.atlas.put(key, pixels, k * bytes)
    if (this.queue.length < MANY_MISSING) return this.schedule()
    this.drawSoon ??= setTimeout(() => this.schedule(), DRAW_EVERY) // drawing costs the worker time on a small machine
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  schedule() {
    if (!this.closed) this.frame.ask()
  }

  draw() {
    clearTimeout(this.drawSoon)
    this.drawSoon = null
    if (!this.settings || !this.model || !this.atlas) return
    const pixelRatio = window.devicePixelRatio || 1
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight]
    if (!width || !height) return
    const context = this.sized(Math.round(width * pixelRatio), Math.round(height * pixelRatio))
    const level = levelOf(this.view.span)
    const { missing, visible } = drawSheet(
      context,
      this.atlas,
      this.view,
      this.settings.n,
      level,
      this.canvas.width,
      this.canvas.height,
      pixelRatio,
    )
    if (this.settings.points) this.drawPoints(context, pixelRatio)
    if (this.here) this.drawHere(context, pixelRatio)
    this.drawAxes(width, height)
    this.drawPreview(level)
    this.sayCount(missing.length, visible)
    const waits = this.queue.countMissing(missing, this.atlas)
    this.queue.plan(missing, this.workers.busy, this.view, this.settings.n, level)
    this.workers.wake()
    Object.assign(this.element.dataset, { missing: missing.length, level, asked: this.queue.asked })
    const oldestMissingMs = this.queue.oldestMs
    announce(this.element, "manifold-drawn", { visible, missing: missing.length, oldestMissingMs, level, waits })
  }

  sized(width, height) {
    sizeCanvas(this.canvas, width, height)
    const context = this.canvas.getContext("2d", { alpha: false })
    context.fillStyle = this.theme.empty
    context.fillRect(0, 0, width, height)
    return context
  }

  drawPoints(context, pixelRatio) {
    const { tensors } = this.model
    if (!tensors.mu) return
    const { plane, scale, colours } = this.settings
    this.places ??= placesOf(plane, scale, tensors.mu.data)
    const { width, height } = this.canvas
    const dots = this.points.draw(this.places, tensors.labels?.data, colours, this.view, width, height, pixelRatio)
    context.drawImage(dots, 0, 0)
  }

  /** The ring; out of view it waits at the edge, smaller, on the way to where it is. */
  drawHere(context, pixelRatio) {
    const { x, y } = this.screenOf(this.here)
    const size = this.isInView(this.here) ? pixelRatio : 0.6 * pixelRatio
    const inside = (share, length) => Math.min(Math.max(share * length, RING * size), length - RING * size)
    const { width, height } = this.canvas
    drawRing(context, inside(x, width), inside(y, height), size, this.theme.accent)
  }

  drawAxes(width, height) {
    const { scale, even } = this.settings
    const { x, y, span } = this.view
    const across = (a) => ((scale.x(a) - x) / span) * width
    const down = (b) => ((scale.y(b) - y) / span) * height
    showTicks(this.find(".ticks-a"), ticksOf(scale.a(x), scale.a(x + span), across, width, even), false)
    showTicks(this.find(".ticks-b"), ticksOf(scale.b(y + span), scale.b(y), down, height, even), true)
  }

  /** The exact place under the pointer, else the chosen one, else the middle. */
  drawPreview(level) {
    if (this.dragging && this.preview.z) return
    const [caption, place] = this.hovered
      ? ["Under the pointer", this.placeAt(this.hovered.x, this.hovered.y)]
      : this.here
        ? ["At the ring", this.here]
        : ["In the middle", this.placeAt(0.5, 0.5)]
    this.preview.show(caption, place, level, this.settings)
  }

  sayCount(missing, visible) {
    const waiting = missing ? `, ${missing.toLocaleString("en")} waiting` : ""
    const decoded = (visible - missing).toLocaleString("en")
    if (missing && this.workers.problem) this.find(".count").textContent = this.workers.problem
    else this.find(".count").textContent = `${visible.toLocaleString("en")} tiles; ${decoded} decoded${waiting}`
  }
}

function rounded(value) {
  return Number(value.toFixed(6))
}

export default mount(Manifold)
