// The loops that a picture's time goes into, for WebAssembly with SIMD: `make kernels` builds them into kernels.js.
//
// plain.js has the same functions in JavaScript and says what each computes. Nothing here allocates, calls or keeps
// anything: all numbers lie in the model's own memory, at addresses in bytes.

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

typedef v128_t floats;  // four of them

enum { PIXELS = 4, WIDTH = 8, NARROW = 4, FEW = 3 };

INLINE floats all(float x) { return wasm_f32x4_splat(x); }
INLINE floats load(const float *at) { return wasm_v128_load(at); }
INLINE floats repeat(const float *at) { return wasm_v128_load32_splat(at); }
INLINE floats add(floats a, floats b) { return wasm_f32x4_add(a, b); }
INLINE floats sub(floats a, floats b) { return wasm_f32x4_sub(a, b); }
INLINE floats mul(floats a, floats b) { return wasm_f32x4_mul(a, b); }
INLINE floats add_product(floats sum, floats a, floats b) { return add(sum, mul(a, b)); }

// The sum of all four, four times.
INLINE floats total(floats x) {
  x = add(x, wasm_i32x4_shuffle(x, x, 2, 3, 0, 1));
  return add(x, wasm_i32x4_shuffle(x, x, 1, 0, 3, 2));
}

INLINE floats leaky(floats x, floats slope) {
  floats zero = all(0);
  return add_product(wasm_f32x4_pmax(zero, x), slope, wasm_f32x4_pmin(zero, x));
}

INLINE void store(float *to, floats x, int count) {
  if (count >= 4) {
    wasm_v128_store(to, x);
    return;
  }
  if (count > 0) wasm_v128_store32_lane(to, x, 0);
  if (count > 1) wasm_v128_store32_lane(to + 1, x, 1);
  if (count > 2) wasm_v128_store32_lane(to + 2, x, 2);
}

// One task of a program (convolution.js) for `vectors` · 4 of its output channels.
INLINE const int32_t *task(const int32_t *at, const float *x, const float *weights, const float *bias, float *out,
                           int inputs, float slope, int count, int vectors) {
  int taps = *at++;
  const int32_t *to = at;
  at += PIXELS;
  floats sums[PIXELS][2];
  for (int v = 0; v < vectors; v++) {
    for (int p = 0; p < PIXELS; p++) sums[p][v] = load(bias + 4 * v);
  }
  for (int t = 0; t < taps; t++, at += 1 + PIXELS) {
    const float *w = weights + at[0] * inputs * vectors * 4;
    const float *a = x + at[1], *b = x + at[2], *c = x + at[3], *d = x + at[4];
    for (int i = 0; i < inputs; i++, w += 4 * vectors) {
      floats va = repeat(a + i), vb = repeat(b + i), vc = repeat(c + i), vd = repeat(d + i);
      for (int v = 0; v < vectors; v++) {
        floats vw = load(w + 4 * v);
        sums[0][v] = add_product(sums[0][v], va, vw);
        sums[1][v] = add_product(sums[1][v], vb, vw);
        sums[2][v] = add_product(sums[2][v], vc, vw);
        sums[3][v] = add_product(sums[3][v], vd, vw);
      }
    }
  }
  for (int p = 0; p < PIXELS; p++) {
    for (int v = 0; v < vectors; v++) store(out + to[p] + 4 * v, leaky(sums[p][v], all(slope)), count - 4 * v);
  }
  return at;
}

// The same for at most three output channels, of inputs that four divides: four of these at a time, so that all four
// lanes are used.
INLINE const int32_t *task_of_few(const int32_t *at, const float *x, const float *weights, const float *bias, float *out,
                                  int inputs, float slope, int count) {
  const int32_t *to = at + 1, *first = at + 1 + PIXELS, *end = first + *at * (1 + PIXELS);
  for (int pair = 0; pair < PIXELS; pair += 2) {
    floats sums[2][FEW];
    for (int o = 0; o < count; o++) sums[0][o] = sums[1][o] = all(0);
    for (const int32_t *tap = first; tap < end; tap += 1 + PIXELS) {
      const float *w = weights + tap[0] * inputs * count;
      const float *a = x + tap[1 + pair], *b = x + tap[2 + pair];
      for (int i = 0; i < inputs; i += 4, w += 4 * count) {
        floats va = load(a + i), vb = load(b + i);
        for (int o = 0; o < count; o++) {
          floats vw = load(w + 4 * o);
          sums[0][o] = add_product(sums[0][o], va, vw);
          sums[1][o] = add_product(sums[1][o], vb, vw);
        }
      }
    }
    for (int p = 0; p < 2; p++) {
      for (int o = 0; o < count; o++) {
        store(out + to[pair + p] + o, leaky(add(total(sums[p][o]), all(bias[o])), all(slope)), 1);
      }
    }
  }
  return end;
}

