// The film of a training run: latent space, reconstructions and samples of one epoch, and a scrubber over all of them.
// Nothing is asked of the server.

import { showText } from "../shared/help.js"
import { isCommand } from "../shared/keys.js"
import { legendEntryOf } from "../shared/legend.js"
import { mount } from "../shared/mount.js"
import { showPlaying } from "../shared/play_button.js"
import { drawPoint } from "../shared/point.js"
import { themeValue } from "../shared/theme.js"
import { drawPairs, drawSamples } from "./pictures.js"
import { filmOf, films } from "./reels.js"
import { drawScatter, extent } from "./scatter.js"

const FILM_SECONDS = 8 // a film plays in about this time, between the two speeds
const SLOWEST = 4
const FASTEST = 25 // frames a second
const CATCH_UP_SECONDS = 0.4
const MANY_CLASSES = 20
const STACKED = 600 // px; film.css puts the pictures below from there
const KEYS = "Space plays and pauses, the arrow keys step."
const SAME =
  "The images, the draws of the prior and the axes stay the same throughout; up to 1 % of the points on each side can " +
  "lie outside. Home and End jump to the first and the last epoch."

class FilmView {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".film")
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)")
    this.at = 0 // which frame, with fractions between two
    this.playing = false
    this.following = true
    this.arrived = () => this.gather()
    films.listeners.add(this.arrived)
    this.resized = new ResizeObserver(() => {
      this.drawn = null
      this.draw()
    })
    this.resized.observe(this.find(".scatter"))
    this.wire()
  }

  close() {
    films.listeners.delete(this.arrived)
    this.resized.disconnect()
    cancelAnimationFrame(this.request)
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(data) {
    if (data.film !== this.data?.film) {
      this.frames = []
      this.following = true
      this.playing = false
    }
    this.data = data
    const theme = (name) => themeValue(this.element, name)
    this.look = { font: theme("--st-font"), text: theme("--st-text-color"), grid: theme("--st-border-color") }
    Object.assign(this.look, { colours: data.colours, axes: this.axes })
    this.gather()
    this.draw()
  }

  /** Take over the film once all reels that Python named are here; until then the one before stays. */
  gather() {
    const film = this.data && filmOf(this.data.reels)
    if (!film?.frames.length || film.version === this.version) return
    const before = this.frames.length
    const seen = before ? this.frames[Math.floor(this.at)].epoch : null
    this.version = film.version
    this.frames = film.frames
    this.stays = film.stays
    this.range = extent(film.frames)
    this.element.dataset.ready = "yes"
    this.find(".scrub").max = this.last
    this.describe()
    this.drawn = null
    if (this.following) this.catchUp(before)
    else {
      const same = Math.max(
        0,
        this.frames.findLastIndex((frame) => frame.epoch <= seen),
      )
      this.at = Math.min(same + (this.at % 1), this.last)
    }
    this.draw()
  }

  get last() {
    return this.frames.length - 1
  }

  /** Go on to the newest frame; smoothly where it is the next one and motion is welcome. */
  catchUp(before) {
    const smoothly = before > 0 && !this.still.matches && this.last > this.at
    if (!smoothly) this.at = this.last
    else this.animate((this.last - this.at) / CATCH_UP_SECONDS)
  }

  describe() {
    const pca = this.frames[0].axes === "pca"
    const flat = !pca && this.frames.every((frame) => frame.y.every((y) => y === 0))
    this.look.axes = this.axes = pca ? ["PC 1", "PC 2"] : ["z0", flat ? "" : "z1"]
    const axes = pca ? "PCA of each epoch" : flat ? "its one axis, z0" : "its axes z0 and z1"
    const turned = pca ? "Each epoch is rotated to fit the one before (Procrustes). " : ""
    showText(this.find(".hint"), [`Latent space: ${axes}`, { help: turned + SAME }, ` · ${KEYS}`])
    this.drawLegend()
  }

  drawLegend() {
    const names = this.stays.class_names
    const legend = this.find(".legend")
    if (names.length === 1) return legend.replaceChildren() // whose name says nothing
    if (names.length > MANY_CLASSES) return legend.replaceChildren(`Colours: ${names.length} classes`)
    legend.replaceChildren(
      ...names.map((name, i) => {
        const mark = Object.assign(document.createElement("canvas"), { width: 22, height: 22 })
        drawPoint(mark.getContext("2d"), 11, 11, 8, i, this.data.colours)
        return legendEntryOf(mark, name)
      }),
    )
  }

  // --- showing --------------------------------------------------------------------------------------------------------

  draw() {
    if (!this.frames?.length) return
    const from = this.frames[Math.floor(this.at)]
    const to = this.frames[Math.min(Math.ceil(this.at), this.last)]
    const share = this.still.matches ? 0 : this.at - Math.floor(this.at)
    const { labels } = this.stays
    drawScatter(this.find(".scatter"), { from, to, share, labels, range: this.range, look: this.look })
    const shown = this.frames[Math.round(this.at)]
    if (shown === this.drawn) return
    this.drawn = shown
    const stacked = this.element.clientWidth <= STACKED // there all of it shall be seen with the scrubber
    drawPairs(this.find(".pairs"), this.stays.pictures, shown.reconstructions, this.stays, stacked ? 10 : 5)
    drawSamples(this.find(".samples"), shown.samples, this.stays, shown.sampleCount)
    this.say(shown)
  }

  say(frame) {
    const label = frame.epoch === 0 ? "before training" : `epoch ${frame.epoch.toLocaleString("en")}`
    const of = this.data.epochs > 0 && frame.epoch > 0 ? ` of ${this.data.epochs.toLocaleString("en")}` : ""
    this.find(".epoch").textContent = label[0].toUpperCase() + label.slice(1) + of
    this.find(".scatter").setAttribute("aria-label", `Latent space of the same images, ${label}`)
    const scrub = this.find(".scrub")
    scrub.value = Math.round(this.at)
    scrub.setAttribute("aria-valuetext", label)
    scrub.style.setProperty("--fill", this.last ? Math.round(this.at) / this.last : 1)
    this.find(".newest").hidden = !this.data.live || this.following
    this.element.dataset.epoch = frame.epoch
    this.element.dataset.frames = this.frames.length
  }

  showState() {
    showPlaying(this.find(".play"), this.element, this.playing)
    this.find(".newest").hidden = !this.data?.live || this.following
  }

  // --- moving ---------------------------------------------------------------------------------------------------------

  goTo(frame) {
    this.pause()
    this.at = Math.min(Math.max(frame, 0), this.last)
    this.following = this.at === this.last
    this.drawn = null
    this.draw()
  }

  toggle() {
    if (this.playing) return this.goTo(Math.round(this.at))
    if (this.last < 1) return
    if (this.at >= this.last) this.at = 0
    this.playing = true
    this.following = false
    this.showState()
    this.animate(Math.min(FASTEST, Math.max(SLOWEST, this.last / FILM_SECONDS)))
  }

  pause() {
    cancelAnimationFrame(this.request)
    this.playing = false
    this.showState()
  }

  /** Move on by `speed` frames a second until the newest one. */
  animate(speed) {
    cancelAnimationFrame(this.request)
    let before = null
    const tick = (now) => {
      this.at = Math.min(this.at + (before === null ? 0 : ((now - before) / 1000) * speed), this.last)
      before = now
      if (this.at < this.last) this.request = requestAnimationFrame(tick)
      else this.arrive()
      this.draw()
    }
    this.request = requestAnimationFrame(tick)
  }

  /** The newest frame was reached. */
  arrive() {
    this.playing = false
    this.following = true
    this.drawn = null
    this.showState()
  }

  wire() {
    this.find(".play").onclick = () => this.toggle()
    this.find(".newest").onclick = () => this.goTo(this.last)
    this.find(".scrub").oninput = (event) => this.goTo(event.target.valueAsNumber)
    this.element.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
      if (isCommand(event) || !this.frames?.length) return
      if (event.key === " " && event.target.localName !== "button") this.toggle()
      else if (step) this.goTo(Math.round(this.at) + step)
      else if (event.key === "Home") this.goTo(0)
      else if (event.key === "End") this.goTo(this.last)
      else return
      event.preventDefault()
    }
    this.showState()
  }
}

export default mount(FilmView)
