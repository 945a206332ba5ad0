/**
 * What every solver must do, whatever the equations in its paper: three properties that no golden
 * number is needed for, in variance-preserving, variance-exploding and flow scaling.
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { runExact } from "./_exact_test.ts";
import type { NoiseLevel } from "./plan/noise_level.ts";
import { type NoiseSchedule, varianceExploding } from "./plan/noise_schedule.ts";
import { compile, type Solver } from "./plan/plan.ts";
import { sample } from "./plan/prediction.ts";
import { REGISTRY } from "./config/registry.ts";
import { resolve } from "./config/resolve.ts";
import { betas } from "./schedules/betas.ts";
import { discreteSchedule } from "./schedules/discrete.ts";
import { flowSchedule } from "./schedules/flow.ts";
import { churned } from "./solvers/churn.ts";
import { ddpm } from "./solvers/ddpm.ts";
import { dpm2 } from "./solvers/dpm2.ts";
import { dpmSolverSde } from "./solvers/dpm_solver_sde.ts";
import { dpmpp2sAncestral } from "./solvers/dpmpp_2s_ancestral.ts";
import { euler } from "./solvers/euler.ts";
import { heun } from "./solvers/heun.ts";

const discrete = discreteSchedule(betas("linear", { start: 0.0001, end: 0.02, length: 1000 }));
const SCALINGS: Readonly<Record<string, NoiseSchedule>> = {
  VP: discrete,
  VE: varianceExploding(discrete),
  flow: flowSchedule(),
};

/** Variants of a class that are other algorithms. */
const VARIANTS: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  DDIMScheduler: [{}, { eta: 0.5 }, { eta: 1 }],
  DPMSolverMultistepScheduler: ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"]
    .flatMap((algorithm_type) =>
      [1, 2, 3].filter((order) => order < 3 || algorithm_type !== "sde-dpmsolver").flatMap(
        (solver_order) =>
          ["midpoint", "heun"].map((solver_type) => ({
            algorithm_type,
            solver_order,
            solver_type,
            final_sigmas_type: "sigma_min",
          })),
      )
    ),
  DPMSolverSinglestepScheduler: ["dpmsolver", "dpmsolver++", "sde-dpmsolver++"]
    .flatMap((algorithm_type) =>
      [1, 2, 3].flatMap((solver_order) =>
        ["midpoint", "heun"].map((solver_type) => ({
          algorithm_type,
          solver_order,
          solver_type,
          final_sigmas_type: "sigma_min",
        }))
      )
    ),
  EDMDPMSolverMultistepScheduler: [0, 0.4, 1].map((eta) => ({
    algorithm_type: "sde-dpmsolver++",
    eta,
  })),
  DEISMultistepScheduler: [1, 2, 3].map((solver_order) => ({ solver_order })),
  UniPCMultistepScheduler: [1, 2, 3].flatMap((solver_order) =>
    ["bh1", "bh2"].flatMap((solver_type) =>
      [true, false].map((predict_x0) => ({ solver_order, solver_type, predict_x0 }))
    )
  ),
  SASolverScheduler: [[1, 1], [2, 2], [3, 3], [3, 4], [2, 0]].flatMap((
    [predictor_order, corrector_order],
  ) => [0, 1].map((tau) => ({ predictor_order, corrector_order, tau_func: () => tau }))).concat([
    { algorithm_type: "noise_prediction", tau_func: () => 1 } as never,
  ]),
  PNDMScheduler: [{ skip_prk_steps: true }, { skip_prk_steps: false }],
  LMSDiscreteScheduler: [1, 2, 3, 4].map((order) => ({ order })),
  TCDScheduler: [{ eta: 0 }, { eta: 0.3 }, { eta: 1 }],
  LCMScheduler: [{ timestep_scaling: 1e7 }], // its boundary condition, next to timestep 0 only
};

interface Case {
  readonly name: string;
  readonly solver: Solver;
  /** The order of convergence that the registry claims; none for stochastic solvers. */
  readonly order: number | undefined;
}

/** Classes whose solver belongs to one scaling, and what is tested instead. */
const REPLACED: Readonly<Record<string, Solver>> = {
  DDPMParallelScheduler: ddpm(),
  DDPMScheduler: ddpm(), // theirs read beta from alpha alone, in single precision
  DDPMWuerstchenScheduler: ddpm({ finalNoise: false }),
  UnCLIPScheduler: ddpm({ variance: "fixed_small_log" }),
};

const CASES: readonly Case[] = [
  ...Object.keys(REGISTRY).flatMap((className) =>
    (VARIANTS[className] ?? [{}]).map((variant): Case => {
      const { entry, settings } = resolve({ _class_name: className, ...variant });
      const values = Object.values(variant).map((value) =>
        typeof value === "function" ? value(0) : value
      );
      return {
        name: [className.replace("Scheduler", ""), ...values].join(" "),
        solver: REPLACED[className] ?? entry.solver(settings),
        order: entry.convergence?.(settings),
      };
    })
  ),
  { name: "churned Euler", solver: churned(euler(), { amount: 3 }), order: undefined },
  { name: "churned Heun", solver: churned(heun(), { amount: 3 }), order: undefined },
  { name: "churned DPM2", solver: churned(dpm2(), { amount: 3 }), order: undefined },
  { name: "DPM++ SDE, eta 0", solver: dpmSolverSde({ eta: 0 }), order: 2 },
  { name: "DPM++ 2S a, eta 0", solver: dpmpp2sAncestral({ eta: 0 }), order: 2 },
];

