import { shown } from "../_shown.ts";

/** How an autoencoder's latents relate to those that the denoiser was trained on. */
export interface LatentScale {
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Per channel; only Playground 2.5 and its like have them. */
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
}

/** diffusers' default, for folders older than the key. */
const oldScalingFactor = 0.18215;

/**
 * Reads the factors of an autoencoder's `config.json`.
 *
 * @throws {RangeError} if one is not a number, or the scale is 0.
 */
export function readLatentScale(config: Readonly<Record<string, unknown>>): LatentScale {
  const fallback = config._class_name === "AutoencoderTiny" ? 1 : oldScalingFactor;
  const scalingFactor = number(config, "scaling_factor") ?? fallback;
  if (scalingFactor === 0) {
    throw new RangeError("Cannot use autoencoder: scaling_factor is 0; expected another number");
  }
  return {
    scalingFactor,
    shiftFactor: number(config, "shift_factor") ?? 0,
    mean: numbers(config, "latents_mean"),
    std: numbers(config, "latents_std"),
  };
}

/** Autoencoder → denoiser: (z - shift)·scale, or (z - mean)·scale / std; in place. */
export function scaleLatents(z: Float32Array, channels: number, scale: LatentScale): void {
  affine(z, channels, (c) => {
    const [mean, std] = [scale.mean?.[c] ?? scale.shiftFactor, scale.std?.[c] ?? 1];
    return [scale.scalingFactor / std, -mean * scale.scalingFactor / std];
  });
}

/** Denoiser → autoencoder: z / scale + shift, or z·std / scale + mean; in place. */
export function unscaleLatents(z: Float32Array, channels: number, scale: LatentScale): void {
  affine(z, channels, (c) => {
    const [mean, std] = [scale.mean?.[c] ?? scale.shiftFactor, scale.std?.[c] ?? 1];
    return [std / scale.scalingFactor, mean];
  });
}

/** z of one picture, channel by channel: factor·z + offset. */
function affine(
  z: Float32Array,
  channels: number,
  coefficients: (channel: number) => readonly [factor: number, offset: number],
): void {
  const plane = z.length / channels;
  for (let c = 0; c < channels; c++) {
    const [factor, offset] = coefficients(c);
    for (let i = c * plane; i < (c + 1) * plane; i++) z[i] = factor * z[i]! + offset;
  }
}

function number(config: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = config[key] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new RangeError(
    `Cannot use autoencoder: ${key} is ${shown(value)}; expected a number`,
  );
}

/** More than any autoencoder was trained on. */
const MOST_PIXELS = 1 << 16;

/** The side of the pictures it was trained on, where the config tells. */
export function trainedSide(config: Readonly<Record<string, unknown>>): number | undefined {
  const side = number(config, "sample_size");
  if (side === undefined || (Number.isInteger(side) && side >= 1 && side <= MOST_PIXELS)) {
    return side;
  }
  throw new RangeError(
    `Cannot use autoencoder: sample_size is ${side}; expected a whole number from 1 to ${MOST_PIXELS}`,
  );
}

function numbers(config: Readonly<Record<string, unknown>>, key: string): number[] | undefined {
  const value = config[key] ?? undefined;
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(Number.isFinite)) return value;
  throw new RangeError(
    `Cannot use autoencoder: ${key} is ${shown(value)}; expected a list of numbers`,
  );
}
