// Films in this page: what Python sent, unpacked, by run and by reel. reels.py describes the bytes.
//
// The registry hangs on `window` because every component is its own module.

window.latentSpaceFilms ??= { reels: new Map(), listeners: new Set() }
export const films = window.latentSpaceFilms
const REELS_KEPT = 64

/** Unpack one reel, keep it by its name, and call whoever shows films. */
export async function keepReel(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
  if (films.reels.has(header.name)) return
  const packed = new Blob([bytes.slice(4 + length)]).stream().pipeThrough(new DecompressionStream("deflate"))
  const body = new Uint8Array(await new Response(packed).arrayBuffer())
  films.reels.set(header.name, { header, body })
  while (films.reels.size > REELS_KEPT) films.reels.delete(films.reels.keys().next().value)
  for (const listener of films.listeners) listener()
}

/** The film of these reels: {stays, frames, version}, or null while one of them has not come yet. */
export function filmOf(names) {
  const reels = names.map((name) => films.reels.get(name))
  for (const [i, reel] of reels.entries()) {
    if (reel && films.reels.delete(names[i])) films.reels.set(names[i], reel) // used last
  }
  if (!reels.length || !reels.every(Boolean)) return null
  const stays = unpackStays(reels[0])
  const frames = reels.slice(1).flatMap((reel) => (reel.frames ??= unpackFrames(reel, stays)))
  return { stays, frames, version: names.join() }
}

function unpackStays({ header, body }) {
  const area = header.shape.reduce((a, b) => a * b, 1)
  const labels = new Uint16Array(
    body.slice(header.originals * area, header.originals * area + 2 * header.places).buffer,
  )
  return { ...header, area, labels, pictures: body.subarray(0, header.originals * area) }
}

function unpackFrames({ header, body }, { area, originals, places }) {
  let at = 0
  const next = (count) => {
    at += count
    return body.subarray(at - count, at)
  }
  return header.frames.map((about) => {
    const quantised = new Uint16Array(next(4 * places).slice().buffer)
    const along = (axis) => {
      const low = about.low[axis]
      const step = (about.high[axis] - low) / 65535
      return Float32Array.from(quantised.subarray(axis * places, (axis + 1) * places), (value) => low + value * step)
    }
    return {
      epoch: about.epoch,
      axes: about.axes,
      x: along(0),
      y: along(1),
      reconstructions: next(originals * area),
      samples: next(about.samples * area),
      sampleCount: about.samples,
    }
  })
}
