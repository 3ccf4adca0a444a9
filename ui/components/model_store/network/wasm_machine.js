// The same as plain_machine.js, with WebAssembly's SIMD: four numbers at a time.

import { KERNELS } from "./kernels.js"
import { PlainMachine } from "./plain_machine.js"

const PAGE = 65_536

// In the order of kernels.c.
const FUNCTIONS = [
  ...["sigmoid", "tanh", "silu", "exp", "elu", "gelu", "geluTanh", "mish", "leaky", "clip"],
  ...["softplus", "hardSigmoid", "hardSwish", "sqrt", "erf"],
]

let compiled = null

/** Whether it works here: a browser may lack SIMD, and a page's rules may forbid WebAssembly. */
export function wasmWorks() {
  try {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(KERNELS), (c) => c.charCodeAt(0)))
    return true
  } catch {
    return false
  }
}

export class WasmMachine extends PlainMachine {
  memoryOf(bytes) {
    const pages = Math.ceil(bytes / PAGE)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports
    return memory.buffer
  }

  convolve({ program, length, taps, weights, bias, inputs, outputs, slope, shift, to }) {
    const [start, end] = [4 * program, 4 * (program + length)]
    this.kernels.convolve(start, end, 4 * shift, 4 * weights, 4 * bias, 4 * to, inputs, outputs, taps, slope)
  }

  multiply({ input, output, weights, bias, inputs, outputs, slope }) {
    this.kernels.multiply(4 * input, 4 * weights, 4 * bias, 4 * output, inputs, outputs, slope)
  }

  activate(task) {
    const kind = FUNCTIONS.indexOf(task.name)
    if (kind < 0) return super.activate(task) // the others are rare
    this.kernels.activate(kind, 4 * task.input, 4 * task.output, task.count, task.a, task.b)
  }
}
