// Evaluates a decoder in the page: layers in, pixels out. Pure maths, no DOM; also runs in a worker or a plain page.
//
// Layers are described by vae/layers.py (`describe`), tensors are float32 in PyTorch's layout. Images are kept
// channels-last inside, so that the innermost loops run over neighbouring numbers.

class UnsupportedLayerError extends Error {}

/** Build a function z (array of numbers) -> Float32Array of C·H·W parameters of p(x|z), in PyTorch's order. */
function buildDecoder(layers, tensors, prefix = "decoder") {
  const steps = []
  let shape = null // [C, H, W] once the values are an image, null while they are a vector
  layers.forEach((layer, i) => {
    const weight = tensors[`${prefix}.${i}.weight`]
    const bias = tensors[`${prefix}.${i}.bias`]
    const make = LAYERS[layer.op]
    if (!make) throw new UnsupportedLayerError(`The browser can't evaluate the layer "${layer.op}".`)
    const made = make(layer, weight, bias, shape)
    steps.push(made.run)
    shape = made.shape
  })
  const toChannelsFirst = shape ? channelsFirst(shape) : (values) => values
  return (z) => {
    let values = Float32Array.from(z)
    for (const run of steps) values = run(values)
    return toChannelsFirst(values)
  }
}

const LAYERS = {
  linear: linearLayer,
  conv2d: convLayer,
  conv_transpose2d: transposedConvLayer,
  upsample: upsampleLayer,
  activation: activationLayer,
  reshape: reshapeLayer,
}

/** y = W x + b; four sums at a time hide the latency of the additions. */
function linearLayer(layer, weight, bias, shape) {
  const { inputs, outputs } = layer
  const w = weight.data
  const b = bias.data
  const out = new Float32Array(outputs)
  const run = (x) => {
    for (let o = 0, at = 0; o < outputs; o++, at += inputs) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0, i = 0
      for (; i + 3 < inputs; i += 4) {
        s0 += w[at + i] * x[i]
        s1 += w[at + i + 1] * x[i + 1]
        s2 += w[at + i + 2] * x[i + 2]
        s3 += w[at + i + 3] * x[i + 3]
      }
      for (; i < inputs; i++) s0 += w[at + i] * x[i]
      out[o] = b[o] + (s0 + s1) + (s2 + s3)
    }
    return out
  }
  return { run, shape: null }
}

/** A vector in PyTorch's order (C, H, W) becomes an image, channels last. */
function reshapeLayer(layer, weight, bias, shape) {
  const [channels, height, width] = layer.shape
  const area = height * width
  const out = new Float32Array(channels * area)
  const run = (x) => {
    if (channels === 1) return x
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < area; p++) out[p * channels + c] = x[c * area + p]
    }
    return out
  }
  return { run, shape: [channels, height, width] }
}

function channelsFirst([channels, height, width]) {
  const area = height * width
  const out = new Float32Array(channels * area)
  return (x) => {
    if (channels === 1) return x
    for (let p = 0; p < area; p++) {
      for (let c = 0; c < channels; c++) out[c * area + p] = x[p * channels + c]
    }
    return out
  }
}

/** Every input pixel is spread over a kernel-sized patch of the output. Weight: (in, out, k, k). */
function transposedConvLayer(layer, weight, bias, [, height, width]) {
  const { inputs, outputs, kernel, stride, padding } = layer
  const [extraHeight, extraWidth] = layer.output_padding
  const outHeight = (height - 1) * stride - 2 * padding + kernel + extraHeight
  const outWidth = (width - 1) * stride - 2 * padding + kernel + extraWidth
  const w = kernelFirst(weight.data, (ci, co, tap) => (ci * outputs + co) * kernel * kernel + tap, layer)
  const out = new Float32Array(outHeight * outWidth * outputs)
  const run = (x) => {
    fillBias(out, bias.data)
    for (let iy = 0; iy < height; iy++) {
      for (let ix = 0; ix < width; ix++) {
        const from = (iy * width + ix) * inputs
        for (let ky = 0; ky < kernel; ky++) {
          const oy = iy * stride + ky - padding
          if (oy < 0 || oy >= outHeight) continue
          for (let kx = 0; kx < kernel; kx++) {
            const ox = ix * stride + kx - padding
            if (ox < 0 || ox >= outWidth) continue
            const tap = (ky * kernel + kx) * inputs * outputs
            accumulate(out, (oy * outWidth + ox) * outputs, x, from, w, tap, inputs, outputs)
          }
        }
      }
    }
    return out
  }
  return { run, shape: [outputs, outHeight, outWidth] }
}

