// A map of points on a canvas: moved and enlarged by hand, each point clicked by our own grid, images in their places where
// there is room. It offers what NativeChart offers to what is drawn over a map.

import { PlaneGrid } from "../model_store/plane_grid.js"
import { NextFrame } from "../shared/frames.js"
import { sizeCanvas } from "../shared/pictures.js"
import { themeValue } from "../shared/theme.js"
import { hexOf } from "./colour_numbers.js"
import { drawPoints, rowsInView } from "./scatter.js"
import { maskOf, radiusOf } from "./splat.js"
import { haveRoom, THUMBNAIL, Thumbnails } from "./thumbnails.js"
import { drawTicks } from "./ticks.js"
import { View } from "./view.js"

const [NEAR, NEAR_A_FINGER] = [12, 22] // CSS pixels from a point that is still meant
const MOVED = 5 // CSS pixels: less is a click

export class PointMap {
  /** `onPick(row)` gets clicks on points, `onHover(row or null, at)` the point under the mouse, `onDrawn()` is called
   * after each frame. */
  constructor(element, { onPick, onHover, onDrawn }) {
    Object.assign(this, { element, onPick, onHover, onDrawn })
    element.style.position = "relative"
    element.tabIndex = 0
    this.canvas = document.createElement("canvas")
    this.canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;display:block;"
    element.append(this.canvas)
    this.nextFrame = new NextFrame(() => this.draw())
    this.fingers = new Map()
    this.observer = new ResizeObserver(() => this.resized())
    this.observer.observe(element)
    this.listen()
  }

  /** Show points: `xy` is x and y of each, `axes` two titles. */
  show(xy, axes) {
    this.xy = xy
    this.axes = axes
    this.grid = new PlaneGrid(xy)
    this.view = new View(xy, this.size())
    this.shown = this.colours = null
    this.ask()
  }

  /** `colourOf(row)` is 0xBBGGRR, `markOf(row)` an index of `marks`, functions as `maskOf` takes them. */
  paint(colourOf, markOf, marks) {
    Object.assign(this, { colourOf, markOf, marks, masks: null, colours: null })
    this.ask()
  }

  /** Which rows are drawn and can be clicked. */
  filter(isShown) {
    this.isShown = isShown
    this.shown = null
    this.ask()
  }

  /** Draw a DecodedGrid in place of the points; null: the points. */
  useGround(ground) {
    this.ground = ground
    this.ask()
  }

  /** `tiles`: where images are taken from, as Thumbnails has it. */
  usePictures(tiles) {
    this.thumbnails = new Thumbnails(tiles)
  }

  ask() {
    this.nextFrame.ask()
  }

  // --- what NativeChart offers, too ---------------------------------------------------------------------------------

  container() {
    return this.element
  }

  /** Coordinates -> {left, top} in the map, at its edge where they are `outside`. */
  pixels(x, y) {
    if (!this.view) return null
    const { left, top } = this.view.toPixels(x, y)
    const { width, height } = this.view.size
    const inside = { left: Math.min(width, Math.max(0, left)), top: Math.min(height, Math.max(0, top)) }
    return { ...inside, outside: inside.left !== left || inside.top !== top }
  }

  /** A point of the window, in CSS pixels -> {x, y}; null outside of the map. */
  valuesAt(clientX, clientY) {
    const box = this.element.getBoundingClientRect()
    const [left, top] = [clientX - box.left, clientY - box.top]
    if (!this.view || left < 0 || top < 0 || left > box.width || top > box.height) return null
    return this.view.toPlane(left, top)
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  size() {
    return { width: this.element.clientWidth || 1, height: this.element.clientHeight || 1 }
  }

  resized() {
    this.view?.resize(this.size())
    this.ask()
  }

  draw() {
    if (!this.view || !this.colourOf) return
    const ratio = window.devicePixelRatio || 1
    const [width, height] = [this.view.size.width, this.view.size.height].map((length) => Math.round(length * ratio))
    sizeCanvas(this.canvas, width, height)
    const context = this.canvas.getContext("2d")
    context.setTransform(1, 0, 0, 1, 0, 0)
    if (this.ground) this.drawGround(context, width, height, ratio)
    else {
      const inView = this.splatAll(context, ratio)
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      this.pictured = this.drawThumbnails(context, inView)
    }
    this.element.dataset.pictured = this.pictured
    const [text, page] = ["text", "background"].map((name) => themeValue(this.element, `--st-${name}-color`))
    drawTicks(context, this.view, this.axes, { text, page })
    this.onDrawn()
  }

  drawGround(context, width, height, ratio) {
    context.clearRect(0, 0, width, height)
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    const missing = this.ground.draw(context, this.view)
    this.element.dataset.missing = missing
    this.pictured = 0
    if (missing) this.ask()
  }

  /** All points in view into one image; returns their rows. */
  splatAll(context, ratio) {
    const radius = this.radius(this.xy.length / 2) * ratio
    this.masks ??= new Map()
    const size = radius.toFixed(1)
    if (!this.masks.has(size)) {
      const made = this.marks.map((mark) => maskOf(mark, radius))
      this.masks.set(size, made)
    }
    const masks = this.masks.get(size)
    this.shown ??= this.each(Uint8Array, (row) => !this.isShown || this.isShown(row))
    this.colours ??= this.each(Uint32Array, this.colourOf)
    const { rows } = rowsInView(this.view, this.xy, this.shown)
    const look = { colours: this.colours, maskOf: (row) => masks[this.markOf(row)] }
    drawPoints(context, this.view, ratio, this.xy, rows, look)
    return rows
  }

  /** An array of what a function says of each row. */
  each(Numbers, of) {
    return Numbers.from({ length: this.xy.length / 2 }, (_, row) => of(row))
  }

  radius(count) {
    return radiusOf(count) * Math.min(2, this.view.zoom ** 0.3)
  }

  drawThumbnails(context, rows) {
    if (!this.thumbnails || !haveRoom(this.view, this.xy.length / 2)) return 0
    return this.thumbnails.draw(context, this.view, rows, this.xy, (row) => hexOf(this.colourOf(row)))
  }

  // --- hands --------------------------------------------------------------------------------------------------------

  listen() {
    const { element } = this
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    element.addEventListener("pointerdown", (event) => this.down(event))
    element.addEventListener("pointermove", (event) => this.moved(event))
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, (event) => this.up(event))
    element.addEventListener("pointerleave", () => this.onHover(null))
    element.addEventListener("click", (event) => this.clicked(event))
    element.addEventListener("dblclick", () => this.change(() => this.view.fit()))
    element.addEventListener("keydown", (event) => this.key(event))
  }

