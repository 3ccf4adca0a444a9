// What Python sends as one safetensors file: 8 bytes header length, JSON header, raw numbers.

const TYPES = { F32: Float32Array, I32: Int32Array, U8: Uint8Array }

/** Parse a file: {metadata, tensors: {name: {shape, data}}}. */
export function parseTensors(bytes) {
  // typed arrays need aligned offsets
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
  const copy = isWhole ? bytes : bytes.slice()
  const view = new DataView(copy.buffer)
  const headerLength = Number(view.getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(copy.subarray(8, 8 + headerLength)))
  const tensors = {}
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue
    const [from, to] = data_offsets
    const Type = TYPES[dtype]
    const start = 8 + headerLength + from
    tensors[name] = { shape, data: new Type(copy.buffer, start, (to - from) / Type.BYTES_PER_ELEMENT) }
  }
  return { metadata: header.__metadata__ ?? {}, tensors }
}
