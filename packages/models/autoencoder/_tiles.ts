/** A flat NCHW array and its shape, batch 1 inside this file. */
export interface Planes {
  readonly data: Float32Array;
  readonly shape: readonly [batch: number, channels: number, height: number, width: number];
}

/** How a picture is cut: sizes in cells of the latent grid. */
export interface TileLayout {
  /** Height and width of a tile; the picture's own where that is smaller. */
  readonly tile: readonly [height: number, width: number];
  /** How far neighbours overlap, at least. */
  readonly overlap: number;
  /** Input elements per cell and axis: 1 when decoding, the autoencoder's factor when encoding. */
  readonly inScale: number;
  /** Output elements per cell and axis. */
  readonly outScale: number;
}

/**
 * Runs a network on overlapping tiles and blends the seams: each output is the mean of the tiles
 * that cover it, weighted by the distance to the tile's border.
 */
export async function runTiled(
  input: Planes,
  { tile, overlap, inScale, outScale }: TileLayout,
  run: (tile: Planes) => Promise<Planes>,
): Promise<Planes> {
  const [, channels, height, width] = input.shape;
  const rows = tileStarts(height / inScale, tile[0], overlap);
  const columns = tileStarts(width / inScale, tile[1], overlap);
  const [th, tw] = [Math.min(tile[0], height / inScale), Math.min(tile[1], width / inScale)];
  const part = new Float32Array(channels * th * tw * inScale ** 2);
  const out = { height: height / inScale * outScale, width: width / inScale * outScale };
  const weights = new Float32Array(out.height * out.width);
  const down = ramp(th * outScale, overlap * outScale);
  const across = ramp(tw * outScale, overlap * outScale);
  let sum: Float32Array | undefined;
  let outChannels = 0;
  for (const row of rows) {
    for (const column of columns) {
      const size = [th * inScale, tw * inScale] as const;
      cut(input, [row * inScale, column * inScale], size, part);
      const result = await run({ data: part, shape: [1, channels, ...size] });
      outChannels = result.shape[1];
      sum ??= new Float32Array(outChannels * out.height * out.width);
      blend(sum, weights, out, result, [row * outScale, column * outScale], down, across);
    }
  }
  const plane = out.height * out.width;
  for (let i = 0; i < sum!.length; i++) sum![i]! /= weights[i % plane]!;
  return { data: sum!, shape: [1, outChannels, out.height, out.width] };
}

/** Where tiles begin so that they cover `size`, evenly spread, with at least the overlap. */
export function tileStarts(size: number, tile: number, overlap: number): number[] {
  if (size <= tile) return [0];
  const count = Math.ceil((size - overlap) / (tile - overlap));
  return Array.from({ length: count }, (_, i) => Math.round(i * (size - tile) / (count - 1)));
}

/** Rises from the borders inwards over the overlap; never 0. */
function ramp(length: number, overlap: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const distance = Math.min(i, length - 1 - i) + 0.5;
    return overlap === 0 ? 1 : Math.min(1, distance / overlap);
  });
}

function cut(
  { data, shape: [, channels, height, width] }: Planes,
  [top, left]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  out: Float32Array,
): void {
  for (let c = 0; c < channels; c++) {
    for (let r = 0; r < rows; r++) {
      const from = (c * height + top + r) * width + left;
      out.set(data.subarray(from, from + columns), (c * rows + r) * columns);
    }
  }
}

function blend(
  sum: Float32Array,
  weights: Float32Array,
  { height, width }: { height: number; width: number },
  { data, shape: [, channels, rows, columns] }: Planes,
  [top, left]: readonly [number, number],
  down: Float32Array,
  across: Float32Array,
): void {
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < columns; k++) {
      const weight = down[r]! * across[k]!;
      const at = (top + r) * width + left + k;
      weights[at]! += weight;
      for (let c = 0; c < channels; c++) {
        sum[c * height * width + at]! += weight * data[(c * rows + r) * columns + k]!;
      }
    }
  }
}
