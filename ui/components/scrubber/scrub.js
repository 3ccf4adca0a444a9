// A scrubber along a path in latent space. Every picture is decoded here; Python is told t when the person lets go.

import { nearestRows, withModel } from "../model_store/store.js"
import { drawPixels, isDark, rememberSmooth, signed } from "../shared/pictures.js"
import { pointAt, problemOf, rangeOf } from "./path.js"

const scrubs = new WeakMap()
const LEG_SECONDS = 4 // playing, from one anchor to the next or along a line
const QUICK_SEARCH = 500_000 // numbers in mu: beyond, the nearest image isn't searched for in every frame
const SEARCH_EVERY = 100 // ms
const ICONS = {
  play: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2.5v11l9-5.5z"/></svg>',
  pause: '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 2.5h3v11h-3zm6 0h3v11h-3z"/></svg>',
}

export default function ({ data, parentElement, setStateValue }) {
  let scrub = scrubs.get(parentElement)
  if (!scrub) {
    scrub = new Scrub(parentElement)
    scrubs.set(parentElement, scrub)
  }
  scrub.tellPython = (stop) => setStateValue("stop", stop)
  scrub.receive(data ?? {})
  return () => {
    scrubs.get(parentElement)?.close()
    scrubs.delete(parentElement)
  }
}

