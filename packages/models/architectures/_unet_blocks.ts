import { concat } from "./_layers.ts";
import type { Module, Value } from "./_net.ts";
import { downsample, resnet, type ResnetOptions, upsample } from "./_resnet.ts";

// The two arms of a U-Net (Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597): each level of
// one gives what the same level of the other is told.

/** Settings of a level of either arm. */
export interface LevelOptions {
  readonly time: Value;
  readonly channels: number;
  readonly layers: number;
  readonly resnet: ResnetOptions;
  /** What follows each residual block: attention, or nothing. */
  readonly attend?: ((m: Module, x: Value) => Value) | undefined;
}

/** A level of the first arm. */
export interface DownOptions extends LevelOptions {
  /** How the level ends; undefined for the last one. */
  readonly shrink: ((m: Module, x: Value) => Value) | undefined;
}

/** A level of the second arm. */
export interface UpOptions extends LevelOptions {
  /** How the level ends; undefined for the last one. */
  readonly grow: ((m: Module, x: Value, like: Value) => Value) | undefined;
}

/** Adds what the level gives to `skips`. */
export function downBlock(m: Module, x: Value, skips: Value[], options: DownOptions): Value {
  let h = x;
  for (let i = 0; i < options.layers; i++) {
    h = resnet(m.at("resnets", i), h, options.time, options.channels, options.resnet);
    if (options.attend) h = options.attend(m.at("attentions", i), h);
    skips.push(h);
  }
  if (options.shrink) skips.push(h = options.shrink(m.at("downsamplers.0"), h));
  return h;
}

/** Takes what the level is told from the end of `skips`. */
export function upBlock(m: Module, x: Value, skips: Value[], options: UpOptions): Value {
  const { net } = m;
  let h = x;
  for (let i = 0; i < options.layers; i++) {
    const together = concat(net, [h, skips.pop()!], 1);
    h = resnet(m.at("resnets", i), together, options.time, options.channels, options.resnet);
    if (options.attend) h = options.attend(m.at("attentions", i), h);
  }
  return options.grow ? options.grow(m.at("upsamplers.0"), h, skips.at(-1)!) : h;
}

/** {@linkcode DownOptions.shrink} by a convolution. */
export function shrinkBy(padding: number): (m: Module, x: Value) => Value {
  return (m, x) => downsample(m, x, padding);
}

/** {@linkcode UpOptions.grow} by a convolution. */
export const growTo: (m: Module, x: Value, like: Value) => Value = upsample;
