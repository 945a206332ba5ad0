/**
 * From a model's folder or hub id to a pipeline.
 *
 * @module
 */
import {
  type ModelFiles,
  type ModelIndex,
  openAutoencoder,
  openDenoiser,
  type OpenOptions,
  openPromptEncoder,
  openRepository,
  readAutoencoderConfig,
  readConfig,
  type RepositoryOptions,
} from "@shum/models";
import {
  countIn,
  defaultsOf,
  downsamplingFactor,
  inChannels,
  isCount,
  isRecord,
  type Json,
  modelIndex,
  modelName,
  schedulerConfig,
  stepsOf,
  trainedSize,
} from "./_model_config.ts";
import { checkFamily } from "./_family.ts";
import { ClassConditional } from "./tasks/class_conditional.ts";
import { Lazy } from "./lazy.ts";
import type { ModelParts } from "./model_parts.ts";
import type { Defaults } from "./pipeline.ts";
import { TextToImage } from "./tasks/text_to_image.ts";
import { Unconditional } from "./tasks/unconditional.ts";

/** The pipeline of any model; `kind` tells them apart. */
export type AnyPipeline = TextToImage | ClassConditional | Unconditional;

/** The pipelines of models, by what they make pictures of. */
export interface Pipelines {
  /** Of texts. */
  readonly "text-to-image": TextToImage;
  /** Of classes. */
  readonly "class-conditional": ClassConditional;
  /** Of nothing. */
  readonly "unconditional": Unconditional;
  /** Of whatever the model does. */
  readonly "any": AnyPipeline;
}

/** How networks are opened and kept. */
export interface PipelineOptions
  extends Pick<OpenOptions, "device" | "engine" | "threads" | "lowMemory"> {
  /** Where optimised copies of graphs are kept, see `SessionOptions.cacheDir`; `false` for nowhere. */
  readonly optimisedCacheDir?: string | false;
  /**
   * Which networks to close as soon as no run uses them: the text encoder after the prompt, the denoiser
   * after the last step. It saves memory, but the next run opens them anew. `true` means all. Default:
   * none.
   */
  readonly release?: boolean | readonly ("text-encoder" | "denoiser" | "autoencoder")[];
  /** Whether the VAE works in tiles; by default when images are large. */
  readonly tiling?: "auto" | boolean;
}

/** Where a model is found, what it is for, and how its networks are opened. */
export interface FromPretrainedOptions<Kind extends keyof Pipelines = keyof Pipelines>
  extends RepositoryOptions, PipelineOptions {
  /** What the model makes pictures of; another one is refused. Default: `"text-to-image"`. */
  readonly kind?: Kind | undefined;
}

/**
 * Opens a model in diffusers' layout, as safetensors or ONNX, or a checkpoint in one file: Stable Diffusion 1, 2, XL, Turbo and LCM;
 * unconditional and class-conditional models of pixels or latents. Its networks are opened by the first
 * run that needs them.
 *
 * @param model A folder, a `.safetensors` file, the id of a repository on the Hugging Face hub, or the model's files.
 * @param options Where it is found, and how its networks are opened.
 * @returns The model's pipeline.
 * @throws {TypeError} When the model is of another kind, or of a family that is not supported.
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
export async function fromPretrained<Kind extends keyof Pipelines = "text-to-image">(
  model: string | ModelFiles,
  options: FromPretrainedOptions<Kind> = {},
): Promise<Pipelines[Kind]> {
  const files = typeof model === "string" ? await openRepository(model, options) : model;
  const pipeline = await pipelineFrom(files, options);
  const { kind = "text-to-image" } = options;
  if (kind === "any" || pipeline.kind === kind) return pipeline as Pipelines[Kind];
  throw new TypeError(
    `Cannot open model "${
      modelName(files)
    }" as "${kind}": it is "${pipeline.kind}"; expected the option ` +
      `kind: "${pipeline.kind}" or "any", or another model`,
  );
}

/**
 * As {@linkcode fromPretrained}, for files that have been found, and for a model of any kind.
 *
 * @param files The model's files, such as {@linkcode openRepository} gives.
 * @param options How its networks are opened.
 * @returns The pipeline that `model_index.json` asks for.
 * @throws {TypeError} When the model is of a family that is not supported.
 *
 * @example A family that is not supported
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { pipelineFrom } from "@shum/pipelines";
 *
 * const files = {
 *   id: "somebody/flux",
 *   index: { _class_name: "FluxPipeline" },
 *   has: (component: string) => component === "transformer",
 *   json: () => Promise.resolve({}),
 *   text: () => Promise.resolve(""),
 *   graph: (component: string) => Promise.resolve(component),
 * };
 * await assertRejects(() => pipelineFrom(files), TypeError, "FluxPipeline");
 * ```
 */
export async function pipelineFrom(
  files: ModelFiles,
  options: PipelineOptions = {},
): Promise<AnyPipeline> {
  const index = await modelIndex(files);
  checkFamily(index, modelName(files));
  const component = files.has("unet") ? "unet" : "transformer";
  const network = await readConfig(files, component);
  const hasText = files.has("text_encoder") || files.has("text_encoder_2");
  const classes = network.num_class_embeds ?? network.num_embeds_ada_norm;
  if (hasText) return await textToImage(files, index, options, network);
  const parts = await pixelParts(files, index, options, network, component);
  if (!isCount(classes)) return new Unconditional(parts);
  const labels = index.id2label;
  // DiT's embedding has one row more than there are classes, for none of them.
  const knowsNone = network.num_embeds_ada_norm === classes;
  return new ClassConditional({
    ...parts,
    classes,
    ...knowsNone && { nullLabel: classes },
    ...isRecord(labels) && { names: labels as Record<string, string> },
    defaults: defaultsOf(index, parts.defaults, { guidanceScale: knowsNone ? 4 : 1 }),
  });
}

