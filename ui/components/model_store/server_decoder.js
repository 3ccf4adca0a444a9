// Pictures that the app's own server decodes (ui/decoding/socket.py says what is sent). What was asked for last comes first:
// one request is under way, and of those that wait only the newest is kept: a second one would only wait its turn on the server.

const UNDER_WAY = 1
const TRY_AGAIN = 3000 // ms after a connection was refused or broke

export class ServerDecoder {
  /** `onPicture({pixels, z, inputTime})` is called with what comes, `onFailure()` where nothing can come for now. */
  constructor({ path, token }, onPicture, onFailure) {
    this.address = new URL(path, location.origin.replace(/^http/, "ws")).href
    this.token = token
    this.onPicture = onPicture
    this.onFailure = onFailure
    this.asked = new Map() // number -> request, in order
    this.number = 0
    this.failedAt = -Infinity
  }

  /** Ask for the picture of z, or of several that lie one after another in it; false where the server can't be reached. */
  ask(z, inputTime) {
    const request = { z: Float32Array.from(z), inputTime }
    if (same(this.last?.z, request.z)) this.onPicture({ ...this.last, inputTime })
    else if (!this.connected()) return false
    else if (!same(this.newest?.z, request.z)) this.send(request)
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
      this.last = { z: request.z, pixels: Float32Array.from(new Uint8Array(data, 4), (value) => value / 255) }
      if (request === this.newest) this.newest = null
      this.onPicture({ ...this.last, inputTime: request.inputTime })
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

function same(a, b) {
  return Boolean(a) && a.length === b.length && a.every((value, i) => value === b[i])
}
