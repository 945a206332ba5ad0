// Names of the autoencoder as CompVis' latent-diffusion wrote them, and diffusers'.

const attentionParts: Readonly<Record<string, string>> = {
  norm: "group_norm",
  q: "to_q",
  k: "to_k",
  v: "to_v",
  proj_out: "to_out.0",
};

/**
 * The name that diffusers has for a tensor of the autoencoder.
 *
 * @param name Without "first_stage_model.".
 * @param levels Levels; the decoder's are counted from the other end.
 * @returns undefined if there is none.
 */
export function vaeName(name: string, levels: number): string | undefined {
  if (/^(post_)?quant_conv\.(weight|bias)$/.test(name)) return name;
  const [, half, rest = "", parameter] = /^(encoder|decoder)\.(.+)\.(weight|bias)$/.exec(name) ??
    [];
  if (half === undefined) return undefined;
  const found = inHalf(rest);
  return found === undefined ? undefined : `${half}.${found}.${parameter}`;

  function inHalf(rest: string): string | undefined {
    if (rest === "conv_in" || rest === "conv_out") return rest;
    if (rest === "norm_out") return "conv_norm_out";
    const attention = /^mid\.attn_1\.(\w+)$/.exec(rest);
    if (attention) {
      const part = attentionParts[attention[1]!];
      return part === undefined ? undefined : `mid_block.attentions.0.${part}`;
    }
    const middle = /^mid\.block_([12])\.(\w+)$/.exec(rest);
    if (middle) return `mid_block.resnets.${Number(middle[1]) - 1}.${resnetPart(middle[2]!)}`;
    const [, arm, at, kind, tail] = /^(down|up)\.(\d+)\.(.+?)\.([^.]+)$/.exec(rest) ?? [];
    if (arm === undefined || arm !== (half === "encoder" ? "down" : "up")) return undefined;
    const level = arm === "down" ? Number(at) : levels - 1 - Number(at);
    if (level < 0) return undefined;
    const path = `${arm}_blocks.${level}`;
    if (kind === `${arm}sample` && tail === "conv") return `${path}.${arm}samplers.0.conv`;
    const block = /^block\.(\d+)$/.exec(kind!);
    return block ? `${path}.resnets.${block[1]}.${resnetPart(tail!)}` : undefined;
  }
}

function resnetPart(name: string): string {
  return name === "nin_shortcut" ? "conv_shortcut" : name;
}
