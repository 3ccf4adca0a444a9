// Evaluates a decoder in the page: layers in, pixels out. Pure maths, no DOM; also runs in a worker or a plain page.
//
// Layers are described by vae/model/layers.py (`describe`), tensors are float32 in PyTorch's layout. Images are kept
// channels-last inside, so that the innermost loops run over neighbouring numbers.

class UnsupportedLayerError extends Error {}

/** Build a function z (array of numbers) -> Float32Array of C·H·W parameters of p(x|z), in PyTorch's order. */
export function buildDecoder(layers, tensors, prefix = "decoder") {
  const steps = []
  let shape = null // [C, H, W] once the values are an image, null while they are a vector
  layers.forEach((layer, i) => {
    const weight = tensors[`${prefix}.${i}.weight`]
    const bias = tensors[`${prefix}.${i}.bias`]
    const make = LAYERS[layer.op]
    if (!make) throw new UnsupportedLayerError(`The browser can't evaluate the layer "${layer.op}".`)
    const made = make(layer, { weight, bias, shape })
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

/** y = W x + b; four outputs at a time share what is read of x. */
function linearLayer(layer, { weight, bias }) {
  const { inputs, outputs } = layer
  const w = weight.data
  const b = bias.data
  const out = new Float32Array(outputs)
  const run = (x) => {
    let o = 0
    for (; o + 3 < outputs; o += 4) {
      const w0 = o * inputs,
        w1 = w0 + inputs,
        w2 = w1 + inputs,
        w3 = w2 + inputs
      let s0 = b[o],
        s1 = b[o + 1],
        s2 = b[o + 2],
        s3 = b[o + 3]
      for (let i = 0; i < inputs; i++) {
        const v = x[i]
        s0 += w[w0 + i] * v
        s1 += w[w1 + i] * v
        s2 += w[w2 + i] * v
        s3 += w[w3 + i] * v
      }
      out[o] = s0
      out[o + 1] = s1
      out[o + 2] = s2
      out[o + 3] = s3
    }
    for (; o < outputs; o++) {
      let sum = b[o]
      for (let i = 0; i < inputs; i++) sum += w[o * inputs + i] * x[i]
      out[o] = sum
    }
    return out
  }
  return { run, shape: null }
}

/** A vector in PyTorch's order (C, H, W) becomes an image, channels last. */
function reshapeLayer(layer) {
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

/** Transposed convolution. Weight: (in, out, k, k). */
function transposedConvLayer(layer, { weight, bias, shape: [, height, width] }) {
  const { outputs, kernel, stride, padding } = layer
  const [extraHeight, extraWidth] = layer.output_padding
  const shape = [
    outputs,
    (height - 1) * stride - 2 * padding + kernel + extraHeight,
    (width - 1) * stride - 2 * padding + kernel + extraWidth,
  ]
  const w = kernelFirst(weight.data, (ci, co, tap) => (ci * outputs + co) * kernel * kernel + tap, layer)
  // output o gets input i through kernel place k when o = i · stride + k − padding
  const source = (o, k) => (o + padding - k) / stride
  return { run: gatherer(layer, w, bias.data, shape, source, height, width), shape }
}

/** Cross-correlation with zero padding. Weight: (out, in, k, k). */
function convLayer(layer, { weight, bias, shape: [, height, width] }) {
  const { inputs, outputs, kernel, stride, padding } = layer
  const shape = [
    outputs,
    Math.floor((height + 2 * padding - kernel) / stride) + 1,
    Math.floor((width + 2 * padding - kernel) / stride) + 1,
  ]
  const w = kernelFirst(weight.data, (ci, co, tap) => (co * inputs + ci) * kernel * kernel + tap, layer)
  const source = (o, k) => o * stride + k - padding
  return { run: gatherer(layer, w, bias.data, shape, source, height, width), shape }
}

/**
 * Every output pixel sums what its input pixels send through the kernel; who sends to whom is worked out once.
 * `source(o, k)`: the input row (or column) that reaches output o through kernel place k, if it is a whole one inside.
 */
function gatherer({ inputs, outputs, kernel }, w, bias, [, outHeight, outWidth], source, height, width) {
  const area = outHeight * outWidth
  const starts = new Int32Array(area + 1) // of each output pixel's senders in the two lists below
  const pixels = [] // where a sender's channels begin
  const taps = [] // where the weights it comes through begin
  const inside = (i, size) => Number.isInteger(i) && i >= 0 && i < size
  for (let p = 0; p < area; p++) {
    for (let ky = 0; ky < kernel; ky++) {
      const iy = source(Math.floor(p / outWidth), ky)
      if (!inside(iy, height)) continue
      for (let kx = 0; kx < kernel; kx++) {
        const ix = source(p % outWidth, kx)
        if (!inside(ix, width)) continue
        pixels.push((iy * width + ix) * inputs)
        taps.push((ky * kernel + kx) * inputs * outputs)
      }
    }
    starts[p + 1] = pixels.length
  }
  const senders = Int32Array.from(pixels)
  const weights = Int32Array.from(taps)
  const out = new Float32Array(area * outputs)
  return (x) => {
    for (let p = 0; p < area; p++) {
      const begin = starts[p],
        end = starts[p + 1],
        to = p * outputs
      let co = 0
      for (; co + 3 < outputs; co += 4) {
        let s0 = bias[co],
          s1 = bias[co + 1],
          s2 = bias[co + 2],
          s3 = bias[co + 3]
        for (let t = begin; t < end; t++) {
          const from = senders[t]
          for (let ci = 0, at = weights[t] + co; ci < inputs; ci++, at += outputs) {
            const v = x[from + ci]
            s0 += v * w[at]
            s1 += v * w[at + 1]
            s2 += v * w[at + 2]
            s3 += v * w[at + 3]
          }
        }
        out[to + co] = s0
        out[to + co + 1] = s1
        out[to + co + 2] = s2
        out[to + co + 3] = s3
      }
      for (; co < outputs; co++) {
        let sum = bias[co]
        for (let t = begin; t < end; t++) {
          const from = senders[t]
          for (let ci = 0, at = weights[t] + co; ci < inputs; ci++, at += outputs) sum += x[from + ci] * w[at]
        }
        out[to + co] = sum
      }
    }
    return out
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

/** Nearest neighbour, by a whole factor. */
function upsampleLayer(layer, { shape: [channels, height, width] }) {
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

export function activationLayer(layer, { shape }) {
  const f = ACTIVATIONS[layer.name]
  if (!f) throw new UnsupportedLayerError(`The browser can't evaluate the activation "${layer.name}".`)
  const run = (x) => {
    for (let i = 0; i < x.length; i++) x[i] = f(x[i])
    return x
  }
  return { run, shape }
}

/** Parameters of p(x|z) -> E[x|z], a new array: what is shown. */
export function meanOf(likelihood, parameters) {
  // a Gaussian's mean is a sigmoid too (vae/model/likelihoods.py)
  if (likelihood !== "bernoulli" && likelihood !== "gaussian")
    throw new UnsupportedLayerError(`Unknown likelihood "${likelihood}".`)
  return parameters.map(ACTIVATIONS.sigmoid)
}
