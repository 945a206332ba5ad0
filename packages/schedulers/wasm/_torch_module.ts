// The instructions of random/_torch_kernel.ts.

import * as wasm from "./_assembler.ts";
import type { Code } from "./_assembler.ts";

/** The module with all kernels, for a Mersenne Twister of `size` words. */
export function torchModule(size: number): Uint8Array<ArrayBuffer> {
  return wasm.assemble([twistFunction(size), uniformFunction(), normalFunction(), probeFunction()]);
}

const join = (...codes: Code[]): Code => codes.flat();
const add = (a: Code, b: Code): Code => join(a, b, wasm.f32x4Add);
const sub = (a: Code, b: Code): Code => join(a, b, wasm.f32x4Sub);
const mul = (a: Code, b: Code): Code => join(a, b, wasm.f32x4Mul);
const fma = (a: Code, b: Code, c: Code): Code => join(a, b, c, wasm.f32x4RelaxedMadd);
const and = (a: Code, b: Code): Code => join(a, b, wasm.and);
const xor = (a: Code, b: Code): Code => join(a, b, wasm.xor);
const left = (a: Code, bits: number): Code => join(a, wasm.i32Const(bits), wasm.i32x4ShiftLeft);
const right = (a: Code, bits: number): Code => join(a, wasm.i32Const(bits), wasm.i32x4ShiftRight);
const let_ = (local: number, value: Code): Code => join(value, wasm.set(local));
const advance = (local: number, bytes: number): Code =>
  let_(local, join(wasm.get(local), wasm.i32Const(bytes), wasm.i32Add));
const until = (local: number, end: Code): Code => join(wasm.get(local), end, wasm.i32LessUnsigned);

/**
 * The vector constants of a function, each made once, before its loop, and kept in a local. An engine builds
 * a constant at every use, which costs more than the arithmetic.
 */
class Constants {
  readonly #first: number;
  readonly #locals = new Map<string, number>();

  /** `first` is the number of the first local to use. */
  constructor(first: number) {
    this.#first = first;
  }

  readonly int = (value: number): Code => this.#keep(wasm.i32x4Const(value));
  readonly float = (value: number): Code => this.#keep(wasm.f32x4Const(value));

