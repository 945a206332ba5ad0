// Logarithm, sine and cosine in float32, with the roundings of the vectorised routines that torch
// uses on x86 with AVX2: polynomials of the Cephes library (Moshier), contracted to fused
// multiply-adds. A product of two float32 is exact in float64, so `fround(a * b + c)` is such a
// multiply-add; it is also what a plain float32 operation with one rounding looks like.

const f = Math.fround;

const SQRT_HALF = f(0.707106781186547524);
const P0 = f(7.0376836292e-2), P1 = f(-1.1514610310e-1), P2 = f(1.1676998740e-1);
const P3 = f(-1.2420140846e-1), P4 = f(1.4249322787e-1), P5 = f(-1.6668057665e-1);
const P6 = f(2.0000714765e-1), P7 = f(-2.4999993993e-1), P8 = f(3.3333331174e-1);
const Q1 = f(-2.12194440e-4), Q2 = f(0.693359375);

/** 2^-b for b = 0 to 32. */
const half = Float64Array.from({ length: 33 }, (_, b) => 2 ** -b);

/** ln(k / 2^24) for a whole k from 1 to 2^24. */
export function log24(k: number): number {
  const bits = 32 - Math.clz32(k);
  let m = k * half[bits]!; // in [0.5, 1)
  let e = bits - 24;
  if (m < SQRT_HALF) {
    e -= 1;
    m = f(f(m - 1) + m);
  } else m = f(m - 1);
  const z = f(m * m);
  let y = f(P0 * m + P1);
  y = f(y * m + P2);
  y = f(y * m + P3);
  y = f(y * m + P4);
  y = f(y * m + P5);
  y = f(y * m + P6);
  y = f(y * m + P7);
  y = f(y * m + P8);
  y = f(y * m);
  y = f(y * z + f(e * Q1));
  y = f(y - z * 0.5);
  return f(e * Q2 + f(m + y));
}

const FOUR_OVER_PI = f(1.27323954473516);
const DP1 = f(-0.78515625), DP2 = f(-2.4187564849853515625e-4), DP3 = f(-3.77489497744594108e-8);
const C0 = f(2.443315711809948e-5), C1 = f(-1.388731625493765e-3), C2 = f(4.166664568298827e-2);
const S0 = f(-1.9515295891e-4), S1 = f(8.3321608736e-3), S2 = f(-1.6666654611e-1);

/**
 * Puts `radius * cos(theta)` at `out[i]` and `radius * sin(theta)` at `out[i + 8]`, theta >= 0: where
 * torch puts the two halves of a Box-Muller pair.
 */
export function polar(out: Float32Array, i: number, radius: number, theta: number): void {
  const j = (Math.trunc(f(theta * FOUR_OVER_PI)) + 1) & ~1;
  let x = f(j * DP1 + theta);
  x = f(j * DP2 + x);
  x = f(j * DP3 + x);
  const z = f(x * x);
  let c = f(C0 * z + C1);
  c = f(c * z + C2);
  c = f(c * z);
  c = f(c * z - f(z * 0.5));
  c = f(c + 1);
  let s = f(S0 * z + S1);
  s = f(s * z + S2);
  s = f(s * z);
  s = f(s * x + x);
  const swap = (j & 2) !== 0;
  const sin = swap ? c : s, cos = swap ? s : c;
  out[i] = radius * ((j - 2) & 4 ? cos : -cos);
  out[i + 8] = radius * (j & 4 ? -sin : sin);
}
