// The invisible component that brings some frames into the page.

import { keepReel } from "./reels.js"

export default function ({ data }) {
  if (data) keepReel(data)
}
