// Tiles that the app's own server decodes, for models that no page can: one request is under way, of as many tiles as are
// decoded in a moment, so that what has left the view meanwhile is never asked for.

import { ServerDecoder } from "../../model_store/server_decoder.js"
import { tileShape, writePixels } from "./pixels.js"

const JOB_MS = 60 // a request is about so long
const TRY_AGAIN = 3500 // ms after a failure, a little more than the connection itself waits
const FAILURES = 2 // in a row, before there was any answer: there is no connection to be had

/** As Workers: asks `next(count)` for {keys, z} or null, hands over what came by `done(keys, pixels)`. `unreachable()` is
 * called where the server can't be asked at all. */
export class ServerTiles {
  constructor({ next, done, changed, unreachable }, socket) {
    Object.assign(this, { next, done, changed, unreachable })
    this.together = socket.together
    this.busy = new Set() // keys that the server was asked for
    this.msPerTile = JOB_MS / 4
    this.failures = 0
    this.server = new ServerDecoder(
      socket,
      ({ pixels }) => this.answer(pixels),
      () => this.failed(),
    )
  }

  useModel(_, shape) {
    this.forget()
    this.shape = shape
  }

  /** What is being decoded is not waited for. */
  forget() {
    this.busy.clear()
    this.job = null
  }

  close() {
    this.closed = true
    clearTimeout(this.later)
    this.server.close()
  }

  /** There is something to decode. */
  wake() {
    if (this.closed || this.job || this.later || !this.shape) return
    const job = this.next(Math.max(1, Math.min(this.together, Math.round(JOB_MS / this.msPerTile))))
    if (!job) return
    this.job = { ...job, started: performance.now() }
    for (const key of job.keys) this.busy.add(key)
    if (!this.server.ask(job.z, this.job.started)) this.failed()
  }

  answer(pixels) {
    this.failures = -Infinity // there is a connection: one that breaks comes again
    this.problem = ""
    const { job } = this
    const area = this.shape[0] * this.shape[1] * this.shape[2]
    if (!job || pixels.length !== job.keys.length * area) return this.changed() // of a plane that is no longer shown
    this.forget()
    this.msPerTile += 0.3 * ((performance.now() - job.started) / job.keys.length - this.msPerTile)
    const tile = tileShape(this.shape)
    const bytes = 4 * tile.width * tile.height
    const out = new Uint8ClampedArray(job.keys.length * bytes)
    for (let k = 0; k < job.keys.length; k++) {
      writePixels(pixels.subarray(k * area, (k + 1) * area), this.shape, tile, out, k * bytes)
    }
    this.done(job.keys, out)
  }

  failed() {
    this.forget()
    this.failures += 1
    if (this.failures >= FAILURES) this.unreachable()
    this.problem = "The server that decodes doesn't answer. It is asked again every few seconds; else reload the page."
    this.later = setTimeout(() => {
      this.later = null
      this.changed()
    }, TRY_AGAIN)
    this.changed()
  }
}
