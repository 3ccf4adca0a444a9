// What a model says of one picture: its posterior, its reconstruction, and the terms of its bound. No DOM.

import { buildNetwork } from "../model_store/network/network.js"

const [MIN_LOGVAR, MAX_LOGVAR] = [-12, 4] // of a Gaussian pixel, as in vae/config.py

/** Sees pictures: bytes (C, H, W). `encoder` is what Python sent of it (model_store/encoders.js), `model` the store's. */
export class Encoding {
  constructor(encoder, model) {
    this.encoder = encoder
    this.latents = model.latent_dim
    // the parameters of p(x|z), not its mean: where that is rounded to 0 or 1, its logarithm is lost
    this.decode = model.decoder ? buildNetwork(model.decoder, model.tensors, "decoder") : null
    this.likelihood = likelihoodOf(encoder)
    this.epsilon = standardNormals(this.latents)
  }

  /** {x, mu, logvar, sigma, kl}. The encoder is given grey pixels, also where it was trained on binarized ones. */
  posterior(bytes) {
    const x = Float32Array.from(bytes, (value) => value / 255)
    const found = this.encoder.run(x)
    const mu = found.subarray(0, this.latents)
    const logvar = found.subarray(this.latents)
    const sigma = logvar.map((value) => Math.exp(0.5 * value))
    let kl = 0
    for (let j = 0; j < mu.length; j++) kl += 0.5 * (mu[j] ** 2 + sigma[j] ** 2 - 1 - logvar[j])
    return { x, mu, logvar, sigma, kl }
  }

  /** {mean, squaredError, logLikelihood, elbo} of a posterior; null where only Python can decode. */
  bound({ x, mu, sigma, kl }) {
    if (!this.decode) return null
    const mean = this.decode(mu).map(this.likelihood.mean)
    const sample = this.decode(mu.map((value, j) => value + sigma[j] * this.epsilon[j]))
    const logLikelihood = this.likelihood.logProb(sample, x)
    return { mean, squaredError: this.squaredError(x, mean), logLikelihood, elbo: logLikelihood - kl }
  }

  /** Of binarized pixels, whose errors those of the data set are: as it is on average over their draws. */
  squaredError(x, mean) {
    let sum = 0
    for (let i = 0; i < x.length; i++) sum += (x[i] - mean[i]) ** 2 + (this.encoder.binarized ? x[i] * (1 - x[i]) : 0)
    return sum
  }
}

const sigmoid = (value) => 1 / (1 + Math.exp(-value))

/** As vae/model/likelihoods.py has them: `mean` of one output, `logProb` of all outputs and pixels, in nats. */
function likelihoodOf({ likelihood, tensors }) {
  if (likelihood === "bernoulli") return { mean: sigmoid, logProb: bernoulli }
  const mean = likelihood === "gaussian" ? sigmoid : (value) => Math.min(1, Math.max(0, value))
  const logvar = Math.min(MAX_LOGVAR, Math.max(MIN_LOGVAR, tensors["likelihood.logvar"].data[0]))
  return { mean, logProb: (outputs, x) => gaussian(outputs.map(mean), x, logvar) }
}

function bernoulli(logits, x) {
  let sum = 0
  for (let i = 0; i < x.length; i++) {
    const logit = logits[i]
    sum += x[i] * logit - Math.max(logit, 0) - Math.log1p(Math.exp(-Math.abs(logit)))
  }
  return sum
}

function gaussian(means, x, logvar) {
  let squared = 0
  for (let i = 0; i < x.length; i++) squared += (x[i] - means[i]) ** 2
  return -0.5 * (squared / Math.exp(logvar) + x.length * (logvar + Math.log(2 * Math.PI)))
}

/** The same draws for every picture, so that what is shown changes with the picture alone. */
export function standardNormals(count, seed = 1) {
  let state = seed
  const uniform = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return Float32Array.from({ length: count }, () => {
    return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  })
}
