import type { WeightTensor } from "../architectures/_net.ts";

// Names of the text encoder as OpenCLIP wrote them (Cherti et al. 2022, https://arxiv.org/abs/2212.07143),
// and transformers'.

const layerParts: Readonly<Record<string, string>> = {
  ln_1: "layer_norm1",
  ln_2: "layer_norm2",
  "mlp.c_fc": "mlp.fc1",
  "mlp.c_proj": "mlp.fc2",
  "attn.out_proj": "self_attn.out_proj",
};

const outside: Readonly<Record<string, string>> = {
  positional_embedding: "text_model.embeddings.position_embedding.weight",
  "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
  "ln_final.weight": "text_model.final_layer_norm.weight",
  "ln_final.bias": "text_model.final_layer_norm.bias",
};

/**
 * The tensors that transformers has for one of OpenCLIP's text encoder: one, or the three parts of the
 * weights of Q, K and V, which lie one after the other.
 *
 * @param name Without what stands before "transformer.resblocks".
 * @returns undefined if it is none of them.
 */
export function openClipTensors(
  name: string,
  tensor: WeightTensor,
): readonly (readonly [name: string, tensor: WeightTensor])[] | undefined {
  const simple = outside[name];
  if (simple !== undefined) return [[simple, tensor]];
  // [in, out], unlike a linear layer's
  if (name === "text_projection") {
    return [["text_projection.weight", { ...tensor, transposed: true }]];
  }
  if (name === "text_projection.weight") return [[name, tensor]];
  const [, at, rest = ""] = /^transformer\.resblocks\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (at === undefined) return undefined;
  const path = `text_model.encoder.layers.${at}`;
  const fused = /^attn\.in_proj_(weight|bias)$/.exec(rest);
  if (fused) {
    const rows = tensor.shape[0]! / 3;
    if (!Number.isInteger(rows)) return undefined;
    const length = tensor.length / 3;
    return ["q_proj", "k_proj", "v_proj"].map((part, i) => [
      `${path}.self_attn.${part}.${fused[1]}`,
      {
        ...tensor,
        shape: [rows, ...tensor.shape.slice(1)],
        offset: tensor.offset + i * length,
        length,
      },
    ]);
  }
  const [, head = "", parameter] = /^(.+)\.(weight|bias)$/.exec(rest) ?? [];
  const part = layerParts[head];
  return part === undefined ? undefined : [[`${path}.${part}.${parameter}`, tensor]];
}
