// The dialog in which somebody gives a name: to a dimension, with a note of what it does, or to a place.

export class Naming {
  /** `save(about)` is called with what was written, trimmed; there is a note where the dialog has a field for it. */
  constructor(dialog, save) {
    this.dialog = dialog
    this.find = (selector) => dialog.querySelector(selector)
    const answer = () => {
      const { about } = this
      const written = { ...about, name: this.find(".given-name").value.trim() }
      if (this.find(".note")) written.note = this.find(".note").value.trim()
      if (written.name !== about.name || written.note !== about.note) save(written)
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

  /** Ask for the name of what `about` tells of, {name, …}, with the `title` of the dialog. */
  open(about, title) {
    this.about = about
    this.find("h2").textContent = title
    this.find(".given-name").value = about.name
    if (this.find(".note")) this.find(".note").value = about.note
    this.dialog.showModal()
    this.find(".given-name").select()
  }
}