class Scrub {
  constructor(root) {
    this.root = root
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".scrub")
    this.t = 0
    this.moves = 0
    this.wire()
    this.pause()
    rememberSmooth(this.find(".smooth"), this.element)
  }

  close() {
    this.closed = true
    cancelAnimationFrame(this.frame)
    cancelAnimationFrame(this.playFrame)
    clearTimeout(this.searchSoon)
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(data) {
    const changedModel = data.fingerprint !== this.data?.fingerprint
    const pythonMoved = changedModel || data.revision !== this.data.revision
    this.data = data
    this.path = null
    this.closed = false
    this.element.style.colorScheme = isDark(this.theme("--st-background-color")) ? "dark" : "light"
    if (changedModel) {
      this.model = null
      this.say("Loading…")
    }
    if (pythonMoved) {
      this.pause()
      this.moving = false
      this.t = Number.isFinite(data.t) ? data.t : 0
    }
    withModel(data.fingerprint, (model) => this.useModel(model))
  }

  useModel(model) {
    if (this.closed || model.fingerprint !== this.data.fingerprint) return
    this.model = model
    const { path, image_shape: shape } = this.data
    const problem = problemOf(path, model.latent_dim) ?? this.pictureProblem(model, shape)
    if (problem) return this.say(problem)
    this.path = path
    this.range = rangeOf(path)
    this.reach = reachOf(this.data.reach, model.latent_dim)
    const isLine = path.kind === "line"
    this.startPixels = isLine ? model.decode(pointAt(path, 0)) : null
    this.element.classList.toggle("is-line", isLine)
    for (const figure of this.root.querySelectorAll(".at-zero")) figure.hidden = !isLine
    if (isLine) drawPixels(this.find(".start"), this.startPixels, shape)
    this.sizePictures(shape, isLine ? 196 : 224)
    this.buildTrack()
    this.element.dataset.kind = path.kind
    this.element.dataset.ready = "yes"
    this.t = this.inside(this.t)
    this.show()
    this.searchNow()
  }

  pictureProblem(model, shape) {
    const size = Array.isArray(shape) && shape.length === 3 ? shape[0] * shape[1] * shape[2] : NaN
    return model.decode(new Array(model.latent_dim).fill(0)).length === size
      ? null
      : "The pictures don't fit the model."
  }

  /** A sentence instead of everything else. */
  say(sentence) {
    this.pause()
    this.element.dataset.ready = "no"
    this.find(".problem").textContent = sentence
  }

  theme(name) {
    return getComputedStyle(this.root.host ?? this.root)
      .getPropertyValue(name)
      .trim()
  }

  /** So large that each pixel of a picture takes as many of the page, where that is possible; and 2 for the border. */
  sizePictures([, height, width], least) {
    this.element.style.setProperty("--picture-width", `${Math.ceil(least / width) * width + 2}px`)
    this.element.style.setProperty("--picture-ratio", width / height)
  }

  // --- the slider -----------------------------------------------------------------------------------------------------

  buildTrack() {
    const range = this.find(".range")
    const [low, high] = this.range
    Object.assign(range, { min: low, max: high })
    const ends = Array.isArray(this.data.ends) ? this.data.ends : []
    for (const [i, span] of [...this.find(".ends").children].entries()) span.textContent = ends[i] ?? ""
    this.find(".unit").textContent = this.data.unit ?? ""
    const names = Array.isArray(this.data.names) ? this.data.names.slice(0, Math.floor(high) + 1) : []
    const ticks = this.find(".ticks")
    const shown = JSON.stringify([names, this.range])
    if (shown === this.shownTicks) return // the one that has the focus stays
    this.shownTicks = shown
    ticks.style.setProperty("--legs", Math.max(1, names.length - 1))
    ticks.classList.toggle("in-two-rows", names.length > 3)
    ticks.replaceChildren(
      ...names.map((name, t) => {
        const tick = document.createElement("button")
        Object.assign(tick, { type: "button", className: "tick", textContent: name, title: name })
        tick.style.left = `${(100 * (t - low)) / (high - low)}%`
        if (t === 0 || t === names.length - 1) tick.style.left = "" // these are at the edges, see scrub.css
        tick.onclick = () => this.jump(t)
        return tick
      }),
    )
  }

  inside(t) {
    const [low, high] = this.range
    return Math.min(Math.max(t, low), high)
  }

  move(t, time) {
    if (!this.path) return
    this.moving = true
    this.t = this.inside(t)
    this.schedule(time)
  }

  jump(t) {
    this.pause()
    this.move(t, performance.now())
    this.finish()
  }

  /** The person has let go. */
  finish() {
    if (!this.moving || !this.path) return
    this.moving = false
    this.searchNow()
    this.moves += 1
    // a stop that Python has not seen must differ from all it has seen, also after a remount
    this.tellPython({ t: Number(this.t.toFixed(4)), id: `${Date.now()}-${this.moves}` })
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** Ask for one drawing in the next frame; `inputTime` is the time stamp of the event that asked. */
  schedule(inputTime) {
    this.inputTime = inputTime
    if (this.scheduled) return
    this.scheduled = true
    this.frame = requestAnimationFrame(() => {
      this.scheduled = false
      this.show()
      this.element.dispatchEvent(
        new CustomEvent("latent-drawn", { bubbles: true, composed: true, detail: { inputTime: this.inputTime } }),
      )
    })
  }

  show() {
    if (!this.path) return
    const { image_shape: shape } = this.data
    const z = pointAt(this.path, this.t)
    const pixels = this.model.decode(z)
    drawPixels(this.find(".decoded"), pixels, shape)
    if (this.startPixels) {
      const difference = pixels.map((value, i) => Math.abs(value - this.startPixels[i]))
      drawPixels(this.find(".difference"), difference, shape)
      this.find(".difference-sum").textContent = `Σ ${difference.reduce((a, b) => a + b, 0).toFixed(1)}`
    }
    this.sayPlace()
    this.search()
  }

  sayPlace() {
    const text = signed(this.t, 2)
    const range = this.find(".range")
    range.value = this.t
    range.style.setProperty("--fill", (this.t - this.range[0]) / (this.range[1] - this.range[0]))
    range.setAttribute("aria-valuetext", `${text} ${this.data.unit ?? ""}`)
    this.find(".value").textContent = text
    this.find(".caption").textContent = this.path.kind === "line" ? `At ${text}` : "Decoded"
    this.element.dataset.t = this.t
    for (const [t, tick] of [...this.find(".ticks").children].entries()) {
      tick.classList.toggle("is-here", Math.abs(this.t - t) < 0.005)
    }
  }

  // --- the nearest image ----------------------------------------------------------------------------------------------

  /** Search now, or soon where there are so many images that moving would stutter. */
  search() {
    if (this.model.tensors.mu.data.length <= QUICK_SEARCH) return this.searchNow()
    this.searchSoon ??= setTimeout(() => this.searchNow(), SEARCH_EVERY)
  }

  searchNow() {
    clearTimeout(this.searchSoon)
    this.searchSoon = null
    if (!this.path || this.closed) return
    const [near] = nearestRows(this.model, pointAt(this.path, this.t), 1, this.reach?.dims)
    this.find(".near").textContent = near ? this.sentence(near) : ""
  }

  sentence({ row, distance }) {
    const label = this.data.class_names?.[this.model.tensors.labels?.data[row]]
    const which = `row ${row.toLocaleString("en")}${label === undefined ? "" : `, class ${label}`}`
    const hole = this.reach ? `; beyond ${this.reach.limit.toFixed(2)} is a hole` : ""
    return `${distance.toFixed(2)} from the nearest test image (${which})${hole}`
  }

  // --- playing --------------------------------------------------------------------------------------------------------

  play() {
    if (!this.path) return
    const [low, high] = this.range
    const speed = (this.path.kind === "line" ? high - low : 1) / LEG_SECONDS
    let heading = this.t >= high ? -1 : 1
    let before = null
    const tick = (now) => {
      const t = this.t + (before === null ? 0 : ((now - before) / 1000) * speed * heading)
      before = now
      if (t >= high || t <= low) heading = t >= high ? -1 : 1
      this.move(t, now)
      this.playFrame = requestAnimationFrame(tick)
    }
    this.showPlaying(true)
    this.playFrame = requestAnimationFrame(tick)
  }

  pause() {
    cancelAnimationFrame(this.playFrame)
    this.showPlaying(false)
  }

  showPlaying(playing) {
    this.playing = playing
    const button = this.find(".play")
    button.innerHTML = playing ? ICONS.pause : ICONS.play
    button.title = playing ? "Pause" : "Play, there and back"
    button.setAttribute("aria-label", button.title)
    this.element.dataset.playing = playing ? "yes" : "no"
  }

  wire() {
    this.find(".play").onclick = () => {
      if (!this.playing) return this.play()
      this.pause()
      this.finish()
    }
    const range = this.find(".range")
    range.onpointerdown = () => this.pause()
    range.oninput = (event) => {
      this.pause()
      this.move(range.valueAsNumber, event.timeStamp)
    }
    range.onchange = range.onpointerup = () => this.finish()
    range.onkeydown = (event) => {
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key]
      const ends = { Home: 0, End: 1 }[event.key]
      if (!this.path || (!steps && ends === undefined) || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      this.pause()
      const [low, high] = this.range
      this.move(steps ? this.t + (steps * (high - low)) / 100 : this.range[ends], event.timeStamp)
    }
    range.onkeyup = () => !this.playing && this.finish()
    range.onblur = () => !this.playing && this.finish()
  }
}

/** What Python says of holes, if it can be measured in this latent space, else null. */
function reachOf(reach, latentDim) {
  const { dims, limit } = reach ?? {}
  const known = (j) => Number.isInteger(j) && j >= 0 && j < latentDim
  return Array.isArray(dims) && dims.length && dims.every(known) && Number.isFinite(limit) ? { dims, limit } : null
}
