// What the page's address remembers, behind its #: the map, its axes and colour, and where one is.

/** {map, x, y, colour, row, z} of an address; what is missing or wrong is left out. */
export function parse(hash, { methods, colours, latentDim, count }) {
  const given = new URLSearchParams(hash.replace(/^#/, ""))
  const found = {}
  if (methods.includes(given.get("map"))) found.map = given.get("map")
  if (colours.includes(given.get("colour"))) found.colour = given.get("colour")
  for (const name of ["x", "y"]) if (isBelow(given.get(name), latentDim)) found[name] = Number(given.get(name))
  if (isBelow(given.get("row"), count)) found.row = Number(given.get("row"))
  const z = given.get("z")?.split(",").map(Number)
  if (z?.length === latentDim && z.every((value) => Math.abs(value) <= 100)) found.z = z
  return found
}

export function write({ map, x, y, colour, row, z }) {
  const given = new URLSearchParams({ map, colour })
  if (map === "latent") {
    given.set("x", x)
    if (y !== null) given.set("y", y)
  }
  if (row !== null) given.set("row", row)
  if (z) given.set("z", z.join(","))
  return `#${given}`
}

function isBelow(text, end) {
  return text !== null && /^\d{1,9}$/.test(text) && Number(text) < end
}
