// Keeps what the person did in its order on the way to Python.
//
// Streamlit asks for a run some time after a choice (sliders 200 ms), but at once after Back, and a run that another
// request replaces may never begin: a choice that Back follows within milliseconds would come after it, or not at all. So
// what Back asks for waits until choices before it are sent and answered. Everything else goes at once.

import { isStreamlits, OpenRequests, requestOf } from "./requests.js"

const SOON_MS = 50 // what a click makes Streamlit send is on its way by then
const LATEST_MS = 250 // so is what it sends of a slider
const LONGEST_MS = 2_000 // Back waits for an answer; longer runs are interrupted

const isBack = ({ key, altKey, metaKey }) => altKey || metaKey || key?.startsWith("Browser")
const ACTS = {
  pointerdown: ({ button }) => button < 3, // the others are Back and Forward
  keydown: (event) => !isBack(event),
  click: () => true,
  wheel: ({ deltaX, deltaY }) => Math.abs(deltaY) > Math.abs(deltaX), // sideways can be Back and Forward
  drop: () => true,
}

export class Sending {
  constructor() {
    this.open = new OpenRequests()
    this.waiting = [] // what Back asks for, and what came after it: { send, request, at }
    this.acted = 0 // when the person did something last, by performance.now()
    this.sent = 0 // when something of theirs was sent last
    this.back = false // whether that they did last was to press Back
    this.late = false // whether a choice was sent after Back that came before it
    this.skips = false // whether what Back asks for next is not wanted
    const sending = this
    const send = WebSocket.prototype.send
    WebSocket.prototype.send = function (data) {
      const request = isStreamlits(this) ? requestOf(data) : null
      if (request) sending.take(this, () => send.call(this, data), request)
      else send.call(this, data)
    }
    for (const [name, counts] of Object.entries(ACTS)) {
      const act = (event) => counts(event) && this.act()
      window.addEventListener(name, act, { capture: true, passive: true })
    }
  }

  act() {
    this.acted = performance.now()
    this.back = this.late = false
  }

  /** Back or Forward was pressed; Streamlit asks for a run next, unless that is `skipped`. */
  traversed(back, skipped) {
    this.back = back
    this.late = false
    this.skips = skipped
  }

  /** Python has told the address of what it shows. */
  answered() {
    this.open.answered()
    this.go()
  }

  /** What Back has asked for is no longer wanted. */
  forget() {
    this.waiting = this.waiting.filter(({ request }) => !request.traverse)
    this.late = false
  }

  take(socket, send, request) {
    this.listen(socket)
    const older = this.back && !request.traverse && !request.automatic
    if (older || (!request.traverse && !this.waiting.length)) {
      this.late ||= older
      this.deliver({ send, request })
    } else {
      if (request.traverse) this.waiting = this.waiting.filter((other) => !other.request.traverse) // it tells of both
      const skipped = request.traverse && this.skips
      if (request.traverse) this.skips = false
      if (!skipped) this.waiting.push({ send, request, at: performance.now() })
      this.go()
    }
  }

  /** Send what needs to wait no longer. */
  go() {
    clearTimeout(this.timer)
    for (const first of [...this.waiting]) {
      const rest = first.request.traverse ? this.rest(first.at) : 0
      if (rest > 0) {
        this.timer = setTimeout(() => this.go(), rest)
        return
      }
      this.waiting.shift()
      this.deliver(first)
    }
  }

  /** For how many milliseconds what was asked at a time still waits. */
  rest(at) {
    const now = performance.now()
    if (this.open.size) return at + LONGEST_MS - now
    const sent = this.sent > this.acted || this.acted > at
    return Math.max(at + SOON_MS, sent ? 0 : this.acted + LATEST_MS) - now
  }

  deliver({ send, request }) {
    if (!request.automatic) this.sent = performance.now()
    if (!request.traverse) this.open.sent(request)
    send()
  }

  listen(socket) {
    if (socket === this.socket) return
    this.socket = socket
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string" || data instanceof Blob) return
      this.open.heard(data)
      this.go()
    })
    socket.addEventListener("close", () => {
      this.open.closed()
      this.waiting = []
    })
  }
}
