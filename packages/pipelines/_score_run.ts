/**
 * The way of a run of Song et al.'s score models, whose sampler finds its steps as it goes.
 *
 * @module
 */
import type { Branch } from "@shum/guidance";
import type { Condition } from "@shum/models";
import { scoreSde, type ScoreSdeConfig } from "@shum/schedulers";
import { initialNoise, makeGenerator, runNoise, seedsOf } from "./_noise.ts";
import { predictor } from "./_predictor.ts";
import { guidanceFor, stepCount, withPreviews } from "./_sample.ts";
import { decoder, shapeOf } from "./_shape.ts";
import { denoise } from "./denoise.ts";
import type { Image } from "./image.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import { clean, type PixelTask } from "./_pixel_run.ts";
import type { PixelParts } from "./unconditional.ts";

/**
 * Whether a scheduler is one of Song et al.'s.
 *
 * @param config A `scheduler_config.json`.
 * @returns Whether {@linkcode runScore} runs it.
 */
export function isScoreSde(config: { readonly _class_name: string }): config is ScoreSdeConfig {
  return /^ScoreSdeV[ep]Scheduler$/.test(config._class_name);
}

/**
 * Runs a score model, one image after the other: its step sizes depend on norms over the batch, and an
 * image shall not depend on its batch.
 *
 * @param parts The model.
 * @param config Its scheduler.
 * @param options What the caller said.
 * @param conditions What each branch tells the network.
 * @param task What else is to be done; such models begin from noise only.
 * @returns A generator of previews, which returns the images.
 */
export async function* runScore(
  parts: PixelParts,
  config: ScoreSdeConfig,
  options: RunOptions,
  conditions: Readonly<Partial<Record<Branch, Condition>>>,
  { from, constrain }: PixelTask = {},
): AsyncGenerator<Preview, readonly Image[]> {
  const { signal, networks } = options;
  signal?.throwIfAborted();
  if (from !== undefined) {
    throw new TypeError(
      `Cannot denoise picture: ${config._class_name} begins from noise alone; expected a model with ` +
        `another scheduler, such as DDPMScheduler`,
    );
  }
  if (options.sampler !== undefined || options.schedule !== undefined) {
    throw new TypeError(
      `Cannot change sampler: the model's is ${config._class_name}, with levels of its own; expected ` +
        `neither sampler nor schedule`,
    );
  }
  const all = seedsOf(options);
  const steps = stepCount(options, parts.defaults.steps);
  const guidance = guidanceFor(options, parts.defaults.guidanceScale);
  const shape = shapeOf(parts, options, 1);
  const images: Image[] = [];
  await using lease = await parts.denoiser.acquire();
  for (const [i, seed] of all.seeds.entries()) {
    const seeds = { seeds: [seed], ...all.variations && { variations: [all.variations[i]!] } };
    const generators = [makeGenerator(options.rng ?? "torch", seed)];
    const noise = initialNoise(shape, generators, options, seeds);
    const most = config._class_name === "ScoreSdeVeScheduler" ? config.sigma_max ?? 1348 : 1;
    const x = noise.map((value) => value * most);
    const source = runNoise({ steps: [], eps: "raw" }, generators, [seed]);
    const trajectory = scoreSde(config, x, { steps, noise: source });
    const run = { shape, generators, noise };
    constrain?.(trajectory.x, trajectory.level, run);
    const { level, total } = trajectory;
    const branches = guidance.branches({ index: 0, total, level });
    const decode = decoder(parts, [seed]);
    const result = yield* withPreviews(
      denoise({
        trajectory,
        batch: 1,
        guidance,
        predict: predictor(
          { shape, denoiser: lease.value, networks, groups: [{ conditions }], signal },
          branches,
        ),
        afterStep: constrain && ((x, _index, level) => constrain(x, level ?? clean, run)),
        signal,
      }),
      shape,
      decode,
    );
    images.push(...await decode(result, shape));
  }
  signal?.throwIfAborted();
  return images;
}
