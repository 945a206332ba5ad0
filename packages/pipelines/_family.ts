/**
 * Which models are understood, by the names in model_index.json. What is not understood is refused: a
 * ControlNet of which half is ignored is another model.
 *
 * @module
 */
import type { ModelIndex } from "@shum/models";

/** diffusers' pipelines, without the prefixes that ONNX exports give them. */
const PIPELINES: ReadonlySet<string> = new Set([
  "StableDiffusionPipeline",
  "StableDiffusionImg2ImgPipeline",
  "StableDiffusionInpaintPipeline",
  "StableDiffusionInpaintPipelineLegacy",
  "StableDiffusionUpscalePipeline",
  "StableDiffusionXLPipeline",
  "StableDiffusionXLImg2ImgPipeline",
  "StableDiffusionXLInpaintPipeline",
  "LatentConsistencyModelPipeline",
  "LatentConsistencyModelImg2ImgPipeline",
  "DDPMPipeline",
  "DDIMPipeline",
  "PNDMPipeline",
  "KarrasVePipeline",
  "ScoreSdeVePipeline",
  "ConsistencyModelPipeline",
  "DiTPipeline",
]);

const tokenizers = ["CLIPTokenizer", "CLIPTokenizerFast"];
const textEncoders = ["CLIPTextModel", "CLIPTextModelWithProjection"];
const autoencoders = ["AutoencoderKL", "AutoencoderTiny"];

/** The classes of the components that are read. Those of schedulers are checked with their settings. */
const READ: Readonly<Record<string, readonly string[]>> = {
  tokenizer: tokenizers,
  tokenizer_2: tokenizers,
  text_encoder: textEncoders,
  text_encoder_2: textEncoders,
  unet: ["UNet2DConditionModel", "UNet2DModel"],
  transformer: ["DiTTransformer2DModel", "Transformer2DModel"],
  vae: autoencoders,
  vae_encoder: autoencoders,
  vae_decoder: autoencoders,
};

/** Components that only look at finished pictures, or mark them. */
const UNREAD = /^(safety_checker|feature_extractor|image_processor|watermark)/;

/** What stands before the names of exported pipelines, and of whatever network a graph is. */
const EXPORTED = /^(Onnx|ORT)/;

/**
 * Throws unless everything that a model_index.json names is understood.
 *
 * @param index Its model_index.json.
 * @param id What messages call the model.
 * @throws {TypeError} Naming the pipeline, component or class that is not.
 */
export function checkFamily(index: ModelIndex, id: string): void {
  const refuse = (what: string, expected: string) =>
    new TypeError(`Cannot open model "${id}": ${what}; expected ${expected}`);
  if (!PIPELINES.has(index._class_name.replace(EXPORTED, ""))) {
    throw refuse(
      `its pipeline is ${index._class_name}`,
      "Stable Diffusion 1, 2 or XL, also for inpainting or enlarging, LCM, DiT, DDPM, DDIM, a score " +
        "or a consistency model",
    );
  }
  for (const [component, value] of Object.entries(index)) {
    if (component.startsWith("_") || !Array.isArray(value) || value.length !== 2) continue;
    const name: unknown = value[1];
    if (typeof name !== "string") continue; // [null, null]: left out
    if (UNREAD.test(component) || /^(low_res_)?scheduler$/.test(component)) continue;
    const classes = Object.hasOwn(READ, component) ? READ[component] : undefined;
    if (!classes) {
      throw refuse(
        `it has a component "${component}" (${name}), which would be ignored`,
        `a model without it`,
      );
    }
    if (!classes.includes(name) && !EXPORTED.test(name)) {
      throw refuse(`its ${component} is ${name}`, classes.join(" or "));
    }
  }
}