/** Cross-correlation with zero padding. Weight: (out, in, k, k). */
function convLayer(layer, weight, bias, [, height, width]) {
  const { inputs, outputs, kernel, stride, padding } = layer
  const outHeight = Math.floor((height + 2 * padding - kernel) / stride) + 1
  const outWidth = Math.floor((width + 2 * padding - kernel) / stride) + 1
  const w = kernelFirst(weight.data, (ci, co, tap) => (co * inputs + ci) * kernel * kernel + tap, layer)
  const out = new Float32Array(outHeight * outWidth * outputs)
  const run = (x) => {
    fillBias(out, bias.data)
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const to = (oy * outWidth + ox) * outputs
        for (let ky = 0; ky < kernel; ky++) {
          const iy = oy * stride + ky - padding
          if (iy < 0 || iy >= height) continue
          for (let kx = 0; kx < kernel; kx++) {
            const ix = ox * stride + kx - padding
            if (ix < 0 || ix >= width) continue
            const tap = (ky * kernel + kx) * inputs * outputs
            accumulate(out, to, x, (iy * width + ix) * inputs, w, tap, inputs, outputs)
          }
        }
      }
    }
    return out
  }
  return { run, shape: [outputs, outHeight, outWidth] }
}

/** out[to + co] += sum over ci of x[from + ci] · w[tap + ci · outputs + co]; inputs that ReLU silenced cost nothing. */
function accumulate(out, to, x, from, w, tap, inputs, outputs) {
  if (outputs === 1) {
    let sum = 0
    for (let ci = 0; ci < inputs; ci++) sum += x[from + ci] * w[tap + ci]
    out[to] += sum
    return
  }
  for (let ci = 0; ci < inputs; ci++) {
    const value = x[from + ci]
    if (value === 0) continue
    const at = tap + ci * outputs
    for (let co = 0; co < outputs; co++) out[to + co] += value * w[at + co]
  }
}

/** Reorder a convolution's weight to (ky, kx, in, out). */
function kernelFirst(data, index, { inputs, outputs, kernel }) {
  const w = new Float32Array(data.length)
  for (let tap = 0, at = 0; tap < kernel * kernel; tap++) {
    for (let ci = 0; ci < inputs; ci++) {
      for (let co = 0; co < outputs; co++) w[at++] = data[index(ci, co, tap)]
    }
  }
  return w
}

function fillBias(out, bias) {
  if (bias.length === 1) {
    out.fill(bias[0])
    return
  }
  for (let at = 0; at < out.length; at += bias.length) out.set(bias, at)
}

/** Nearest neighbour, by a whole factor. */
function upsampleLayer(layer, weight, bias, [channels, height, width]) {
  const { factor } = layer
  const wide = width * factor
  const out = new Float32Array(channels * height * factor * wide)
  const run = (x) => {
    for (let y = 0; y < height * factor; y++) {
      for (let at = 0; at < wide; at++) {
        const from = (Math.floor(y / factor) * width + Math.floor(at / factor)) * channels
        const to = (y * wide + at) * channels
        for (let c = 0; c < channels; c++) out[to + c] = x[from + c]
      }
    }
    return out
  }
  return { run, shape: [channels, height * factor, wide] }
}

const ACTIVATIONS = {
  relu: (v) => (v > 0 ? v : 0),
  leaky_relu: (v) => (v > 0 ? v : 0.01 * v),
  silu: (v) => v / (1 + Math.exp(-v)),
  tanh: Math.tanh,
  sigmoid: (v) => 1 / (1 + Math.exp(-v)),
}

function activationLayer(layer, weight, bias, shape) {
  const f = ACTIVATIONS[layer.name]
  if (!f) throw new UnsupportedLayerError(`The browser can't evaluate the activation "${layer.name}".`)
  const run = (x) => {
    for (let i = 0; i < x.length; i++) x[i] = f(x[i])
    return x
  }
  return { run, shape }
}

/** Parameters of p(x|z) -> E[x|z], a new array: what is shown. */
function meanOf(likelihood, parameters) {
  if (likelihood !== "bernoulli") throw new UnsupportedLayerError(`Unknown likelihood "${likelihood}".`)
  return parameters.map(ACTIVATIONS.sigmoid)
}
