// Keys that move in latent space, wherever the focus is on the page, and the list of them.

import { isCommand } from "../shared/keys.js"

const TYPES = new Set(["text", "search", "number", "email", "url", "password"]) // of fields that one types into

export class Shortcuts {
  /** `actions`: what each key does; `isActive()` says whether they count now; `list` is the dialog that "?" opens. */
  constructor(actions, isActive, list) {
    this.actions = { ...actions, "?": () => (list.open ? list.close() : list.showModal()) }
    this.isActive = isActive
    this.list = list
    this.onKey = (event) => this.pressed(event)
    // before Streamlit, whose own R runs the page again
    window.addEventListener("keydown", this.onKey, { capture: true })
    list.querySelector(".shut").onclick = () => list.close() // Streamlit lets no form of a component be sent
    list.onclick = (event) => event.target === list && list.close() // beside it
  }

  pressed(event) {
    const action = this.actions[event.key.toLowerCase()]
    const command = isCommand(event) && !event.getModifierState("AltGraph") // with which some keyboards write [
    if (!action || command || !this.isActive() || isTyping(event.composedPath()[0])) return
    if (this.list.open && event.key !== "?") return
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
