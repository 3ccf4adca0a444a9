// The dialog in which somebody names a dimension and notes what it does.

export class Naming {
  /** `save({index, name, note})` is called with what was written, trimmed. */
  constructor(dialog, save) {
    this.dialog = dialog
    this.find = (selector) => dialog.querySelector(selector)
    const answer = () => {
      const [name, note] = [".given-name", ".note"].map((field) => this.find(field).value.trim())
      const { index, ...before } = this.about
      if (name !== before.name || note !== before.note) save({ index, name, note })
      dialog.close()
    }
    this.find(".save").onclick = answer
    this.find(".given-name").onkeydown = (event) => {
      if (event.key === "Enter") answer()
    }
    this.find(".cancel").onclick = () => dialog.close()
    dialog.onclick = (event) => {
      if (event.target === dialog) dialog.close() // beside it
    }
  }

  /** Ask for the name of dimension `about`, {index, name, note}. */
  open(about) {
    this.about = about
    this.find("h2").textContent = `Name z${about.index}`
    this.find(".given-name").value = about.name
    this.find(".note").value = about.note
    this.dialog.showModal()
    this.find(".given-name").select()
  }
}
