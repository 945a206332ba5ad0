import type { WeightTensor } from "../architectures/_net.ts";
import type { ModelIndex } from "../model_index.ts";
import type { SafetensorsHeader } from "../safetensors/header.ts";
import { openClipTensors } from "./clip_names.ts";
import { clipConfig, schedulerConfig, unetConfig, vaeConfig } from "./configs.ts";
import { type Family, familyNames, findFamily, prefixes } from "./families.ts";
import { unetName } from "./unet_names.ts";
import { vaeName } from "./vae_names.ts";

/** One network of a single file, as a folder of diffusers would hold it. */
export interface SingleFileNetwork {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: ReadonlyMap<string, WeightTensor>;
}

/** What a single file is. */
export interface SingleFile {
  readonly family: Family;
  readonly index: ModelIndex;
  /** By component: `unet`, `vae`, `text_encoder`, `text_encoder_2`. */
  readonly networks: ReadonlyMap<string, SingleFileNetwork>;
  /** JSON files by their path. */
  readonly files: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What people would want to know of it. */
  readonly notes: readonly string[];
}

/** What training and other tools leave in such files; no pipeline reads it. */
const leftovers =
  /^(model_ema|loss|logvar|betas|alphas_cumprod|sqrt_|log_one_minus|posterior_|denoiser\.|first_stage_model\.loss\.)|(^|\.)(position_ids|logit_scale|global_step|scale_factor|iteration|attn_mask|num_batches_tracked)$|\.transformer\.text_projection\.|^(v_pred|ztsnr|state_dict|epoch)$/;

/**
 * Reads what a single file of weights is, from its header alone, and gives its tensors the names that
 * diffusers has for them.
 *
 * @param header The file's header.
 * @param file What the graphs will call the file.
 * @throws {SyntaxError} if it is of no known family, or lacks a part; says which.
 */
export function readSingleFile(header: SafetensorsHeader, file: string): SingleFile {
  const { tensors, metadata } = header;
  const family = findFamily(tensors);
  const parts = new Map<string, Map<string, WeightTensor>>();
  const unknown: string[] = [];
  const text = Object.entries(prefixes.text[family]);
  const levels = {
    unet: [...tensors.keys()].filter((name) => /\.input_blocks\.\d+\.0\.op\.weight$/.test(name))
      .length + 1,
    vae:
      [...tensors.keys()].filter((name) =>
        /\.encoder\.down\.\d+\.block\.0\.conv1\.weight$/.test(name)
      ).length,
  };
  const inputs = new Set(
    [...tensors.keys()].flatMap((name) =>
      /^model\.diffusion_model\.input_blocks\.(\d+)\./.exec(name)?.[1] ?? []
    ),
  ).size;
  const layers = Math.floor(inputs / levels.unet) - 1;
  const put = (part: string, name: string, tensor: WeightTensor) => {
    if (!parts.has(part)) parts.set(part, new Map());
    if (parts.get(part)!.has(name)) {
      throw new SyntaxError(`two of its tensors are ${part} ${JSON.stringify(name)}`);
    }
    parts.get(part)!.set(name, tensor);
  };
  const take = (name: string, tensor: WeightTensor): boolean => {
    const { unet, vae } = prefixes;
    if (name.startsWith(unet)) {
      return one("unet", unetName(name.slice(unet.length), layers, levels.unet));
    }
    if (name.startsWith(vae)) return one("vae", vaeName(name.slice(vae.length), levels.vae));
    const [part, prefix] = text.find(([, prefix]) => name.startsWith(prefix)) ?? [];
    if (part === undefined || prefix === undefined) return false;
    const rest = name.slice(prefix.length);
    if (!isOpen(prefix)) {
      return one(part, rest.startsWith("text_model.") ? rest : `text_model.${rest}`);
    }
    const found = openClipTensors(rest, tensor);
    for (const [name, tensor] of found ?? []) put(part, name, tensor);
    return found !== undefined;

    function one(part: string, found: string | undefined): boolean {
      if (found !== undefined) put(part, found, tensor);
      return found !== undefined;
    }
  };
  for (const [name, place] of tensors) {
    if (!leftovers.test(name) && !take(name, { ...place, file })) unknown.push(name);
  }
  const known = [prefixes.unet, prefixes.vae, ...text.map(([, prefix]) => prefix)];
  const strange = unknown.find((name) => known.some((prefix) => name.startsWith(prefix)));
  if (strange !== undefined) {
    throw new SyntaxError(
      `it looks like ${familyNames[family]} and has ${
        JSON.stringify(strange.slice(0, 100))
      }, which is none of its tensors; expected a model of a family that is known`,
    );
  }
  const missing = [
    ...(parts.has("vae") ? [] : [`an autoencoder (${prefixes.vae}…)`]),
    ...text.filter(([part]) => !parts.has(part)).map(([part, prefix]) => `${part} (${prefix}…)`),
  ];
  if (missing.length > 0) {
    throw new SyntaxError(
      `it is ${familyNames[family]} and lacks ${
        missing.join(" and ")
      }; expected a whole checkpoint`,
    );
  }
  if (family === "sd2") dropLastLayer(parts.get("text_encoder")!);
  const networks = new Map<string, SingleFileNetwork>();
  const add = (part: string, config: SingleFileNetwork["config"]) =>
    networks.set(part, { config, weights: parts.get(part)! });
  add("unet", unetConfig(parts.get("unet")!, family));
  add("vae", vaeConfig(parts.get("vae")!, family));
  for (const [part, prefix] of text) add(part, clipConfig(parts.get(part)!, isOpen(prefix)));

  const prediction = predictionOf(header);
  const channels = networks.get("unet")!.config.in_channels as number;
  const inpaint = pipelineChannels(family, channels);
  return {
    family,
    index: indexOf(family, inpaint),
    networks,
    files: {
      "scheduler/scheduler_config.json": schedulerConfig(family, prediction, tensors.has("ztsnr")),
      ...Object.fromEntries(
        [...networks].map(([part, { config }]) => [`${part}/config.json`, config]),
      ),
      ...Object.fromEntries(text.map(([part, prefix]) => [
        `${part.replace("text_encoder", "tokenizer")}/tokenizer_config.json`,
        { model_max_length: 77, pad_token: isOpen(prefix) ? "!" : "<|endoftext|>" },
      ])),
    },
    notes: [
      `${familyNames[family]}${inpaint ? ", inpainting" : ""}, ${typesOf(header)}`,
      ...metadata.has("modelspec.title") ? [`title: ${metadata.get("modelspec.title")}`] : [],
      ...family === "sd2" && prediction === undefined
        ? [
          "the file does not say what it predicts: v_prediction is assumed, as of 2.x at 768 pixels",
        ]
        : [],
      ...unknown.length > 0
        ? [
          `${unknown.length} tensors of no known use: ${unknown.slice(0, 5).join(", ")}${
            unknown.length > 5 ? ", …" : ""
          }`,
        ]
        : [],
    ],
  };
}

