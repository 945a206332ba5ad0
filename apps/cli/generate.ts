/**
 * The main command: pictures from prompts.
 *
 * @module
 */

import type { RunPlan } from "@shum/pipelines";
import { dirname } from "@std/path";
import { CliError, exitCodes, usageError } from "./exit_codes.ts";
import { grid } from "./picture/grid.ts";
import {
  encodeAnimation,
  encodePicture,
  formatOf,
  makeFolder,
  requireFolder,
  writeFile,
} from "./picture/image_file.ts";
import { readInputPicture } from "./picture/input_picture.ts";
import { nearlyCommand } from "./options/args.ts";
import { commandLine, type Job, readJobs } from "./options/jobs.ts";
import { type PictureRecord, pictureRecord, recordTexts } from "./metadata/metadata.ts";
import { modelFacts } from "./model_facts.ts";
import { leaveNetwork } from "./network.ts";
import { openModels } from "./open_models.ts";
import type { Given } from "./options/options.ts";
import { existingPart, type OutputNames, outputNames } from "./picture/output.ts";
import type { Rgb } from "./picture/png.ts";
import { plural, Progress, type Screen } from "./progress.ts";
import { type Batch, planBatches, type Resolved, resolveJob } from "./options/resolve.ts";
import { warnings } from "./warnings.ts";
import { Watcher } from "./watcher.ts";

