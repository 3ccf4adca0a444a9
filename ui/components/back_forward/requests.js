// Which requests to run the page Python has not answered yet, as the messages on Streamlit's socket tell.
//
// They are protobuf. A request (BackMsg.rerun_script) names the fragment that is to run, or none for the whole page; a run
// names its fragments when it begins (ForwardMsg.new_session) and when it ends (ForwardMsg.script_finished). Whoever
// asks while the page runs is answered by a later run. drive/visit.py, in the browser's tests, waits by this file, too.

const RERUN_SCRIPT = 11 // of BackMsg
const FRAGMENT = 5 // of ClientState, as are the next two
const AUTOMATIC = 6
const HISTORY = 9
const METADATA = 2 // of ForwardMsg, as are the next two
const NEW_SESSION = 4
const SCRIPT_FINISHED = 6
const FOR_RERUN = 2 // how it ended: early, for another run
const RUN = 6 // of ForwardMsg's metadata
const RUN_FRAGMENTS = 2 // of a run
const LOST_MS = 10_000 // a request of a fragment that is no more is never answered

const LENGTH_FOLLOWS = 2 // kinds of protobuf
const BYTES = { 1: 8, 5: 4 } // of fixed numbers, by their kind

function varint(message, at) {
  let value = 0
  for (let factor = 1; ; factor *= 128) {
    const byte = message[at++]
    value += (byte & 0x7f) * factor
    if (!(byte >= 0x80)) return [value, at] // nothing is left where the message was cut off
  }
}

/** [number, value] of each field: a whole number, or bytes. */
function* fields(message) {
  for (let at = 0; at < message.length; ) {
    const [tag, start] = varint(message, at)
    const kind = tag % 8
    let value = null
    if (kind in BYTES) at = start + BYTES[kind]
    else [value, at] = varint(message, start)
    if (kind === LENGTH_FOLLOWS) {
      const end = at + value
      value = message.subarray(at, end)
      at = end
    }
    yield [Math.floor(tag / 8), value]
  }
}

const values = (message, number) => [...fields(message)].filter(([found]) => found === number).map(([, value]) => value)
const textOf = (bytes) => new TextDecoder().decode(bytes)
const bytesOf = (data) => new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)

/** Whether a socket is Streamlit's: the page may have others, with messages of their own. */
export const isStreamlits = ({ url }) => new URL(url).pathname.endsWith("/_stcore/stream")

/** What a message to the server asks for: { fragment, automatic, traverse }, null where it asks for no run. */
export function requestOf(data) {
  if (typeof data === "string") return null
  const [asked] = values(bytesOf(data), RERUN_SCRIPT)
  if (!asked) return null
  const one = Object.fromEntries(fields(asked))
  return {
    fragment: one[FRAGMENT] ? textOf(one[FRAGMENT]) : "",
    automatic: one[AUTOMATIC] === 1, // a fragment's timer
    traverse: one[HISTORY] === 1, // Back or Forward
  }
}

/** The requests that were sent and not answered, but for those of timers. */
export class OpenRequests {
  constructor() {
    this.all = []
  }

  get size() {
    const now = performance.now()
    this.all = this.all.filter(({ begun, at }) => begun || now - at < LOST_MS)
    return this.all.length
  }

  sent({ fragment, automatic }) {
    if (!automatic) this.all.push({ fragment, at: performance.now(), begun: false, early: false })
  }

  /** A message of the server's. */
  heard(data) {
    const message = Object.fromEntries(fields(bytesOf(data)))
    if (!(NEW_SESSION in message) && !(SCRIPT_FINISHED in message)) return
    const [run] = values(message[METADATA] ?? new Uint8Array(), RUN)
    const fragments = run ? values(run, RUN_FRAGMENTS).map(textOf) : []
    const own = ({ fragment }) => fragments.length === 0 || fragments.includes(fragment)
    if (NEW_SESSION in message) for (const request of this.all) request.begun ||= own(request)
    if (message[SCRIPT_FINISHED] === FOR_RERUN) {
      for (const request of this.all) request.early ||= request.begun && own(request)
    } else if (SCRIPT_FINISHED in message) {
      this.all = this.all.filter((request) => !(request.begun && (own(request) || request.early)))
    }
  }

  /** What has begun has said what matters. */
  answered() {
    this.all = this.all.filter(({ begun }) => !begun)
  }

  closed() {
    this.all = []
  }
}
