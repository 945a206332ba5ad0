/**
 * Pipelines: from a prompt, an image, a class or nothing to images.
 *
 * Each is one async generator that yields previews and returns images; `generate` runs it to its end.
 * The same seed gives the same image whatever the batch.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fromPretrained } from "@shum/pipelines";
 *
 * async function draw(model: string, prompt: string): Promise<Uint8Array> {
 *   await using pipeline = await fromPretrained(model);
 *   if (pipeline.kind !== "text-to-image") throw new TypeError("Expected a model of texts");
 *   const [image] = await pipeline.generate({ prompt }, { seed: 42, steps: 20 });
 *   return image!.data; // RGB
 * }
 * await assertRejects(() => draw("./no-such-model", "black cat with red eyes"));
 * ```
 *
 * @module
 */
export * from "./pipeline.ts";
export * from "./model_pipeline.ts";
export * from "./image.ts";
export * from "./resize.ts";
export * from "./slerp.ts";
export * from "./denoise.ts";
export * from "./lazy.ts";
export * from "./text_input.ts";
export * from "./text_parts.ts";
export * from "./text_to_image.ts";
export * from "./image_to_image.ts";
export * from "./inpaint.ts";
export * from "./unconditional.ts";
export * from "./class_conditional.ts";
export * from "./denoise_image.ts";
export * from "./colorize.ts";
export * from "./pixel_inpaint.ts";
export * from "./interpolate.ts";
export * from "./super_resolution.ts";
export * from "./cascade.ts";
export * from "./open_model.ts";
export * from "./score_based.ts";
export * from "./measurement.ts";
export * from "./restore.ts";
export * from "./classify.ts";
export * from "./picture_likelihood.ts";
export * from "./from_pretrained.ts";
