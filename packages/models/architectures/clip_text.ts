import { dotProductAttention } from "./_attention.ts";
import type { NetworkConfig } from "./_config.ts";
import { activate, add, embedding, layerNorm, linear } from "./_layers.ts";
import { type Module, Net, type Value, type Weights } from "./_net.ts";

/**
 * CLIP's text encoder (Radford et al. 2021, https://arxiv.org/abs/2103.00020), as transformers'
 * CLIPTextModel and CLIPTextModelWithProjection.
 *
 * @param projection Whether it ends with the projection of the pooled text, `text_embeds`.
 */
export function clipText(config: NetworkConfig, weights: Weights, projection: boolean): Net {
  const net = new Net(weights);
  const width = config.count("hidden_size", 512);
  const heads = config.count("num_attention_heads", 8);
  const layers = config.count("num_hidden_layers", 12);
  const inner = config.count("intermediate_size", 2048);
  const longest = config.count("max_position_embeddings", 77);
  const words = config.count("vocab_size", 49408);
  const eps = config.number("layer_norm_eps", 1e-5);
  const act = config.choice("hidden_act", "quick_gelu", "gelu");
  const projected = config.count("projection_dim", 512);
  const end = config.number("eos_token_id", 49407);
  // transformers 5 writes CLIPTextModel without the name of its only part.
  const root = net.hasBelow("text_model") ? net.root.at("text_model") : net.root;

  const ids = net.input("input_ids", ["batch_size", "sequence_length"], 1, "int64").name;
  const length = net.call("Shape", [ids], { start: 1, end: 2 });
  const first = (table: string, axes: readonly number[], count: string) =>
    net.call("Slice", [table, net.integers(axes.map(() => 0)), count, net.integers(axes)]);

  const embeddings = root.at("embeddings");
  const places = embeddings.at("position_embedding").weight("weight", [longest, width]);
  let h = add(
    net,
    embedding(embeddings.at("token_embedding"), ids, words, width),
    { name: first(places, [0], length), channels: width },
  );
  const both = net.call("Concat", [length, length], { axis: 0 });
  const mask = first(net.floats(causal(longest), [1, 1, longest, longest]), [2, 3], both);

  const states = [h];
  for (let i = 0; i < layers; i++) {
    const layer = root.at("encoder.layers", i);
    h = add(net, h, selfAttention(layer.at("self_attn"), norm(layer, 1, h), heads, mask));
    const mlp = layer.at("mlp");
    const wide = activate(net, linear(mlp.at("fc1"), norm(layer, 2, h), inner), act);
    h = add(net, h, linear(mlp.at("fc2"), wide, width));
    states.push(h);
  }
  h = layerNorm(root.at("final_layer_norm"), h, eps);

  const pooled = pool(net, ids, h, end);
  if (projection) {
    const text = linear(net.root.at("text_projection"), pooled, projected, { bias: false });
    net.output("text_embeds", text, ["batch_size", projected]);
  }
  const shape = ["batch_size", "sequence_length", width];
  net.output("last_hidden_state", h, shape);
  if (!projection) net.output("pooler_output", pooled, ["batch_size", width]);
  for (const [i, state] of states.entries()) net.output(`hidden_states.${i}`, state, shape);
  ignoreOthers(config);
  return net;

  function norm(layer: Module, i: number, x: Value): Value {
    return layerNorm(layer.at(`layer_norm${i}`), x, eps);
  }
}

function selfAttention(m: Module, x: Value, heads: number, mask: string): Value {
  const q = linear(m.at("q_proj"), x, x.channels);
  const k = linear(m.at("k_proj"), x, x.channels);
  const v = linear(m.at("v_proj"), x, x.channels);
  return linear(m.at("out_proj"), dotProductAttention(m.net, q, k, v, heads, mask), x.channels);
}

/** 0 for what a position may see, itself and those before it; the lowest float elsewhere. */
function causal(length: number): Float32Array {
  const mask = new Float32Array(length * length);
  for (let i = 0; i < length; i++) {
    mask.fill(-3.4028234663852886e38, i * length + i + 1, (i + 1) * length);
  }
  return mask;
}

/** The state at the first end token; for configurations of old, which say 2, at the highest id. */
function pool(net: Net, ids: string, h: Value, end: number): Value {
  const found = end === 2 ? ids : net.call("Equal", [ids, net.integers(end)]);
  const scores = net.call("Cast", [found], { to: 6 }); // int32
  const at = net.call("ArgMax", [scores], { axis: 1, keepdims: 1 });
  // Rows of one index each, batch by batch.
  const rows = net.call("GatherND", [h.name, at], { batch_dims: 1 });
  return { ...h, name: rows };
}

/** What transformers writes into every configuration, and training's settings. */
function ignoreOthers(config: NetworkConfig): void {
  config.ignore("architectures", "model_type", "torch_dtype", "dtype", "transformers_version");
  config.ignore("attention_dropout", "dropout", "initializer_factor", "initializer_range");
  config.ignore("bos_token_id", "pad_token_id", "gradient_checkpointing");
  config.finish();
}
