// Decoding apart from the page: Web Workers that each hold the model; where none may start, short slices in the page.

import { same } from "../../shared/same.js"
import { decodeTiles } from "./pixels.js"

const MOST_WORKERS = 4
const JOB_MS = 6 // a job is about so long: what left the view meanwhile is not even begun
const JOBS_AHEAD = 2 // so that a worker has work while the page draws
const SLICE_MS = 8
const MOST_IN_JOB = 48

/** Asks `next(count)` for {keys, z} or null whenever it has time, and hands over what came by `done(keys, pixels)`. */
export class Workers {
  constructor({ next, done, changed }) {
    Object.assign(this, { next, done, changed })
    this.workers = []
    this.busy = new Set() // keys being decoded
    this.jobs = new Map()
    this.lastJob = 0
    this.msPerTile = 1
    this.start()
  }

  start() {
    const count = Math.max(1, Math.min(MOST_WORKERS, (navigator.hardwareConcurrency || 2) - 1))
    try {
      this.url = new URL("./worker.js", import.meta.url)
      for (let k = 0; k < count; k++) {
        const worker = new Worker(this.url, { type: "module" })
        worker.onmessage = ({ data }) => this.answer(data)
        worker.onerror = (event) => {
          event.preventDefault()
          this.doWithout()
        }
        this.workers.push({ worker, ahead: 0 })
      }
    } catch {
      this.doWithout()
    }
  }

  /** A page's rules can forbid workers; the browser says so at once or later. */
  doWithout() {
    this.stop()
    this.busy.clear()
    this.jobs.clear()
    this.changed()
  }

  stop() {
    for (const { worker } of this.workers) worker.terminate()
    this.workers = []
    if (this.url) URL.revokeObjectURL(this.url)
    this.url = null
  }

  close() {
    this.closed = true
    this.stop()
    cancelAnimationFrame(this.slice)
  }

  /** What is being decoded is not waited for. */
  forget() {
    this.busy.clear()
    this.jobs.clear()
    for (const one of this.workers) one.ahead = 0
  }

  useModel(model, shape) {
    this.forget()
    if (this.model === model && same(this.shape, shape)) return
    this.model = model
    this.shape = shape
    for (const one of this.workers) {
      one.worker.postMessage({
        decoder: model.decoder,
        tensors: ownTensors(model.tensors),
        likelihood: model.likelihood,
        latentDim: model.latent_dim,
        shape,
      })
    }
  }

  /** There is something to decode. */
  wake() {
    if (this.closed || !this.model) return
    if (!this.workers.length) return this.wakeSlices()
    const fits = Math.max(1, Math.min(MOST_IN_JOB, Math.round(JOB_MS / this.msPerTile)))
    const size = fits >= 4 ? fits - (fits % 4) : fits // a network of rows takes four at a time
    for (let round = 0; round < JOBS_AHEAD; round++) {
      for (const one of this.workers) {
        if (one.ahead > round) continue
        const job = this.next(size)
        if (!job) return
        this.lastJob += 1
        this.jobs.set(this.lastJob, { ...job, one })
        one.ahead += 1
        for (const key of job.keys) this.busy.add(key)
        one.worker.postMessage({ job: this.lastJob, z: job.z }, [job.z.buffer])
      }
    }
  }

  answer({ job, pixels, ms }) {
    const asked = this.jobs.get(job)
    if (!asked) return
    this.jobs.delete(job)
    asked.one.ahead -= 1
    this.msPerTile += 0.3 * (Math.max(ms / asked.keys.length, 0.01) - this.msPerTile)
    for (const key of asked.keys) this.busy.delete(key)
    this.done(asked.keys, pixels)
    this.wake()
  }

  decodeHere(z) {
    return decodeTiles({ lanes: 1, run: this.model.decode }, z, this.model.latent_dim, this.shape)
  }

  wakeSlices() {
    if (this.slicing) return
    this.slicing = true
    this.slice = requestAnimationFrame(() => {
      this.slicing = false
      const until = performance.now() + SLICE_MS
      let job = null
      do {
        job = this.next(1)
        if (job) this.done(job.keys, this.decodeHere(job.z))
      } while (job && performance.now() < until)
      if (job) this.wakeSlices()
    })
  }
}

/** The decoder's tensors, each with a buffer of its own: a view would take the whole file along. */
function ownTensors(tensors) {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith("decoder."))
  return Object.fromEntries(own.map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]))
}
