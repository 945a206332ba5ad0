import { spatialAttention } from "./_attention.ts";
import type { NetworkConfig } from "./_config.ts";
import { activate, activationNames, conv, groupNorm } from "./_layers.ts";
import { type Module, Net, type Value, type Weights } from "./_net.ts";
import { downsample, resnet, type ResnetOptions, upsample } from "./_resnet.ts";

interface Facts {
  readonly widths: readonly number[];
  readonly layers: number;
  readonly options: ResnetOptions;
  readonly attention: boolean;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  readonly quantConv: boolean;
  readonly postQuantConv: boolean;
}

/**
 * The autoencoder of latent diffusion (Rombach et al. 2022, https://arxiv.org/abs/2112.10752, appendix
 * G), as diffusers' AutoencoderKL. The encoder gives mean and logarithm of the variance.
 */
export function autoencoderKL(
  config: NetworkConfig,
  weights: Weights,
): { readonly encoder: Net; readonly decoder: Net } {
  const facts = readFacts(config);
  return { encoder: encoder(facts, weights), decoder: decoder(facts, weights) };
}

function readFacts(config: NetworkConfig): Facts {
  const widths = config.counts("block_out_channels", [64]);
  for (
    const [key, known] of [
      ["down_block_types", "DownEncoderBlock2D"],
      ["up_block_types", "UpDecoderBlock2D"],
    ] as const
  ) {
    const types = config.names(key, [known], [known]);
    if (types.length === widths.length) continue;
    throw new RangeError(
      `config.json has ${types.length} ${key} and ${widths.length} block_out_channels; expected ` +
        `as many of each`,
    );
  }
  const facts = {
    widths,
    layers: config.count("layers_per_block", 1),
    options: {
      groups: config.count("norm_num_groups", 32),
      eps: 1e-6,
      act: config.choice("act_fn", ...activationNames),
    },
    attention: config.choice("mid_block_add_attention", true, false),
    inChannels: config.count("in_channels", 3),
    outChannels: config.count("out_channels", 3),
    latentChannels: config.count("latent_channels", 4),
    quantConv: config.choice("use_quant_conv", true, false),
    postQuantConv: config.choice("use_post_quant_conv", true, false),
  };
  // The pipeline applies scale and shift, not the network.
  config.ignore("sample_size", "scaling_factor", "shift_factor", "force_upcast");
  config.ignore("latents_mean", "latents_std");
  config.finish();
  return facts;
}

function encoder(facts: Facts, weights: Weights): Net {
  const { widths, layers, options, inChannels, latentChannels, quantConv } = facts;
  const net = new Net(weights);
  const m = net.root.at("encoder");
  const x = net.input("sample", ["batch_size", inChannels, "height", "width"], inChannels);
  let h = conv(m.at("conv_in"), x, widths[0]!);
  for (const [i, channels] of widths.entries()) {
    const block = m.at("down_blocks", i);
    for (let k = 0; k < layers; k++) {
      h = resnet(block.at("resnets", k), h, undefined, channels, options);
    }
    if (i < widths.length - 1) h = downsample(block.at("downsamplers.0"), h, 0);
  }
  h = middle(m.at("mid_block"), h, facts);
  h = activate(net, groupNorm(m.at("conv_norm_out"), h, options.groups, options.eps), "silu");
  const moments = 2 * latentChannels;
  h = conv(m.at("conv_out"), h, moments);
  if (quantConv) h = conv(net.root.at("quant_conv"), h, moments, { kernel: 1 });
  net.output("latent_parameters", h, ["batch_size", moments, "latent_height", "latent_width"]);
  return net;
}

function decoder(facts: Facts, weights: Weights): Net {
  const { widths, layers, options, outChannels, latentChannels, postQuantConv } = facts;
  const net = new Net(weights);
  const m = net.root.at("decoder");
  const shape = ["batch_size", latentChannels, "latent_height", "latent_width"];
  let h = net.input("latent_sample", shape, latentChannels);
  if (postQuantConv) h = conv(net.root.at("post_quant_conv"), h, latentChannels, { kernel: 1 });
  h = conv(m.at("conv_in"), h, widths.at(-1)!);
  h = middle(m.at("mid_block"), h, facts);
  for (const [i, channels] of widths.toReversed().entries()) {
    const block = m.at("up_blocks", i);
    for (let k = 0; k < layers + 1; k++) {
      h = resnet(block.at("resnets", k), h, undefined, channels, options);
    }
    if (i < widths.length - 1) h = upsample(block.at("upsamplers.0"), h);
  }
  h = activate(net, groupNorm(m.at("conv_norm_out"), h, options.groups, options.eps), "silu");
  h = conv(m.at("conv_out"), h, outChannels);
  net.output("sample", h, ["batch_size", outChannels, "height", "width"]);
  return net;
}

function middle(m: Module, x: Value, { options, attention }: Facts): Value {
  const { groups, eps } = options;
  let h = resnet(m.at("resnets.0"), x, undefined, x.channels, options);
  if (attention) h = spatialAttention(m.at("attentions.0"), h, { heads: 1, groups, eps });
  return resnet(m.at("resnets.1"), h, undefined, x.channels, options);
}
