import {
  type LatentScale,
  readLatentScale,
  scaleLatents,
  trainedSide,
  unscaleLatents,
} from "./_latent_scale.ts";
import { type AutoencoderConfig, readAutoencoderConfig } from "./config.ts";
import { runNetwork, samplePosterior } from "./_network.ts";
import { type Planes, runTiled } from "./_tiles.ts";
import { channelsOf } from "../_channels.ts";
import { openGraph } from "../engine/_open_graph.ts";
import type { OpenOptions } from "../engine/engine.ts";
import type { ModelFiles } from "../model_files.ts";
import type { Device, Session } from "../session.ts";
import { elementCount } from "../tensor.ts";

/** A batch of pictures or latents: flat NCHW numbers and their shape. */
export interface ImageTensor {
  /** The numbers. */
  readonly data: Float32Array;
  /** Their shape. */
  readonly shape: readonly [batch: number, channels: number, height: number, width: number];
}

/** How {@linkcode openAutoencoder} opens. */
export interface AutoencoderOptions extends OpenOptions {
  /** Whether to open the encoder too, when the model has one; true by default. */
  readonly encoder?: boolean;
  /** Whether to cut pictures into tiles; "auto" (the default): from 1024×1024 pixels up. */
  readonly tiling?: "auto" | boolean;
}

