/**
 * The model's weights: how many have arrived, and how much of them is kept.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { cachedBytes, emptyCache } from "@shum/models/web";
import type { Arrival } from "./drawing.ts";

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

interface WeightsProps {
  readonly arrival: Arrival | undefined;
  /** Whether they are here, and kept. */
  readonly ready: boolean;
}

/** Progress while they come, then their size and a button that forgets them. */
export function Weights({ arrival, ready }: WeightsProps) {
  const [kept, setKept] = useState(0);
  const count = () => cachedBytes().then(setKept, () => {});
  useEffect(() => {
    if (ready) count();
  }, [ready]);
  if (arrival === undefined) return null;
  if (!ready) {
    return (
      <p class="weights">
        <label for="weights">
          The model: {megabytes(arrival.loaded)} of {megabytes(arrival.total)}
        </label>
        <progress id="weights" value={arrival.loaded} max={arrival.total} />
      </p>
    );
  }
  return (
    <p class="weights">
      <span>The model is here; this browser keeps {megabytes(kept)}.</span>
      {kept > 0 && (
        <button type="button" onClick={() => emptyCache().then(count)}>
          Forget it
        </button>
      )}
    </p>
  );
}
