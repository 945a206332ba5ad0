/**
 * `classify`: which of some labels a picture shows, by the model that draws.
 *
 * @module
 */

import { usageError } from "../exit_codes.ts";
import type { CliContext } from "../generate.ts";
import type { Given } from "../options/options.ts";
import { requirePrompt } from "../options/prompts.ts";
import { columns } from "../plan.ts";
import { Progress } from "../progress.ts";
import { readOnePicture, withPicture } from "./open_picture.ts";

/** The labels, and the prompts that they make. */
function labelsOf({ labels: text = "", template = "{}" }: Given) {
  const labels = text.split(",").map((label) => label.trim()).filter((label) => label !== "");
  if (labels.length < 2 || new Set(labels).size !== labels.length) {
    throw usageError(
      `Cannot classify: --labels is "${text}"; expected at least two different labels with commas ` +
        `between, such as "cat,dog"`,
    );
  }
  if (!template.includes("{}")) {
    throw usageError(
      `Cannot classify: --template is "${template}"; expected {} where the label goes, such as ` +
        `"a picture of {}"`,
    );
  }
  const prompts = labels.map((label) =>
    requirePrompt(template.replaceAll("{}", label), "--template")
  );
  return { labels, prompts };
}

/** Prints the labels of a picture with their probabilities, the likeliest first. */
export async function runClassify(
  words: readonly string[],
  given: Given,
  { screen, print, signal }: CliContext,
): Promise<void> {
  const picture = await readOnePicture("classify", words, given, ["labels", "template", "draws"]);
  const { labels, prompts } = labelsOf(given);
  const progress = new Progress(given.quiet ? { ...screen, write: () => {} } : screen);
  const { classify } = await import("@shum/pipelines");
  const { draws = 32, seed = 0 } = given;
  const found = await withPicture(picture, prompts, given, { progress, signal }, async (opened) => {
    progress.start(`${labels.length} labels`, draws);
    const found = await classify(opened.model, opened.x0, {
      draws,
      seed: Math.max(0, seed),
      signal,
      onDraw: (done) => progress.update(done),
    });
    progress.end();
    return found;
  });
  const told = found.labels.map(({ index, ...rest }) => ({
    label: labels[index]!,
    prompt: prompts[index]!,
    ...rest,
  }));
  if (given.json) {
    print(JSON.stringify({ labels: told, evaluations: found.evaluations }, null, 2));
    return;
  }
  const rows = told.map(({ label, probability, behind, standardError, draws }) => [
    `${(100 * probability).toFixed(1)}%`,
    behind === 0 ? "" : `+${behind.toPrecision(3)}`,
    behind === 0 ? "" : `± ${standardError.toPrecision(2)}`,
    `${draws}`,
    label,
  ]);
  print(columns([["p", "error", "", "draws", "label"], ...rows]));
}
