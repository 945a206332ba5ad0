/**
 * From a model's folder or hub id to a pipeline.
 *
 * @module
 */
import {
  openAutoencoder,
  openDenoiser,
  openPromptEncoder,
  openRepository,
  type Repository,
  type RepositoryOptions,
  type SessionOptions,
} from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import { ClassConditional } from "./class_conditional.ts";
import { Lazy } from "./lazy.ts";
import type { Defaults } from "./pipeline.ts";
import { TextToImage } from "./text_to_image.ts";
import { type PixelParts, Unconditional } from "./unconditional.ts";

/** Any pipeline that {@linkcode fromPretrained} makes; `kind` tells them apart. */
export type AnyPipeline = TextToImage | ClassConditional | Unconditional;

/** How networks are opened and kept. */
export interface PipelineOptions extends Pick<SessionOptions, "device" | "threads" | "lowMemory"> {
  /** Where optimised copies of graphs are kept, see `SessionOptions.cacheDir`; `false` for nowhere. */
  readonly optimisedCacheDir?: string | false;
  /**
   * Whether to close each network as soon as no run uses it: the text encoder after the prompt, the
   * denoiser after the last step. The next run opens them anew. Default `false`.
   */
  readonly release?: boolean;
  /** Whether the VAE works in tiles; by default when images are large. */
  readonly tiling?: "auto" | boolean;
}

/** Where a model is found, and how its networks are opened. */
export interface FromPretrainedOptions extends RepositoryOptions, PipelineOptions {}

/**
 * Opens a model in diffusers' or optimum's ONNX layout: Stable Diffusion 1, 2, XL, Turbo and LCM;
 * unconditional and class-conditional models of pixels or latents. Its networks are opened by the first
 * run that needs them.
 *
 * @param idOrPath A folder, or the id of a repository on the Hugging Face hub.
 * @param options Where it is found, and how its networks are opened.
 * @returns The pipeline that `model_index.json` asks for.
 * @throws {TypeError} When the model is of a family that is not supported.
 * @throws {Error} When the model cannot be found or is not whole.
 *
 * @example A folder without a model
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fromPretrained } from "@shum/pipelines";
 *
 * await assertRejects(() => fromPretrained("./no-such-model"), Error, "no-such-model");
 * ```
 */
export async function fromPretrained(
  idOrPath: string,
  options: FromPretrainedOptions = {},
): Promise<AnyPipeline> {
  return await pipelineFrom(await openRepository(idOrPath, options), options);
}

/**
 * As {@linkcode fromPretrained}, for a repository that is open.
 *
 * @param repository The model's files.
 * @param options How its networks are opened.
 * @returns The pipeline that `model_index.json` asks for.
 * @throws {TypeError} When the model is of a family that is not supported.
 *
 * @example A family that is not supported
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { pipelineFrom } from "@shum/pipelines";
 *
 * const repository = {
 *   id: "somebody/flux",
 *   path: "",
 *   index: { _class_name: "FluxPipeline" },
 *   has: (component: string) => component === "transformer",
 *   file: (component: string) => component,
 *   json: () => Promise.resolve({}),
 * };
 * await assertRejects(() => pipelineFrom(repository), TypeError, "FluxPipeline");
 * ```
 */
