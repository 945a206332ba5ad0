/**
 * `plan`: what a sampler will compute, as a table, as JSON, as a picture.
 *
 * @module
 */

import type { Plan, Scheduler, SchedulerConfig } from "@shum/schedulers";
import { basename, dirname } from "@std/path";
import { readNumbers } from "./args.ts";
import { usageError } from "./exit_codes.ts";
import { requireFolder, writeFile } from "./image_file.ts";
import { chosenModel, openModel } from "./model_choice.ts";
import type { Given } from "./options.ts";
import { plotLevels } from "./plot.ts";
import { encodePng } from "./png.ts";
import type { Progress } from "./progress.ts";
import { isSentence } from "./sentence.ts";

/** What Stable Diffusion 1.x was trained with; used when no model is given. */
export const stableDiffusionConfig: SchedulerConfig = {
  _class_name: "PNDMScheduler",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
};

/** The scheduler that the options ask for, with its levels chosen. */
export async function chosenScheduler(
  given: Given,
  base: SchedulerConfig,
  steps: number,
): Promise<Scheduler> {
  const { samplerConfig, Scheduler } = await import("@shum/schedulers");
  const named = given.sampler === undefined && given.schedule === undefined
    ? base
    : samplerConfig(given.sampler ?? String(base._class_name), given.schedule, base);
  const config: SchedulerConfig = given.eta === undefined ? named : { ...named, eta: given.eta };
  const scheduler = Scheduler.fromConfig(config);
  const sigmas = given.sigmas === undefined ? undefined : readNumbers("sigmas", given.sigmas);
  const timesteps = given.timesteps === undefined
    ? undefined
    : readNumbers("timesteps", given.timesteps);
  scheduler.setTimesteps(sigmas || timesteps ? undefined : steps, {
    ...(sigmas ? { sigmas } : {}),
    ...(timesteps ? { timesteps } : {}),
  });
  return scheduler;
}

const short = (value: number): string => {
  if (value === 0 || !Number.isFinite(value)) return `${value}`;
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? value.toPrecision(5) : value.toExponential(3);
};

/** `0.98·x + 0.1·x0 - 0.05·x0[-1] + 0.2·z`: the step after a model call. */
export function formula({ terms, noise }: Plan["steps"][number]["x"]): string {
  const parts = Object.entries(terms as Record<string, number>)
    .map(([slot, weight]): [number, string] => [weight, slot]);
  if (typeof noise === "number") parts.push([noise, "z"]);
  const text = parts.map(([weight, slot], i) => {
    const sign = weight < 0 ? (i === 0 ? "-" : "- ") : i === 0 ? "" : "+ ";
    return `${sign}${short(Math.abs(weight))}·${slot}`;
  }).join(" ");
  return noise === undefined || typeof noise === "number" ? text : `${text} + learned·z`;
}

/** Rows as columns that line up, all but the last to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows.map((row) =>
    row.map((cell, c) => c === row.length - 1 ? cell : cell.padStart(widths[c]!)).join("  ")
  ).join("\n");
}

/** The plan as a table, one model call per line. */
export function planTable(scheduler: Scheduler): string {
  const { plan } = scheduler;
  const rows = [["call", "t", "alpha", "sigma", "sigma/alpha", "x after the call"]];
  plan.steps.forEach((step, i) => {
    const { alpha, sigma } = step.level;
    rows.push([
      `${i}`,
      short(step.cNoise),
      short(alpha),
      short(sigma),
      short(sigma / alpha),
      formula(step.x),
    ]);
  });
  const { alpha, sigma } = scheduler.noiseLevel(plan.steps.length);
  rows.push(["end", "", short(alpha), short(sigma), short(sigma / alpha), ""]);
  return columns(rows);
}

/** What the base config and the number of steps are when options say nothing. */
export interface PlanBase {
  readonly name: string;
  readonly config: SchedulerConfig;
  readonly steps: number;
}

/** The model's own scheduler; that of Stable Diffusion 1 when there is no model. */
export async function planBase(given: Given, progress: Progress): Promise<PlanBase> {
  const model = await chosenModel(given).catch(() => undefined);
  if (model === undefined) {
    return { name: "Stable Diffusion 1", config: stableDiffusionConfig, steps: 20 };
  }
  const repository = await openModel({ ...given, model }, progress);
  const config = await repository.json("scheduler", "scheduler_config.json");
  const { pipelineFrom } = await import("@shum/pipelines");
  await using pipeline = await pipelineFrom(repository);
  const { steps } = pipeline.defaults;
  return { name: basename(repository.path), config: config as SchedulerConfig, steps };
}

/** Prints the plan; draws it if `--plot` asks. */
export async function runPlan(
  given: Given,
  words: readonly string[],
  base: PlanBase,
  print: (text: string) => void,
): Promise<void> {
  if (words.length > 0) {
    throw usageError(`Cannot plan "${words.join(" ")}": expected options only, such as --sampler`);
  }
  const steps = given.steps ?? base.steps;
  let scheduler: Scheduler;
  try {
    scheduler = await chosenScheduler(given, base.config, steps);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw isSentence(error.message) ? usageError(error.message) : error;
  }
  const { plan } = scheduler;
  const end = scheduler.noiseLevel(plan.steps.length);
  let plot: string | undefined;
  if (given.plot !== undefined) {
    await requireFolder(dirname(given.plot));
    const points = [
      ...plan.steps.map(({ level, x }) => ({
        level: level.sigma / level.alpha,
        noisy: x.noise !== undefined && x.noise !== 0,
      })),
      { level: end.sigma / end.alpha, noisy: false },
    ];
    const title = [
      given.sampler ?? String(base.config._class_name),
      given.schedule,
      `${plan.steps.length} calls`,
    ].filter((part) => part !== undefined).join(", ");
    const bytes = encodePng(plotLevels(points, title), { Title: title });
    plot = await writeFile(given.plot, bytes, given.overwrite ? "overwrite" : "fail");
  }
  if (given.json) {
    print(
      JSON.stringify({ config: scheduler.config, plan, end, ...(plot ? { plot } : {}) }, null, 2),
    );
    return;
  }
  print(
    `${scheduler.config._class_name}, trained as ${base.name}: ${plan.steps.length} model calls, ` +
      `starting from noise of deviation ${short(scheduler.initNoiseSigma)}`,
  );
  print(planTable(scheduler));
  if (plot !== undefined) print(`plot: ${plot}`);
}
