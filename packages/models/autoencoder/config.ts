import { type ModelFiles, readConfig } from "../model_files.ts";

/** What the files of an autoencoder say of it. */
export interface AutoencoderConfig {
  /** Channels of its latents; 4 where the files do not tell. */
  readonly latentChannels: number;
  /** Pixels per latent cell and axis; 8 where the files do not tell. */
  readonly scaleFactor: number;
  /** The keys of `vae/config.json`, and before them those of `vae_decoder/config.json`. */
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Reads what a model says of its autoencoder, without opening it.
 *
 * @param files The model's files.
 * @throws {SyntaxError} if a configuration is no object.
 *
 * @example Sixteen channels, four levels
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readAutoencoderConfig } from "@shum/models";
 *
 * const json = { latent_channels: 16, block_out_channels: [128, 256, 512, 512] };
 * const { latentChannels, scaleFactor } = await readAutoencoderConfig({
 *   has: (component) => component === "vae_decoder",
 *   json: () => Promise.resolve(json),
 *   text: () => Promise.resolve(""),
 *   graph: (component) => Promise.resolve(component),
 * });
 * assertEquals([latentChannels, scaleFactor], [16, 8]);
 * ```
 */
export async function readAutoencoderConfig(files: ModelFiles): Promise<AutoencoderConfig> {
  const json = {
    ...await readConfig(files, "vae"),
    ...await readConfig(files, "vae_decoder"),
  };
  const channels = json.latent_channels;
  const blocks = json.block_out_channels ?? json.decoder_block_out_channels;
  return {
    latentChannels: Number.isInteger(channels) && Number(channels) > 0 ? Number(channels) : 4,
    scaleFactor: Array.isArray(blocks) ? 2 ** (blocks.length - 1) : 8,
    json,
  };
}
