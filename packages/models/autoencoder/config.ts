import { shown } from "../_shown.ts";
import { type ModelFiles, readConfig } from "../model_files.ts";

/** What the files of an autoencoder say of it. */
export interface AutoencoderConfig {
  /** Channels of its latents; 4 where the files do not tell. */
  readonly latentChannels: number;
  /** Pixels per latent cell and axis; 8 where the files do not tell. */
  readonly vaeScaleFactor: number;
  /** The keys of `vae/config.json`, and before them those of `vae_decoder/config.json`. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** More channels, and levels, than any autoencoder has. */
const mostChannels = 4096;
const mostLevels = 12;

function refused(key: string, value: unknown, expected: string): Error {
  const message = `Cannot open model: ${key} of the VAE's config.json is ${
    shown(value)
  }; expected ${expected}`;
  return typeof value === "number" ? new RangeError(message) : new TypeError(message);
}

/**
 * Reads what a model says of its autoencoder, without opening it.
 *
 * @param files The model's files.
 * @throws {SyntaxError} if a configuration is no object.
 * @throws {TypeError} if channels or levels are no numbers.
 * @throws {RangeError} if there are more than any autoencoder has.
 *
 * @example Sixteen channels, four levels
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readAutoencoderConfig } from "@shum/models";
 *
 * const json = { latent_channels: 16, block_out_channels: [128, 256, 512, 512] };
 * const { latentChannels, vaeScaleFactor } = await readAutoencoderConfig({
 *   has: (component) => component === "vae_decoder",
 *   json: () => Promise.resolve(json),
 *   text: () => Promise.resolve(""),
 *   graph: (component) => Promise.resolve(component),
 * });
 * assertEquals([latentChannels, vaeScaleFactor], [16, 8]);
 * ```
 */
export async function readAutoencoderConfig(files: ModelFiles): Promise<AutoencoderConfig> {
  const json = {
    ...await readConfig(files, "vae"),
    ...await readConfig(files, "vae_decoder"),
  };
  const { latent_channels: channels = 4 } = json;
  const blocks = json.block_out_channels ?? json.decoder_block_out_channels ?? Array(4);
  if (!Number.isInteger(channels) || Number(channels) < 1 || Number(channels) > mostChannels) {
    throw refused("latent_channels", channels, `a whole number from 1 to ${mostChannels}`);
  }
  if (!Array.isArray(blocks) || blocks.length < 1 || blocks.length > mostLevels) {
    throw refused("block_out_channels", blocks, `a list of 1 to ${mostLevels} numbers`);
  }
  return { latentChannels: Number(channels), vaeScaleFactor: 2 ** (blocks.length - 1), json };
}
