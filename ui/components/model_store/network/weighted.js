// Nodes that multiply with learned weights: Gemm, Conv, ConvTranspose.

import { paddedBias, repacked, rowsOf, tasksOf } from "./gathering.js"
import { countOf } from "./values.js"

const FEW_ROWS = 3

/** y = W x + b along the last axis. Weight: (outputs, features). */
function gemm(plan, node, [given], tensorOf) {
  const { features, outputs } = node
  const x = plan.ordered(given, false)
  const made = plan.value(node.output)
  const rows = countOf(x.shape) / features
  const few = rows < FEW_ROWS
  const weight = tensorOf("weight")
  const from = { numbers: weight, start: 0, perOutput: features, perInput: 1 }
  const common = {
    inputs: features,
    outputs,
    slope: plan.slopeAfter(),
    weights: plan.arena.keep(few ? weight : repacked(outputs, features, 1, from)),
    bias: plan.arena.keep(paddedBias(tensorOf("bias"), outputs)),
  }
  const input = (row) => x.place.at + row * features
  const output = (row) => made.place.at + row * outputs
  if (few) {
    for (let row = 0; row < rows; row++) {
      const task = { ...common, input: input(row), output: output(row) }
      plan.add((machine) => machine.multiply(task))
    }
  } else {
    const program = rowsOf(rows, { input, output })
    const task = { ...common, program: plan.arena.keep(program), length: program.length, taps: 1, shift: 0, to: 0 }
    plan.add((machine) => machine.convolve(task))
  }
  return made
}

/** Cross-correlation. Weight: (outputs, channels / group, kh, kw). Output o gets input o · stride + k · dilation − pad. */
function conv(plan, node, [given], tensorOf) {
  const senders = (axis, outputs, inputs) =>
    Array.from({ length: outputs }, (_, o) =>
      Array.from({ length: node.kernel[axis] }, (_, k) => {
        const from = o * node.strides[axis] + k * node.dilations[axis] - node.pads[axis]
        return { k, from: from >= 0 && from < inputs ? from : -1 }
      }),
    )
  const area = node.kernel[0] * node.kernel[1]
  const weights = { numbers: tensorOf("weight"), perOutput: (node.channels / node.group) * area, perInput: area }
  return convolution(plan, node, given, senders, weights, tensorOf("bias"))
}

/** Transposed convolution. Weight: (channels, outputs / group, kh, kw). Output o gets input i through kernel place k when
 * o = i · stride + k · dilation − pad. */
function convTranspose(plan, node, [given], tensorOf) {
  const senders = (axis, outputs, inputs) =>
    Array.from({ length: outputs }, (_, o) =>
      Array.from({ length: node.kernel[axis] }, (_, k) => {
        const from = (o + node.pads[axis] - k * node.dilations[axis]) / node.strides[axis]
        return { k, from: from >= 0 && from < inputs ? from : -1, whole: Number.isInteger(from) }
      }).filter(({ whole }) => whole),
    )
  const area = node.kernel[0] * node.kernel[1]
  const weights = { numbers: tensorOf("weight"), perOutput: area, perInput: (node.outputs / node.group) * area }
  return convolution(plan, node, given, senders, weights, tensorOf("bias"))
}

/** `weights` says where each is found, `repacked` in gathering.js how; those of a group follow those of the one before. */
function convolution(plan, node, given, senders, weights, bias) {
  const x = plan.ordered(given, true)
  const [channels, height, width] = x.shape
  const made = plan.value(node.output, true)
  const [allOutputs, down, across] = node.output
  const inputs = node.channels / node.group
  const outputs = node.outputs / node.group
  const taps = node.kernel[0] * node.kernel[1]
  const program = tasksOf(
    senders(0, down, height).map((row) => row.map(({ k, from }) => ({ tap: k * node.kernel[1], from }))),
    senders(1, across, width).map((column) => column.map(({ k, from }) => ({ tap: k, from }))),
    {
      input: (row, column) => x.place.at + (row * width + column) * channels,
      output: (row, column) => made.place.at + (row * across + column) * allOutputs,
      nothing: plan.arena.zeros(channels),
    },
  )
  const common = {
    program: plan.arena.keep(program),
    length: program.length,
    taps,
    inputs,
    outputs,
    slope: plan.slopeAfter(),
  }
  for (let group = 0; group < node.group; group++) {
    const first = group * outputs
    const task = {
      ...common,
      shift: group * inputs,
      to: first,
      weights: plan.arena.keep(repacked(outputs, inputs, taps, { ...weights, start: group * outputs * inputs * taps })),
      bias: plan.arena.keep(paddedBias(bias, outputs, first)),
    }
    plan.add((machine) => machine.convolve(task))
  }
  return made
}

export const WEIGHTED = { Gemm: gemm, Conv: conv, ConvTranspose: convTranspose }
