// The invisible component that brings a checkpoint into the page.

import { keepModel } from "./keeping.js"

export default function ({ data }) {
  if (data) keepModel(data)
}
