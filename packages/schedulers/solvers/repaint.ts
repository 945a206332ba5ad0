import type { AdaptiveSampler } from "../adaptive/adaptive.ts";
import { type Clip, clipSample } from "../arithmetic/clip.ts";
import { decay } from "../plan/noise_level.ts";
import type { Noise } from "../plan/runner.ts";
import type { DiscreteSchedule } from "../schedules/discrete.ts";

/** Options of {@linkcode repaintTimesteps}. */
export interface RepaintJumps {
  /** How far a jump goes back towards noise, in steps. */
  readonly jumpLength?: number | undefined;
  /** How often each stretch is sampled. */
  readonly jumpSamples?: number | undefined;
}

/** Options of {@linkcode repaint}. */
export interface RepaintOptions extends RepaintJumps {
  /** The image whose known part is kept, as clean data. */
  readonly known: Float32Array;
  /** 1 where the image is known, 0 where it is to be made. */
  readonly mask: Float32Array;
  /** The source of every draw: one per step, one per timestep that a jump goes back. */
  readonly noise: Noise;
  /** As in `ddim`. */
  readonly eta?: number | undefined;
  /** Bounds the predicted clean sample; by default to [-1, 1]. */
  readonly clip?: Clip | undefined;
}

/**
 * The timesteps of RePaint: down, with jumps back up by `jumpLength` steps, `jumpSamples - 1` times
 * at every `jumpLength`-th step.
 *
 * Lugmayr et al. (2022), https://arxiv.org/abs/2201.09865, appendix B (figure 9).
 *
 * @param steps How many steps down there are without jumps.
 * @param length How many training timesteps there are.
 * @param jumps How far and how often to jump.
 * @returns The timesteps, in the order visited.
 * @throws {RangeError} if `steps` is no whole number from 1 to `length`.
 *
 * @example One jump
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { repaintTimesteps } from "@shum/schedulers";
 * assertEquals(repaintTimesteps(4, 40, { jumpLength: 2, jumpSamples: 2 }), [30, 20, 10, 0, 10, 20, 10, 0]);
 * ```
 */
export function repaintTimesteps(
  steps: number,
  length: number,
  { jumpLength = 10, jumpSamples = 10 }: RepaintJumps = {},
): number[] {
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= length)) {
    throw new RangeError(
      `Cannot space timesteps: steps is ${steps}; expected a whole number from 1 to ${length}`,
    );
  }
  const jumps = new Map<number, number>();
  for (let i = 0; i < steps - jumpLength; i += jumpLength) jumps.set(i, jumpSamples - 1);
  const visited: number[] = [];
  for (let i = steps - 1; i >= 0; i--) {
    visited.push(i);
    const left = jumps.get(i) ?? 0;
    if (left === 0) continue;
    jumps.set(i, left - 1);
    for (let k = 0; k < jumpLength; k++) visited.push(++i);
  }
  const ratio = Math.floor(length / steps);
  return visited.map((i) => i * ratio);
}

/**
 * RePaint: inpainting by a model that was not made for it. After each step the known part is
 * replaced by the image, diffused to the same level; jumps back towards noise let the two parts
 * agree.
 *
 * ```text
 * x_t = m·(alpha_t·known + sigma_t·z) + (1 - m)·(alpha_t·x0 + √(sigma_t² - n²)·eps + n·z)
 * n = eta·sigma_t·√(1 - e^(-2h))
 * back towards noise: x_(k+1) = √(1 - beta_k)·x_k + √beta_k·z
 * ```
 *
 * Lugmayr et al. (2022), https://arxiv.org/abs/2201.09865, algorithm 1, with DDIM's step as in
 * diffusers' `RePaintScheduler`, whose draws it reproduces. No plan: it blends between steps. Drive
 * it with `adaptive(repaint(...), epsilon)`.
 *
 * @param x The sample at the first level, used as the buffer.
 * @param steps How many steps down there are without jumps.
 * @param schedule The forward process of the model.
 * @param options The image, the mask, the noise, and the jumps.
 * @returns The sampler; run it with {@linkcode adaptive}.
 * @throws {RangeError} if `steps` is no whole number from 1 to the length of the schedule, once it
 * is started.
 *
 * @example One known pixel, and one that is made
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adaptive, betas, discreteSchedule, epsilon, repaint } from "@shum/schedulers";
 * const schedule = discreteSchedule(betas("linear", { start: 1e-4, end: 0.02, length: 1000 }));
 * const run = adaptive(
 *   repaint(Float32Array.of(3, -3), 5, schedule, {
 *     known: Float32Array.of(0.5, 0),
 *     mask: Float32Array.of(1, 0),
 *     noise: (out) => out.fill(0),
 *   }),
 *   epsilon,
 * );
 * while (!run.done) run.step(new Float32Array(2));
 * assertEquals([...run.x], [0.5, -1]); // known, and made (clipped)
 * ```
 */
export function* repaint(
  x: Float32Array,
  steps: number,
  schedule: DiscreteSchedule,
  { known, mask, noise, eta = 0, clip = clipSample(), ...jumps }: RepaintOptions,
): AdaptiveSampler {
  const ratio = Math.floor(schedule.length / steps);
  const [z, x0] = [new Float32Array(x.length), new Float32Array(x.length)];
  let last = Infinity;
  for (const told of repaintTimesteps(steps, schedule.length, jumps)) {
    if (told > last) {
      for (let k = last; k < told; k++) { // back towards noise, eq. 2
        noise(z);
        const beta = schedule.betas[k]!;
        for (let i = 0; i < x.length; i++) {
          x[i] = Math.sqrt(1 - beta) * x[i]! + Math.sqrt(beta) * z[i]!;
        }
      }
    } else {
      const s = schedule.at(told);
      const t = told < ratio ? { alpha: 1, sigma: 0, t: -1 } : schedule.at(told - ratio);
      const eps = yield { x, level: s };
      for (let i = 0; i < x.length; i++) x0[i] = (x[i]! - s.sigma * eps[i]!) / s.alpha;
      clip?.(x0, 1);
      noise(z);
      const added = told > 0 ? eta * t.sigma * Math.sqrt(1 - decay(s, t) ** 2) : 0;
      const direction = Math.sqrt(t.sigma ** 2 - added ** 2);
      for (let i = 0; i < x.length; i++) {
        const made = t.alpha * x0[i]! + direction * eps[i]! + added * z[i]!;
        const kept = t.alpha * known[i]! + t.sigma * z[i]!; // eq. 8a
        x[i] = mask[i]! * kept + (1 - mask[i]!) * made;
      }
    }
    last = told;
  }
  return x;
}
