// The invisible component that says how near to the data the data is.

import { keepReach } from "./reaches.js"

export default function ({ data }) {
  if (data) keepReach(data)
}
