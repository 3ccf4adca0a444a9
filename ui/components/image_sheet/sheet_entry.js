// The invisible component that brings a data set's small images into the page.

import { keepSheet } from "./sheets.js"

export default function ({ data }) {
  if (data) keepSheet(data)
}
