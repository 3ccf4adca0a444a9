// Pictures of a model, whoever decodes them: this page, the server while one moves, or Python when one has let go.

import { NextFrame } from "../shared/frames.js"
import { bytesFromBase64 } from "../shared/text.js"
import { ServerDecoder } from "./server_decoder.js"

const SENT_WITHIN = 1e-3 // z is rounded on its way to Python, and near a posterior mean it is taken for that

/** `show({pixels, z, inputTime})` is called with each picture, at once where this page decodes, else in the frame that shows
 * it; `wait(isWaiting)` says whether one is still to come. */
export class Pictures {
  constructor(show, wait = () => {}) {
    this.show = show
    this.wait = wait
    this.frame = new NextFrame(() => this.arrived(this.came))
  }

  /** From now on of `model`. `socket` {path, token} is where the server decodes, null where this page does; `sent`
   * {z, pixels} is what Python has decoded, if it has. */
  use(model, socket, sent) {
    this.decode = socket || sent ? null : model.decode
    this.sent = sent && { z: sent.z, pixels: unit(sent.pixels) }
    if (this.server && (this.server.token !== socket?.token || this.model !== model)) this.close()
    this.model = model
    if (socket && !this.server) {
      this.server = new ServerDecoder(
        socket,
        (picture) => (this.asking ? this.arrived(picture) : this.later(picture)),
        () => this.asked && this.ask(this.asked.z, this.asked.inputTime),
      )
    }
  }

  /** Whether a picture is shown before `ask` returns. */
  get atOnce() {
    return Boolean(this.decode)
  }

  /** Whether pictures come while one moves, and not only once one has let go. */
  get follow() {
    return this.atOnce || Boolean(this.server)
  }

  /** Show the picture of z as soon as there is one. `inputTime` is the time stamp of the event that asks for it. */
  ask(z, inputTime) {
    if (this.decode) return this.show({ pixels: this.decode(z), z, inputTime })
    this.asked = { z: [...z], inputTime }
    if (this.sent && near(this.sent.z, z)) this.arrived({ ...this.sent, inputTime })
    this.asking = true
    this.server?.ask(z, inputTime)
    this.asking = false
    this.wait(!this.isShown())
  }

  /** Have the picture of z made, where that takes a while: it is asked for in the next frame. */
  prepare(z) {
    this.server?.prepare(z)
  }

  /** Shown in the browser's next frame, as all that is drawn. */
  later(picture) {
    this.came = picture
    this.frame.ask()
  }

  arrived(picture) {
    this.frame.cancel() // no older one is drawn over it
    this.shown = picture.z
    this.show(picture)
    this.wait(!this.isShown())
  }

  isShown() {
    return Boolean(this.shown) && near(this.shown, this.asked.z)
  }

  close() {
    this.frame.cancel()
    this.server?.close()
    this.server = null
    this.shown = null
  }
}

const unit = (text) => Float32Array.from(bytesFromBase64(text), (value) => value / 255)

const near = (a, b) => a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) <= SENT_WITHIN)
