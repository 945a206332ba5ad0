/**
 * From jobs to A1111's answers: pictures with `info`, and how far the one under way has come.
 *
 * @module
 */

import { VERSION } from "../cli.ts";
import type { JobStatus } from "../queue/job_queue.ts";
import type { ModelTable } from "../models.ts";

const stamp = (time: number) => new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);

/** The JSON text that clients find in `info`. */
export async function infoOf(job: JobStatus, models: ModelTable): Promise<string> {
  const { request: { given, model }, drawn } = job;
  const served = models.get(model);
  const { defaults } = served.opened.pipeline;
  const { name, hash } = await served.facts();
  const { prompt = "", negativePrompt = "", variationSeed } = given;
  const seeds = drawn.map(({ seed }) => seed);
  const varied = variationSeed !== undefined;
  const [first] = drawn;
  return JSON.stringify({
    prompt,
    all_prompts: drawn.map(() => prompt),
    negative_prompt: negativePrompt,
    all_negative_prompts: drawn.map(() => negativePrompt),
    seed: given.seed,
    all_seeds: varied ? seeds.map(() => given.seed) : seeds,
    subseed: variationSeed ?? -1,
    all_subseeds: seeds.map((_, i) => varied ? variationSeed + i : -1),
    subseed_strength: given.variationStrength ?? 0,
    width: first?.width ?? given.width ?? defaults.width,
    height: first?.height ?? given.height ?? defaults.height,
    sampler_name: given.sampler ?? "Automatic",
    cfg_scale: given.cfgScale ?? defaults.guidanceScale,
    steps: given.steps ?? defaults.steps,
    batch_size: 1,
    restore_faces: false,
    face_restoration_model: null,
    sd_model_name: name,
    sd_model_hash: hash ?? null,
    sd_vae_name: null,
    sd_vae_hash: null,
    seed_resize_from_w: -1,
    seed_resize_from_h: -1,
    denoising_strength: given.initImg === undefined ? null : given.strength ?? 0.75,
    extra_generation_params: {},
    index_of_first_image: 0,
    infotexts: drawn.map(({ infotext }) => infotext),
    styles: [],
    job_timestamp: stamp(job.created),
    clip_skip: given.clipSkip ?? 1,
    is_using_inpainting_conditioning: false,
    version: `Shum ${VERSION}`,
  });
}

/** The answer to `progress`. */
export function progressOf(job: JobStatus | undefined, jobs: number, withPicture: boolean) {
  const count = job?.request.given.batchCount ?? 0;
  const [done, steps] = [job?.drawn.length ?? 0, job?.steps ?? 0];
  const step = job?.state === "running" ? job.step : 0;
  const share = job === undefined || steps === 0
    ? 0
    : Math.min(1, (done + Math.min(step, steps) / steps) / count);
  const seconds = job?.started === undefined ? 0 : (Date.now() - job.started) / 1000;
  return {
    progress: share,
    eta_relative: share === 0 ? 0 : seconds / share - seconds,
    state: {
      skipped: false,
      interrupted: false,
      stopping_generation: false,
      job: job?.id ?? "",
      job_count: jobs === 0 ? 0 : count,
      job_timestamp: stamp(job?.created ?? 0),
      job_no: done,
      sampling_step: step,
      sampling_steps: steps,
    },
    current_image: withPicture ? job?.preview?.toBase64() ?? null : null,
    textinfo: job?.state === "waiting" ? `waiting behind ${job.before} jobs` : null,
    current_task: job?.id ?? null,
  };
}
