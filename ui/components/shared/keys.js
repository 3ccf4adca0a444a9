// What keys mean: on a slider, and wherever the focus is on the page.

const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }
const TYPES = new Set(["text", "search", "number", "email", "url", "password"]) // of fields that one types into

/** By how many steps a key moves a slider; undefined for other keys. */
export function stepsOf(key) {
  return STEPS[key]
}

/** Whether a key is pressed together with one that makes a command of the browser or the system of it. */
export function isCommand(event) {
  return event.ctrlKey || event.metaKey || event.altKey
}

/** Whether a dialog, a menu or a list is open on the page, which Escape closes first: Streamlit's, or one of a component's
 * own, in its shadow root. */
export function somethingIsOpen() {
  if (document.querySelector('[role="dialog"], [role="listbox"], [data-testid="stPopoverBody"]')) return true
  const roots = [...document.querySelectorAll("*")].map((element) => element.shadowRoot).filter(Boolean)
  return roots.some((root) => root.querySelector("dialog[open], :popover-open"))
}

/** Keys that count wherever the focus is, but in fields that one types into. */
export class Shortcuts {
  /** `actions`: what each key does, by its name in lower case; `isActive(key)` says whether it counts now. */
  constructor(actions, isActive) {
    this.actions = actions
    this.isActive = isActive
    this.onKey = (event) => this.pressed(event)
    // before Streamlit, whose own R runs the page again
    window.addEventListener("keydown", this.onKey, { capture: true })
  }

  pressed(event) {
    const action = this.actions[event.key.toLowerCase()]
    const command = isCommand(event) && !event.getModifierState("AltGraph") // with which some keyboards write [
    if (!action || command || isTyping(event.composedPath()[0]) || !this.isActive(event.key)) return
    event.preventDefault()
    event.stopImmediatePropagation()
    action()
  }

  close() {
    window.removeEventListener("keydown", this.onKey, { capture: true })
  }
}

function isTyping(element) {
  if (element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName)) return true
  return element.tagName === "INPUT" && TYPES.has(element.type)
}
