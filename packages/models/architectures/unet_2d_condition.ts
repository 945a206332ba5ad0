import { dotProductAttention } from "./_attention.ts";
import type { NetworkConfig } from "./_config.ts";
import {
  activate,
  activationNames,
  add,
  conv,
  embedding,
  groupNorm,
  layerNorm,
  linear,
} from "./_layers.ts";
import { type Module, Net, type Value, type Weights } from "./_net.ts";
import { resnet, type ResnetOptions } from "./_resnet.ts";
import { sinusoids, timestepEmbedding } from "./_time.ts";
import { transformer2D } from "./_transformer.ts";
import { downBlock, growTo, shrinkBy, upBlock } from "./_unet_blocks.ts";

const downTypes = ["DownBlock2D", "CrossAttnDownBlock2D"] as const;
const upTypes = ["UpBlock2D", "CrossAttnUpBlock2D"] as const;

/**
 * The U-Net that is told a text (Rombach et al. 2022, https://arxiv.org/abs/2112.10752): Stable Diffusion
 * 1.x, 2.x and XL, with inpainting, LCM and the upscaler, as diffusers' UNet2DConditionModel.
 */
export function unet2DCondition(config: NetworkConfig, weights: Weights): Net {
  const net = new Net(weights);
  const root = net.root;
  const widths = config.counts("block_out_channels", [320, 640, 1280, 1280]);
  const levels = widths.length;
  const cross = downTypes[1];
  const downs = config.names("down_block_types", [cross, cross, cross, downTypes[0]], downTypes);
  const ups = config.names(
    "up_block_types",
    [upTypes[0], upTypes[1], upTypes[1], upTypes[1]],
    upTypes,
  );
  if (downs.length !== levels || ups.length !== levels) {
    throw new RangeError(
      `config.json has ${levels} block_out_channels, ${downs.length} down_block_types and ` +
        `${ups.length} up_block_types; expected as many of each`,
    );
  }
  const heads = config.counts("attention_head_dim", 8, levels);
  const contexts = config.counts("cross_attention_dim", 1280, levels);
  const layers = config.counts("layers_per_block", 2, levels);
  const depths = config.counts("transformer_layers_per_block", 1, levels);
  const onlyCross = config.flags("only_cross_attention", false, levels);
  const linearProjection = config.choice("use_linear_projection", false, true);
  const act = config.choice("act_fn", ...activationNames);
  const groups = config.count("norm_num_groups", 32);
  const eps = config.number("norm_eps", 1e-5);
  const options: ResnetOptions = {
    groups,
    eps,
    act,
    timeScaleShift: config.choice("resnet_time_scale_shift", "default", "scale_shift"),
    skipTimeAct: config.choice("resnet_skip_time_act", false, true),
    outputScale: config.number("resnet_out_scale_factor", 1),
  };
  const padding = config.choice("downsample_padding", 1, 0);

  // Inputs
  const inChannels = config.count("in_channels", 4);
  let x = net.input("sample", ["batch_size", inChannels, "height", "width"], inChannels);
  const timestep = net.input("timestep", [], 1);
  const context = net.input(
    "encoder_hidden_states",
    ["batch_size", "sequence_length", contexts[0]!],
    contexts[0]!,
  );
  if (config.choice("center_input_sample", false, true)) {
    const doubled = net.call("Mul", [x.name, net.floats([2], [])]);
    x = { ...x, name: net.call("Sub", [doubled, net.floats([1], [])]) };
  }

  // Time, and what joins it
  const time = timeEmbedding(root, config, widths[0]!, timestep, context, act);

  // Down
  const transformer = (i: number, depth: number) => (m: Module, x: Value) =>
    transformer2D(m, x, {
      heads: heads[i]!,
      layers: depth,
      groups,
      context,
      linearProjection,
      onlyCrossAttention: onlyCross[i]!,
    });
  const kernel = config.count("conv_in_kernel", 3);
  let h = conv(root.at("conv_in"), x, widths[0]!, { kernel });
  const skips = [h];
  for (const [i, type] of downs.entries()) {
    h = downBlock(root.at("down_blocks", i), h, skips, {
      time,
      channels: widths[i]!,
      layers: layers[i]!,
      resnet: options,
      attend: type === cross ? transformer(i, depths[i]!) : undefined,
      shrink: i < levels - 1 ? shrinkBy(padding) : undefined,
    });
  }

  // Middle
  const last = levels - 1;
  if (!config.isNull("mid_block_type")) {
    const type = config.choice("mid_block_type", "UNetMidBlock2DCrossAttn", "UNetMidBlock2D");
    const mid = root.at("mid_block");
    const middle = { ...options, outputScale: config.number("mid_block_scale_factor", 1) };
    h = resnet(mid.at("resnets.0"), h, time, widths[last]!, middle);
    if (type === "UNetMidBlock2DCrossAttn") {
      h = transformer2D(mid.at("attentions.0"), h, {
        heads: heads[last]!,
        layers: depths[last]!,
        groups,
        context,
        linearProjection,
        onlyCrossAttention: false,
      });
      h = resnet(mid.at("resnets.1"), h, time, widths[last]!, middle);
    }
  } else config.ignore("mid_block_scale_factor");

  // Up
  for (const [i, type] of ups.entries()) {
    const level = last - i;
    h = upBlock(root.at("up_blocks", i), h, skips, {
      time,
      channels: widths[level]!,
      layers: layers[level]! + 1,
      resnet: options,
      attend: type === upTypes[1] ? transformer(level, depths[level]!) : undefined,
      grow: i < last ? growTo : undefined,
    });
  }

  // Out
  h = activate(net, groupNorm(root.at("conv_norm_out"), h, groups, eps), act);
  const outChannels = config.count("out_channels", 4);
  h = conv(root.at("conv_out"), h, outChannels, { kernel: config.count("conv_out_kernel", 3) });
  net.output("out_sample", h, ["batch_size", outChannels, "height", "width"]);
  refuseOthers(config);
  return net;
}

