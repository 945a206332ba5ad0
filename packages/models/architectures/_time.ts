import { activate, add, linear } from "./_layers.ts";
import type { Module, Net, Value } from "./_net.ts";

/** Settings of {@linkcode sinusoids}. */
export interface SinusoidOptions {
  readonly channels: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
}

/**
 * Numbers as sines and cosines of rising wavelength (Vaswani et al. 2017,
 * https://arxiv.org/abs/1706.03762, section 3.5).
 *
 * @param x One number per row of any shape [..., 1].
 */
export function sinusoids(
  net: Net,
  x: string,
  { channels, flipSinToCos, freqShift }: SinusoidOptions,
): Value {
  const half = channels >> 1;
  const { fround, log, exp } = Math;
  // float32 at each step, as in torch
  const frequencies = Float32Array.from(
    { length: half },
    (_, k) => exp(fround(fround(fround(-log(10000)) * k) / fround(half - freqShift))),
  );
  const angle = net.call("Mul", [x, net.floats(frequencies)]);
  const sine = net.call("Sin", [angle]);
  const cosine = net.call("Cos", [angle]);
  const parts = flipSinToCos ? [cosine, sine] : [sine, cosine];
  if (channels % 2 === 1) {
    throw new RangeError(`a time embedding has ${channels} channels; expected an even number`);
  }
  return { name: net.call("Concat", parts, { axis: -1 }), channels };
}

/** Two linear layers, with a condition added in front of them if there is one. */
export function timestepEmbedding(
  m: Module,
  x: Value,
  channels: number,
  act: string,
  condition?: Value,
): Value {
  const { net } = m;
  const h = condition
    ? add(net, x, linear(m.at("cond_proj"), condition, x.channels, { bias: false }))
    : x;
  return linear(
    m.at("linear_2"),
    activate(net, linear(m.at("linear_1"), h, channels), act),
    channels,
  );
}
