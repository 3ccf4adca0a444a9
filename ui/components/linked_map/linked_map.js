// Another model's map beside the large one. An image is the same one on both: selected, under the pointer, or in view. The
// places are not: only where Python has found that one map lies well on the other do they move together.

import { Gesture } from "../map_selection/gesture.js"
import { Region } from "../map_selection/region.js"
import { combined } from "../map_selection/row_set.js"
import { onSelection } from "../map_selection/selection.js"
import { drawOutline, drawVeil } from "../map_selection/veil.js"
import { MapCanvas } from "../native_map/map_canvas.js"
import { MapRing } from "../native_map/map_ring.js"
import { DRAWN_AGAIN, NativeChart } from "../native_map/native_chart.js"
import { NextFrame } from "../shared/frames.js"
import { themeValue } from "../shared/theme.js"
import { inView, linkedPlaces } from "./linked_places.js"

const SLOW = 25 // ms that a chart takes to move: then it follows once a hand rests
const RESTS = 150 // ms
const ACROSS = 15 // CSS pixels of a mark: smaller than the ring of the image that is pinned

export class LinkedMap {
  constructor(root) {
    this.element = root.firstElementChild ?? root
    this.marks = { here: new MapRing("same-image-here", ACROSS), large: new MapRing("same-image", ACROSS) }
    this.follow = { here: new NextFrame(() => this.move("here")), large: new NextFrame(() => this.move("large")) }
    this.took = {}
    this.resting = {}
  }

  receive(data) {
    this.data = data
    if (this.here?.key !== data.chart_key) {
      this.unlink()
      this.link(data)
    }
    for (const mark of Object.values(this.marks)) mark.paint((name) => themeValue(this.element, name))
    this.draw()
  }

  link({ chart_key, large_key }) {
    this.here = this.chart("here", chart_key, "large")
    this.large = this.chart("large", large_key, "here")
    this.gesture = new Gesture(this.here, {
      onMove: (corners) => {
        this.corners = corners
        this.line.ask()
      },
      onEnd: (corners, how, time) => this.select(corners, how, time),
    })
    this.veil = new MapCanvas(this.here, (context, view) => this.drawVeil(context, view))
    this.veil.element.dataset.testid = "linked-veil"
    this.line = new MapCanvas(this.here, (context, view) => {
      if (this.corners) drawOutline(context, view, this.corners, themeValue(this.element, "--st-primary-color"))
    })
    this.stopListening = onSelection((now) => this.selected(now))
    this.draw()
  }

  /** One of both charts, which tells the `other` what its hand points at, and that it has moved. */
  chart(which, key, other) {
    const again = Object.fromEntries(DRAWN_AGAIN.map((name) => [name, () => this.draw()]))
    const moved = (event) => {
      this.draw()
      this.moved(which, other, event)
    }
    const events = {
      ...again,
      plotly_relayouting: moved,
      plotly_relayout: moved,
      plotly_hover: (event) => this.point(other, event?.points?.[0]?.customdata),
      plotly_unhover: () => this.point(other, null),
    }
    return new NativeChart(key, events, () => this.onFigure(which))
  }

  unlink() {
    this.stopListening?.()
    for (const part of [this.here, this.large, this.gesture, this.veil, this.line]) part?.close()
    for (const mark of Object.values(this.marks)) mark.remove()
  }

  close() {
    this.unlink()
    for (const frame of Object.values(this.follow)) frame.cancel()
    for (const timer of Object.values(this.resting)) clearTimeout(timer)
  }

  onFigure(which) {
    this.places = null
    this.piece = null // a new figure shows all, or what is known of it
    if (this.here && this.large) {
      this.gesture?.mark()
      this.draw()
      if (which === "here") this.moved("large", "here")
    }
  }

  // --- an image under the pointer, on the other map ---------------------------------------------------------------------

  point(on, data) {
    const row = Array.isArray(data) ? data[0] : data
    this.pointed = { on, row: Number.isInteger(row) ? row : null }
    this.drawMark("here")
    this.drawMark("large")
  }

  drawMark(which) {
    const mark = this.marks[which]
    const chart = this[which]
    if (!chart?.container()) return
    const place = this.pointed?.on === which ? this.placeOf(which, this.pointed.row) : null
    if (place) mark.over(chart.container())
    mark.draw(chart, place)
    mark.element.dataset.row = place ? this.pointed.row : ""
  }

  placeOf(which, row) {
    const places = which === "here" ? this.placesHere() : this.now?.places
    if (row === null || !places?.shown[row]) return null
    return { x: places.xy[2 * row], y: places.xy[2 * row + 1], exact: true }
  }

  placesHere() {
    if (!this.now?.places || !this.here.container()) return null
    this.places ??= linkedPlaces(this.here.points(), this.now.places)
    return this.places
  }

  // --- what is selected -------------------------------------------------------------------------------------------------

  selected(now) {
    if (now?.places !== this.now?.places) this.places = null
    this.now = now
    this.gesture.use(!now || now.tool === "pan" ? null : now.tool)
    this.draw()
  }

  select(corners, how, time) {
    const places = this.placesHere()
    if (places) this.now.take(combined(this.now.rows, how, places, new Region(corners)), time)
  }

  draw() {
    if (!this.veil || !this.here?.container() || !this.large?.container()) return
    if (this.outstanding()) this.veil.ask()
    else this.veil.element.remove()
    this.drawMark("here")
    this.drawMark("large")
  }

  /** The images that stand out on this map: those selected, or else those that are in view on the large one. */
  outstanding() {
    if (!this.now?.places) return null
    if (this.now.total) return this.now.rows
    return this.large.showsAll() ? null : inView(this.now.places, this.large.ranges())
  }

  drawVeil(context, view) {
    const [rows, places] = [this.outstanding(), this.placesHere()]
    if (!rows || !places) return
    const page = themeValue(this.element, "--st-background-color")
    drawVeil(context, view, places, rows, { radius: this.here.pointSize() / 2, pictured: false, page })
  }

  // --- what is in view --------------------------------------------------------------------------------------------------

  /** A chart has moved: by a hand, or because it was told to, which is no news. */
  moved(which, other, event) {
    if (!this.data.together || !this.here.frame() || !this.large.frame()) return
    const byHand = Object.keys(event ?? {}).some((name) => /^[xy]axis\.range\[/.test(name))
    if (which === "here" && !byHand) return
    if (which === "large" && this.piece && near(this.piece, this.large.piece())) return
    if (!(this.took[other] > SLOW)) return this.follow[other].ask()
    clearTimeout(this.resting[other])
    this.resting[other] = setTimeout(() => this.follow[other].ask(), RESTS)
  }

  move(which) {
    const leader = which === "here" ? this.large : this.here
    if (!leader.frame() || !this[which].frame()) return
    const start = performance.now()
    if (which === "here" && leader.showsAll()) {
      if (!this.here.showsAll()) this.here.showAll()
    } else this[which].showPiece(leader.piece())
    this.took[which] = performance.now() - start
    this.piece = which === "large" ? this.large.piece() : null
  }
}

function near(a, b) {
  const side = Math.sqrt(a.area)
  return Math.hypot(a.x - b.x, a.y - b.y) < 1e-3 * side && Math.abs(a.area / b.area - 1) < 1e-3
}
