// What the tool says of a picture, in words. Pure text; a text is a list as in shared/help.js.

import { grouped } from "../shared/text.js"

const FAR_SHARE = 0.99 // of the data set's images whose error is lower: beyond, the picture is called unlike them
const LEAST_KL = 1 // nats that test images have on average: with less no more than e of them can be told apart
const sorted = new WeakMap() // by model: each number of all images, in order
const means = new WeakMap() // by model: the mean KL of the test images

/** Of how many of the model's first `tests` images, the test images, a number is lower than `value`. */
export function countBelow(model, name, value, tests) {
  if (!sorted.has(model)) sorted.set(model, {})
  const all = sorted.get(model)
  all[name] ??= model.tensors[name].data.slice(0, tests).sort()
  let [from, to] = [0, all[name].length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (all[name][middle] < value) from = middle + 1
    else to = middle
  }
  return from
}

/** {name, number, compared} of each line about a picture; `terms` explains the field's terms. */
export function numbersOf(model, { kl, bound }, terms, tests) {
  const protocol = `${model.terms}, one posterior sample, as for the test images.`
  const error = "Between the picture and its reconstruction from the posterior mean, summed over pixels in [0, 1]."
  const line = (name, key, value, digits, unit = "") => ({
    name,
    number: `${grouped(value, digits)}${unit}`,
    compared: compared(model, key, value, tests),
  })
  const squared = bound && line(["Squared error", { help: error }], "squared_error", bound.squaredError, 2)
  if (!model.has_kl) {
    const help = `${terms.log_likelihood} ${terms.code} ${model.terms}.`
    return [squared, bound && line(["log p(x|z)", { help }], "log_likelihood", bound.logLikelihood, 1, " nats")].filter(
      Boolean,
    )
  }
  return [
    squared,
    bound && line(["ELBO", { help: `${terms.elbo} ${protocol}` }], "elbo", bound.elbo, 1, " nats"),
    line(["KL", { help: terms.kl }], "kl", kl, 1, " nats"),
  ].filter(Boolean)
}

/** A place among the test images as a count, from the side on which there are more. */
function compared(model, key, value, count) {
  const below = countBelow(model, key, value, count)
  const [side, of] = below >= count / 2 ? ["higher", below] : ["lower", count - below]
  return `${side} than ${of === count && count > 1 ? "all" : whole(of)}`
}

/** What the lines compare with. */
export function comparedWith(count) {
  return count === 1 ? "Of one test image" : `Of ${whole(count)} test images`
}

function meanKl(model, tests) {
  if (!means.has(model)) means.set(model, model.tensors.kl.data.slice(0, tests).reduce((a, b) => a + b, 0) / tests)
  return means.get(model)
}

/** Whether the picture is like the data: {level: "good" | "far", text}. `away`: {distance, limit} in latent space. */
export function trustOf(model, { bound }, away, count) {
  const kl = model.has_kl ? meanKl(model, count) : LEAST_KL
  if (kl < LEAST_KL) {
    const help =
      `Its KL is ${grouped(kl, 2)} nats on average over the test images: they all have nearly the same posterior. ` +
      "The model is untrained, or its posterior has collapsed."
    return { level: "far", text: ["This model hardly tells images apart: a place on the map says little.", { help }] }
  }
  const below = bound ? countBelow(model, "squared_error", bound.squaredError, count) : 0
  const limit = away && `Of new images’ posterior samples, 95 % lie within ${away.limit.toFixed(2)} of a test image.`
  if (below >= FAR_SHARE * count && below > 0) {
    const help = "The model reconstructs it worse than 99 % of the test images, so it was trained on nothing like it."
    return { level: "far", text: ["Unlike the data: don’t trust its place on the map.", { help }] }
  }
  if (away && away.distance > away.limit) {
    const help = `The nearest test image’s posterior mean is ${away.distance.toFixed(2)} away. ${limit}`
    return { level: "far", text: ["Far from every test image in latent space.", { help }] }
  }
  const both = bound ? "Its error is one that test images have" : "Its error is not known here"
  const near = away ? `, and a test image is ${away.distance.toFixed(2)} away in latent space. ${limit}` : "."
  return { level: "good", text: ["Like the data, as far as the model can tell.", { help: `${both}${near}` }] }
}

/** Of which classes the nearest images are. */
export function neighboursOf(labels, classNames) {
  const help = "The images whose posterior means are nearest in latent space, nearest first."
  if (classNames.length < 2) return ["Nearest images", { help }]
  const counts = new Map()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  const most = [...counts].sort((a, b) => b[1] - a[1])
  const said = most.map(([label, count]) => `${count} of class ${classNames[label]}`).join(", ")
  return [`Nearest ${labels.length} images: ${said}`, { help }]
}

const byNeighbours = (name) =>
  `${name} places images only. The dot is the mean place of the five nearest images in latent space, weighted by the ` +
  "inverse of their distance; the ring is two standard deviations of twelve posterior samples, placed alike."

const RINGS = {
  latent: "The ring is two standard deviations of the posterior along both axes, which hold 86 % of it.",
  pca: "The ring is two standard deviations of the posterior, projected as the map is. They hold 86 % of it.",
  tsne: byNeighbours("t-SNE"),
  umap: byNeighbours("UMAP"),
}

/** What dot and ring on the map are; an autoencoder's code has no spread, and no ring. */
export function marksOf({ has_kl: hasKl }, method, sigma, terms) {
  if (!hasKl) return ["On the map: its code", { help: terms.code }]
  const mean = sigma.reduce((a, b) => a + b, 0) / sigma.length
  const help = `${RINGS[method]} A σ of 1 is the prior’s: such a dimension says nothing of the picture.`
  const said = Number.isFinite(mean) ? mean.toFixed(2) : "without bound"
  return [`On the map: posterior mean and spread, σ ${said} on average`, { help }]
}

const whole = (count) => count.toLocaleString("en")
