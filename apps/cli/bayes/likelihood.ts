/**
 * `likelihood`: how likely a picture is to the model, by the probability flow and by the variational bound.
 *
 * @module
 */

import type { VariationalBound } from "@shum/schedulers";
import { dirname } from "@std/path";
import { usageError } from "../exit_codes.ts";
import type { CliContext } from "../generate.ts";
import type { Given } from "../options/options.ts";
import { formatOf, requireFolder, writeFile } from "../picture/image_file.ts";
import { plotTerms } from "../picture/plot.ts";
import { encodePng } from "../picture/png.ts";
import { columns } from "../plan.ts";
import { Progress } from "../progress.ts";
import { readOnePicture, withPicture } from "./open_picture.ts";

/** Groups in which the terms are printed. */
const GROUPS = 10;

const bits = (value: number) => value.toFixed(3);

/** The terms of the bound, a tenth of the levels per line; the plot and the JSON have them all. */
function table({ prior, terms, decoder, total }: VariationalBound): string {
  const rows = [["bits per dimension", ""], [bits(prior), "prior: what is left in the noise"]];
  const each = Math.ceil(terms.length / GROUPS);
  for (let from = 0; from < terms.length; from += each) {
    const part = terms.slice(from, from + each);
    const to = from + part.length;
    rows.push([bits(part.reduce((a, b) => a + b, 0)), `steps ${from + 1} to ${to}`]);
  }
  rows.push([bits(decoder), "decoder: the last step"], [bits(total), "total, a bound from above"]);
  return columns(rows);
}

/** Prints what a picture costs in bits under the model. */
export async function runLikelihood(
  words: readonly string[],
  given: Given,
  { screen, print, signal }: CliContext,
): Promise<void> {
  const own = ["prompt", "steps", "plot", "overwrite"] as const;
  const picture = await readOnePicture("likelihood", words, given, own);
  const { steps = 100, seed = 0, prompt, plot } = given;
  if (steps < 2) {
    throw usageError(`Cannot bound likelihood: --steps is ${steps}; expected 2 or more`);
  }
  if (plot !== undefined) {
    if (formatOf(plot) !== "png") throw usageError("--plot must end in .png");
    await requireFolder(dirname(plot));
  }
  const progress = new Progress(given.quiet ? { ...screen, write: () => {} } : screen);
  const { pictureBound, pictureLikelihood } = await import("@shum/pipelines");
  const prompts = prompt === undefined ? undefined : [prompt];
  const settings = { seed: Math.max(0, seed) };
  const { flow, bound, latent, dimensions } = await withPicture(
    picture,
    prompts,
    given,
    { progress, signal },
    async ({ model, x0 }) => {
      let calls = 0;
      const counted = {
        ...model,
        predict: (...args: Parameters<typeof model.predict>) => {
          signal.throwIfAborted();
          progress.update(Math.min(calls++, steps + FLOW_CALLS));
          return model.predict(...args);
        },
      };
      progress.start("bound and flow", steps + FLOW_CALLS);
      const bound = await pictureBound(counted, x0, { ...settings, steps });
      const flow = await pictureLikelihood(counted, x0, settings);
      progress.end();
      return { flow, bound, latent: model.latent, dimensions: x0.length };
    },
  );
  const path = plot === undefined ? undefined : await writeFile(
    plot,
    encodePng(plotTerms(bound, latent ? "latents" : "pixels"), { Title: "variational bound" }),
    given.overwrite ? "overwrite" : "fail",
  );
  const bitsPerDim = flow.bitsPerDim[0]!;
  if (given.json) {
    const { terms, errors, ...sums } = bound;
    const told = { ...sums, terms: [...terms], errors: [...errors] };
    const whole = { of: latent ? "latents" : "pixels", dimensions, bitsPerDim, bound: told };
    print(JSON.stringify({ ...whole, ...path !== undefined && { plot: path } }, null, 2));
    return;
  }
  print(
    latent
      ? `Of the picture's ${dimensions} latents, not of its pixels; a density may have negative bits. ` +
        `Comparable between prompts and pictures of this model only.`
      : `Of the picture's ${dimensions} values of 8 bits.`,
  );
  print(`\n${bits(bitsPerDim)} bits per dimension by the probability-flow ODE\n`);
  print(table(bound));
  if (path !== undefined) print(`\nplot: ${path}`);
}

/** About as many calls as the flow takes; its steps depend on the picture. */
const FLOW_CALLS = 130;