type Released = "text-encoder" | "denoiser" | "autoencoder";

function isReleased({ release = false }: PipelineOptions, network: Released): boolean {
  return typeof release === "boolean" ? release : release.includes(network);
}

function sessionOptions(
  { device, engine, threads, lowMemory, optimisedCacheDir }: PipelineOptions,
): OpenOptions {
  return {
    engine,
    ...device !== undefined && { device },
    ...threads !== undefined && { threads },
    ...lowMemory !== undefined && { lowMemory },
    ...optimisedCacheDir !== undefined && { cacheDir: optimisedCacheDir },
  };
}

async function textToImage(
  files: ModelFiles,
  index: ModelIndex,
  options: PipelineOptions,
  network: Json,
): Promise<TextToImage> {
  const session = sessionOptions(options);
  const { tiling = "auto" } = options;
  const release = (network: Released) => ({ release: isReleased(options, network) });
  const scheduler = await schedulerConfig(files);
  const { latentChannels: channels, vaeScaleFactor } = await readAutoencoderConfig(files);
  const xl = files.has("text_encoder_2");
  const conditionSize = countIn(network, "time_cond_proj_dim", "unet/config.json", 1 << 16);
  const lcm = conditionSize !== undefined;
  const origin = index._name_or_path;
  const name = (typeof origin === "string" ? origin : modelName(files)).split(/[\\/]/).at(-1)!;
  const upscaler = files.has("low_res_scheduler");
  const most = index.max_noise_level;
  const turbo = /turbo/i.test(name); // distilled to few steps without guidance; only its name tells
  const family: Partial<Defaults> = lcm
    ? { guidanceScale: 8.5 }
    : turbo
    ? { guidanceScale: 1, steps: 4 }
    : upscaler
    ? { guidanceScale: 9, steps: 75 }
    : { guidanceScale: xl ? 5 : 7.5 };
  const base = { steps: stepsOf(scheduler, 20), guidanceScale: 7.5 };
  const zeros = index.force_zeros_for_empty_prompt;
  const encoder = () => openAutoencoder(files, { ...session, tiling });
  return new TextToImage({
    scheduler,
    promptEncoder: new Lazy(
      () =>
        openPromptEncoder(files, {
          ...session,
          ...typeof zeros === "boolean" && { forceZerosForEmptyPrompt: zeros },
        }),
      release("text-encoder"),
    ),
    denoiser: new Lazy(() => openDenoiser(files, session), release("denoiser")),
    decoder: new Lazy(
      () => openAutoencoder(files, { ...session, tiling, encoder: false }),
      release("autoencoder"),
    ),
    ...files.has("vae_encoder") && { encoder: new Lazy(encoder, release("autoencoder")) },
    channels,
    inChannels: inChannels(network, "unet") ?? channels,
    vaeScaleFactor,
    sizeMultiple: vaeScaleFactor * downsamplingFactor(network),
    ...lcm && { timeCondProjDim: conditionSize },
    ...upscaler && {
      lowRes: {
        scheduler: await schedulerConfig(files, "low_res_scheduler"),
        maxNoiseLevel: isCount(most) ? most : 350,
      },
    },
    aesthetics: index.requires_aesthetics_score === true,
    strengthInSchedule: index._class_name.startsWith("LatentConsistencyModel"),
    defaults: defaultsOf(index, { ...base, ...trainedSize(network, vaeScaleFactor) }, family),
  });
}

async function pixelParts(
  files: ModelFiles,
  index: ModelIndex,
  options: PipelineOptions,
  network: Json,
  component: string,
): Promise<ModelParts> {
  const session = sessionOptions(options);
  const { tiling = "auto" } = options;
  const release = (network: Released) => ({ release: isReleased(options, network) });
  const scheduler = await schedulerConfig(files);
  const latent = files.has("vae_decoder") ? await readAutoencoderConfig(files) : undefined;
  const vaeScaleFactor = latent?.vaeScaleFactor ?? 1;
  const steps = scheduler._class_name === "DDPMScheduler" ? 1000 : stepsOf(scheduler, 50);
  const base = { steps, guidanceScale: 1, ...trainedSize(network, vaeScaleFactor, component) };
  const decoding = { ...session, tiling, encoder: false };
  return {
    scheduler,
    // Song et al. trained these on pixels from 0 to 1, everybody else from -1 to 1.
    ...scheduler._class_name === "ScoreSdeVeScheduler" && { range: [0, 1] as const },
    denoiser: new Lazy(() => openDenoiser(files, session), release("denoiser")),
    ...latent && {
      decoder: new Lazy(
        () => openAutoencoder(files, decoding),
        release("autoencoder"),
      ),
    },
    channels: inChannels(network, component) ?? latent?.latentChannels ?? 3,
    vaeScaleFactor,
    sizeMultiple: vaeScaleFactor * downsamplingFactor(network),
    fixedSize: component === "transformer", // its positions are those it was trained at
    defaults: defaultsOf(index, base),
  };
}
