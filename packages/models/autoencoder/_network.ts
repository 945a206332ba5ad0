import type { Planes } from "./_tiles.ts";
import { assertFinite } from "../finite.ts";
import type { Session } from "../session.ts";

const overflow =
  "a float16 autoencoder overflows (that of SDXL does): use its float32 export, or one " +
  "that was made to fit float16";

/** One picture through one half of the autoencoder. */
export async function runNetwork(
  session: Session,
  { data, shape }: Planes,
  signal: AbortSignal | undefined,
): Promise<Planes> {
  const output = session.outputNames[0]!;
  const feeds = { [session.inputNames[0]!]: { data, shape } };
  const result = (await session.run(feeds, { outputs: [output], signal }))[
    output
  ]!;
  assertFinite(result.data as Float32Array, `"${session.path}"`, overflow);
  return result as Planes;
}

/** z ← mean + e^(logvar / 2)·z, Kingma & Welling (2013), https://arxiv.org/abs/1312.6114, eq. 10. */
export function samplePosterior(
  z: Float32Array,
  moments: Float32Array,
  noise: Float32Array,
  at: number,
  size: number,
): void {
  for (let i = 0; i < size; i++) {
    const logVariance = Math.min(20, Math.max(-30, moments[size + i]!));
    z[at + i]! += Math.exp(0.5 * logVariance) * noise[at + i]!;
  }
}
