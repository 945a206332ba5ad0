/**
 * What A1111's clients ask for at their start: samplers, models, and lists that are empty here.
 *
 * @module
 */

import { samplerConfig, samplerNames, scheduleNames } from "@shum/schedulers";
import { samplerLabels } from "../cli.ts";
import type { ModelTable, ServedModel } from "../models.ts";

/** Samplers that the model can be drawn with, by A1111's names. */
export function samplerList({ config }: ServedModel) {
  const seen = new Set<string>();
  return samplerNames().flatMap(({ name, aliases }) => {
    let label: string;
    try {
      label = samplerLabels({}, samplerConfig(name, undefined, config)).name;
    } catch {
      return []; // not for this family of models
    }
    if (seen.has(label)) return [];
    seen.add(label);
    return [{ name: label, aliases: [name, ...aliases], options: {} }];
  });
}

/** Spacings of noise levels. */
export function schedulerList({ config }: ServedModel) {
  const own = { name: "automatic", label: "Automatic", aliases: [] as string[] };
  const named = scheduleNames().map(({ name, aliases }) => ({
    name,
    label: samplerLabels({ schedule: name }, config).schedule ?? name,
    aliases: [...aliases],
  }));
  return [own, ...named].map((entry) => ({ ...entry, default_rho: -1, need_inner_model: false }));
}

/** Models by title. Where they lie is nobody's business. */
export function modelList(models: ModelTable) {
  return models.all.map(({ name }) => ({
    title: name,
    model_name: name,
    hash: null,
    sha256: null,
    filename: name,
    config: null,
  }));
}

/** What there is none of. */
export const EMPTY = [
  "latent-upscale-modes",
  "sd-vae",
  "sd-modules",
  "loras",
  "hypernetworks",
  "face-restorers",
  "realesrgan-models",
  "prompt-styles",
  "script-info",
] as const;

/** Memory of the machine and of this process, in bytes. */
export function memory() {
  const { total, available } = Deno.systemMemoryInfo();
  return {
    ram: { free: available, used: Deno.memoryUsage().rss, total },
    cuda: { error: "not measured" },
  };
}
