import type { TensorInfo } from "./session.ts";
import { shown } from "./_shown.ts";

/** More than any network has. */
const MOST_CHANNELS = 4096;

/**
 * The channels of one of a graph's tensors: what the graph says, what its config says, or `otherwise`.
 *
 * @throws {RangeError} if they disagree, or one of them is no number of channels.
 * @throws {TypeError} if neither tells.
 */
export function channelsOf(
  path: string,
  key: string,
  json: Readonly<Record<string, unknown>>,
  { shape }: TensorInfo,
  otherwise?: number,
): number {
  const graph = typeof shape[1] === "number" && shape[1] > 0 ? shape[1] : undefined;
  const config = json[key] ?? undefined;
  if (config !== undefined && !isChannels(config)) {
    throw new RangeError(
      `Cannot use "${path}": its config says ${key} ${shown(config)}` +
        `${graph === undefined ? "" : `, its graph ${graph}`}; expected a whole number from 1 to ` +
        `${MOST_CHANNELS}`,
    );
  }
  if (graph !== undefined && config !== undefined && graph !== config) {
    throw new RangeError(
      `Cannot use "${path}": its config says ${key} ${config}, its graph ${graph}; expected the ` +
        `same: the files are of two models`,
    );
  }
  const value = graph ?? config ?? otherwise;
  if (value === undefined) {
    throw new TypeError(`Cannot use "${path}": neither config.json nor graph tell ${key}`);
  }
  return value;
}

const isChannels = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_CHANNELS;
