import { add, divide, groupNorm, linear, picture, positions } from "./_layers.ts";
import type { Module, Net, Value } from "./_net.ts";

/**
 * softmax(QKᵀ/√d + mask)V (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, eq. 1) by the engine's
 * own operator, which keeps a block of the scores at a time.
 *
 * @param mask Added to the scores: [1, 1, queries, keys].
 */
export function dotProductAttention(
  net: Net,
  q: Value,
  k: Value,
  v: Value,
  heads: number,
  mask?: string,
): Value {
  const inputs = [q.name, k.name, v.name, ...(mask === undefined ? [] : ["", "", mask])];
  const name = net.call("MultiHeadAttention", inputs, { num_heads: heads }, "com.microsoft");
  return { name, channels: v.channels };
}

/** Attention of a sequence to itself, or to a context. */
export function attention(m: Module, x: Value, heads: number, context: Value = x): Value {
  const q = linear(m.at("to_q"), x, x.channels, { bias: false });
  const k = linear(m.at("to_k"), context, x.channels, { bias: false });
  const v = linear(m.at("to_v"), context, x.channels, { bias: false });
  return linear(m.at("to_out.0"), dotProductAttention(m.net, q, k, v, heads), x.channels);
}

/** Settings of {@linkcode spatialAttention}. */
export interface SpatialAttentionOptions {
  readonly heads: number;
  /** Of its norm; none if undefined. */
  readonly groups: number | undefined;
  readonly eps: number;
  readonly outputScale?: number;
}

/** Attention between the positions of a picture, added to it. */
export function spatialAttention(
  m: Module,
  x: Value,
  { heads, groups, eps, outputScale = 1 }: SpatialAttentionOptions,
): Value {
  const { net } = m;
  // Names of diffusers before 0.13.
  const old = m.has("query.weight");
  const [toQ, toK, toV, toOut] = old
    ? ["query", "key", "value", "proj_attn"]
    : ["to_q", "to_k", "to_v", "to_out.0"];
  const normal = groups === undefined ? x : groupNorm(m.at("group_norm"), x, groups, eps);
  const h = positions(net, normal);
  const q = linear(m.at(toQ!), h, x.channels);
  const k = linear(m.at(toK!), h, x.channels);
  const v = linear(m.at(toV!), h, x.channels);
  const out = linear(m.at(toOut!), dotProductAttention(net, q, k, v, heads), x.channels);
  return divide(net, add(net, picture(net, out, x), x), outputScale);
}
