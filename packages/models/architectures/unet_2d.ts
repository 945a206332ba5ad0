import { spatialAttention } from "./_attention.ts";
import type { NetworkConfig } from "./_config.ts";
import { activate, activationNames, add, conv, embedding, groupNorm } from "./_layers.ts";
import { type Module, Net, type Value, type Weights } from "./_net.ts";
import { averagePool, nearest, resnet, type ResnetOptions } from "./_resnet.ts";
import { sinusoids, timestepEmbedding } from "./_time.ts";
import { downBlock, growTo, shrinkBy, upBlock } from "./_unet_blocks.ts";

const downTypes = ["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"] as const;
const upTypes = ["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"] as const;

/**
 * The U-Net of DDPM (Ho et al. 2020, https://arxiv.org/abs/2006.11239, appendix B), told at most a class,
 * as diffusers' UNet2DModel.
 */
export function unet2D(config: NetworkConfig, weights: Weights): Net {
  const net = new Net(weights);
  const root = net.root;
  const widths = config.counts("block_out_channels", [224, 448, 672, 896]);
  const last = widths.length - 1;
  const [down, attnDown] = downTypes;
  const [up, attnUp] = upTypes;
  const downs = config.names("down_block_types", [down, attnDown, attnDown, attnDown], downTypes);
  const ups = config.names("up_block_types", [attnUp, attnUp, attnUp, up], upTypes);
  if (downs.length !== widths.length || ups.length !== widths.length) {
    throw new RangeError(
      `config.json has ${widths.length} block_out_channels, ${downs.length} down_block_types and ` +
        `${ups.length} up_block_types; expected as many of each`,
    );
  }
  const layers = config.count("layers_per_block", 2);
  const groups = config.count("norm_num_groups", 32);
  const eps = config.number("norm_eps", 1e-5);
  const act = config.choice("act_fn", ...activationNames);
  const timeScaleShift = config.choice("resnet_time_scale_shift", "default", "scale_shift");
  const options: ResnetOptions = { groups, eps, act, timeScaleShift };
  const oneHead = config.isNull("attention_head_dim");
  const headWidth = config.count("attention_head_dim", 8);
  const headsOf = (channels: number) => oneHead ? 1 : Math.floor(channels / headWidth);
  const attend = (m: Module, x: Value) =>
    spatialAttention(m, x, { heads: headsOf(x.channels), groups, eps });

  // Inputs
  const inChannels = config.count("in_channels", 3);
  let x = net.input("sample", ["batch_size", inChannels, "height", "width"], inChannels);
  const timestep = net.input("timestep", [], 1);
  if (config.choice("center_input_sample", false, true)) {
    const doubled = net.call("Mul", [x.name, net.floats([2], [])]);
    x = { ...x, name: net.call("Sub", [doubled, net.floats([1], [])]) };
  }

  // Time and class
  const timeType = config.choice("time_embedding_type", "positional", "learned");
  const channels = config.count("time_embedding_dim", 4 * widths[0]!);
  const flipSinToCos = config.choice("flip_sin_to_cos", true, false);
  const freqShift = config.number("freq_shift", 0);
  const steps = config.count("num_train_timesteps");
  const project = (rows: string) =>
    timeType === "learned"
      ? embedding(
        root.at("time_proj"),
        net.call("Cast", [net.call("Squeeze", [rows, net.integers([1])])], { to: 7 }),
        steps ?? 1000,
        widths[0]!,
      )
      : sinusoids(net, rows, { channels: widths[0]!, flipSinToCos, freqShift });
  let time = timestepEmbedding(
    root.at("time_embedding"),
    project(net.call("Reshape", [timestep.name, net.integers([-1, 1])])),
    channels,
    "silu",
  );
  const classes = config.count("num_class_embeds");
  const classType = config.choice("class_embed_type", null, "timestep", "identity");
  if (classType === "identity") {
    time = add(net, time, net.input("class_labels", ["batch_size", channels], channels));
  } else if (classType === "timestep") {
    const { name } = net.input("class_labels", ["batch_size"], 1);
    const rows = project(net.call("Reshape", [name, net.integers([-1, 1])]));
    time = add(net, time, timestepEmbedding(root.at("class_embedding"), rows, channels, "silu"));
  } else if (classes !== undefined) {
    const { name } = net.input("class_labels", ["batch_size"], 1, "int64");
    time = add(net, time, embedding(root.at("class_embedding"), name, classes, channels));
  }

  // Down
  const padding = config.choice("downsample_padding", 1, 0);
  const shrinkType = config.choice("downsample_type", "conv", "resnet");
  const growType = config.choice("upsample_type", "conv", "resnet");
  let h = conv(root.at("conv_in"), x, widths[0]!);
  const skips = [h];
  for (const [i, type] of downs.entries()) {
    const byResnet = type === downTypes[2] || type === attnDown && shrinkType === "resnet";
    const shrink = byResnet
      ? (m: Module, x: Value) => resnet(m, x, time, x.channels, options, (x) => averagePool(net, x))
      : shrinkBy(padding);
    h = downBlock(root.at("down_blocks", i), h, skips, {
      time,
      channels: widths[i]!,
      layers,
      resnet: options,
      attend: type === attnDown ? attend : undefined,
      shrink: i < last ? shrink : undefined,
    });
  }

  // Middle
  const withAttention = config.choice("add_attention", true, false);
  const middleGroups = config.count("attn_norm_num_groups") ??
    (timeScaleShift === "default" ? groups : undefined);
  const outputScale = config.number("mid_block_scale_factor", 1);
  if (!config.isNull("mid_block_type")) {
    config.choice("mid_block_type", "UNetMidBlock2D");
    const mid = root.at("mid_block");
    const middle = { ...options, outputScale };
    h = resnet(mid.at("resnets.0"), h, time, widths[last]!, middle);
    if (withAttention) {
      h = spatialAttention(mid.at("attentions.0"), h, {
        heads: headsOf(h.channels),
        groups: middleGroups,
        eps,
        outputScale,
      });
    }
    h = resnet(mid.at("resnets.1"), h, time, widths[last]!, middle);
  }

  // Up
  for (const [i, type] of ups.entries()) {
    const byResnet = type === upTypes[2] || type === attnUp && growType === "resnet";
    const grow = byResnet
      ? (m: Module, x: Value, like: Value) =>
        resnet(m, x, time, x.channels, options, (x) => nearest(net, x, like))
      : growTo;
    h = upBlock(root.at("up_blocks", i), h, skips, {
      time,
      channels: widths[last - i]!,
      layers: layers + 1,
      resnet: options,
      attend: type === attnUp ? attend : undefined,
      grow: i < last ? grow : undefined,
    });
  }

  // Out
  h = activate(net, groupNorm(root.at("conv_norm_out"), h, groups, eps), "silu");
  const outChannels = config.count("out_channels", 3);
  h = conv(root.at("conv_out"), h, outChannels);
  net.output("out_sample", h, ["batch_size", outChannels, "height", "width"]);
  config.ignore("sample_size", "dropout");
  config.finish();
  return net;
}
