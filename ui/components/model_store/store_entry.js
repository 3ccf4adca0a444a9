// The invisible component that brings a checkpoint into the page: as bytes, or, where these are many, from an address of the server.

import { keepModel } from "./keeping.js"
import { shelf } from "./store.js"

const TRIES = 20
const PAUSE = 500 // ms, and longer each time

window.latentSpaceFetches ??= new Set()
const underWay = window.latentSpaceFetches // addresses: what Python says is said again whenever the theme changes

export default function ({ data }) {
  if (data?.address) fetchModel(data)
  else if (data) keepModel(data)
}

async function fetchModel({ address, fingerprint }) {
  if (underWay.has(address) || shelf.has(fingerprint)) return
  underWay.add(address)
  for (let tried = 0; tried < TRIES && !shelf.has(fingerprint); tried++) {
    const bytes = await bytesAt(address)
    if (bytes) keepModel(bytes)
    else await new Promise((go) => setTimeout(go, PAUSE * (tried + 1)))
  }
  underWay.delete(address)
}

/** Null where nothing comes for now: the connection is down, or the session with it. */
async function bytesAt(address) {
  try {
    const answer = await fetch(address)
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null
  } catch {
    return null
  }
}
