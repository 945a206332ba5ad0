import { readArgs } from "../options/args.ts";
import { CliError, usageError } from "../exit_codes.ts";
import { readTexts } from "../picture/image_file.ts";
import { readRecord } from "./metadata.ts";
import { DEFAULT_MODEL } from "../model_choice.ts";
import { printableLine } from "../printable.ts";
import { flagOf, type Given, type OptionKey, options } from "../options/options.ts";

/** What a picture may decide: how it looks. Not which files are read or written, nor which model. */
const GROUPS: readonly string[] = ["Prompt", "Picture", "Sampling", "Guidance"];
const NOT_TAKEN: readonly OptionKey[] = ["promptFile", "batchCount", "batchSize"];
const WITH_INIT_IMAGE: readonly OptionKey[] = ["strength", "noiseLevel", "noise", "colorize"];
const WITH_MASK: readonly OptionKey[] = ["maskBlur", "maskPadding"];

/**
 * The settings in a picture's metadata, checked like options that were typed: anyone can write into a
 * picture.
 *
 * @param command The options that were given beside it.
 * @param note Told what the picture says and this does not do.
 */
export async function givenFromImage(
  path: string,
  command: Given,
  note: (text: string) => void,
): Promise<Given> {
  const read = readRecord(await readTexts(path));
  if (read === undefined) {
    throw usageError(
      `Cannot use --from-image ${path}: it holds no settings; expected a picture made by Shum, ` +
        `A1111 or InvokeAI, with its metadata`,
    );
  }
  const takes = (key: OptionKey): boolean =>
    (GROUPS.includes(options[key].group) && !NOT_TAKEN.includes(key)) ||
    (command.initImg !== undefined && WITH_INIT_IMAGE.includes(key)) ||
    (command.mask !== undefined && WITH_MASK.includes(key));
  const argv: string[] = [];
  for (const key of (Object.keys(options) as OptionKey[]).filter(takes)) {
    const value: unknown = read.given[key];
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) {
      argv.push(`--${flagOf(key)}=${item}`);
    }
  }
  // What --init-img and --mask go with is checked again with the whole command line.
  const { initImg, mask } = command;
  if (initImg !== undefined) argv.push(`--init-img=${initImg}`);
  if (mask !== undefined) argv.push(`--mask=${mask}`);
  let given: Given;
  try {
    given = readArgs(argv).given;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw usageError(`Cannot use --from-image ${path}: ${error.message}`);
  }
  const model = read.model === undefined ? undefined : printableLine(read.model);
  note(`settings of ${path}, made by ${read.from}${model ? ` with ${model}` : ""}`);
  if (read.given.initImg !== undefined && initImg === undefined) {
    note(
      `it was made from ${
        printableLine(`${read.given.initImg}`)
      }: give --init-img to start from that again`,
    );
  }
  const shipped = read.model === DEFAULT_MODEL.split("/").at(-1);
  if (read.model !== undefined && !shipped && command.model === undefined) {
    note(`the model is not taken from a picture: give --model ${model} for the same`);
  }
  return given;
}
