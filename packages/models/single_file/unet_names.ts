// Names of the U-Net as CompVis' latent-diffusion wrote them, and diffusers'.

const resnetParts: Readonly<Record<string, string>> = {
  "in_layers.0": "norm1",
  "in_layers.2": "conv1",
  "emb_layers.1": "time_emb_proj",
  "out_layers.0": "norm2",
  "out_layers.3": "conv2",
  skip_connection: "conv_shortcut",
};

const outside: Readonly<Record<string, string>> = {
  "time_embed.0": "time_embedding.linear_1",
  "time_embed.2": "time_embedding.linear_2",
  "time_embed.cond_proj": "time_embedding.cond_proj",
  "label_emb.0.0": "add_embedding.linear_1",
  "label_emb.0.2": "add_embedding.linear_2",
  "input_blocks.0.0": "conv_in",
  "out.0": "conv_norm_out",
  "out.2": "conv_out",
};

/**
 * The name that diffusers has for a tensor of the U-Net.
 *
 * @param name Without "model.diffusion_model.".
 * @param layers Residual blocks per level of the first arm.
 * @param levels Levels.
 * @returns undefined if there is none.
 */
export function unetName(name: string, layers: number, levels: number): string | undefined {
  const [, head = "", parameter = ""] = /^(.+)\.(weight|bias)$/.exec(name) ?? [];
  const simple = outside[head];
  if (simple !== undefined) return `${simple}.${parameter}`;

  const middle = /^middle_block\.([012])\.(.+)$/.exec(head);
  if (middle) {
    const [, place, rest] = middle;
    const module = place === "1" ? "attentions.0" : place === "0" ? "resnets.0" : "resnets.1";
    return place === "1"
      ? `mid_block.${module}.${rest}.${parameter}`
      : resnet("mid_block", module, rest!);
  }

  const block = /^(input|output)_blocks\.(\d+)\.(\d+)\.(.+)$/.exec(head);
  if (!block) return undefined;
  const [, arm, at, part, rest] = block;
  const index = Number(at) - (arm === "input" ? 1 : 0);
  const level = Math.floor(index / (layers + 1));
  const layer = index % (layers + 1);
  if (index < 0 || level >= levels) return undefined;
  if (arm === "input") {
    if (layer === layers) {
      return rest === "op" && part === "0"
        ? `down_blocks.${level}.downsamplers.0.conv.${parameter}`
        : undefined;
    }
    return inLevel(`down_blocks.${level}`, part!, layer, rest!);
  }
  // The last block of a level ends with the upsampling, behind its attention if it has one.
  if (rest === "conv" && part !== "0" && layer === layers) {
    return `up_blocks.${level}.upsamplers.0.conv.${parameter}`;
  }
  return inLevel(`up_blocks.${level}`, part!, layer, rest!);

  function inLevel(path: string, part: string, layer: number, rest: string): string | undefined {
    if (part === "0") return resnet(path, `resnets.${layer}`, rest);
    return part === "1" ? `${path}.attentions.${layer}.${rest}.${parameter}` : undefined;
  }

  function resnet(path: string, module: string, rest: string): string | undefined {
    const found = resnetParts[rest];
    return found === undefined ? undefined : `${path}.${module}.${found}.${parameter}`;
  }
}