const TIMES = [990, 900, 780, 650, 520, 400, 290, 190, 110, 50, 20];

/** Runs that end in a little noise, and runs that end clean. */
function endings(schedule: NoiseSchedule): readonly (readonly NoiseLevel[])[] {
  const levels = TIMES.map((t) => schedule.at(t));
  return [levels, [...levels, { t: 0, alpha: 1, sigma: 0 }]];
}

/** Solvers of the noise's own equation cannot reach sigma 0. */
const NEVER_CLEAN = /^DPMSolver\w+ (sde-)?dpmsolver |^UniPC.* false$|noise_prediction/;
/** Solvers whose last step gives the model's x0. */
const ALWAYS_CLEAN = /^LCM/;

for (const [scaling, schedule] of Object.entries(SCALINGS)) {
  for (const { name, solver } of CASES) {
    Deno.test(`${name} carries a known x0 along alpha (${scaling})`, () => {
      for (const levels of endings(schedule)) {
        const { alpha, sigma } = levels.at(-1)!;
        if ((sigma > 0 ? ALWAYS_CLEAN : NEVER_CLEAN).test(name)) continue;
        const plan = compile(solver, sample, schedule, levels);
        const [x] = runExact(plan, [2 * plan.steps[0]!.level.alpha], () => [2]);
        assertAlmostEquals(x!, 2 * alpha, 1e-9);
      }
    });
  }
}

/** Not meant to keep the variance, and why. */
const OTHER_VARIANCE: readonly (readonly [RegExp, reason: string])[] = [
  [/^CMStochasticIterative/, "takes sigma_min for clean, so ends with less than sigma"],
  [/^LCM/, "its last step is the model's x0, whatever level that is at"],
  [/^SCM/, "its noise has the deviation of its data, 0.5"],
  [/^KarrasVe/, "its noise is scaled by 1.007"],
  [/^DDPMWuerstchen/, "its last step adds no noise"],
  [
    /sde-dpmsolver |noise_prediction/,
    "freezes eps over a step of the SDE: exact only in the limit",
  ],
];

for (const [scaling, schedule] of Object.entries(SCALINGS)) {
  for (const { name, solver } of CASES) {
    const [, reason] = OTHER_VARIANCE.find(([pattern]) => pattern.test(name)) ?? [];
    Deno.test({
      name: `${name} ends with noise of variance sigma² (${scaling})${reason ? `: ${reason}` : ""}`,
      ignore: reason !== undefined,
      fn() {
        const levels = endings(schedule)[0]!;
        const plan = compile(solver, sample, schedule, levels);
        const draws = plan.steps.filter(({ x }) => x.noise !== undefined).length;
        // The data is 0 and the k-th draw is the k-th unit vector: x is the weight of every draw.
        const unit = (k: number, length: number) =>
          Array.from({ length: draws + 1 }, (_, i) => i === k ? length : 0);
        let drawn = 0;
        const start = unit(draws, plan.steps[0]!.level.sigma);
        const end = runExact(plan, start, (x) => x.map(() => 0), () => unit(drawn++, 1));
        assertEquals(drawn, draws);
        assertAlmostEquals(Math.hypot(...end) / levels.at(-1)!.sigma, 1, 1e-9);
      },
    });
  }
}

/** Levels whose steps shrink at both ends, where multistep methods have lower orders. */
function smoothLevels(schedule: NoiseSchedule, n: number): NoiseLevel[] {
  return Array.from({ length: n + 1 }, (_, i) => {
    const u = i / n;
    return schedule.atLambda(-1.5 + 3.5 * u * u * (3 - 2 * u));
  });
}

/**
 * The relative error of a run over Gaussian data of several variances, whose ODE is solved in
 * closed form. Several, since the error of a single one can cross zero and look like a higher
 * order.
 */
function gaussianError(solver: Solver, schedule: NoiseSchedule, n: number): number {
  const levels = smoothLevels(schedule, n);
  const plan = compile(solver, sample, schedule, levels);
  const errors = [0.09, 0.2, 0.4, 1.5, 2.5].map((v) => {
    const spread = ({ alpha, sigma }: NoiseLevel) => Math.sqrt(alpha ** 2 * v + sigma ** 2);
    const [end] = runExact(plan, [spread(levels[0]!)], ([x], level) => [
      (level.alpha * v * x!) / spread(level) ** 2,
    ]);
    return end! / spread(levels[n]!) - 1;
  });
  return Math.hypot(...errors);
}

for (const [scaling, schedule] of Object.entries(SCALINGS)) {
  for (const { name, solver, order } of CASES) {
    if (order === undefined) continue;
    Deno.test(`${name} converges with order ${order} (${scaling})`, () => {
      const [coarse, fine] = [100, 200].map((n) => gaussianError(solver, schedule, n));
      const measured = Math.log2(coarse! / fine!);
      assert(measured > order - 0.2, `the measured order is ${measured.toFixed(2)}`);
    });
  }
}
