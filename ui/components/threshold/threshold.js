// A histogram of scores with a threshold to drag. Counts are exact: each is a binary search in the sorted scores.

import { NextFrame } from "../shared/frames.js"
import { stepsOf } from "../shared/keys.js"
import { legendEntry } from "../shared/legend.js"
import { mount } from "../shared/mount.js"
import { bytesFromBase64, withMinus } from "../shared/text.js"

const SVG = "http://www.w3.org/2000/svg"

class Threshold {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".threshold")
    this.frame = new NextFrame(() => this.draw())
    this.wire()
  }

  receive(data) {
    const fresh = data.fingerprint !== this.data?.fingerprint || data.revision !== this.data?.revision
    this.data = data
    if (fresh) {
      this.groups = data.groups.map((group) => ({ ...group, scores: floats(group.sorted) }))
      this.value = data.threshold
    }
    this.drawBars()
    this.draw()
    this.element.dataset.ready = "yes"
  }

  get low() {
    return this.data.edges[0]
  }
  get high() {
    return this.data.edges[this.data.edges.length - 1]
  }

  wire() {
    const plot = this.find(".plot")
    const line = this.find(".line")
    const at = (event) => {
      const box = plot.getBoundingClientRect()
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
      return this.low + share * (this.high - this.low)
    }
    plot.onpointerdown = (event) => {
      if (event.button !== 0) return
      plot.setPointerCapture(event.pointerId)
      this.dragging = true
      this.move(at(event))
      line.focus({ preventScroll: true })
      event.preventDefault()
    }
    plot.onpointermove = (event) => this.dragging && this.move(at(event))
    plot.onpointerup = plot.onpointercancel = () => {
      if (this.dragging) this.letGo()
      this.dragging = false
    }
    line.onkeydown = (event) => {
      const steps = stepsOf(event.key)
      const end = { Home: this.low, End: this.high }[event.key]
      if (steps === undefined && end === undefined) return
      event.preventDefault()
      const next = end ?? this.value + (steps * (event.shiftKey ? 5 : 1) * (this.high - this.low)) / 200
      this.move(Math.min(this.high, Math.max(this.low, next)))
      this.pressed = true
    }
    line.onkeyup = line.onblur = () => {
      if (this.pressed) this.letGo()
      this.pressed = false
    }
  }

  move(value) {
    this.value = value
    this.frame.ask()
  }

  letGo() {
    this.report("setting", { threshold: this.value })
  }

  drawBars() {
    const svg = this.find(".bars")
    const { edges } = this.data
    const bins = edges.length - 1
    const totals = Array.from({ length: bins }, (_, i) => this.groups.reduce((sum, group) => sum + group.counts[i], 0))
    const tallest = Math.max(1, ...totals)
    svg.setAttribute("viewBox", `0 0 ${bins} ${tallest}`)
    const bars = []
    for (let i = 0; i < bins; i++) {
      let top = tallest
      for (const group of this.groups) {
        const bar = document.createElementNS(SVG, "rect")
        top -= group.counts[i]
        for (const [name, value] of Object.entries({ x: i + 0.05, y: top, width: 0.9, height: group.counts[i] })) {
          bar.setAttribute(name, value)
        }
        bar.setAttribute("fill", group.colour)
        bars.push(bar)
      }
    }
    svg.replaceChildren(...bars)
    this.find(".low").textContent = short(this.low)
    this.find(".high").textContent = short(this.high)
    this.find(".label").textContent = `${this.data.label} · higher is more anomalous`
    this.find(".legend").replaceChildren(
      ...this.groups.map(({ colour, name, scores }) =>
        legendEntry(colour, `${name}: ${scores.length.toLocaleString("en")}`),
      ),
    )
  }

  draw() {
    const line = this.find(".line")
    const share = (this.value - this.low) / (this.high - this.low)
    line.style.left = `${100 * Math.min(1, Math.max(0, share))}%`
    line.classList.toggle("is-right", share > 0.75)
    this.find(".value").textContent = short(this.value)
    for (const [name, value] of Object.entries({ valuemin: this.low, valuemax: this.high, valuenow: this.value })) {
      line.setAttribute(`aria-${name}`, value)
    }
    const counted = this.groups.map((group) => ({ ...group, flagged: above(group.scores, this.value) }))
    const flagged = counted.reduce((sum, group) => sum + group.flagged, 0)
    const total = counted.reduce((sum, group) => sum + group.scores.length, 0)
    const parts = [
      `${flagged.toLocaleString("en")} of ${total.toLocaleString("en")} flagged (${percent(flagged, total)})`,
    ]
    for (const group of counted) {
      if (group.outlier === null || group.outlier === undefined) continue
      const said = group.outlier ? "caught" : "flagged wrongly"
      parts.push(
        `${group.name}: ${group.flagged.toLocaleString("en")} ${said} (${percent(group.flagged, group.scores.length)})`,
      )
    }
    this.find(".counts").textContent = parts.join(" · ")
    this.element.dataset.flagged = flagged
    this.element.dataset.threshold = this.value
  }
}

/** How many of the rising scores are above the threshold; what is not a number stands last and counts. */
function above(scores, threshold) {
  let low = 0,
    high = scores.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (scores[middle] <= threshold) low = middle + 1
    else high = middle
  }
  return scores.length - low
}

function floats(text) {
  return new Float32Array(bytesFromBase64(text).buffer)
}

function percent(part, whole) {
  return whole ? `${((100 * part) / whole).toFixed(1)} %` : "none"
}

function short(value) {
  return withMinus(String(Number(value.toPrecision(4))))
}

export default mount(Threshold)
