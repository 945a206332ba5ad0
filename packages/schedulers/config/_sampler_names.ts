/** A sampler that people ask for by name. */
export interface SamplerName {
  /** k-diffusion's name, or the field's. */
  readonly name: string;
  /** Other spellings; letter case, spaces, dashes and underscores do not matter anyway. */
  readonly aliases: readonly string[];
  /** The diffusers class that it is. */
  readonly className: string;
  /** What AUTOMATIC1111's web UI calls it in a picture's metadata; the class, where it has no name. */
  readonly label: string;
  /** What it is like, in a line. */
  readonly description: string;
}

/** A sigma schedule that people ask for by name. */
export interface ScheduleName {
  /** The field's name. */
  readonly name: string;
  /** Other spellings. */
  readonly aliases: readonly string[];
  /** What AUTOMATIC1111's web UI calls it; its own name, where that has none. */
  readonly label: string;
  /** How it spaces its steps, in a line. */
  readonly description: string;
}

export type Keys = Readonly<Record<string, unknown>>;
export type SamplerRow = SamplerName & { readonly keys?: Keys; readonly flow?: string };

const row = (
  name: string,
  aliases: string,
  className: string,
  description: string,
  { label = className, ...extra }: { label?: string; keys?: Keys; flow?: string } = {},
): SamplerRow => ({
  name,
  aliases: aliases.split(", ").filter((alias) => alias !== ""),
  className: `${className}Scheduler`,
  label,
  description,
  ...extra,
});

const SDE = { algorithm_type: "sde-dpmsolver++" };

/**
 * Between the largest sigma of a linear schedule of betas, 157, and those of schedules that end in
 * noise alone: 4,096 where they are rescaled, 20,291 of the squared cosine.
 */
const FROM_NOISE = { pure_noise_sigma: 200 };

/** `keys` go into the config; `flow` is the class for flow-matching models, if another. */
export const SAMPLERS: readonly SamplerRow[] = [
  row("euler", "k_euler", "EulerDiscrete", "first order, deterministic", {
    label: "Euler",
    flow: "FlowMatchEulerDiscrete",
  }),
  row("euler_a", "k_euler_a, euler_ancestral", "EulerAncestralDiscrete", "Euler with fresh noise", {
    label: "Euler a",
  }),
  row("heun", "k_heun", "HeunDiscrete", "second order, two calls per step", {
    label: "Heun",
    flow: "FlowMatchHeunDiscrete",
    keys: FROM_NOISE,
  }),
  row("dpm2", "k_dpm_2, dpm_2, kdpm2", "KDPM2Discrete", "midpoint, two calls per step", {
    label: "DPM2",
    keys: FROM_NOISE,
  }),
  row(
    "dpm2_a",
    "k_dpm_2_a, dpm_2_ancestral, dpm2_ancestral, kdpm2_a",
    "KDPM2AncestralDiscrete",
    "midpoint with fresh noise, two calls per step",
    { label: "DPM2 a", keys: FROM_NOISE },
  ),
  row("lms", "k_lms, linear multistep", "LMSDiscrete", "linear multistep, order 4", {
    label: "LMS",
  }),
  row("ddim", "", "DDIM", "first order, deterministic unless eta is above 0"),
  row("ddpm", "", "DDPM", "ancestral; for many steps"),
  row("pndm", "", "PNDM", "multistep with a Runge-Kutta start", {
    keys: { skip_prk_steps: false, ...FROM_NOISE },
  }),
  row("plms", "k_plms", "PNDM", "PNDM as Stable Diffusion 1 runs it", {
    label: "PLMS",
    keys: { skip_prk_steps: true, ...FROM_NOISE },
  }),
  row(
    "dpmpp_2m",
    "k_dpmpp_2m, dpm++2m, dpm++ 2m",
    "DPMSolverMultistep",
    "second order; a good default",
    { label: "DPM++ 2M" },
  ),
  row("dpmpp_3m", "dpm++3m, dpm++ 3m", "DPMSolverMultistep", "third order", {
    label: "DPM++ 3M",
    keys: { solver_order: 3 },
  }),
  row(
    "dpmpp_2m_sde",
    "k_dpmpp_2m_sde, dpm++2m_sde, dpm++ 2m sde",
    "DPMSolverMultistep",
    "second order with fresh noise",
    { label: "DPM++ 2M SDE", keys: SDE },
  ),
  row(
    "dpmpp_2m_sde_heun",
    "dpm++ 2m sde heun",
    "DPMSolverMultistep",
    "as dpmpp_2m_sde, the other second order",
    { label: "DPM++ 2M SDE Heun", keys: { ...SDE, solver_type: "heun" } },
  ),
  row(
    "dpmpp_3m_sde",
    "dpm++3m_sde, dpm++ 3m sde",
    "DPMSolverMultistep",
    "third order, fresh noise",
    { label: "DPM++ 3M SDE", keys: { ...SDE, solver_order: 3 } },
  ),
  row("dpmpp_2s", "dpm++2s, dpm++ 2s", "DPMSolverSinglestep", "second order in blocks of two", {
    label: "DPM++ 2S",
  }),
  row(
    "dpmpp_2s_a",
    "k_dpmpp_2s_a, dpm++2s_a, dpm++ 2s a, dpmpp_2s_ancestral",
    "DPMPP2SAncestral",
    "second order with fresh noise, two calls per step",
    { label: "DPM++ 2S a" },
  ),
  row(
    "dpmpp_sde",
    "k_dpmpp_sde, dpm++_sde, dpm++ sde",
    "DPMSolverSDE",
    "fresh noise along a Brownian path, two calls per step",
    { label: "DPM++ SDE" },
  ),
  row("dpm_fast", "k_dpm_fast", "DPMFast", "third order, three calls per step", {
    label: "DPM fast",
    keys: FROM_NOISE,
  }),
  row("deis", "", "DEISMultistep", "second order in the noise", { label: "DEIS" }),
  row("ipndm", "ipndm_v, IPNDMScheduler", "IPNDMDiscrete", "PNDM without warm-up", {
    keys: FROM_NOISE,
  }),
  row("unipc", "uni_pc", "UniPCMultistep", "predictor and corrector; good at few steps", {
    label: "UniPC",
  }),
  row("unipc_bh1", "uni_pc_bh1", "UniPCMultistep", "as unipc, for unguided sampling", {
    label: "UniPC",
    keys: { solver_type: "bh1", ...FROM_NOISE },
  }),
  row("sa_solver", "", "SASolver", "stochastic Adams, predictor and corrector", {
    label: "SA Solver",
    keys: FROM_NOISE,
  }),
  row("lcm", "", "LCM", "latent consistency models; 4 to 8 steps", { flow: "FlowMatchLCM" }),
  row("tcd", "", "TCD", "trajectory consistency models; 4 to 8 steps"),
];