  change(act) {
    if (!this.view) return
    act()
    this.onHover(null) // what was under the pointer has moved away
    this.ask()
  }

  at(event) {
    const box = this.element.getBoundingClientRect()
    return { left: event.clientX - box.left, top: event.clientY - box.top }
  }

  wheel(event) {
    event.preventDefault()
    const { left, top } = this.at(event)
    const lines = event.deltaMode === 1 ? 16 : 1
    this.change(() => this.view.zoomAt(left, top, Math.exp(-event.deltaY * lines * 0.0018)))
  }

  down(event) {
    this.fingers.set(event.pointerId, this.at(event))
    this.travelled = 0
    if (event.pointerType !== "touch") this.element.setPointerCapture(event.pointerId)
  }

  moved(event) {
    const before = this.fingers.get(event.pointerId)
    const here = this.at(event)
    if (!before) return this.hover(event, here)
    const step = { left: here.left - before.left, top: here.top - before.top }
    this.travelled += Math.hypot(step.left, step.top)
    const others = [...this.fingers].filter(([id]) => id !== event.pointerId)
    this.fingers.set(event.pointerId, here)
    if (others.length) this.pinch(before, here, others[0][1])
    else if (event.pointerType !== "touch" && this.travelled > MOVED)
      this.change(() => this.view.pan(step.left, step.top))
  }

  /** Two fingers move and enlarge. */
  pinch(before, here, other) {
    const length = (finger) => Math.hypot(finger.left - other.left, finger.top - other.top) || 1
    this.change(() => {
      this.view.pan((here.left - before.left) / 2, (here.top - before.top) / 2)
      this.view.zoomAt((here.left + other.left) / 2, (here.top + other.top) / 2, length(here) / length(before))
    })
  }

  up(event) {
    this.fingers.delete(event.pointerId)
  }

  hover(event, here) {
    const row = this.rowAt(here, NEAR)
    this.element.style.cursor = row === null ? "crosshair" : "pointer"
    this.onHover(event.pointerType === "touch" ? null : row, here)
  }

  clicked(event) {
    if (this.travelled > MOVED) return
    const row = this.rowAt(this.at(event), event.pointerType === "touch" ? NEAR_A_FINGER : NEAR)
    if (row !== null) this.onPick(row)
  }

  /** The shown point nearest to these pixels, if it is near. */
  rowAt({ left, top }, reach) {
    if (!this.view) return null
    const { x, y } = this.view.toPlane(left, top)
    const most = this.pictured ? THUMBNAIL / 2 : reach
    const found = this.grid.nearest(x, y, 24).find(({ row }) => !this.isShown || this.isShown(row))
    return found && found.distance * this.view.scale <= most ? found.row : null
  }

  key(event) {
    const { width, height } = this.view?.size ?? {}
    const middle = [width / 2, height / 2]
    const acts = {
      "+": () => this.view.zoomAt(...middle, 1.3),
      "=": () => this.view.zoomAt(...middle, 1.3),
      "-": () => this.view.zoomAt(...middle, 1 / 1.3),
      ArrowLeft: () => this.view.pan(40, 0),
      ArrowRight: () => this.view.pan(-40, 0),
      ArrowUp: () => this.view.pan(0, 40),
      ArrowDown: () => this.view.pan(0, -40),
      Home: () => this.view.fit(),
    }
    const act = acts[event.key]
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    this.change(act)
  }
}
