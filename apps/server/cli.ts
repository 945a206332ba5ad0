/**
 * What this door shares with the command line: the options of a picture and how they meet a model,
 * settings as metadata, picture files. Nothing else here imports from `apps/cli`.
 *
 * @module
 */

export { CliError } from "../cli/exit_codes.ts";
export { decodePicture, encodePicture, type Rgba } from "../cli/picture/image_file.ts";
export { flattened, type InputPicture } from "../cli/picture/input_picture.ts";
export { type Mask, maskOf } from "../cli/picture/mask.ts";
export {
  infotext,
  type PictureRecord,
  pictureRecord,
  readRecord,
  recordTexts,
  VERSION,
} from "../cli/metadata/metadata.ts";
export { defaultModelFolder } from "../cli/model_choice.ts";
export { modelLeaf } from "../cli/open_models.ts";
export { modelFacts } from "../cli/model_facts.ts";
export { didYouMean } from "../cli/options/nearest.ts";
export { type Given, options as pictureOptions } from "../cli/options/options.ts";
export { isPng, pngTexts, type Rgb } from "../cli/picture/png.ts";
export { requirePrompt } from "../cli/options/prompts.ts";
export { type OpenedModel, planBatches, resolveJob } from "../cli/options/resolve.ts";
export { samplerLabels } from "../cli/metadata/sampler_names.ts";