EXPORT(convolve)
void convolve(const int32_t *program, const int32_t *end, const float *x, const float *weights, const float *bias,
              float *out, int inputs, int outputs, int taps, float slope) {
  for (int o = 0; o < outputs;) {
    if (outputs - o > NARROW) {
      for (const int32_t *at = program; at < end;) {
        at = task(at, x, weights, bias + o, out + o, inputs, slope, outputs - o, 2);
      }
      o += WIDTH;
      weights += taps * inputs * WIDTH;
    } else if (outputs - o > FEW || inputs % 4) {
      for (const int32_t *at = program; at < end;) {
        at = task(at, x, weights, bias + o, out + o, inputs, slope, outputs - o, 1);
      }
      o += NARROW;
    } else {
      int count = outputs - o;
      for (const int32_t *at = program; at < end;) {
        at = count == 3   ? task_of_few(at, x, weights, bias + o, out + o, inputs, slope, 3)
             : count == 2 ? task_of_few(at, x, weights, bias + o, out + o, inputs, slope, 2)
                          : task_of_few(at, x, weights, bias + o, out + o, inputs, slope, 1);
      }
      o += NARROW;
    }
  }
}

// Numbers of a row that four doesn't divide are left over: they are summed one by one.
INLINE void rows(const float *x, const float *weights, const float *bias, float *out, int inputs, float slope, int count) {
  floats sums[4][2];
  for (int r = 0; r < count; r++) sums[r][0] = sums[r][1] = all(0);
  int i = 0;
  for (; i + 7 < inputs; i += 8) {
    for (int half = 0; half < 2; half++) {
      floats value = load(x + i + 4 * half);
      for (int r = 0; r < count; r++) {
        sums[r][half] = add_product(sums[r][half], value, load(weights + r * inputs + i + 4 * half));
      }
    }
  }
  for (; i + 3 < inputs; i += 4) {
    for (int r = 0; r < count; r++) {
      sums[r][0] = add_product(sums[r][0], load(x + i), load(weights + r * inputs + i));
    }
  }
  for (int r = 0; r < count; r++) {
    float rest = bias[r];
    for (int k = i; k < inputs; k++) rest += x[k] * weights[r * inputs + k];
    store(out + r, leaky(add(total(add(sums[r][0], sums[r][1])), all(rest)), all(slope)), 1);
  }
}

EXPORT(multiply)
void multiply(const float *x, const float *weights, const float *bias, float *out, int inputs, int outputs,
              float slope) {
  int o = 0;
  for (; o + 3 < outputs; o += 4) rows(x, weights + o * inputs, bias + o, out + o, inputs, slope, 4);
  for (; o < outputs; o++) rows(x, weights + o * inputs, bias + o, out + o, inputs, slope, 1);
}

// e^x: 2^n · e^r with |r| <= ln 2 / 2, e^r by Cephes' polynomial (expf.c); within 2e-7 of its size.
INLINE floats exponential(floats x) {
  x = wasm_f32x4_pmin(all(88.37626f), wasm_f32x4_pmax(all(-87.33654f), x));
  floats n = wasm_f32x4_nearest(mul(x, all(1.44269504f)));
  floats r = sub(sub(x, mul(n, all(0.693359375f))), mul(n, all(-2.12194440e-4f)));
  floats sum = all(1.9875691500e-4f);
  sum = add(mul(sum, r), all(1.3981999507e-3f));
  sum = add(mul(sum, r), all(8.3334519073e-3f));
  sum = add(mul(sum, r), all(4.1665795894e-2f));
  sum = add(mul(sum, r), all(1.6666665459e-1f));
  sum = add(mul(sum, r), all(5.0000001201e-1f));
  sum = add(add(mul(mul(r, r), sum), r), all(1));
  return wasm_i32x4_add(sum, wasm_i32x4_shl(wasm_i32x4_trunc_sat_f32x4(n), 23));
}

