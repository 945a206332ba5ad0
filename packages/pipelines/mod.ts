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
 *   const [image] = await pipeline.generate({ prompt }, { seed: 42, steps: 20 });
 *   return image.data; // RGB
 * }
 * await assertRejects(() => draw("./no-such-model", "black cat with red eyes"));
 * ```
 *
 * @module
 */
export * from "./pipeline.ts";
export * from "./run/run_plan.ts";
export * from "./run/sampler.ts";
export * from "./run/task.ts";
export * from "./model_parts.ts";
export * from "./model_pipeline.ts";
export * from "./pictures/image.ts";
export * from "./pictures/resize.ts";
export * from "./run/slerp.ts";
export * from "./run/denoise.ts";
export * from "./lazy.ts";
export * from "./text_input.ts";
export * from "./text_parts.ts";
export * from "./tasks/text_to_image.ts";
export * from "./tasks/image_to_image.ts";
export * from "./tasks/inpaint.ts";
export * from "./tasks/unconditional.ts";
export * from "./tasks/class_conditional.ts";
export * from "./tasks/denoise_image.ts";
export * from "./tasks/colorize.ts";
export * from "./tasks/pixel_inpaint.ts";
export * from "./tasks/interpolate.ts";
export * from "./tasks/super_resolution.ts";
export * from "./tasks/cascade.ts";
export * from "./tasks/score_based.ts";
export * from "./tasks/restore.ts";
export * from "./pictures/measurement.ts";
export * from "./bayes/open_model.ts";
export * from "./bayes/classify.ts";
export * from "./bayes/picture_likelihood.ts";
export * from "./from_pretrained.ts";
