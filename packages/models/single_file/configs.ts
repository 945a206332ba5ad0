import type { Weights } from "../architectures/_net.ts";
import type { Family } from "./families.ts";

// What a folder of diffusers says in its config.json files, read from the shapes of the weights. Only
// the number of heads cannot be seen there: it is the family's.

type Json = Readonly<Record<string, unknown>>;

/** Size of axis `axis` of a weight. */
function size(weights: Weights, name: string, axis: number): number {
  const found = weights.get(name)?.shape[axis];
  if (found !== undefined) return found;
  throw new SyntaxError(
    `it lacks ${JSON.stringify(name)} (in diffusers' names), or its axis ${axis}`,
  );
}

/** How many of `name(0)`, `name(1)`, … there are. */
function countOf(weights: Weights, name: (i: number) => string): number {
  let i = 0;
  while (weights.has(name(i))) i++;
  return i;
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Configuration of the U-Net. */
export function unetConfig(weights: Weights, family: Family): Json {
  const levels = countOf(weights, (i) => `down_blocks.${i}.resnets.0.conv1.weight`);
  const widths = range(levels).map((i) =>
    size(weights, `down_blocks.${i}.resnets.0.conv1.weight`, 0)
  );
  const block = (i: number, k: number) =>
    `down_blocks.${i}.attentions.0.transformer_blocks.${k}.attn2.to_k.weight`;
  const depths = range(levels).map((i) => countOf(weights, (k) => block(i, k)));
  const middle = countOf(
    weights,
    (k) => `mid_block.attentions.0.transformer_blocks.${k}.attn2.to_k.weight`,
  );
  const projection = weights.get("mid_block.attentions.0.proj_in.weight")?.shape.length === 2;
  // Eight heads in the first family, 64 channels a head since the second.
  const heads = family === "sd1" ? 8 : widths.map((width) => Math.max(1, Math.floor(width / 64)));
  const added = weights.get("add_embedding.linear_1.weight")?.shape[1];
  const guidance = weights.get("time_embedding.cond_proj.weight")?.shape[1];
  return {
    _class_name: "UNet2DConditionModel",
    sample_size: family === "sd1" ? 64 : family === "sd2" ? 96 : 128,
    in_channels: size(weights, "conv_in.weight", 1),
    out_channels: size(weights, "conv_out.weight", 0),
    block_out_channels: widths,
    layers_per_block: countOf(weights, (i) => `down_blocks.0.resnets.${i}.conv1.weight`),
    down_block_types: depths.map((n) => n > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D"),
    up_block_types: depths.toReversed().map((n) => n > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D"),
    // The middle has as many blocks as the last level says.
    transformer_layers_per_block: depths.map((n, i) => i === levels - 1 ? middle : Math.max(1, n)),
    cross_attention_dim: size(
      weights,
      "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight",
      1,
    ),
    attention_head_dim: heads,
    use_linear_projection: projection,
    ...added !== undefined && {
      addition_embed_type: "text_time",
      addition_time_embed_dim: family.startsWith("sdxl") ? 256 : 0,
      projection_class_embeddings_input_dim: added,
    },
    ...guidance !== undefined && { time_cond_proj_dim: guidance },
  };
}

/** Configuration of the autoencoder. */
export function vaeConfig(weights: Weights, family: Family): Json {
  const levels = countOf(weights, (i) => `encoder.down_blocks.${i}.resnets.0.conv1.weight`);
  return {
    _class_name: "AutoencoderKL",
    block_out_channels: range(levels).map((i) =>
      size(weights, `encoder.down_blocks.${i}.resnets.0.conv1.weight`, 0)
    ),
    down_block_types: Array(levels).fill("DownEncoderBlock2D"),
    up_block_types: Array(levels).fill("UpDecoderBlock2D"),
    layers_per_block: countOf(weights, (i) => `encoder.down_blocks.0.resnets.${i}.conv1.weight`),
    latent_channels: size(weights, "decoder.conv_in.weight", 1),
    in_channels: size(weights, "encoder.conv_in.weight", 1),
    out_channels: size(weights, "decoder.conv_out.weight", 0),
    scaling_factor: family.startsWith("sdxl") ? 0.13025 : 0.18215,
    use_quant_conv: weights.has("quant_conv.weight"),
    use_post_quant_conv: weights.has("post_quant_conv.weight"),
  };
}

/**
 * Configuration of a text encoder.
 *
 * @param open Whether it is OpenCLIP's instead of OpenAI's.
 */
export function clipConfig(weights: Weights, open: boolean): Json {
  const root = "text_model";
  const words = size(weights, `${root}.embeddings.token_embedding.weight`, 0);
  const width = size(weights, `${root}.embeddings.token_embedding.weight`, 1);
  const projected = weights.get("text_projection.weight")?.shape;
  return {
    architectures: [projected ? "CLIPTextModelWithProjection" : "CLIPTextModel"],
    vocab_size: words,
    hidden_size: width,
    num_attention_heads: Math.max(1, Math.floor(width / 64)),
    num_hidden_layers: countOf(weights, (i) => `${root}.encoder.layers.${i}.layer_norm1.weight`),
    intermediate_size: size(weights, `${root}.encoder.layers.0.mlp.fc1.weight`, 0),
    max_position_embeddings: size(weights, `${root}.embeddings.position_embedding.weight`, 0),
    hidden_act: open ? "gelu" : "quick_gelu",
    eos_token_id: words - 1,
    ...projected && { projection_dim: projected.find((n) => n !== width) ?? width },
  };
}

const levels = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  num_train_timesteps: 1000,
  steps_offset: 1,
};

/**
 * Configuration of the scheduler that diffusers has for the family.
 *
 * @param prediction What the network predicts, if the file says so.
 * @param zeroSnr Whether its noise levels end with noise alone.
 */
export function schedulerConfig(
  family: Family,
  prediction: "epsilon" | "v_prediction" | undefined,
  zeroSnr: boolean,
): Json {
  const snr = zeroSnr ? { rescale_betas_zero_snr: true } : {};
  if (family.startsWith("sdxl")) {
    return {
      _class_name: "EulerDiscreteScheduler",
      ...levels,
      ...snr,
      timestep_spacing: zeroSnr ? "trailing" : "leading",
      prediction_type: prediction ?? "epsilon",
    };
  }
  const both = { ...levels, clip_sample: false, set_alpha_to_one: false };
  return family === "sd2"
    ? {
      _class_name: "DDIMScheduler",
      ...both,
      ...snr,
      prediction_type: prediction ?? "v_prediction",
    }
    : {
      _class_name: "PNDMScheduler",
      ...both,
      skip_prk_steps: true,
      prediction_type: prediction ?? "epsilon",
    };
}
