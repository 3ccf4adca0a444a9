// Where somebody is in the latent spaces of this page: told by the live decoder when a hand comes to rest, heard by
// whoever draws what follows from it, such as the dimensions that a map doesn't show.

window.latentSpaceWhereabouts ??= { known: new Map(), listeners: new Set() }
const { known, listeners } = window.latentSpaceWhereabouts // every component is a module of its own

/** Say that somebody is at z in the model of this fingerprint. */
export function tellWhereabouts(fingerprint, z) {
  const before = known.get(fingerprint)
  if (before?.every((value, j) => value === z[j])) return
  known.set(fingerprint, [...z])
  for (const listen of listeners) listen(fingerprint)
}

/** The latent vector where somebody is; null where nobody has said. */
export function whereabouts(fingerprint) {
  return known.get(fingerprint) ?? null
}

/** Call `listen(fingerprint)` whenever somebody has moved, until what this returns is called. */
export function onWhereabouts(listen) {
  listeners.add(listen)
  return () => listeners.delete(listen)
}
