// Plain values compared by what they hold.

/** Whether two plain values (numbers, texts, arrays and objects of these) hold the same in the same order. */
export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other)
}