  /** The locals' types. */
  get locals(): number[] {
    return new Array(this.#locals.size).fill(wasm.v128);
  }

  /** What to do before the loop. */
  get setup(): Code {
    return Array.from(this.#locals, ([bytes, k]) => let_(k, bytes.split(",").map(Number))).flat();
  }

  #keep(constant: Code): Code {
    const bytes = constant.join();
    const local = this.#locals.get(bytes) ?? this.#first + this.#locals.size;
    this.#locals.set(bytes, local);
    return wasm.get(local);
  }
}

/** state[j] = state[j + 397] ^ mix(state[j], state[j + 1]), indices modulo 624, four j at a time. */
function twistFunction(size: number): wasm.WasmFunction {
  const at = 0, low = 1, constants = new Constants(2), { int } = constants;
  const word = (offset: number): Code => join(wasm.get(at), wasm.load(offset));
  const step = (from: Code): Code =>
    join(
      let_(low, word(4)),
      wasm.get(at),
      xor(
        xor(
          from,
          right(
            join(and(word(0), int(0x80000000 | 0)), and(wasm.get(low), int(0x7fffffff)), wasm.or),
            1,
          ),
        ),
        and(join(and(wasm.get(low), int(1)), wasm.i32x4Negate), int(0x9908b0df | 0)),
      ),
      wasm.store(0),
      advance(at, 16),
    );
  // j + 397 wraps at 227; the vector that crosses it reads state[624], a copy of the new state[0].
  const first = 228;
  const loops = [
    wasm.loop([
      step(word(4 * 397)),
      wasm.i32Const(0),
      join(wasm.i32Const(0), wasm.load(0)),
      wasm.store32Lane0(4 * size),
      until(at, wasm.i32Const(4 * first)),
    ]),
    wasm.loop([
      step(join(wasm.get(at), wasm.i32Const(-4 * 227), wasm.i32Add, wasm.load(0))),
      until(at, wasm.i32Const(4 * size)),
    ]),
  ];
  return {
    name: "twist",
    parameters: [],
    locals: [wasm.i32, wasm.v128, ...constants.locals],
    body: [constants.setup, ...loops],
  };
}

/** Tempers words and keeps the low 24 bits as a fraction. */
function uniformFunction(): wasm.WasmFunction {
  const from = 0, to = 1, end = 2, y = 3;
  const word = wasm.get(y), constants = new Constants(4), { int, float } = constants;
  const loop = wasm.loop([
    let_(y, join(wasm.get(from), wasm.load(0))),
    let_(y, xor(word, right(word, 11))),
    let_(y, xor(word, and(left(word, 7), int(0x9d2c5680 | 0)))),
    let_(y, xor(word, and(left(word, 15), int(0xefc60000 | 0)))),
    let_(y, xor(word, right(word, 18))),
    wasm.get(to),
    mul(join(and(word, int(0xffffff)), wasm.f32x4Convert), float(2 ** -24)),
    wasm.store(0),
    advance(from, 16),
    advance(to, 16),
    until(to, wasm.get(end)),
  ]);
  return {
    name: "uniform",
    parameters: [wasm.i32, wasm.i32, wasm.i32],
    locals: [wasm.v128, ...constants.locals],
    body: [constants.setup, loop],
  };
}

/** Box-Muller: in each block of 16 the k-th and the (k + 8)-th number are a pair. See random/_cephes.ts. */
function normalFunction(): wasm.WasmFunction {
  const at = 0, end = 1, m = 2, e = 3, z = 4, y = 5, j = 6, x = 7, radius = 8, s = 9;
  const constants = new Constants(10), { int, float } = constants;
  const [M, E, Z, Y, J, X, S] = [m, e, z, y, j, x, s].map(wasm.get) as [
    Code,
    Code,
    Code,
    Code,
    Code,
    Code,
    Code,
  ];
  const small = join(M, float(0.707106781186547524), wasm.f32x4Less);
  const horner = (coefficients: readonly number[], start: Code, by: Code): Code =>
    coefficients.reduce<Code>((value, c) => fma(value, by, float(c)), start);
  const pairs = (offset: number): Code =>
    join(
      // m·2^e = 1 - u, with m in [√½, √2)
      let_(m, sub(float(1), join(wasm.get(at), wasm.load(offset)))),
      let_(e, join(right(M, 23), int(126), wasm.i32x4Sub)),
      let_(m, join(and(M, int(0x7fffff)), int(0x3f000000), wasm.or)),
      let_(z, small),
      let_(e, join(E, Z, wasm.i32x4Add, wasm.f32x4Convert)), // the mask is -1 where m is small
      let_(m, add(sub(M, float(1)), and(M, Z))),
      let_(z, mul(M, M)),
      let_(
        y,
        horner(
          [
            -1.1514610310e-1,
            1.1676998740e-1,
            -1.2420140846e-1,
            1.4249322787e-1,
            -1.6668057665e-1,
            2.0000714765e-1,
            -2.4999993993e-1,
            3.3333331174e-1,
          ],
          float(7.0376836292e-2),
          M,
        ),
      ),
      let_(y, mul(Y, M)),
      let_(y, fma(Y, Z, mul(E, float(-2.12194440e-4)))),
      let_(y, sub(Y, mul(Z, float(0.5)))),
      let_(y, fma(E, float(0.693359375), add(M, Y))),
      let_(radius, join(mul(Y, float(-2)), wasm.f32x4Sqrt)),
      // theta = 2π·u, reduced by multiples of π/4
      let_(x, mul(float(2 * Math.PI), join(wasm.get(at), wasm.load(offset + 32)))),
      let_(j, join(mul(X, float(1.27323954473516)), wasm.i32x4RelaxedTruncate)),
      let_(j, and(join(J, int(1), wasm.i32x4Add), int(~1))),
      let_(y, join(J, wasm.f32x4Convert)),
      let_(x, fma(Y, float(-0.78515625), X)),
      let_(x, fma(Y, float(-2.4187564849853515625e-4), X)),
      let_(x, fma(Y, float(-3.77489497744594108e-8), X)),
      let_(z, mul(X, X)),
      let_(
        y,
        horner([-1.388731625493765e-3, 4.166664568298827e-2], float(2.443315711809948e-5), Z),
      ),
      let_(y, mul(Y, Z)),
      let_(y, add(fma(Y, Z, mul(Z, float(-0.5))), float(1))),
      let_(s, horner([8.3321608736e-3, -1.6666654611e-1], float(-1.9515295891e-4), Z)),
      let_(s, mul(S, Z)),
      let_(s, fma(S, X, X)),
      // Octants 2, 3, 6 and 7 exchange sine and cosine; z says where they stay.
      let_(z, join(and(J, int(2)), int(0), wasm.i32x4Equal)),
      let_(x, join(S, Y, Z, wasm.select)), // sine
      let_(y, join(Y, S, Z, wasm.select)), // cosine
      let_(x, xor(X, left(and(J, int(4)), 29))),
      let_(y, xor(Y, left(and(xor(join(J, int(2), wasm.i32x4Sub), int(-1)), int(4)), 29))),
      wasm.get(at),
      mul(wasm.get(radius), Y),
      wasm.store(offset),
      wasm.get(at),
      mul(wasm.get(radius), X),
      wasm.store(offset + 32),
    );
  const loop = wasm.loop([pairs(0), pairs(16), advance(at, 64), until(at, wasm.get(end))]);
  return {
    name: "normal",
    parameters: [wasm.i32, wasm.i32],
    locals: [...new Array(8).fill(wasm.v128), ...constants.locals],
    body: [constants.setup, loop],
  };
}

function probeFunction(): wasm.WasmFunction {
  const at = 0, a = join(wasm.get(at), wasm.load(0)), c = join(wasm.get(at), wasm.load(16));
  return {
    name: "probe",
    parameters: [wasm.i32],
    locals: [],
    body: [wasm.get(at), fma(a, a, c), wasm.store(0)],
  };
}
