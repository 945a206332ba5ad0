import type { Option } from "./option.ts";

/** What to show, and by which model. */
export const modelOptions = {
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
    value: "folder|file|id",
    short: "m",
    aliases: ["model-id"],
    help:
      "a folder in diffusers layout (.safetensors or ONNX), a checkpoint (.safetensors), or a " +
      "Hugging Face id (owner/name[@revision])",
    standard: "the model that ships with Shum",
  },
  upscaler: {
    group: "Model",
    kind: "text",
    value: "folder|id",
    help: "a second model, which enlarges what the first one made of a text (a cascade)",
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
  dtype: {
    group: "Model",
    kind: "choice",
    choices: ["auto", "fp32", "fp16"],
    synonyms: { float32: "fp32", float16: "fp16" },
    help: "precision of the graphs to use, where there are several",
    standard: "auto: the plain ones",
  },
  device: {
    group: "Model",
    kind: "choice",
    choices: ["auto", "cpu", "cuda", "webgpu", "dml", "coreml"],
    aliases: ["ep", "provider"],
    help: "where to compute",
    standard: "auto: the fastest that works",
  },
  engine: {
    group: "Model",
    kind: "list",
    value: "url",
    help:
      "run the networks that a server of the Open Inference Protocol (Triton, KServe) has there, the " +
      "others here; give it again for more servers, which are asked in turn",
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
} as const satisfies Readonly<Record<string, Option>>;