/** The time embedding with class, text, or size of the training picture added. */
function timeEmbedding(
  root: Module,
  config: NetworkConfig,
  width: number,
  timestep: Value,
  context: Value,
  act: string,
): Value {
  const { net } = root;
  config.choice("time_embedding_type", "positional");
  const flipSinToCos = config.choice("flip_sin_to_cos", true, false);
  const freqShift = config.number("freq_shift", 0);
  const channels = config.count("time_embedding_dim", 4 * width);
  const project = (x: string) => sinusoids(net, x, { channels: width, flipSinToCos, freqShift });
  const guidance = config.count("time_cond_proj_dim");
  let time = timestepEmbedding(
    root.at("time_embedding"),
    project(net.call("Reshape", [timestep.name, net.integers([-1, 1])])),
    channels,
    act,
    guidance === undefined
      ? undefined
      : net.input("timestep_cond", ["batch_size", guidance], guidance),
  );

  const classes = config.count("num_class_embeds");
  const classType = config.choice(
    "class_embed_type",
    null,
    "timestep",
    "identity",
    "projection",
    "simple_projection",
  );
  const added = config.choice("addition_embed_type", null, "text", "text_time");
  const projected = config.count("projection_class_embeddings_input_dim");
  const part = root.at("class_embedding");
  let label: Value | undefined;
  if (classType === "projection" || classType === "simple_projection") {
    const size = projected ?? 0;
    const given = net.input("class_labels", ["batch_size", size], size);
    label = classType === "projection"
      ? timestepEmbedding(part, given, channels, "silu")
      : linear(part, given, channels);
  } else if (classType === "identity") {
    label = net.input("class_labels", ["batch_size", channels], channels);
  } else if (classType === "timestep") {
    const { name } = net.input("class_labels", ["batch_size"], 1);
    const rows = net.call("Reshape", [name, net.integers([-1, 1])]);
    label = timestepEmbedding(part, project(rows), channels, act);
  } else if (classes !== undefined) {
    const { name } = net.input("class_labels", ["batch_size"], 1, "int64");
    label = embedding(part, name, classes, channels);
  }
  if (label) time = add(net, time, label);

  const sizes = config.count("addition_time_embed_dim");
  const poolHeads = config.count("addition_embed_type_num_heads", 64);
  if (added === "text") {
    time = add(
      net,
      time,
      textTimeEmbedding(root.at("add_embedding"), context, channels, poolHeads),
    );
  } else if (added === "text_time") {
    if (sizes === undefined || projected === undefined) {
      throw new RangeError(
        `config.json says addition_embed_type "text_time"; expected addition_time_embed_dim and ` +
          `projection_class_embeddings_input_dim beside it`,
      );
    }
    time = add(
      net,
      time,
      textSizeEmbedding(root.at("add_embedding"), channels, sizes, projected, {
        flipSinToCos,
        freqShift,
      }),
    );
  }
  return time;
}

/** The pooled text and the six sizes that SDXL is told. */
function textSizeEmbedding(
  m: Module,
  channels: number,
  width: number,
  whole: number,
  options: { flipSinToCos: boolean; freqShift: number },
): Value {
  const { net } = m;
  // Six sizes, or the refiner's five: only the sum with the width of the text is known.
  const text = net.input("text_embeds", ["batch_size", "text_width"], 1);
  const ids = net.input("time_ids", ["batch_size", "size_count"], 1);
  const each = net.call("Unsqueeze", [ids.name, net.integers([2])]);
  const waves = sinusoids(net, each, { channels: width, ...options });
  const flat = net.call("Reshape", [waves.name, net.integers([0, -1])]);
  const together = net.call("Concat", [text.name, flat], { axis: -1 });
  return timestepEmbedding(m, { name: together, channels: whole }, channels, "silu");
}

/** The text pooled by attention, as DeepFloyd IF does. */
function textTimeEmbedding(m: Module, text: Value, channels: number, heads: number): Value {
  const { net } = m;
  const x = layerNorm(m.at("norm1"), text);
  const pool = m.at("pool");
  const mean = net.call("ReduceMean", [x.name], { axes: [1], keepdims: 1 });
  const token = net.call("Add", [mean, pool.weight("positional_embedding", [1, x.channels])]);
  const all = { ...x, name: net.call("Concat", [token, x.name], { axis: 1 }) };
  const q = linear(pool.at("q_proj"), { ...x, name: token }, x.channels);
  const k = linear(pool.at("k_proj"), all, x.channels);
  const v = linear(pool.at("v_proj"), all, x.channels);
  const pooled = dotProductAttention(net, q, k, v, heads);
  const flat = net.call("Squeeze", [pooled.name, net.integers([1])]);
  return layerNorm(m.at("norm2"), linear(m.at("proj"), { ...x, name: flat }, channels));
}

/** What diffusers knows and no model here has needed: each is named if a model has it. */
function refuseOthers(config: NetworkConfig): void {
  config.choice("reverse_transformer_layers_per_block", null);
  config.choice("encoder_hid_dim", null);
  config.choice("encoder_hid_dim_type", null);
  config.choice("num_attention_heads", null);
  config.choice("dual_cross_attention", false);
  config.choice("time_embedding_act_fn", null);
  config.choice("timestep_post_act", null);
  config.choice("attention_type", "default");
  config.choice("class_embeddings_concat", false);
  config.choice("cross_attention_norm", null);
  config.ignore("sample_size", "dropout", "upcast_attention", "mid_block_only_cross_attention");
  config.finish();
}
