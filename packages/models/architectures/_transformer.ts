import { attention } from "./_attention.ts";
import {
  activate,
  add,
  conv,
  groupNorm,
  halves,
  layerNorm,
  linear,
  picture,
  positions,
} from "./_layers.ts";
import type { Module, Value } from "./_net.ts";

/** Settings of {@linkcode transformer2D}. */
export interface TransformerOptions {
  readonly heads: number;
  /** Blocks, one after the other. */
  readonly layers: number;
  readonly groups: number;
  /** What the positions attend to: the text. */
  readonly context: Value;
  /** Whether the layers around the blocks are linear instead of convolutions of 1×1. */
  readonly linearProjection: boolean;
  /** Whether the first attention of each block goes to the context too. */
  readonly onlyCrossAttention: boolean;
}

/**
 * The positions of a picture as a sequence through transformer blocks (Rombach et al. 2022,
 * https://arxiv.org/abs/2112.10752, appendix E.2.1), added to the picture.
 */
export function transformer2D(m: Module, x: Value, options: TransformerOptions): Value {
  const { net } = m;
  const { layers, groups, linearProjection } = options;
  let h = groupNorm(m.at("norm"), x, groups, 1e-6);
  h = linearProjection
    ? linear(m.at("proj_in"), positions(net, h), x.channels)
    : positions(net, conv(m.at("proj_in"), h, x.channels, { kernel: 1 }));
  for (let i = 0; i < layers; i++) h = transformerBlock(m.at("transformer_blocks", i), h, options);
  h = linearProjection
    ? picture(net, linear(m.at("proj_out"), h, x.channels), x)
    : conv(m.at("proj_out"), picture(net, h, x), x.channels, { kernel: 1 });
  return add(net, h, x);
}

/** Attention to itself, attention to the text, and a feed-forward network. */
export function transformerBlock(
  m: Module,
  x: Value,
  { heads, context, onlyCrossAttention }: TransformerOptions,
): Value {
  const { net } = m;
  const first = layerNorm(m.at("norm1"), x);
  let h = add(net, attention(m.at("attn1"), first, heads, onlyCrossAttention ? context : first), x);
  h = add(net, attention(m.at("attn2"), layerNorm(m.at("norm2"), h), heads, context), h);
  const inner = geglu(m.at("ff.net.0"), layerNorm(m.at("norm3"), h), 4 * x.channels);
  return add(net, linear(m.at("ff.net.2"), inner, x.channels), h);
}

/** a·gelu(b), both linear in x (Shazeer 2020, https://arxiv.org/abs/2002.05202). */
export function geglu(m: Module, x: Value, channels: number): Value {
  const { net } = m;
  const [a, gate] = halves(net, linear(m.at("proj"), x, 2 * channels), 2);
  return { ...a, name: net.call("Mul", [a.name, activate(net, gate, "gelu").name]) };
}
