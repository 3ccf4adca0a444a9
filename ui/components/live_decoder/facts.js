// What the panel says in words, in two places: about the selected image, and about the picture shown. Pure text.
//
// A text is a list of parts: strings, and {help} for a "?" that explains what stands before it.

import { grouped } from "../shared/text.js"

/** {name, number, about} of each line about the image of `row`; `terms` explains the field's terms. */
export function numbersOf(model, row, terms) {
  const value = (name) => model.tensors[name].data[row]
  const error = "Between the original and the reconstruction from the posterior mean, summed over pixels in [0, 1]."
  const squared = { name: ["Squared error"], number: grouped(value("squared_error"), 2), about: error }
  if (!model.has_kl) {
    const help = `${terms.log_likelihood} ${terms.code} ${model.terms}.`
    return [{ name: ["log p(x|z)", { help }], number: `${grouped(value("log_likelihood"), 1)} nats` }, squared]
  }
  // the sum is shown as the sum of what is shown: rounding each alone would let it look wrong
  const elbo = Number(value("elbo").toFixed(1))
  const kl = Number(value("kl").toFixed(1))
  const protocol = `${model.terms}, one posterior sample; KL in closed form. −ELBO is ${model.standing}.`
  return [
    { name: ["ELBO", { help: `${terms.elbo} ${protocol}` }], number: `${grouped(elbo, 1)} nats` },
    { name: ["= reconstruction"], number: grouped(elbo + kl, 1) },
    { name: ["− KL", { help: terms.kl }], number: grouped(kl, 1) },
    squared,
  ]
}

/** Class, split and file of the image of `row`; `splits` are [name, count] in the order of the rows, where there are
 * several. */
export function whoIs(model, row, classNames, fileName = "", splits = []) {
  return [classOf(model, row, classNames), splitOf(row, splits), fileName].filter(Boolean).join(" · ")
}

const SPLITS = { test: "test image", validation: "validation image", train: "training image" }

function splitOf(row, splits) {
  let left = row
  for (const [name, count] of splits) {
    if (left < count) return SPLITS[name]
    left -= count
  }
  return ""
}

/** The class of the image of `row`; empty where there is only one, whose name says nothing. */
function classOf(model, row, classNames) {
  return classNames.length > 1 ? `class ${classNames[model.tensors.labels.data[row]]}` : ""
}

/** Where the picture shown comes from: the image of `row` (null for none), the origin, or the sliders. An autoencoder
 * (`hasKl` is false) has codes for posterior means, and no prior. */
export function whereIs({ row, atImage, z, hasKl }, terms) {
  if (atImage && !hasKl) return [`From row ${row}’s code`, { help: terms.code }]
  if (atImage) return [`From row ${row}’s posterior mean`, { help: terms.posterior_mean }]
  const isOrigin = z.every((value) => value === 0)
  if (isOrigin && !hasKl) return ["From z = 0."]
  if (isOrigin) return ["From z = 0, the middle of the prior", { help: terms.prior }]
  return ["From the sliders."]
}

/** What Origin and Random do; an autoencoder's codes follow no prior, so that draws from one would say little. */
export function movesOf({ has_kl: hasKl }) {
  return hasKl
    ? { origin: "z = 0, the middle of the prior", random: "a random draw from the prior N(0, I)" }
    : {
        origin: "z = 0",
        random:
          "a random place between the codes of two images near each other: an autoencoder’s codes follow no prior",
      }
}

const INVERSES = {
  exact: "Places of this map are exact: the dimensions that it does not show stay as they are on the sliders.",
  around:
    "This kind of map has no inverse. A place stands for the mean of the latents of the 8 images around it, the nearest " +
    "weighing most: on an image it is that image’s own.",
}

/** Where the picture of the place under the pointer comes from. */
export function pointerIs(isExact) {
  return ["From this place of the map. Alt+click keeps it.", { help: isExact ? INVERSES.exact : INVERSES.around }]
}

/** The same while nothing moves, with the image whose posterior mean is nearest. */
export function nearestIs({ row }, model, classNames) {
  return ` Nearest image: ${[`row ${row}`, classOf(model, row, classNames)].filter(Boolean).join(", ")}.`
}

/** Why a typed row selects nothing. */
export function noSuchRow(typed, count) {
  return `There is no row ${typed}. Rows go from 0 to ${(count - 1).toLocaleString("en")}.`
}