INLINE floats sigmoid(floats x) {
  return wasm_f32x4_div(all(1), add(all(1), exponential(wasm_f32x4_neg(x))));
}

// The error function by Abramowitz & Stegun 7.1.26: within 1.5e-7.
INLINE floats error_function(floats x) {
  floats size = wasm_f32x4_abs(x);
  floats t = wasm_f32x4_div(all(1), add(all(1), mul(all(0.3275911f), size)));
  floats sum = all(1.061405429f);
  sum = add(mul(sum, t), all(-1.453152027f));
  sum = add(mul(sum, t), all(1.421413741f));
  sum = add(mul(sum, t), all(-0.284496736f));
  sum = add(mul(sum, t), all(0.254829592f));
  floats y = sub(all(1), mul(mul(sum, t), exponential(wasm_f32x4_neg(mul(x, x)))));
  floats sign = wasm_v128_and(x, wasm_i32x4_splat((int32_t)0x80000000));
  return wasm_v128_or(y, sign);
}

INLINE floats tangent(floats x) { return sub(mul(all(2), sigmoid(mul(all(2), x))), all(1)); }

// log(1 + e^x) = max(x, 0) + log(1 + t) with t = e^−|x|, and log(1 + t) = 2 artanh(t / (2 + t)) by its series: within 1e-8.
INLINE floats softplus(floats x) {
  floats t = exponential(wasm_f32x4_neg(wasm_f32x4_abs(x)));
  floats s = wasm_f32x4_div(t, add(all(2), t));
  floats square = mul(s, s);
  floats sum = all(2.0f / 13);
  for (int odd = 11; odd > 0; odd -= 2) sum = add(mul(sum, square), all(2.0f / odd));
  return add(wasm_f32x4_pmax(all(0), x), mul(sum, s));
}

INLINE floats hard_sigmoid(floats x) {
  return wasm_f32x4_pmin(all(1), wasm_f32x4_pmax(all(0), add(mul(x, all(1.0f / 6)), all(0.5f))));
}

// In the order of wasm_machine.js.
enum {
  SIGMOID, TANH, SILU, EXP, ELU, GELU, GELU_TANH, MISH, LEAKY, CLIP, SOFTPLUS, HARD_SIGMOID, HARD_SWISH,
  SQRT, ERF
};

INLINE floats activated(int kind, floats x, float a, float b) {
  switch (kind) {
    case SIGMOID:
      return sigmoid(x);
    case TANH:
      return tangent(x);
    case SILU:
      return mul(x, sigmoid(x));
    case EXP:
      return exponential(x);
    case ELU: {  // b · x above 0, a · (e^x − 1) below
      floats below = mul(all(a), sub(exponential(wasm_f32x4_pmin(all(0), x)), all(1)));
      return wasm_v128_bitselect(mul(all(b), x), below, wasm_f32x4_gt(x, all(0)));
    }
    case GELU:
      return mul(mul(all(0.5f), x), add(all(1), error_function(mul(x, all(0.70710678f)))));
    case GELU_TANH: {
      floats inner = add_product(x, all(0.044715f), mul(x, mul(x, x)));
      return mul(x, sigmoid(mul(all(1.5957691216f), inner)));
    }
    case MISH: {  // x · tanh(log(1 + e^x)), where tanh(log(1 + e)) = (e² + 2e) / (e² + 2e + 2)
      floats e = exponential(wasm_f32x4_pmin(all(30), x));
      floats both = mul(e, add(e, all(2)));
      return mul(x, wasm_f32x4_div(both, add(both, all(2))));
    }
    case LEAKY:
      return leaky(x, all(a));
    case SOFTPLUS:
      return softplus(x);
    case SQRT:
      return wasm_f32x4_sqrt(x);
    case ERF:
      return error_function(x);
    case HARD_SIGMOID:
      return hard_sigmoid(x);
    case HARD_SWISH:
      return mul(x, hard_sigmoid(x));
    default:
      return wasm_f32x4_pmin(all(b), wasm_f32x4_pmax(all(a), x));
  }
}

// Numbers lie in places that are multiples of four long, so the last four are whole.
EXPORT(activate)
void activate(int kind, const float *x, float *out, int count, float a, float b) {
  for (int i = 0; i < count; i += 4) wasm_v128_store(out + i, activated(kind, load(x + i), a, b));
}