/** What the command needs of its surroundings. */
export interface CliContext {
  readonly screen: Screen;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

interface Written {
  readonly path: string;
  readonly animation?: string;
  readonly record: PictureRecord;
}

/** Makes the pictures that the command line asks for. */
export async function runGenerate(
  command: Given,
  words: readonly string[],
  { screen, print, signal }: CliContext,
): Promise<void> {
  const started = performance.now();
  const progress = new Progress(command.quiet ? { ...screen, write: () => {} } : screen);
  const verbose = (text: string) => command.verbose && progress.note(text);
  const doubt = nearlyCommand(words);
  if (doubt !== undefined) progress.note(doubt);
  const { given, jobs } = await readJobs(command, words, (text) => progress.note(text));

  // Everything that can be wrong with files is found out before a model is loaded.
  const count = jobs.reduce((sum, job) => sum + pictures(job), 0);
  const seedsDiffer = jobs.length === 1 && jobs[0]!.variationSeed === undefined;
  const names = await outputNames(given.output, count, seedsDiffer);
  const input = await readInputPicture(given);
  // A folder that was named as one is made, when there is something to put into it.
  await requireFolder(names.makesFolder ? await existingPart(names.folder) : names.folder);
  if (given.previewPath !== undefined) {
    if (formatOf(given.previewPath) !== "png") throw usageError("--preview-path must end in .png");
    await requireFolder(dirname(given.previewPath));
  }

  if (given.device !== undefined && given.device !== "auto") await requireDevice(given.device);

  await using model = await openModels(given, progress, signal);
  const { repository } = model;
  await leaveNetwork(given);
  const resolved: Resolved[] = [];
  for (const job of jobs) resolved.push(await resolveJob(job, model, input));
  refuseExisting(names, resolved, given);
  for (const text of await warnings(names.format, given, resolved)) progress.note(text);
  if (given.dryRun) return dryRun(resolved, repository.path, names, given, print);
  if (names.makesFolder) await makeFolder(names.folder);

  // Hashing gigabytes takes a while: it runs beside the first picture.
  const facts = given.noMetadata && !given.json
    ? undefined
    : modelFacts(repository, signal).catch((error) => {
      if (!signal.aborted) throw error;
      return undefined;
    });
  facts?.catch(() => {}); // looked at when the first picture is written
  verbose(`model ${repository.path}`);
  if (given.verbose) verbose(await deviceLine(given));
  verbose(`prepared in ${((performance.now() - started) / 1000).toFixed(1)} s`);

  const written: Written[] = [];
  const sheet: Rgb[] = [];
  try {
    for (const job of resolved) {
      for (const batch of planBatches(job.job)) {
        const [from, to] = [written.length + 1, written.length + batch.size];
        const which = count === 1 ? "" : `${from}${to > from ? `-${to}` : ""} of ${count}, `;
        const label = `${which}seed ${batch.seed}`;
        const watcher = new Watcher(job, batch, label, progress, screen);
        const made = await watcher.watch(job.stream(batch, signal));
        for (const [i, image] of made.entries()) {
          const picture = job.finish(image);
          const place: Place = { job, batch, index: i, number: written.length + 1, names };
          const frames = watcher.frames[i];
          const item = await writePicture(picture, image.seed, place, frames, await facts);
          written.push(item);
          if (given.grid) sheet.push(picture);
          if (!given.json) print(item.path);
          if (!given.json && item.animation !== undefined) print(item.animation);
          verbose(commandLine(item.record.settings));
        }
        signal.throwIfAborted(); // what was finished is kept
      }
    }
  } catch (error) {
    progress.end();
    if (!signal.aborted) throw error;
    throw new CliError(
      exitCodes.interrupted,
      `Stopped: ${written.length} of ${plural(count, "picture")} ${
        count === 1 ? "was" : "were"
      } written`,
    );
  }
  progress.end();

  let gridPath: string | undefined;
  const [first] = written;
  if (sheet.length > 0 && first !== undefined) {
    const texts = given.noMetadata ? {} : recordTexts(first.record);
    const bytes = await encodePicture(grid(sheet), names.format, texts, given.quality);
    const path = names.sibling(first.path, `-grid.${names.format}`);
    gridPath = await writeFile(path, bytes, given.overwrite ? "overwrite" : "number");
    if (!given.json) print(gridPath);
  }
  const seconds = (performance.now() - started) / 1000;
  verbose(`${plural(written.length, "picture")} in ${seconds.toFixed(1)} s`);
  if (given.json) {
    const images = written.map(({ record, ...files }) => ({ ...files, ...record }));
    print(JSON.stringify({ images, ...(gridPath ? { grid: gridPath } : {}), seconds }, null, 2));
  }
}

/** A device that was named must work; "auto" takes what does. */
async function requireDevice(device: NonNullable<Given["device"]>): Promise<void> {
  const { chooseDevices, probeDevices } = await import("@shum/models");
  try {
    chooseDevices(device, await probeDevices());
  } catch (error) {
    throw usageError((error as Error).message);
  }
}

/** Which device serves, and why the ones before it do not. */
async function deviceLine(given: Given): Promise<string> {
  const { chooseDevices, probeDevices } = await import("@shum/models");
  const probes = await probeDevices();
  const [serves] = chooseDevices(given.device ?? "auto", probes);
  const others = probes.filter(({ available }) => !available)
    .map(({ device, reason }) => `${device}: ${reason ?? "not found"}`);
  return `device ${serves}${others.length > 0 ? ` (not ${others.join("; not ")})` : ""}`;
}

function pictures({ given }: Job): number {
  return (given.batchCount ?? 1) * (given.batchSize ?? 1);
}

/** A file that the user named and that exists is refused now, not after minutes of work. */
function refuseExisting(names: OutputNames, resolved: readonly Resolved[], given: Given): void {
  if (!names.exact || given.overwrite) return;
  const path = nameOf(names, resolved[0]!, resolved[0]!.job.seed, 1);
  let exists = true;
  try {
    Deno.lstatSync(path);
  } catch {
    exists = false;
  }
  if (exists) {
    throw new CliError(
      exitCodes.file,
      `Cannot write ${path}: it exists; use --overwrite, or another --output`,
    );
  }
}

function nameOf(names: OutputNames, job: Resolved, seed: number, index: number): string {
  const { settings, modelName } = job;
  return names.path({
    index,
    seed,
    prompt: settings.prompt ?? settings.class ?? "",
    model: modelName,
    steps: settings.steps ?? 0,
    cfg: settings.cfgScale ?? 1,
  });
}

interface Place {
  readonly job: Resolved;
  readonly batch: Batch;
  readonly index: number;
  readonly number: number;
  readonly names: OutputNames;
}

/** Milliseconds that a step of the denoising is shown. */
const FRAME_MS = 120;

async function writePicture(
  picture: Rgb,
  seed: number,
  { job, batch, index, number, names }: Place,
  frames: readonly Rgb[] | undefined,
  model: PictureRecord["model"] | undefined,
): Promise<Written> {
  const { given } = job.job;
  const settings: Given = {
    width: picture.width,
    height: picture.height,
    ...job.settings,
    seed,
    ...(batch.variationSeed === undefined ? {} : { variationSeed: batch.variationSeed + index }),
  };
  const record = pictureRecord({
    settings,
    model: model ?? { name: job.modelName, pipeline: "" },
    sampler: job.sampler,
    ...(given.device === undefined ? {} : { device: given.device }),
  });
  const texts = given.noMetadata ? {} : recordTexts(record);
  const bytes = await encodePicture(picture, names.format, texts, given.quality);
  const ifExists = given.overwrite ? "overwrite" : names.exact ? "fail" : "number";
  const path = await writeFile(nameOf(names, job, seed, number), bytes, ifExists);
  if (frames === undefined) return { path, record };
  const gif = await encodeAnimation([...frames, picture], FRAME_MS);
  const beside = names.sibling(path, names.format === "gif" ? "-steps.gif" : ".gif");
  const animation = await writeFile(beside, gif, given.overwrite ? "overwrite" : "number");
  return { path, animation, record };
}

function dryRun(
  resolved: readonly Resolved[],
  model: string,
  names: OutputNames,
  given: Given,
  print: (text: string) => void,
): void {
  const runs = resolved.map((job, k) => ({
    settings: { ...job.settings, seed: job.job.seed },
    sampler: job.sampler,
    calls: job.plan.calls,
    pictures: pictures(job.job),
    first: nameOf(names, job, job.job.seed, k + 1),
    plan: withoutSteps(job.plan),
  }));
  if (given.json) {
    print(JSON.stringify({ dryRun: true, model, runs }, null, 2));
    return;
  }
  print(`model ${model}`);
  for (const { settings, sampler, pictures, first, plan } of runs) {
    const stages = [plan, ...plan.stages ?? []].map(({ calls }) => calls);
    const earlier = stages.slice(0, -1).map((calls) => `${calls} + `).join("");
    const calls = `${earlier}${plural(stages.at(-1)!, "model call")}`;
    const spacing = sampler.schedule === undefined ? "" : ` ${sampler.schedule}`;
    print(commandLine(settings));
    const many = plural(pictures, "picture");
    print(`  ${many} of ${calls} by ${sampler.name}${spacing}: ${first}`);
  }
}

/** What a run will do, without the arithmetic of its steps: `plan` prints that. */
function withoutSteps({ plan: _, ...told }: RunPlan): RunPlan {
  return { ...told, ...told.stages && { stages: told.stages.map(withoutSteps) } };
}
