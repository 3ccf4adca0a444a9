// A few numbered sentences, until somebody has read them.

import { mount } from "../shared/mount.js"

const DISMISSED = "latent-explorer-first-steps" // in the browser, for all visits to come

class Steps {
  constructor(root) {
    this.element = root.querySelector(".steps")
    root.querySelector("button").onclick = () => {
      localStorage.setItem(DISMISSED, "dismissed")
      this.element.hidden = true
    }
  }

  receive({ steps }) {
    const sentences = steps.map((step) => Object.assign(document.createElement("li"), { textContent: step }))
    this.element.querySelector("ol").replaceChildren(...sentences)
    this.element.hidden = localStorage.getItem(DISMISSED) !== null
  }
}

export default mount(Steps)
