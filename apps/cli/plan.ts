/**
 * `plan`: what a sampler will compute, as a table, as JSON, as a picture.
 *
 * @module
 */

import type { AnyPipeline, RunPlan } from "@shum/pipelines";
import type { NoiseLevel, Plan, SchedulerConfig } from "@shum/schedulers";
import { dirname } from "@std/path";
import { usageError } from "./exit_codes.ts";
import { requireFolder, writeFile } from "./picture/image_file.ts";
import { type InputPicture, readInputPicture } from "./picture/input_picture.ts";
import { readJobs } from "./options/jobs.ts";
import { chosenModel } from "./model_choice.ts";
import { openModels } from "./open_models.ts";
import type { Given } from "./options/options.ts";
import { plotLevels } from "./picture/plot.ts";
import { encodePng } from "./picture/png.ts";
import { plural, type Progress } from "./progress.ts";
import { type OpenedModel, resolveJob } from "./options/resolve.ts";
import { warnings } from "./warnings.ts";

/** What Stable Diffusion 1.x was trained with; used when no model is given. */
const stableDiffusionConfig: SchedulerConfig = {
  _class_name: "PNDMScheduler",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
};

/** A model that can be planned with and not run. */
async function stableDiffusion(): Promise<OpenedModel> {
  const { Lazy, TextToImage } = await import("@shum/pipelines");
  const never = () => Promise.reject(new Error("Cannot run: there is no model"));
  const pipeline = new TextToImage({
    scheduler: stableDiffusionConfig,
    promptEncoder: new Lazy(never),
    denoiser: new Lazy(never),
    decoder: new Lazy(never),
    encoder: new Lazy(never),
    channels: 4,
    inChannels: 4,
    vaeScaleFactor: 8,
    defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
  });
  return { pipeline, upscaler: undefined, name: "Stable Diffusion 1" };
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
export function planTable(plan: Plan, end: NoiseLevel): string {
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
  const { alpha, sigma } = end;
  rows.push(["end", "", short(alpha), short(sigma), short(sigma / alpha), ""]);
  return columns(rows);
}

/** The options with something in the place of what a run needs and its plan does not depend on. */
function completed(
  pipeline: AnyPipeline,
  given: Given,
  input: InputPicture | undefined,
): { given: Given; input: InputPicture | undefined } {
  if (pipeline.kind === "unconditional") return { given, input };
  if (pipeline.kind === "class-conditional") return { given: { class: "0", ...given }, input };
  const { enlarges, repaints, defaults: { width, height } } = pipeline;
  if (input || !(enlarges || repaints)) return { given: { prompt: "", ...given }, input };
  const picture = { width, height, data: new Uint8Array(3 * width * height) };
  const mask = { width, height, data: new Uint8Array(width * height).fill(255) };
  const files: Given = repaints ? { initImg: "", mask: "", strength: 1 } : { initImg: "" };
  return {
    given: { prompt: "", ...files, ...given },
    input: { picture, mask: repaints ? mask : undefined },
  };
}

/** Prints what a run with these options would compute; draws it if `--plot` asks. */
export async function runPlan(
  command: Given,
  words: readonly string[],
  progress: Progress,
  print: (text: string) => void,
): Promise<void> {
  if (words.length > 0) {
    throw usageError(`Cannot plan "${words.join(" ")}": expected options only, such as --sampler`);
  }
  const { jobs: [job] } = await readJobs(command, [], (text) => progress.note(text));
  const known = await chosenModel(job!.given).then(() => true, () => false);
  await using opened = known ? await openModels(job!.given, progress) : undefined;
  const model = opened ?? await stableDiffusion();
  const { given, input } = completed(
    model.pipeline,
    job!.given,
    await readInputPicture(job!.given),
  );
  const resolved = await resolveJob({ ...job!, given }, model, input);
  for (const text of await warnings(undefined, given, [resolved])) progress.note(text);
  const { plan: told } = resolved;
  const plot = given.plot === undefined ? undefined : await drawPlan(told, given, given.plot);
  if (given.json) {
    const { scheduler: config, ...rest } = told;
    print(JSON.stringify({ config, ...rest, ...(plot ? { plot } : {}) }, null, 2));
    return;
  }
  const { scheduler, calls, plan, end } = told;
  print(
    `${scheduler._class_name}, trained as ${model.name}: ${plural(calls, "model call")}, ` +
      `starting from noise of deviation ${short(told.initNoiseSigma)}`,
  );
  if (plan && end) print(planTable(plan, end));
  else print("The sampler finds its steps as it goes: there is no plan to show");
  if (plot !== undefined) print(`plot: ${plot}`);
}

/** Draws the levels of a plan, and returns where. */
async function drawPlan(told: RunPlan, given: Given, path: string): Promise<string> {
  const { plan, end, scheduler, calls } = told;
  if (!plan || !end) {
    throw usageError(
      `Cannot draw plan: ${scheduler._class_name} finds its steps as it goes; expected a model ` +
        `with another scheduler`,
    );
  }
  await requireFolder(dirname(path));
  const points = [
    ...plan.steps.map(({ level, x }) => ({
      level: level.sigma / level.alpha,
      noisy: x.noise !== undefined && x.noise !== 0,
    })),
    { level: end.sigma / end.alpha, noisy: false },
  ];
  const title = [given.sampler ?? scheduler._class_name, given.schedule, `${calls} calls`]
    .filter((part) => part !== undefined).join(", ");
  const bytes = encodePng(plotLevels(points, title), { Title: title });
  return await writeFile(path, bytes, given.overwrite ? "overwrite" : "fail");
}
