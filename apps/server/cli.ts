/**
 * What this door shares with the command line: the options of a picture and how they meet a model,
 * settings as metadata, picture files. Nothing else here imports from `apps/cli`.
 *
 * @module
 */

export { CliError } from "../cli/exit_codes.ts";
export { decodePicture, encodePicture, type Rgba } from "../cli/image_file.ts";
export { flattened, type InputPicture } from "../cli/input_picture.ts";
export { type Mask, maskOf } from "../cli/mask.ts";
export {
  infotext,
  type PictureRecord,
  pictureRecord,
  readRecord,
  recordTexts,
  VERSION,
} from "../cli/metadata.ts";
export { defaultModelFolder } from "../cli/model_choice.ts";
export { modelFacts } from "../cli/model_facts.ts";
export { didYouMean } from "../cli/nearest.ts";
export { type Given, options as pictureOptions } from "../cli/options.ts";
export { isPng, pngTexts, type Rgb } from "../cli/png.ts";
export { requirePrompt } from "../cli/prompts.ts";
export { type OpenedModel, planBatches, resolveJob } from "../cli/resolve.ts";
export { samplerLabels } from "../cli/sampler_names.ts";
