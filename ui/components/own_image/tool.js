// One own image in latent space: drawn, dropped, pasted, opened or of the camera. The encoder runs here, so its place on
// the map, its reconstruction and its nearest images are there in the frame after each move of the pen. Python hears of the
// latent vector when a stroke ends.

import { withSheet } from "../image_sheet/sheets.js"
import { UndoHistory } from "../live_decoder/undo.js"
import { withEncoder } from "../model_store/encoders.js"
import { withModel } from "../model_store/store.js"
import { announce, OnceAFrame } from "../shared/frames.js"
import { mount } from "../shared/mount.js"
import { bytesFromBase64, setText } from "../shared/text.js"
import { followTheme, themeValue } from "../shared/theme.js"
import { blank, centred, inverted } from "./brush.js"
import { startCamera } from "./camera.js"
import { fileOf, PictureError, pictureFrom, pictureOf } from "./files.js"
import { MapMark } from "./map_mark.js"
import { Pad } from "./pad.js"
import { Results } from "./results.js"

const UNDO_BYTES = 64 * 2 ** 20
const TEXT_FIELDS = "input:not([type=range], [type=color], [type=file]), textarea, [contenteditable]" // keep a paste

class OwnImage {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector)
    this.element = this.find(".own")
    this.results = new Results(this.find, (row) => this.ask(row))
    this.pad = new Pad(this.find(".pad"), this.find(".cursor"), {
      pen: () => this.pen(),
      begin: () => this.beginStroke(),
      changed: (time) => this.frame.ask(time),
      done: () => this.tell(),
    })
    this.frame = new OnceAFrame(
      () => {
        const start = performance.now()
        this.pad.draw()
        this.show()
        this.took = performance.now() - start
      },
      (inputTime) => announce(this.element, "latent-drawn", { inputTime, took: this.took }),
    )
    this.onPaste = (event) => this.paste(event)
    document.addEventListener("paste", this.onPaste)
    this.wire()
  }

  close() {
    this.closed = true
    this.frame.cancel()
    this.endCamera()
    this.mark?.close()
    document.removeEventListener("paste", this.onPaste)
  }

  // --- what Python says -----------------------------------------------------------------------------------------------

  receive(data) {
    const fresh = data.encoder !== this.data?.encoder
    const another = fresh || data.fingerprint !== this.data.fingerprint || data.sheet_of !== this.data.sheet_of
    this.data = { ...data, sheet: this.data?.sheet_of === data.sheet_of ? this.data.sheet : null }
    this.closed = false
    if (fresh) this.start()
    if (this.mark?.key !== data.map.chart_key) {
      this.mark?.close()
      this.mark = new MapMark(data.map.chart_key, (row) => this.ask(row))
    } else this.mark.attach()
    this.paint()
    if (another) this.load()
    else this.show()
    this.takeOriginal(data.original)
  }

  /** An empty canvas, for another model. */
  start() {
    const { image_shape: shape, paper } = this.data
    const [channels, height, width] = shape
    const light = paper.reduce((a, b) => a + b, 0) / paper.length > 127
    this.ink = paper.map(() => (light ? 0 : 255))
    this.history = new UndoHistory(Math.max(5, Math.min(200, Math.floor(UNDO_BYTES / (channels * height * width)))))
    this.pad.reset(shape, paper)
    this.element.style.setProperty("--picture-ratio", width / height)
    this.element.style.setProperty("--on-paper", light ? "#222" : "#eee")
    const size = this.find(".size")
    size.max = Math.max(3, Math.round(height / 5))
    size.value = Math.max(1, (2.5 * height) / 28)
    this.find(".ink-field").hidden = channels < 3
    this.find(".ink").value = light ? "#000000" : "#ffffff"
    this.choose("pen")
    this.set(this.pad.bytes, { empty: true, changes: "" })
  }

  load() {
    this.ready = false
    this.element.dataset.ready = "no"
    const { fingerprint, encoder, sheet_of } = this.data
    const mine = () => !this.closed && this.data.fingerprint === fingerprint && this.data.encoder === encoder
    withModel(fingerprint, (model) =>
      withEncoder(encoder, (one) => {
        if (!mine()) return
        this.results.use(model, one)
        this.ready = true
        this.element.dataset.ready = "yes"
        this.show()
      }),
    )
    if (!sheet_of) return
    withSheet(sheet_of, (sheet) => {
      if (!mine()) return
      this.data.sheet = sheet
      this.element.dataset.sheet = "yes"
      this.show()
    })
  }

  paint() {
    const theme = (name) => themeValue(this.element, name)
    this.mark.paint({
      accent: theme("--st-primary-color"),
      page: theme("--st-background-color"),
      text: theme("--st-text-color"),
    })
    followTheme(this.element)
  }

  /** The image of a row that was asked for. */
  takeOriginal(original) {
    if (!original || original.row !== this.wanted) return
    this.wanted = null
    const kind = original.row < this.data.tests ? "Test image" : "Image" // those of other splits come after
    if (original.pixels) this.place(bytesFromBase64(original.pixels), `${kind}, row ${original.row}.`)
    else this.say(original.problem, true)
  }

  // --- the picture ----------------------------------------------------------------------------------------------------

  /** Everything that undo brings back. */
  here() {
    return { bytes: this.pad.bytes, empty: this.empty, changes: this.changes }
  }

  remember() {
    this.history.remember(this.here())
  }

  set(bytes, { empty, changes }) {
    this.pad.put(bytes)
    Object.assign(this, { empty, changes })
    this.say(changes)
    this.show()
  }

  /** Another picture than the one that is there, which undo brings back. */
  place(bytes, changes, empty = false) {
    this.remember()
    this.set(bytes, { empty, changes })
    this.tell()
  }

  goTo(there) {
    if (!there) return
    this.set(there.bytes, there)
    this.tell()
  }

  beginStroke() {
    this.endCamera()
    this.remember()
    this.empty = false
  }

  pen() {
    const [, height] = this.data.image_shape
    const colour = this.tool === "eraser" ? this.data.paper : this.ink
    return { colour, radius: this.find(".size").valueAsNumber / 2, edge: Math.max(1, (1.2 * height) / 28) }
  }

  show() {
    this.element.dataset.empty = this.empty ? "yes" : "no"
    this.find(".start").hidden = !this.empty
    this.find(".wait").hidden = this.ready || this.empty
    this.find(".undo").disabled = !this.history.past.length
    this.find(".redo").disabled = !this.history.future.length
    for (const name of [".clear", ".invert", ".centre"]) this.find(name).disabled = this.empty
    this.posterior = null
    if (!this.ready) return
    if (this.empty) this.mark.show(null)
    else this.posterior = this.results.show(this.pad.bytes, this.data, this.mark)
  }

  /** Python gets the latent vector, and which row's image is wanted. */
  tell(wanted = null) {
    this.show()
    this.wanted = wanted
    const mean = this.posterior && Array.from(this.posterior.mu, (value) => Number(value.toFixed(4)))
    if (mean?.every(Number.isFinite) ?? true) this.report("view", { mean, wanted })
  }

  ask(row) {
    this.endCamera()
    this.tell(row)
  }

  say(text, problem = false) {
    setText(this.find(".changes"), text)
    this.find(".changes").dataset.problem = problem ? "yes" : "no"
  }

  // --- pictures from elsewhere ----------------------------------------------------------------------------------------

  async take(file) {
    if (!file) return this.say("That was no file. Drop or paste a picture.", true)
    this.endCamera()
    try {
      const { bytes, changes } = await pictureOf(file, this.data.image_shape, this.data.reading)
      if (!this.closed) this.place(bytes, changes ? `Own image: ${changes}.` : "Own image, as it is.")
    } catch (error) {
      this.tellProblem(error)
    }
  }

  paste(event) {
    const [target] = event.composedPath()
    const file = fileOf(event.clipboardData)
    if (!file || target.matches?.(TEXT_FIELDS)) return
    event.preventDefault()
    this.take(file)
  }

  tellProblem(error) {
    if (!(error instanceof PictureError)) throw error
    this.say(error.message, true)
  }

  async toggleCamera() {
    if (this.stopCamera) {
      this.endCamera()
      return this.tell()
    }
    const video = this.find(".video")
    try {
      this.stopCamera = await startCamera(video)
    } catch (error) {
      return this.tellProblem(error)
    }
    if (this.closed) return this.endCamera()
    this.remember()
    this.showCamera(true)
    const follow = (now) => {
      if (!this.stopCamera) return
      const size = { width: video.videoWidth, height: video.videoHeight }
      if (size.width) {
        const { bytes, changes } = pictureFrom(video, size, this.data.image_shape, this.data.reading)
        Object.assign(this, { empty: false, changes: `Camera: ${changes}.` })
        this.say(this.changes)
        this.pad.bytes = bytes
        this.frame.ask(now)
      }
      this.following = requestAnimationFrame(follow)
    }
    this.following = requestAnimationFrame(follow)
  }

  endCamera() {
    if (!this.stopCamera) return
    cancelAnimationFrame(this.following)
    this.stopCamera()
    this.stopCamera = null
    this.showCamera(false)
  }

  showCamera(on) {
    const button = this.find(".camera")
    button.setAttribute("aria-pressed", String(on))
    button.textContent = on ? "Take" : "Camera"
  }

  // --- controls -------------------------------------------------------------------------------------------------------

  choose(tool) {
    this.tool = tool
    for (const name of ["pen", "eraser"]) this.find(`.${name}`).setAttribute("aria-pressed", String(name === tool))
  }

  wire() {
    const on = (name, act) => {
      this.find(name).onclick = act
    }
    on(".pen", () => this.choose("pen"))
    on(".eraser", () => this.choose("eraser"))
    on(".undo", () => this.goTo(this.history.undo(this.here())))
    on(".redo", () => this.goTo(this.history.redo(this.here())))
    on(".clear", () => this.place(blank(this.data.image_shape, this.data.paper), "", true))
    on(".invert", () => this.place(inverted(this.pad.bytes), this.changes))
    on(".centre", () => this.place(centred(this.pad.bytes, this.data.image_shape, this.data.paper), this.changes))
    on(".camera", () => this.toggleCamera())
    const file = this.find(".file")
    on(".open", () => file.click())
    file.onchange = () => {
      if (file.files.length) this.take(file.files[0])
      file.value = ""
    }
    this.find(".ink").oninput = ({ target }) => {
      this.ink = [1, 3, 5].map((at) => parseInt(target.value.slice(at, at + 2), 16))
      this.choose("pen")
    }
    this.element.ondragover = (event) => {
      event.preventDefault()
      this.element.classList.add("is-over")
    }
    this.element.ondragleave = () => this.element.classList.remove("is-over")
    this.element.ondrop = (event) => {
      event.preventDefault()
      this.element.classList.remove("is-over")
      this.take(fileOf(event.dataTransfer))
    }
    this.element.onkeydown = (event) => {
      if (!(event.ctrlKey || event.metaKey)) return
      if (event.key === "z" && !event.shiftKey) this.find(".undo").click()
      else if (event.key === "y" || (event.key === "z" && event.shiftKey)) this.find(".redo").click()
      else return
      event.preventDefault()
    }
  }
}

export default mount(OwnImage)