/** Between pixels and latents: a variational autoencoder, or a tiny one. */
export interface Autoencoder extends AsyncDisposable {
  /** The device that serves it. */
  readonly device: Device | "remote";
  /** Latents that the denoiser sees = (latents of the network - shift)·scale. */
  readonly scalingFactor: number;
  /** See {@linkcode Autoencoder.scalingFactor}. */
  readonly shiftFactor: number;
  /** Pixels per latent cell and axis: 8, or 16. */
  readonly vaeScaleFactor: number;
  /** Channels of the latents. */
  readonly latentChannels: number;
  /** False if the model has no encoder. */
  readonly canEncode: boolean;
  /**
   * Pictures → scaled latents.
   *
   * @param image RGB in [-1, 1], `[batch, 3, H, W]`; H and W multiples of the scale factor.
   * @param shape Its shape.
   * @param settings `noise` draws a sample of the posterior, in one draw for the whole batch;
   * without it the latents are its mean. Networks whose latents are not distributions ignore it.
   * @throws {Error} if the model has no encoder.
   * @throws {RangeError} if a size is not a multiple of the scale factor, or the result not finite.
   */
  encode(
    image: Float32Array,
    shape: readonly [batch: number, channels: number, height: number, width: number],
    settings?: {
      readonly noise?: { fill(out: Float32Array): void } | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ImageTensor>;
  /**
   * Scaled latents → pictures, RGB in about [-1, 1], `[batch, 3, H, W]`.
   *
   * @param latents As the denoiser made them; they are not changed.
   * @param shape Their shape.
   * @throws {RangeError} if the channels are not the model's, or the result is not finite.
   */
  decode(
    latents: Float32Array,
    shape: readonly [batch: number, channels: number, height: number, width: number],
    settings?: { readonly signal?: AbortSignal | undefined },
  ): Promise<ImageTensor>;
}

/** Latent cells above which "auto" tiles: the middle block attends to all of them at once. */
const largestUntiled = 128 * 128;
const defaultTile = 64;
/**
 * Opens a model's autoencoder: `vae_decoder`, and `vae_encoder` if there is one. The factors are
 * read from their `config.json`, or from `vae/config.json`.
 *
 * @param files The model's folder.
 * @throws {TypeError} if a graph is not an autoencoder's.
 *
 * @example A folder without files
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openAutoencoder } from "@shum/models";
 *
 * const folder = {
 *   has: () => true,
 *   json: () => Promise.resolve({ scaling_factor: 0.13025 }),
 *   text: () => Promise.resolve(""),
 *   graph: (component: string) => Promise.resolve(`missing/${component}/model.onnx`),
 * };
 * await assertRejects(() => openAutoencoder(folder), Error, "there is no such file");
 * ```
 */
export async function openAutoencoder(
  files: ModelFiles,
  options: AutoencoderOptions = {},
): Promise<Autoencoder> {
  const { encoder = true, tiling = "auto" } = options;
  const config = await readAutoencoderConfig(files);
  const decoder = await openGraph(files, "vae_decoder", options);
  let both: Session | undefined;
  try {
    if (encoder && files.has("vae_encoder")) {
      both = await openGraph(files, "vae_encoder", options);
    }
    return new SessionAutoencoder(decoder, both, config, tiling);
  } catch (error) {
    await decoder[Symbol.asyncDispose]();
    await both?.[Symbol.asyncDispose]();
    throw error;
  }
}

class SessionAutoencoder implements Autoencoder {
  readonly device: Device | "remote";
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  readonly vaeScaleFactor: number;
  readonly latentChannels: number;
  readonly canEncode: boolean;
  readonly #decoder: Session;
  readonly #encoder: Session | undefined;
  readonly #scale: LatentScale;
  readonly #tiling: "auto" | boolean;
  /** Side of a tile in latent cells: what the network was trained on. */
  readonly #tile: number;

  constructor(
    decoder: Session,
    encoder: Session | undefined,
    config: AutoencoderConfig,
    tiling: "auto" | boolean,
  ) {
    const [latents, image] = [decoder.inputs[0]!, decoder.outputs[0]!];
    if (decoder.inputs.length !== 1 || latents.shape.length !== 4 || image.shape.length !== 4) {
      throw new TypeError(
        `Cannot use "${decoder.path}" as decoder: it reads ${decoder.inputNames.join(", ")}; ` +
          `expected latents only: is it another component's file?`,
      );
    }
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#tiling = tiling;
    this.#scale = readLatentScale(config.json);
    this.device = decoder.device;
    this.canEncode = encoder !== undefined;
    this.scalingFactor = this.#scale.scalingFactor;
    this.shiftFactor = this.#scale.shiftFactor;
    this.latentChannels = channelsOf(decoder.path, "latent_channels", config.json, latents, 4);
    this.vaeScaleFactor = config.vaeScaleFactor;
    const trained = trainedSide(config.json);
    this.#tile = trained === undefined
      ? defaultTile
      : Math.max(16, Math.round(trained / this.vaeScaleFactor));
  }

  async encode(
    image: Float32Array,
    shape: readonly [number, number, number, number],
    { noise, signal }: {
      readonly noise?: { fill(out: Float32Array): void } | undefined;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<ImageTensor> {
    const encoder = this.#encoder;
    if (!encoder) {
      throw new Error(
        `Cannot encode: "${this.#decoder.path}" has no vae_encoder beside it; expected one: ` +
          `image-to-image and inpainting need a model with both halves`,
      );
    }
    const factor = this.vaeScaleFactor;
    const [batch, , height, width] = shape;
    if (height % factor !== 0 || width % factor !== 0) {
      throw new RangeError(
        `Cannot encode: the picture is ${width}×${height}; expected multiples of ${factor}`,
      );
    }
    const parts = await this.#each(encoder, { data: image, shape }, factor, 1, signal);
    const [, given, rows, columns] = parts[0]!.shape;
    const size = this.latentChannels * rows * columns;
    const z = new Float32Array(batch * size);
    const moments = given === 2 * this.latentChannels;
    if (!moments && given !== this.latentChannels) {
      throw new RangeError(
        `Cannot encode: "${encoder.path}" gives ${given} channels; expected ${this.latentChannels} ` +
          `(latents) or ${2 * this.latentChannels} (their mean and log-variance)`,
      );
    }
    for (const [i, { data }] of parts.entries()) z.set(data.subarray(0, size), i * size);
    if (moments && noise) {
      const draw = new Float32Array(z.length);
      noise.fill(draw);
      for (const [i, { data }] of parts.entries()) samplePosterior(z, data, draw, i * size, size);
    }
    for (let i = 0; i < batch; i++) {
      scaleLatents(z.subarray(i * size, (i + 1) * size), this.latentChannels, this.#scale);
    }
    return { data: z, shape: [batch, this.latentChannels, rows, columns] };
  }

  async decode(
    latents: Float32Array,
    shape: readonly [number, number, number, number],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ImageTensor> {
    const [batch, channels] = shape;
    if (channels !== this.latentChannels) {
      throw new RangeError(
        `Cannot decode: latents have ${channels} channels; expected ${this.latentChannels}: ` +
          `denoiser and autoencoder are of two models`,
      );
    }
    const z = latents.slice();
    const size = z.length / batch;
    for (let i = 0; i < batch; i++) {
      unscaleLatents(z.subarray(i * size, (i + 1) * size), channels, this.#scale);
    }
    const parts = await this.#each(
      this.#decoder,
      { data: z, shape },
      1,
      this.vaeScaleFactor,
      signal,
    );
    const [, outChannels, height, width] = parts[0]!.shape;
    if (batch === 1) return parts[0]!;
    const data = new Float32Array(batch * outChannels * height * width);
    for (const [i, part] of parts.entries()) data.set(part.data, i * part.data.length);
    return { data, shape: [batch, outChannels, height, width] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#decoder[Symbol.asyncDispose]();
    await this.#encoder?.[Symbol.asyncDispose]();
  }

  /** One picture at a time: no slower on the CPU, and a picture does not depend on its batch. */
  async #each(
    session: Session,
    { data, shape: [batch, channels, height, width] }: ImageTensor,
    inScale: number,
    outScale: number,
    signal: AbortSignal | undefined,
  ): Promise<Planes[]> {
    if (data.length !== batch * channels * height * width) {
      throw new RangeError(
        `Cannot run "${session.path}": data has ${data.length} elements; expected ${
          batch * channels * height * width
        } for shape [${batch}, ${channels}, ${height}, ${width}]`,
      );
    }
    const tile = this.#tileSize(session, [height / inScale, width / inScale], inScale);
    const layout = tile && { tile, overlap: Math.ceil(Math.min(...tile) / 4), inScale, outScale };
    const results: Planes[] = [];
    for (let i = 0; i < batch; i++) {
      const size = channels * height * width;
      const one = data.subarray(i * size, (i + 1) * size);
      const input: Planes = { data: one, shape: [1, channels, height, width] };
      const run = (part: Planes) => runNetwork(session, part, signal);
      results.push(layout ? await runTiled(input, layout, run) : await run(input));
    }
    return results;
  }

  /** The size of a tile in latent cells, or undefined if the picture is run whole. */
  #tileSize(
    { inputs }: Session,
    cells: readonly [number, number],
    inScale: number,
  ): readonly [number, number] | undefined {
    const [, , fixedHeight, fixedWidth] = inputs[0]!.shape;
    if (typeof fixedHeight === "number" && typeof fixedWidth === "number" && fixedHeight > 0) {
      // The graph runs at one size only; a picture that is smaller is refused by the session.
      const fixed = [fixedHeight / inScale, fixedWidth / inScale] as const;
      return cells[0] === fixed[0] && cells[1] === fixed[1] ? undefined : fixed;
    }
    const large = elementCount(cells) > largestUntiled;
    return this.#tiling === true || (this.#tiling === "auto" && large)
      ? [this.#tile, this.#tile]
      : undefined;
  }
}