export async function pipelineFrom(
  repository: Repository,
  options: PipelineOptions = {},
): Promise<AnyPipeline> {
  const component = repository.has("unet") ? "unet" : "transformer";
  const network = await config(repository, component);
  const hasText = repository.has("text_encoder") || repository.has("text_encoder_2");
  const classes = network.num_class_embeds ?? network.num_embeds_ada_norm;
  checkFamily(repository, component, network);
  if (hasText) return await textToImage(repository, options, network);
  const parts = await pixelParts(repository, options, network, component);
  if (!isCount(classes)) return new Unconditional(parts);
  const labels = repository.index.id2label;
  // DiT's embedding has one row more than there are classes, for none of them.
  const knowsNone = network.num_embeds_ada_norm === classes;
  return new ClassConditional({
    ...parts,
    classes,
    ...knowsNone && { nullLabel: classes },
    ...isRecord(labels) && { names: labels as Record<string, string> },
    defaults: defaultsOf(repository, parts.defaults, { guidanceScale: knowsNone ? 4 : 1 }),
  });
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null;
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;

function checkFamily(repository: Repository, component: string, network: Json): void {
  const { index, id } = repository;
  const encoder = index.text_encoder;
  const isClip = !Array.isArray(encoder) || !encoder[1] || /^(CLIP|Onnx|ORT)/.test(encoder[1]);
  const isDit = isCount(network.num_embeds_ada_norm);
  if (isClip && (component === "unet" || isDit)) return;
  throw new TypeError(
    `Cannot open model "${id}": its pipeline is ${index._class_name}; expected Stable Diffusion 1, 2 ` +
      `or XL, LCM, DiT, DDPM, DDIM or a consistency model`,
  );
}

async function config(repository: Repository, component: string): Promise<Json> {
  return await repository.json(component, "config.json") as Json;
}

async function schedulerConfig(repository: Repository): Promise<SchedulerConfig> {
  return await repository.json("scheduler", "scheduler_config.json") as SchedulerConfig;
}

/** The VAE's facts: channels of its latents, pixels per cell. */
async function latentFacts(
  repository: Repository,
): Promise<{ channels: number; scaleFactor: number }> {
  const json = await config(repository, "vae_decoder");
  const blocks = json.block_out_channels ?? json.decoder_block_out_channels;
  return {
    channels: isCount(json.latent_channels) ? json.latent_channels : 4,
    scaleFactor: Array.isArray(blocks) ? 2 ** (blocks.length - 1) : 8,
  };
}

/** `sample_size`, which is one number or `[height, width]`, in pixels. */
function trainedSize(network: Json, scaleFactor: number): { width: number; height: number } {
  const size = network.sample_size;
  const [height, width] = Array.isArray(size) ? size as number[] : [size, size] as number[];
  return {
    height: (height ?? 64) * scaleFactor,
    width: (width ?? height ?? 64) * scaleFactor,
  };
}

/**
 * How often a U-Net halves its input, as a factor. Exported graphs double by scale, so sizes that this
 * does not divide come back as others and do not fit together.
 */
function halvings({ block_out_channels: blocks }: Json): number {
  return Array.isArray(blocks) ? 2 ** (blocks.length - 1) : 1;
}

/** What model_index.json says itself (`default_steps`...) comes before what its family is used with. */
function defaultsOf(
  { index }: Repository,
  base: Defaults,
  family: Partial<Defaults> = {},
): Defaults {
  const all = { ...base, ...family };
  const read = (key: string, otherwise: number): number => {
    const own = index[`default_${key}`] ?? otherwise;
    if (typeof own === "number" && Number.isFinite(own)) return own;
    throw new TypeError(
      `Cannot open model: default_${key} of model_index.json is ${own}; expected a number`,
    );
  };
  return {
    steps: read("steps", all.steps),
    guidanceScale: read("guidance_scale", all.guidanceScale),
    width: read("width", all.width),
    height: read("height", all.height),
  };
}

function stepsOf({ _class_name: name }: SchedulerConfig, otherwise: number): number {
  if (/^(LCM|TCD)/.test(name)) return 4;
  return name.startsWith("CMStochastic") ? 1 : otherwise;
}

function sessionOptions(
  { device, threads, lowMemory, optimisedCacheDir }: PipelineOptions,
): SessionOptions {
  return {
    ...device !== undefined && { device },
    ...threads !== undefined && { threads },
    ...lowMemory !== undefined && { lowMemory },
    ...optimisedCacheDir !== undefined && { cacheDir: optimisedCacheDir },
  };
}

async function textToImage(
  repository: Repository,
  options: PipelineOptions,
  network: Json,
): Promise<TextToImage> {
  const { index, id } = repository;
  const session = sessionOptions(options);
  const { release = false, tiling = "auto" } = options;
  const scheduler = await schedulerConfig(repository);
  const { channels, scaleFactor } = await latentFacts(repository);
  const xl = repository.has("text_encoder_2");
  const lcm = isCount(network.time_cond_proj_dim);
  const name = String(index._name_or_path ?? id).split(/[\\/]/).at(-1)!;
  const turbo = /turbo/i.test(name); // distilled to few steps without guidance; only its name tells
  const family: Partial<Defaults> = lcm
    ? { guidanceScale: 8.5 }
    : turbo
    ? { guidanceScale: 1, steps: 4 }
    : { guidanceScale: xl ? 5 : 7.5 };
  const base = { steps: stepsOf(scheduler, 20), guidanceScale: 7.5 };
  const zeros = index.force_zeros_for_empty_prompt;
  const encoder = () => openAutoencoder(repository, { ...session, tiling });
  return new TextToImage({
    scheduler,
    promptEncoder: new Lazy(
      () =>
        openPromptEncoder(repository, {
          ...session,
          ...typeof zeros === "boolean" && { forceZerosForEmptyPrompt: zeros },
        }),
      { release },
    ),
    denoiser: new Lazy(() => openDenoiser(repository, session), { release }),
    decoder: new Lazy(
      () => openAutoencoder(repository, { ...session, tiling, encoder: false }),
      { release },
    ),
    ...repository.has("vae_encoder") && { encoder: new Lazy(encoder, { release }) },
    channels,
    inChannels: isCount(network.in_channels) ? network.in_channels : channels,
    scaleFactor,
    sizeMultiple: scaleFactor * halvings(network),
    ...lcm && { timeCondProjDim: network.time_cond_proj_dim as number },
    aesthetics: index.requires_aesthetics_score === true,
    strengthInSchedule: index._class_name.startsWith("LatentConsistencyModel"),
    defaults: defaultsOf(repository, { ...base, ...trainedSize(network, scaleFactor) }, family),
  });
}

async function pixelParts(
  repository: Repository,
  options: PipelineOptions,
  network: Json,
  component: string,
): Promise<PixelParts> {
  const session = sessionOptions(options);
  const { release = false, tiling = "auto" } = options;
  const scheduler = await schedulerConfig(repository);
  const latent = repository.has("vae_decoder") ? await latentFacts(repository) : undefined;
  const scaleFactor = latent?.scaleFactor ?? 1;
  const steps = scheduler._class_name === "DDPMScheduler" ? 1000 : stepsOf(scheduler, 50);
  const base = { steps, guidanceScale: 1, ...trainedSize(network, scaleFactor) };
  const decoding = { ...session, tiling, encoder: false };
  return {
    scheduler,
    denoiser: new Lazy(() => openDenoiser(repository, session), { release }),
    ...latent && {
      autoencoder: new Lazy(() => openAutoencoder(repository, decoding), { release }),
    },
    channels: isCount(network.in_channels) ? network.in_channels : latent?.channels ?? 3,
    scaleFactor,
    // A transformer's positions are those it was trained at.
    ...component === "unet" && { sizeMultiple: scaleFactor * halvings(network) },
    defaults: defaultsOf(repository, base),
  };
}
