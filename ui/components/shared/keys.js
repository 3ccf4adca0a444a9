// What keys mean on a slider.

const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }

/** By how many steps a key moves a slider; undefined for other keys. */
export function stepsOf(key) {
  return STEPS[key]
}

/** Whether a key is pressed together with one that makes a command of the browser or the system of it. */
export function isCommand(event) {
  return event.ctrlKey || event.metaKey || event.altKey
}
