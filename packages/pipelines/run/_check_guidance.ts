/**
 * Whether a guidance suits what is run.
 *
 * @module
 */
import type { Branch, Guidance } from "@shum/guidance";
import type { Plan } from "@shum/schedulers";

/** What a guidance is checked against. */
export interface GuidedRun {
  /** The plan; absent where the sampler finds its steps as it goes. */
  readonly plan: Plan | undefined;
  /** Whether there is a classifier. */
  readonly hasGradient: boolean;
}

/**
 * Throws unless a guidance suits a run.
 *
 * @param guidance How predictions are combined.
 * @param run What is run.
 * @throws {TypeError} When the guidance wants a classifier and there is none, or a plan.
 * @throws {RangeError} When the guidance's classifier term does not fit the plan.
 */
export function checkGuidance(guidance: Guidance, { plan, hasGradient }: GuidedRun): void {
  const term = guidance.gradient;
  if (!plan) {
    if (guidance.on === "output" && !guidance.renoise && !term) return;
    throw new TypeError(
      "Cannot denoise: the guidance changes how a plan is run, but the sampler finds its steps as it " +
        "goes; expected guidance of raw outputs, such as classifierFree",
    );
  }
  if (!term) return;
  if (!hasGradient) {
    throw new TypeError(
      "Cannot denoise: the guidance asks for the gradient of a classifier; expected `gradient`",
    );
  }
  const isFixed = ({ noise }: Plan["steps"][number]["x"]) =>
    noise === undefined || typeof noise === "number";
  if (term.form === "ddpm" && !plan.steps.every((step) => isFixed(step.x))) {
    throw new RangeError(
      'Cannot denoise: the "ddpm" form of classifier guidance needs a known variance, but the plan ' +
        'reads it from the network; expected form "ddim" or a fixed variance type',
    );
  }
}

/**
 * Throws unless a branch of guidance can be answered.
 *
 * @param branch What the guidance asks for.
 * @param known The branches that have a condition.
 * @param networks Other networks; `weak` and `perturbed` take the condition of `positive`.
 * @throws {TypeError} When the branch has no condition, or no network.
 */
export function checkBranch(
  branch: Branch,
  known: readonly Branch[],
  networks: Readonly<Partial<Record<Branch, unknown>>>,
): void {
  if (known.includes(branch)) return;
  const shared = (branch === "weak" || branch === "perturbed") && known.includes("positive");
  if (shared && networks[branch]) return;
  throw new TypeError(
    `Cannot guide: the guidance asks for the "${branch}" branch, which this run does not have; ` +
      `expected one of ${known.join(", ")}` +
      (shared ? `, or a network for it in the option "networks"` : ""),
  );
}
