/**
 * What was asked for and does nothing, or hardly what was meant: said, not refused, since the picture is
 * made all the same.
 *
 * @module
 */

import type { Format } from "./picture/image_file.ts";
import type { Given } from "./options/options.ts";
import { printableLine } from "./printable.ts";
import type { Resolved } from "./options/resolve.ts";

/** Letters of a prompt that show where a bracket is. */
const SHOWN = 30;

/**
 * Warnings about a run.
 *
 * @param format What is written, if anything is.
 * @param given The options of the whole run.
 * @param jobs Its prompts.
 */
export async function warnings(
  format: Format | undefined,
  given: Given,
  jobs: readonly Resolved[],
): Promise<readonly string[]> {
  const said = new Set<string>();
  if (given.quality !== undefined && format !== "jpg") {
    said.add(
      `--quality ${given.quality} changes nothing: it is of JPEG, and ` +
        (format === undefined
          ? "no picture is written"
          : `the pictures are ${format.toUpperCase()}`),
    );
  }
  for (const job of jobs) {
    const { steps } = job.job.given;
    if (job.sampler.name === "ode" && steps !== undefined) {
      said.add(`--steps ${steps} changes nothing: the ODE chooses its steps as it goes`);
    }
    const unused = etaUnused(job);
    if (unused !== undefined) said.add(unused);
    for (const text of await unclosed(job.job.given)) said.add(text);
  }
  return [...said];
}

/** Whether a sampler draws noise by eta, its plan tells: another eta makes another one. */
function etaUnused({ job: { given: { eta } }, plan: { plan }, planWith, sampler }: Resolved) {
  if (eta === undefined || plan === undefined) return undefined;
  const other = planWith({ eta: eta === 0 ? 1 : 0 }).plan;
  return JSON.stringify(other?.steps) === JSON.stringify(plan.steps)
    ? `--eta ${eta} changes nothing: ${sampler.name} adds no noise by it`
    : undefined;
}

async function unclosed({ prompt, negativePrompt, also = [] }: Given): Promise<string[]> {
  const { unclosedBracket } = await import("@shum/models");
  return [prompt, negativePrompt, ...also].flatMap((text) => {
    const at = text === undefined ? undefined : unclosedBracket(text);
    if (at === undefined) return [];
    const from = text!.slice(at, at + SHOWN);
    return [
      `nothing closes the ${text![at]} of "${printableLine(from)}${
        at + SHOWN < text!.length ? "..." : ""
      }": it weighs all that follows; a bracket itself is \\${text![at]}`,
    ];
  });
}
