/**
 * `--list-samplers`, `--list-schedules`, `--list-devices`, `--list-models`.
 *
 * @module
 */

import type { ScoreMethod } from "@shum/schedulers";
import { DEFAULT_MODEL, defaultModelFolder, holdsModel } from "./model_choice.ts";
import type { Given } from "./options/options.ts";
import { printableLine } from "./printable.ts";
import { size } from "./progress.ts";

type Print = (text: string) => void;

interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly className?: string;
  readonly description: string;
}

/** The samplers of the score, which are tasks of their own and so have no scheduler class. */
const SCORE_METHODS: Readonly<Record<ScoreMethod, { scoreBased: true; description: string }>> = {
  langevin: { scoreBased: true, description: "annealed Langevin dynamics (Song & Ermon 2019)" },
  sgld: {
    scoreBased: true,
    description: "Langevin dynamics at one small noise level: a smear, which is why one anneals",
  },
  "predictor-corrector": {
    scoreBased: true,
    description: "reverse SDE, with a Langevin step after each (Song et al. 2021)",
  },
  "reverse-sde": { scoreBased: true, description: "the reverse SDE by reverse diffusion steps" },
  ode: {
    scoreBased: true,
    description: "the probability-flow ODE by an adaptive Runge-Kutta: as many steps as it needs",
  },
};

function printNames(entries: readonly Named[], json: boolean, print: Print): void {
  if (json) {
    print(JSON.stringify(entries, null, 2));
    return;
  }
  const width = Math.max(...entries.map((entry) => entry.name.length));
  for (const { name, aliases, description } of entries) {
    print(`${name.padEnd(width)}  ${description}`);
    if (aliases.length > 0) print(`${" ".repeat(width)}  also: ${aliases.join(", ")}`);
  }
}

async function listModels(given: Given, print: Print): Promise<void> {
  const { cachedModels, hubCacheFolder } = await import("@shum/models");
  const cacheDir = given.cacheDir ?? hubCacheFolder();
  const models = await cachedModels({ cacheDir });
  const folder = defaultModelFolder();
  const own = await holdsModel(folder);
  if (given.json) {
    print(JSON.stringify({ default: own ? folder : null, cacheDir, models }, null, 2));
    return;
  }
  if (own) print(`${DEFAULT_MODEL}  (ships with Shum, used when --model is absent)`);
  for (const { id, pipeline, size: bytes, revisions, commit, missing } of models) {
    const at = revisions.length > 0 ? revisions.join(", ") : commit.slice(0, 10);
    const state = missing.length > 0 ? `, not usable: no ${missing.join(", ")}` : "";
    print(printableLine(`${id}  ${pipeline}, ${size(bytes)}, ${at}${state}`));
  }
  if (models.length === 0) print(`no models in the cache ${cacheDir}`);
}

async function listDevices(json: boolean, print: Print): Promise<void> {
  const { probeDevices } = await import("@shum/models");
  const probes = await probeDevices();
  if (json) {
    print(JSON.stringify(probes, null, 2));
    return;
  }
  for (const { device, available, reason, software } of probes) {
    const note = software === undefined ? "" : ` (${software}, a processor in disguise: slow)`;
    print(`${device.padEnd(8)} ${available ? `works${note}` : `no: ${reason ?? "unknown"}`}`);
  }
}

/** Prints the lists that were asked for; false if none was. */
export async function runLists(given: Given, print: Print): Promise<boolean> {
  const json = given.json ?? false;
  let asked = false;
  if (given.listSamplers) {
    const { samplerNames, scoreMethods } = await import("@shum/schedulers");
    const byScore = scoreMethods.map((name) => ({ name, aliases: [], ...SCORE_METHODS[name] }));
    if (json) printNames([...samplerNames(), ...byScore], json, print);
    else {
      printNames(samplerNames(), json, print);
      print(
        "\nby the score, for models of noise that were trained on timesteps, and score models:",
      );
      printNames(byScore, json, print);
    }
    asked = true;
  }
  if (given.listSchedules) {
    const { scheduleNames } = await import("@shum/schedulers");
    printNames(scheduleNames(), json, print);
    asked = true;
  }
  if (given.listDevices) {
    await listDevices(json, print);
    asked = true;
  }
  if (given.listModels) {
    await listModels(given, print);
    asked = true;
  }
  return asked;
}