/** Whether a part is OpenCLIP's, by where it lies. */
function isOpen(prefix: string): boolean {
  return prefix.endsWith(".model.");
}

/** Whether the U-Net repaints; other additions to its input are not understood. */
function pipelineChannels(family: Family, channels: number): boolean {
  if (channels === 4) return false;
  if (channels === 9 && family !== "sdxl-refiner") return true;
  throw new SyntaxError(
    `it is ${
      familyNames[family]
    } whose U-Net reads ${channels} channels; expected 4, or 9 for inpainting`,
  );
}

/** Stable Diffusion 2 reads the layer before the last: the last one is in the file and has no use. */
function dropLastLayer(weights: Map<string, WeightTensor>): void {
  const at = [...weights.keys()].map((name) => Number(/\.layers\.(\d+)\./.exec(name)?.[1] ?? -1));
  const last = at.reduce((a, b) => Math.max(a, b), -1);
  for (const name of [...weights.keys()]) {
    if (name.includes(`.layers.${last}.`) || name.startsWith("text_projection")) {
      weights.delete(name);
    }
  }
}

/** What the network predicts, by the marks that makers of such models leave. */
function predictionOf(
  { tensors, metadata }: SafetensorsHeader,
): "epsilon" | "v_prediction" | undefined {
  if (tensors.has("v_pred")) return "v_prediction";
  const said = metadata.get("modelspec.prediction_type");
  return said === "v" ? "v_prediction" : said === "epsilon" ? "epsilon" : undefined;
}

/** Element types, the most frequent first. */
function typesOf({ tensors }: SafetensorsHeader): string {
  const bytes = new Map<string, number>();
  for (const { dtype, length } of tensors.values()) {
    bytes.set(dtype, (bytes.get(dtype) ?? 0) + length);
  }
  return [...bytes].sort((a, b) => b[1] - a[1]).map(([dtype]) => dtype).join(" + ");
}

function indexOf(family: Family, inpaint: boolean): ModelIndex {
  const clip = ["transformers", "CLIPTextModel"];
  const openClip = ["transformers", "CLIPTextModelWithProjection"];
  const tokenizer = ["transformers", "CLIPTokenizer"];
  const xl = family.startsWith("sdxl");
  const refiner = family === "sdxl-refiner";
  const task = inpaint ? "Inpaint" : refiner ? "Img2Img" : "";
  return {
    _class_name: `StableDiffusion${xl ? "XL" : ""}${task}Pipeline`,
    ...xl && { force_zeros_for_empty_prompt: !refiner },
    ...refiner && { requires_aesthetics_score: true },
    scheduler: ["diffusers", String(schedulerConfig(family, undefined, false)._class_name)],
    ...!refiner && { text_encoder: clip, tokenizer },
    ...xl && { text_encoder_2: openClip, tokenizer_2: tokenizer },
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
  };
}
