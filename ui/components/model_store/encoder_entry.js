// The invisible component that brings an encoder into the page.

import { keepEncoder } from "./encoders.js"

export default function ({ data }) {
  if (data) keepEncoder(data)
}
