/**
 * Every option of the command line: names, kind, limits, help. Parsing, checking, `--help` and the
 * type of the settings all come from this table.
 *
 * @module
 */

/** One option. Its flag is the key in kebab case. */
export interface Option {
  readonly group: Group;
  readonly kind: "text" | "integer" | "number" | "choice" | "list" | "switch";
  /** What the help calls the value. */
  readonly value?: string;
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly choices?: readonly string[];
  /** Other words for a choice. */
  readonly synonyms?: Readonly<Record<string, string>>;
  readonly min?: number;
  readonly max?: number;
  readonly help: string;
  /** The default, for the help. */
  readonly standard?: string;
}

/** The headings of the help. */
export type Group =
  | "Prompt"
  | "Model"
  | "Picture"
  | "Sampling"
  | "Guidance"
  | "Starting from a picture"
  | "Output"
  | "Watching"
  | "Plan"
  | "Lists"
  | "Other";

const MAX_SEED = Number.MAX_SAFE_INTEGER;

export const options = {
  prompt: {
    group: "Prompt",
    kind: "text",
    value: "text",
    short: "p",
    help: "what to show; (word:1.3) and [word] weigh words, BREAK starts a new chunk",
  },
  negativePrompt: {
    group: "Prompt",
    kind: "text",
    value: "text",
    short: "n",
    help: "what to avoid",
    standard: "none",
  },
  promptFile: {
    group: "Prompt",
    kind: "text",
    value: "file",
    aliases: ["from-file", "prompts-from-file"],
    help: 'one prompt per line, or lines such as --prompt "cat" --seed 1; "-" reads standard input',
  },
  also: {
    group: "Prompt",
    kind: "list",
    value: "text:weight",
    help: "compose a further prompt with the first, with its own scale; may be repeated",
  },
  class: {
    group: "Prompt",
    kind: "text",
    value: "label",
    aliases: ["class-label"],
    help: "the class, by number or name, for class-conditional models",
  },
  model: {
    group: "Model",
    kind: "text",
    value: "folder|id",
    short: "m",
    aliases: ["model-id"],
    help: "a folder in diffusers ONNX layout, or a Hugging Face id (owner/name[@revision])",
    standard: "the model that ships with Shum",
  },
  revision: {
    group: "Model",
    kind: "text",
    value: "name",
    help: "branch, tag or commit of a hub model",
    standard: "main",
  },
  variant: {
    group: "Model",
    kind: "text",
    value: "name",
    help: 'graphs to use where there are several, such as "fp16"',
  },
  device: {
    group: "Model",
    kind: "choice",
    choices: ["auto", "cpu", "cuda", "webgpu", "dml", "coreml"],
    aliases: ["ep", "provider"],
    help: "where to compute",
    standard: "auto: the fastest that works",
  },
  threads: {
    group: "Model",
    kind: "integer",
    value: "n",
    short: "t",
    min: 1,
    max: 1024,
    help: "processor threads",
    standard: "one per core",
  },
  vaeTiling: {
    group: "Model",
    kind: "switch",
    help: "decode in tiles, to save memory; large pictures do so anyway",
  },
  offline: {
    group: "Model",
    kind: "switch",
    help: "use only what is in the cache (also: HF_HUB_OFFLINE=1)",
  },
  cacheDir: {
    group: "Model",
    kind: "text",
    value: "folder",
    help: "where downloads are kept",
    standard: "HF_HUB_CACHE, else ~/.cache/huggingface/hub",
  },
  width: {
    group: "Picture",
    kind: "integer",
    value: "px",
    short: "W",
    min: 8,
    max: 8192,
    help: "a multiple of 8",
    standard: "the model's own",
  },
  height: {
    group: "Picture",
    kind: "integer",
    value: "px",
    short: "H",
    min: 8,
    max: 8192,
    help: "a multiple of 8",
    standard: "the model's own",
  },
  size: {
    group: "Picture",
    kind: "text",
    value: "WxH",
    help: "both at once",
  },
  seed: {
    group: "Picture",
    kind: "integer",
    value: "n",
    short: "s",
    min: -1,
    max: MAX_SEED,
    help: "the same seed and settings give the same picture",
    standard: "-1: random, printed",
  },
  batchCount: {
    group: "Picture",
    kind: "integer",
    value: "n",
    short: "b",
    aliases: ["n-iter", "num-images"],
    min: 1,
    max: 100_000,
    help: "pictures per prompt, one after another, with seeds seed, seed + 1, ...",
    standard: "1",
  },
  batchSize: {
    group: "Picture",
    kind: "integer",
    value: "n",
    min: 1,
    max: 256,
    help: "pictures computed together; count x size are made",
    standard: "1",
  },
  variationSeed: {
    group: "Picture",
    kind: "integer",
    value: "n",
    aliases: ["subseed"],
    min: -1,
    max: MAX_SEED,
    help: "seed of a second noise, blended into the first",
  },
  variationStrength: {
    group: "Picture",
    kind: "number",
    value: "0..1",
    aliases: ["subseed-strength"],
    min: 0,
    max: 1,
    help: "how much of it",
    standard: "0",
  },
  rng: {
    group: "Picture",
    kind: "choice",
    choices: ["torch", "nv", "numpy"],
    synonyms: { cpu: "torch", cuda: "nv", gpu: "nv" },
    help: "whose random numbers: torch (diffusers on CPU), nv (a GPU's), numpy",
    standard: "torch",
  },
  steps: {
    group: "Sampling",
    kind: "integer",
    value: "n",
    aliases: ["num-inference-steps", "sampling-steps", "sample-steps"],
    min: 1,
    max: 1000,
    help: "denoising steps",
    standard: "the model's own",
  },
  sampler: {
    group: "Sampling",
    kind: "text",
    value: "name",
    aliases: ["sampling-method", "sampler-name", "scheduler"],
    help: 'such as euler_a or "DPM++ 2M"; see --list-samplers',
    standard: "the model's own",
  },
  schedule: {
    group: "Sampling",
    kind: "text",
    value: "name",
    aliases: ["schedule-type", "sigma-schedule"],
    help: "how noise levels are spaced, such as karras; see --list-schedules",
    standard: "the model's own",
  },
  eta: {
    group: "Sampling",
    kind: "number",
    value: "0..1",
    min: 0,
    max: 1,
    help: "noise that DDIM and TCD add",
    standard: "0",
  },
  sigmas: {
    group: "Sampling",
    kind: "text",
    value: "a,b,...",
    help: "the noise levels themselves, falling, instead of --steps",
  },
  timesteps: {
    group: "Sampling",
    kind: "text",
    value: "a,b,...",
    help: "the training timesteps themselves, falling, instead of --steps",
  },
  clipSkip: {
    group: "Sampling",
    kind: "integer",
    value: "n",
    min: 1,
    max: 24,
    help: "which layer of the text encoder counts from the end: 1 is the last, 2 the one before",
    standard: "1",
  },
  cfgScale: {
    group: "Guidance",
    kind: "number",
    value: "x",
    aliases: ["guidance-scale", "cfg", "scale"],
    min: 0,
    max: 1000,
    help: "how closely to follow the prompt; 1 switches guidance off",
    standard: "the model's own",
  },
  guidance: {
    group: "Guidance",
    kind: "choice",
    choices: ["cfg", "cfg++", "apg", "cfg-zero-star", "none"],
    synonyms: { "cfg-zero": "cfg-zero-star", "cfgpp": "cfg++", "off": "none" },
    help: "the method",
    standard: "cfg",
  },
  guidanceRescale: {
    group: "Guidance",
    kind: "number",
    value: "0..1",
    aliases: ["cfg-rescale"],
    min: 0,
    max: 1,
    help: "take over-exposure back (0.7 is usual)",
    standard: "0",
  },
  guidanceStart: {
    group: "Guidance",
    kind: "number",
    value: "0..1",
    min: 0,
    max: 1,
    help: "guide from this part of the run on",
    standard: "0",
  },
  guidanceStop: {
    group: "Guidance",
    kind: "number",
    value: "0..1",
    min: 0,
    max: 1,
    help: "guide up to this part of the run",
    standard: "1",
  },
  initImg: {
    group: "Starting from a picture",
    kind: "text",
    value: "file",
    short: "i",
    aliases: ["init-image", "image"],
    help: "a PNG, JPEG or GIF to change",
  },
  strength: {
    group: "Starting from a picture",
    kind: "number",
    value: "0..1",
    aliases: ["denoising-strength"],
    min: 0,
    max: 1,
    help: "how much to change it; 1 forgets it",
    standard: "0.75",
  },
  mask: {
    group: "Starting from a picture",
    kind: "text",
    value: "file",
    help: "where to change it: white is repainted, black is kept to the pixel",
  },
  invertMask: {
    group: "Starting from a picture",
    kind: "switch",
    help: "repaint the black part instead",
  },
  maskBlur: {
    group: "Starting from a picture",
    kind: "number",
    value: "px",
    min: 0,
    max: 256,
    help: "soften the seam",
    standard: "4",
  },
  fromImage: {
    group: "Starting from a picture",
    kind: "text",
    value: "file",
    help: "take prompt and settings from a picture's metadata (Shum, A1111, InvokeAI); flags win",
  },
  output: {
    group: "Output",
    kind: "text",
    value: "path",
    short: "o",
    aliases: ["outdir"],
    help:
      "file, folder/, or pattern with %03d, [seed], [prompt], [index], [model], [steps], [cfg]; " +
      ".png, .jpg or .gif",
    standard: "output-[seed].png",
  },
  overwrite: {
    group: "Output",
    kind: "switch",
    help: "replace files that exist",
  },
  quality: {
    group: "Output",
    kind: "integer",
    value: "1..100",
    min: 1,
    max: 100,
    help: "of JPEG",
    standard: "95",
  },
  grid: {
    group: "Output",
    kind: "switch",
    help: "also write all pictures side by side",
  },
  animate: {
    group: "Output",
    kind: "switch",
    help: "also write the denoising as a GIF",
  },
  noMetadata: {
    group: "Output",
    kind: "switch",
    aliases: ["disable-image-metadata"],
    help: "do not write the settings into the picture",
  },
  json: {
    group: "Output",
    kind: "switch",
    help: "print one JSON document on standard output",
  },
  preview: {
    group: "Watching",
    kind: "choice",
    choices: ["none", "latent", "vae"],
    help: "show the picture in the terminal as it forms: raw latents (free), or decoded (slower)",
    standard: "none",
  },
  previewInterval: {
    group: "Watching",
    kind: "integer",
    value: "n",
    min: 1,
    max: 1000,
    help: "every n-th step",
    standard: "1",
  },
  previewPath: {
    group: "Watching",
    kind: "text",
    value: "file",
    help: "write the preview to a file too (PNG)",
  },
  quiet: {
    group: "Watching",
    kind: "switch",
    short: "q",
    help: "no progress; paths and errors only",
  },
  verbose: {
    group: "Watching",
    kind: "switch",
    short: "v",
    help: "say what is loaded, where it runs and how long each part takes",
  },
  plot: {
    group: "Plan",
    kind: "text",
    value: "file.png",
    help: "plan: draw the noise levels",
  },
  listSamplers: { group: "Lists", kind: "switch", help: "samplers and their other names" },
  listSchedules: { group: "Lists", kind: "switch", help: "noise schedules" },
  listDevices: {
    group: "Lists",
    kind: "switch",
    help: "what can compute here, and why others cannot",
  },
  listModels: { group: "Lists", kind: "switch", help: "models on this machine" },
  dryRun: {
    group: "Other",
    kind: "switch",
    help: "check everything, say what would be done, and do nothing",
  },
  help: { group: "Other", kind: "switch", short: "h", help: "this text" },
  version: { group: "Other", kind: "switch", help: "the version" },
} as const satisfies Readonly<Record<string, Option>>;

/** The keys of {@linkcode options}. */
export type OptionKey = keyof typeof options;

type ValueOf<O extends Option> = O["kind"] extends "switch" ? boolean
  : O["kind"] extends "integer" | "number" ? number
  : O["kind"] extends "list" ? readonly string[]
  : O extends { choices: readonly (infer C)[] } ? C
  : string;

/** The options that were given, checked; what is absent was not given. */
export type Given = { readonly [K in OptionKey]?: ValueOf<typeof options[K]> };

/** The flag of an option, without dashes: `negative-prompt`. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