const LINSPACE = { timestep_spacing: "linspace" };
const SPACED = { ...LINSPACE, ...FROM_NOISE };

export const SCHEDULES: readonly (ScheduleName & { readonly keys: Keys })[] = [
  {
    name: "normal",
    aliases: ["discrete", "uniform", "linspace"],
    label: "Normal",
    description: "even in timesteps, both ends included",
    keys: LINSPACE,
  },
  {
    name: "karras",
    aliases: [],
    label: "Karras",
    description: "even in the 7th root of sigma",
    keys: { ...SPACED, use_karras_sigmas: true },
  },
  {
    name: "exponential",
    aliases: ["lu", "lu_lambdas"],
    label: "Exponential",
    description: "even in log sigma",
    keys: { ...SPACED, use_exponential_sigmas: true },
  },
  {
    name: "polyexponential",
    aliases: [],
    label: "Polyexponential",
    description: "even in log sigma, k-diffusion's form",
    keys: { ...SPACED, sigma_spacing: "polyexponential" },
  },
  {
    name: "beta",
    aliases: [],
    label: "Beta",
    description: "dense at both ends",
    keys: { ...SPACED, use_beta_sigmas: true },
  },
  {
    name: "kl_optimal",
    aliases: [],
    label: "KL Optimal",
    description: "even in the arctangent of sigma",
    keys: { ...SPACED, sigma_spacing: "kl_optimal" },
  },
  {
    name: "sgm_uniform",
    aliases: ["simple", "trailing"],
    label: "SGM Uniform",
    description: "even in timesteps, from the last on",
    keys: { timestep_spacing: "trailing" },
  },
  {
    name: "leading",
    aliases: ["ddim_uniform"],
    label: "DDIM",
    description: "even in timesteps, from the first on",
    keys: { timestep_spacing: "leading" },
  },
  {
    name: "ays",
    aliases: ["align_your_steps", "ays_sd15"],
    label: "Align Your Steps",
    description: "optimised for Stable Diffusion 1.5",
    keys: { ...SPACED, sigma_spacing: "align_your_steps_sd15" },
  },
  {
    name: "ays_sdxl",
    aliases: [],
    label: "ays_sdxl",
    description: "optimised for Stable Diffusion XL",
    keys: { ...SPACED, sigma_spacing: "align_your_steps_sdxl" },
  },
  {
    name: "ays_svd",
    aliases: [],
    label: "ays_svd",
    description: "optimised for Stable Video Diffusion",
    keys: { ...SPACED, sigma_spacing: "align_your_steps_svd" },
  },
];
