// Mouse, touch, wheel and keys on the sheet. Places are shares of the view, 0 to 1 from the upper left corner.

const CLICK_MOVES = 4 // CSS pixels a pointer may move in a click
const WHEEL_REST_MS = 400
const KEY_MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/** `actions`: pan(across, down) since the last call, zoom(factor, x, y) -> did it, step(across, down, far), home(),
 * hover(x, y) or hover(null), choose(x, y), hold(whether a pointer is down). */
export function wireControls(element, actions) {
  const pointers = new Map()
  let moved = false
  const share = (event) => {
    const box = element.getBoundingClientRect()
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height }
  }
  element.onpointerdown = (event) => {
    if (event.button > 0) return
    element.setPointerCapture?.(event.pointerId)
    pointers.set(event.pointerId, { ...share(event), downX: event.clientX, downY: event.clientY })
    moved = pointers.size > 1
    actions.hold(true)
  }
  element.onpointermove = (event) => {
    const before = pointers.get(event.pointerId)
    const now = share(event)
    if (!before) return actions.hover(now.x, now.y)
    moved ||= Math.hypot(event.clientX - before.downX, event.clientY - before.downY) > CLICK_MOVES
    if (!moved) return
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    if (other) pinch(actions, before, now, other)
    else actions.pan(now.x - before.x, now.y - before.y)
    pointers.set(event.pointerId, { ...before, ...now })
  }
  element.onpointerup = element.onpointercancel = (event) => {
    pointers.delete(event.pointerId)
    actions.hold(pointers.size > 0)
  }
  element.onclick = (event) => {
    if (moved || event.detail > 1) return // the second click of a double click chooses nothing new
    const { x, y } = share(event)
    actions.choose(x, y)
  }
  element.onpointerleave = () => actions.hover(null)
  element.ondblclick = (event) => {
    const { x, y } = share(event)
    actions.zoom(event.shiftKey ? 0.5 : 2, x, y)
  }
  wireWheel(element, actions, share)
  wireKeys(element, actions)
}

/** Two fingers: the middle between them moves the sheet, their distance zooms it. */
function pinch(actions, before, now, other) {
  const distance = (one) => Math.max(0.02, Math.hypot(one.x - other.x, one.y - other.y))
  actions.pan((now.x - before.x) / 2, (now.y - before.y) / 2)
  actions.zoom(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2)
}

function wireWheel(element, actions, share) {
  let last = -Infinity
  element.onwheel = (event) => {
    const { x, y } = share(event)
    const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1
    const delta = Math.min(240, Math.max(-240, event.deltaY * lines))
    const did = actions.zoom(Math.exp(-delta * (event.ctrlKey ? 0.01 : 0.002)), x, y)
    // a wheel that begins where no zoom is left scrolls the page, so that nobody is caught here
    if (!did && event.timeStamp - last > WHEEL_REST_MS && !event.ctrlKey) return
    last = event.timeStamp
    event.preventDefault()
  }
}

function wireKeys(element, actions) {
  element.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const move = KEY_MOVES[event.key]
    if (move) actions.step(...move, event.shiftKey)
    else if (event.key === "+" || event.key === "=") actions.zoom(2, 0.5, 0.5)
    else if (event.key === "-" || event.key === "_") actions.zoom(0.5, 0.5, 0.5)
    else if (event.key === "Home" || event.key === "0") actions.home()
    else if (event.key === "Enter" || event.key === " ") actions.choose(0.5, 0.5)
    else return
    event.preventDefault()
  }
}
