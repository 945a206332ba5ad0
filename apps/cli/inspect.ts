/**
 * `inspect`: what is in a model folder, or in the metadata of a picture. Nothing is loaded.
 *
 * @module
 */

import type { OnnxModel, Repository } from "@shum/models";
import { basename } from "@std/path";
import { CliError, exitCodes, usageError } from "./exit_codes.ts";
import { readTexts } from "./picture/image_file.ts";
import { readRecord } from "./metadata/metadata.ts";
import { openModel } from "./model_choice.ts";
import { flagOf, type Given } from "./options/options.ts";
import { printableLine } from "./printable.ts";
import { type Progress, size } from "./progress.ts";

/** One network of a model. */
interface Network {
  readonly component: string;
  readonly file: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly precision: string;
  readonly opset: number;
  readonly operators: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A value of somebody's file. */
const plain = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value);

const FLOATS = ["float32", "float16", "bfloat16", "float64", "float8e4m3fn", "float8e5m2"];

function describeValue(value: OnnxModel["inputs"][number]): string {
  return `${value.name} ${value.type} [${value.shape.join(", ")}]`;
}

async function describeNetwork(repository: Repository, component: string): Promise<Network> {
  const { readOnnxModel } = await import("@shum/models");
  const path = repository.file(component);
  const model = readOnnxModel(path);
  const beside = model.initializers.filter(({ file }) => file !== undefined);
  const bytes = beside.reduce((sum, { length }) => sum + length, (await Deno.stat(path)).size);
  // Weights, not the shapes and axes that graphs also keep as constants.
  const byType = new Map<string, number>();
  for (const { type, shape } of model.initializers) {
    const count = shape.reduce((a, b) => a * b, 1);
    byType.set(type, (byType.get(type) ?? 0) + count);
  }
  const weights = [...byType].filter(([type]) => FLOATS.includes(type) || /^u?int[48]$/.test(type))
    .sort((a, b) => b[1] - a[1]);
  return {
    component,
    file: basename(path),
    bytes,
    parameters: weights.reduce((sum, [, count]) => sum + count, 0),
    precision: weights.filter(([, n]) => n >= 0.01 * weights[0]![1]).map(([type]) => type).join(
      " + ",
    ),
    opset: model.opsets[""] ?? 0,
    operators: [...model.operators.values()].reduce((a, b) => a + b, 0),
    inputs: model.inputs.map(describeValue),
    outputs: model.outputs.map(describeValue),
  };
}

const NETWORKS = [
  "text_encoder",
  "text_encoder_2",
  "text_encoder_3",
  "unet",
  "transformer",
  "vae",
  "vae_encoder",
  "vae_decoder",
];

async function hasGraph(repository: Repository, component: string): Promise<boolean> {
  if (!repository.has(component)) return false;
  try {
    return await Deno.stat(repository.file(component)).then((info) => info.isFile);
  } catch {
    return false;
  }
}

const count = (n: number): string =>
  n >= 1e9
    ? `${(n / 1e9).toFixed(2)} G`
    : n >= 1e6
    ? `${(n / 1e6).toFixed(1)} M`
    : n >= 1e3
    ? `${(n / 1e3).toFixed(1)} k`
    : `${n}`;

async function inspectModel(
  given: Given,
  progress: Progress,
  print: (text: string) => void,
): Promise<void> {
  const repository = await openModel(given, progress);
  const scheduler = repository.has("scheduler")
    ? await repository.json("scheduler", "scheduler_config.json") as Record<string, unknown>
    : {};
  const others = Object.keys(repository.index).filter((key) =>
    Array.isArray(repository.index[key]) && !NETWORKS.includes(key)
  );
  const networks: Network[] = [];
  for (const component of new Set([...NETWORKS, ...others])) {
    if (await hasGraph(repository, component) && repository.file(component).endsWith(".onnx")) {
      networks.push(await describeNetwork(repository, component));
    }
  }
  if (given.json) {
    const { id, path, index, notes = [] } = repository;
    print(JSON.stringify({ id, path, index, notes, scheduler, networks }, null, 2));
    return;
  }
  // Every line of the report holds words of the model; none of them may become a line of its own.
  const line = (text: string) => print(printableLine(text));
  line(`${repository.id}: ${repository.index._class_name}`);
  line(`in ${repository.path}`);
  for (const note of repository.notes ?? []) line(note);
  line("");
  const facts = ["prediction_type", "beta_schedule", "num_train_timesteps", "timestep_spacing"]
    .flatMap((key) => scheduler[key] === undefined ? [] : [`${key} ${plain(scheduler[key])}`]);
  line(
    `scheduler     ${plain(scheduler._class_name ?? "none")}${facts.map((f) => `, ${f}`).join("")}`,
  );
  for (const network of networks) {
    line(
      `${network.component.padEnd(13)} ${count(network.parameters)} parameters, ` +
        `${network.precision}, ${size(network.bytes)}, ${network.operators} operators, ` +
        `opset ${network.opset}`,
    );
    for (const input of network.inputs) line(`    in   ${input}`);
    for (const output of network.outputs) line(`    out  ${output}`);
  }
  const scalars = Object.entries(repository.index)
    .filter(([key, value]) => !key.startsWith("_") && !Array.isArray(value));
  for (const [key, value] of scalars) line(`${key.padEnd(13)} ${JSON.stringify(value)}`);
}

async function inspectPicture(path: string, given: Given, print: (text: string) => void) {
  const texts = await readTexts(path);
  const read = readRecord(texts);
  if (given.json) {
    print(JSON.stringify({ path, from: read?.from, settings: read?.given, texts }, null, 2));
    return;
  }
  if (read === undefined) {
    const keywords = Object.keys(texts);
    const held = keywords.length > 0
      ? `it has ${printableLine(keywords.join(", "))}`
      : "it has no text at all";
    throw new CliError(
      exitCodes.file,
      `Cannot find settings in ${path}: ${held}; expected those of Shum, A1111 or InvokeAI`,
    );
  }
  const line = (text: string) => print(printableLine(text));
  line(`${path}: made by ${read.from}${read.model === undefined ? "" : ` with ${read.model}`}`);
  for (const [key, value] of Object.entries(read.given)) {
    line(`  --${flagOf(key)} ${typeof value === "string" ? JSON.stringify(value) : value}`);
  }
}

/** Describes a model, or the picture that was named. */
export async function runInspect(
  words: readonly string[],
  given: Given,
  progress: Progress,
  print: (text: string) => void,
): Promise<void> {
  if (words.length > 1) {
    throw usageError(
      `Cannot inspect ${words.length} things: expected one folder, file of weights, hub id or picture`,
    );
  }
  const [target] = words;
  if (target !== undefined && /\.(png|jpe?g)$/i.test(target)) {
    return await inspectPicture(target, given, print);
  }
  await inspectModel(target === undefined ? given : { ...given, model: target }, progress, print);
}
