// Pictures that the app's own server decodes (ui/decoding/socket.py says what is sent). What was asked for last comes first:
// one request is under way, and of those that wait only the newest is kept: a second one would only wait its turn on the server.

const UNDER_WAY = 1
const FORESEEN = 1e-3 // the browser rounds where a slider's thumb is; no byte of a picture tells
const TRY_AGAIN = 3000 // ms after a connection was refused or broke

export class ServerDecoder {
  /** `onPicture({pixels, z, inputTime})` is called with what was asked for and comes, or is there; `onFailure()` where nothing
   * can come for now. */
  constructor({ path, token }, onPicture, onFailure) {
    this.address = new URL(path, location.origin.replace(/^http/, "ws")).href
    this.token = token
    this.onPicture = onPicture
    this.onFailure = onFailure
    this.asked = new Map() // number -> request, in order
    this.number = 0
    this.failedAt = -Infinity
  }

  /** Have the picture of z made, which somebody will ask for in a moment: a hand leads there, or very near. */
  prepare(z) {
    const request = { z: Float32Array.from(z), isPrepared: true }
    if (!covers(this.last, request.z) && !covers(this.newest, request.z) && this.connected()) this.send(request)
  }

  /** Ask for the picture of z, or of several that lie one after another in it; false where the server can't be reached. */
  ask(z, inputTime) {
    const request = { z: Float32Array.from(z), inputTime, isAsked: true }
    const moves = inputTime !== undefined // where a hand rests, nothing but the very place will do
    if (covers(this.last, request.z, moves)) this.onPicture({ ...this.last, inputTime })
    else if (!this.connected()) return false
    else if (covers(this.newest, request.z, moves)) Object.assign(this.newest, { inputTime, isAsked: true })
    else this.send(request)
    return true
  }

  send(request) {
    this.newest = request
    if (this.socket.readyState !== WebSocket.OPEN || this.asked.size >= UNDER_WAY) {
      this.waiting = request
      return
    }
    this.waiting = null
    this.number = (this.number + 1) >>> 0
    this.asked.set(this.number, request)
    const message = new ArrayBuffer(4 + 4 * request.z.length)
    const view = new DataView(message)
    view.setUint32(0, this.number, true)
    for (const [i, value] of request.z.entries()) view.setFloat32(4 + 4 * i, value, true)
    this.socket.send(message)
  }

  /** Whether a connection is there, or on its way. */
  connected() {
    if (this.socket) return true
    if (performance.now() - this.failedAt < TRY_AGAIN) return false
    const socket = new WebSocket(this.address)
    socket.binaryType = "arraybuffer"
    socket.onopen = () => {
      socket.send(this.token)
      if (this.waiting) this.send(this.waiting)
    }
    socket.onmessage = ({ data }) => this.receive(data)
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.forget()
      this.failedAt = performance.now()
      this.onFailure()
    }
    this.socket = socket
    return true
  }

  receive(data) {
    const number = new DataView(data).getUint32(0, true)
    const request = this.asked.get(number)
    for (const known of [...this.asked.keys()]) {
      this.asked.delete(known) // older ones were dropped
      if (known === number) break
    }
    if (request) {
      const { z, isPrepared } = request
      this.last = { z, isPrepared, pixels: Float32Array.from(new Uint8Array(data, 4), (value) => value / 255) }
      if (request === this.newest) this.newest = null
      if (request.isAsked) this.onPicture({ ...this.last, inputTime: request.inputTime })
    }
    if (this.waiting) this.send(this.waiting)
  }

  forget() {
    this.socket = null
    this.asked.clear()
    this.waiting = null
    this.newest = null
  }

  close() {
    const socket = this.socket
    this.forget()
    socket?.close()
  }
}

/** Whether what is known, or on its way, is of z; or as near as a hand was foreseen to lead, while it moves. */
function covers(known, z, moves = true) {
  const within = known?.isPrepared && moves ? FORESEEN : 0
  return known?.z.length === z.length && known.z.every((value, i) => Math.abs(value - z[i]) <= within)
}
