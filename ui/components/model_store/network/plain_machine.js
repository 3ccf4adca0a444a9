// The reference, and what works wherever JavaScript does: one memory, and the loops over it that take long.
//
// wasm_machine.js does the same with WebAssembly. All addresses are those of numbers of four bytes.

import { FUNCTIONS } from "./functions.js"
import { blockOf, PIXELS } from "./gathering.js"

export class PlainMachine {
  constructor(bytes) {
    const buffer = this.memoryOf(bytes)
    this.floats = new Float32Array(buffer)
    this.ints = new Int32Array(buffer)
  }

  memoryOf(bytes) {
    return new ArrayBuffer(bytes)
  }

  /** Run the program of a convolution (gathering.js). `shift` and `to` are added to addresses of input and output: the
   * first channel of a group. Below 0 the result is multiplied with `slope`. */
  convolve({ program, length, taps, weights, bias, inputs, outputs, slope, shift, to }) {
    const end = program + length
    for (let o = 0, block = weights; o < outputs; ) {
      const { width, few } = blockOf(outputs - o, inputs)
      if (few) this.convolveFew(program, end, block, bias + o, { inputs, width, slope, shift, to: to + o })
      for (let part = 0; !few && part < width && o + part < outputs; part += 4) {
        const four = { inputs, width, count: outputs - o - part, slope, shift, to: to + o + part }
        this.convolveFour(program, end, block + part, bias + o + part, four)
      }
      block += taps * inputs * width
      o += width
    }
  }

  /** Four output channels of a convolution, or the `count` that are left. */
  convolveFour(program, end, weights, bias, { inputs, width, count, slope, shift, to }) {
    const { floats, ints } = this
    for (let task = program; task < end; task += 1 + PIXELS + ints[task] * (1 + PIXELS)) {
      const first = task + 1 + PIXELS
      const last = first + ints[task] * (1 + PIXELS)
      for (let pixel = 1; pixel <= PIXELS; pixel++) {
        if (pixel > 1 && ints[task + pixel] === ints[task + pixel - 1]) break // fewer than four were left
        let s0 = floats[bias],
          s1 = floats[bias + 1],
          s2 = floats[bias + 2],
          s3 = floats[bias + 3]
        for (let tap = first; tap < last; tap += 1 + PIXELS) {
          const from = ints[tap + pixel] + shift
          for (let i = from, at = weights + ints[tap] * inputs * width; i < from + inputs; i++, at += width) {
            const v = floats[i]
            s0 += v * floats[at]
            s1 += v * floats[at + 1]
            s2 += v * floats[at + 2]
            s3 += v * floats[at + 3]
          }
        }
        const at = ints[task + pixel] + to
        floats[at] = s0 < 0 ? s0 * slope : s0
        if (count > 1) floats[at + 1] = s1 < 0 ? s1 * slope : s1
        if (count > 2) floats[at + 2] = s2 < 0 ? s2 * slope : s2
        if (count > 3) floats[at + 3] = s3 < 0 ? s3 * slope : s3
      }
    }
  }

  /** At most three output channels: four inputs at a time. */
  convolveFew(program, end, weights, bias, { inputs, width, slope, shift, to }) {
    const { floats, ints } = this
    for (let task = program; task < end; task += 1 + PIXELS + ints[task] * (1 + PIXELS)) {
      const first = task + 1 + PIXELS
      const last = first + ints[task] * (1 + PIXELS)
      for (let pixel = 1; pixel <= PIXELS; pixel++) {
        if (pixel > 1 && ints[task + pixel] === ints[task + pixel - 1]) break
        for (let o = 0; o < width; o++) {
          let sum = floats[bias + o]
          for (let tap = first; tap < last; tap += 1 + PIXELS) {
            const from = ints[tap + pixel] + shift
            let at = weights + ints[tap] * inputs * width + 4 * o
            for (let i = from; i < from + inputs; i += 4, at += 4 * width) {
              sum +=
                floats[i] * floats[at] +
                floats[i + 1] * floats[at + 1] +
                floats[i + 2] * floats[at + 2] +
                floats[i + 3] * floats[at + 3]
            }
          }
          floats[ints[task + pixel] + to + o] = sum < 0 ? sum * slope : sum
        }
      }
    }
  }

  /** y = W x + b for one vector, W as PyTorch has it; below 0 multiplied with `slope`. Four outputs at a time share what
   * is read of x. */
  multiply({ input, output, weights, bias, inputs, outputs, slope }) {
    const { floats } = this
    let o = 0
    for (; o + 3 < outputs; o += 4) {
      const w0 = weights + o * inputs
      const w1 = w0 + inputs
      const w2 = w1 + inputs
      const w3 = w2 + inputs
      let s0 = floats[bias + o],
        s1 = floats[bias + o + 1],
        s2 = floats[bias + o + 2],
        s3 = floats[bias + o + 3]
      for (let i = 0; i < inputs; i++) {
        const v = floats[input + i]
        s0 += floats[w0 + i] * v
        s1 += floats[w1 + i] * v
        s2 += floats[w2 + i] * v
        s3 += floats[w3 + i] * v
      }
      floats[output + o] = s0 < 0 ? s0 * slope : s0
      floats[output + o + 1] = s1 < 0 ? s1 * slope : s1
      floats[output + o + 2] = s2 < 0 ? s2 * slope : s2
      floats[output + o + 3] = s3 < 0 ? s3 * slope : s3
    }
    for (; o < outputs; o++) {
      let sum = floats[bias + o]
      for (let i = 0; i < inputs; i++) sum += floats[weights + o * inputs + i] * floats[input + i]
      floats[output + o] = sum < 0 ? sum * slope : sum
    }
  }

  /** A function of each number (functions.js), with its settings a and b. */
  activate({ name, input, output, count, a, b }) {
    const { floats } = this
    const f = FUNCTIONS[name]
    for (let i = 0; i < count; i++) floats[output + i] = f(floats[input + i], a, b)
  }
}
