// A scrubber along a path in latent space; Python gets t when the person lets go. Where the page can't decode, pictures come
// over a socket of the server (`data.socket`), and without one when the person lets go (`data.decoded`).

import { Pictures } from "../model_store/pictures.js"
import { withModel } from "../model_store/store.js"
import { announce, NextFrame } from "../shared/frames.js"
import { isCommand, stepsOf } from "../shared/keys.js"
import { mount } from "../shared/mount.js"
import { drawDifference, drawPixels, rememberSmooth } from "../shared/pictures.js"
import { showPlaying } from "../shared/play_button.js"
import { signed } from "../shared/text.js"
import { followTheme } from "../shared/theme.js"
import { Nearest } from "./nearest.js"
import { pointAt, problemOf, rangeOf } from "./path.js"
import { markTick, showTicks } from "./ticks.js"

const LEG_SECONDS = 4 // playing, from one anchor to the next or along a line

class Scrub {
  constructor(root) {
    this.root = root
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".scrub")
    this.t = 0
    this.frame = new NextFrame((inputTime) => this.show(inputTime))
    this.pictures = new Pictures(
      (picture) => this.drawPicture(picture),
      (isWaiting) => this.element.classList.toggle("is-waiting", isWaiting),
    )
    this.startPicture = new Pictures((picture) => this.drawStart(picture))
    this.nearest = new Nearest((sentence) => {
      this.find(".near").textContent = sentence
    })
    this.wire()
    this.pause()
    rememberSmooth(this.find(".smooth"), this.element)
  }

  close() {
    this.closed = true
    this.frame.cancel()
    cancelAnimationFrame(this.playFrame)
    this.nearest.close()
    this.pictures.close()
    this.startPicture.close()
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(sent) {
    const data = sent ?? {}
    const changedModel = data.fingerprint !== this.data?.fingerprint
    const pythonMoved = changedModel || data.revision !== this.data.revision
    this.data = data
    this.path = null
    this.nearest.close()
    this.closed = false
    followTheme(this.element)
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
    this.nearest.searchIn(model, this.data.reach, this.data.class_names)
    const isLine = path.kind === "line"
    this.pictures.use(model, this.data.socket, this.data.decoded)
    this.startPixels = null
    this.element.classList.toggle("is-line", isLine)
    for (const figure of this.root.querySelectorAll(".at-zero")) figure.hidden = !isLine
    if (isLine) {
      this.startPicture.use(model, this.data.socket, this.data.start)
      this.startPicture.ask(pointAt(path, 0))
    }
    this.sizePictures(shape, isLine ? 196 : 224)
    this.buildTrack()
    this.element.dataset.kind = path.kind
    this.element.dataset.ready = "yes"
    this.t = this.inside(this.t)
    this.show()
    this.nearest.searchNow(pointAt(this.path, this.t))
  }

  pictureProblem(model, shape) {
    if (!model.decode) return null
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
    showTicks(this.find(".ticks"), names, this.range, (t) => this.jump(t))
  }

  inside(t) {
    const [low, high] = this.range
    return Math.min(Math.max(t, low), high)
  }

  move(t, time) {
    if (!this.path) return
    this.moving = true
    this.t = this.inside(t)
    this.pictures.prepare(pointAt(this.path, this.t))
    this.frame.ask(time)
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
    this.nearest.searchNow(pointAt(this.path, this.t))
    this.report("stop", { t: Number(this.t.toFixed(4)) })
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  show(inputTime) {
    if (!this.path) return
    const z = pointAt(this.path, this.t)
    this.pictures.ask(z, inputTime)
    this.sayPlace()
    this.nearest.search(z)
  }

  drawPicture({ pixels, inputTime }) {
    this.pixels = pixels
    drawPixels(this.find(".decoded"), pixels, this.data.image_shape)
    this.drawDifference()
    if (inputTime !== undefined) announce(this.element, "latent-drawn", { inputTime })
  }

  drawStart({ pixels }) {
    this.startPixels = pixels
    drawPixels(this.find(".start"), pixels, this.data.image_shape)
    this.drawDifference()
  }

  drawDifference() {
    if (!this.startPixels || !this.pixels) return
    const sum = drawDifference(this.find(".difference"), this.pixels, this.startPixels, this.data.image_shape)
    this.find(".difference-sum").textContent = sum
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
    markTick(this.find(".ticks"), this.t)
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
    showPlaying(button, this.element, playing, "Play, there and back")
    button.title = button.getAttribute("aria-label")
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
      const steps = stepsOf(event.key)
      const ends = { Home: 0, End: 1 }[event.key]
      if (!this.path || (!steps && ends === undefined) || isCommand(event)) return
      event.preventDefault()
      this.pause()
      const [low, high] = this.range
      this.move(steps ? this.t + (steps * (high - low)) / 100 : this.range[ends], event.timeStamp)
    }
    range.onkeyup = () => !this.playing && this.finish()
    range.onblur = () => !this.playing && this.finish()
  }
}

export default mount(Scrub)
