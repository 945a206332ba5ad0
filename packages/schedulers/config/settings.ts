/** Every key that some scheduler reads, checked, with the class's default where it was absent. */
export interface Settings {
  readonly num_train_timesteps: number;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly beta_schedule: string;
  readonly trained_betas: readonly number[] | null;
  readonly rescale_betas_zero_snr: boolean;
  readonly prediction_type: string;
  readonly pure_noise_sigma: number;
  readonly timestep_spacing: string;
  readonly steps_offset: number;
  readonly set_alpha_to_one: boolean;
  readonly clip_sample: boolean;
  readonly clip_sample_range: number;
  readonly thresholding: boolean;
  readonly dynamic_thresholding_ratio: number;
  readonly sample_max_value: number;
  readonly variance_type: string | null;
  readonly skip_prk_steps: boolean;
  readonly use_karras_sigmas: boolean;
  readonly use_exponential_sigmas: boolean;
  readonly use_beta_sigmas: boolean;
  readonly use_lu_lambdas: boolean;
  readonly sigma_spacing: string | null;
  readonly use_flow_sigmas: boolean;
  readonly flow_shift: number;
  readonly final_sigmas_type: string;
  readonly sigma_min: number | null;
  readonly sigma_max: number | null;
  readonly sigma_data: number;
  readonly sigma_schedule: string;
  readonly rho: number;
  readonly interpolation_type: string;
  readonly timestep_type: string;
  readonly lambda_min_clipped: number;
  readonly solver_order: number;
  readonly solver_type: string;
  readonly algorithm_type: string;
  readonly lower_order_final: boolean;
  readonly euler_at_final: boolean;
  readonly predict_x0: boolean;
  readonly disable_corrector: readonly number[];
  readonly predictor_order: number;
  readonly corrector_order: number;
  readonly tau_func: ((t: number) => number) | null;
  readonly original_inference_steps: number;
  readonly timestep_scaling: number;
  readonly clip_denoised: boolean;
  readonly shift: number;
  readonly use_dynamic_shifting: boolean;
  readonly time_shift_type: string;
  readonly base_shift: number;
  readonly max_shift: number;
  readonly base_image_seq_len: number;
  readonly max_image_seq_len: number;
  readonly shift_terminal: number | null;
  readonly invert_sigmas: boolean;
  readonly stochastic_sampling: boolean;
  readonly scaler: number;
  readonly s: number;
  readonly beta_min: number;
  readonly beta_max: number;
  readonly sampling_eps: number;
  readonly eta: number;
  readonly use_clipped_model_output: boolean;
  readonly s_churn: number;
  readonly s_min: number;
  readonly s_max: number;
  readonly s_tmin: number;
  readonly s_tmax: number;
  readonly s_noise: number;
  readonly order: number;
}

/** What a key means to a class that does not have it. */
export const NEUTRAL: Settings = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: "linear",
  trained_betas: null,
  rescale_betas_zero_snr: false,
  prediction_type: "epsilon",
  pure_noise_sigma: Infinity,
  timestep_spacing: "linspace",
  steps_offset: 0,
  set_alpha_to_one: true,
  clip_sample: false,
  clip_sample_range: 1,
  thresholding: false,
  dynamic_thresholding_ratio: 0.995,
  sample_max_value: 1,
  variance_type: null,
  skip_prk_steps: false,
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  use_lu_lambdas: false,
  sigma_spacing: null,
  use_flow_sigmas: false,
  flow_shift: 1,
  final_sigmas_type: "zero",
  sigma_min: null,
  sigma_max: null,
  sigma_data: 0.5,
  sigma_schedule: "karras",
  rho: 7,
  interpolation_type: "linear",
  timestep_type: "discrete",
  lambda_min_clipped: -Infinity,
  solver_order: 2,
  solver_type: "midpoint",
  algorithm_type: "dpmsolver++",
  lower_order_final: true,
  euler_at_final: false,
  predict_x0: true,
  disable_corrector: [],
  predictor_order: 2,
  corrector_order: 2,
  tau_func: null,
  original_inference_steps: 50,
  timestep_scaling: 10,
  clip_denoised: false,
  shift: 1,
  use_dynamic_shifting: false,
  time_shift_type: "exponential",
  base_shift: 0.5,
  max_shift: 1.15,
  base_image_seq_len: 256,
  max_image_seq_len: 4096,
  shift_terminal: null,
  invert_sigmas: false,
  stochastic_sampling: false,
  scaler: 1,
  s: 0.008,
  beta_min: 0.1,
  beta_max: 20,
  sampling_eps: 0.001,
  eta: 0,
  use_clipped_model_output: false,
  s_churn: 0,
  s_min: 0,
  s_max: Infinity,
  s_tmin: 0,
  s_tmax: Infinity,
  s_noise: 1,
  order: 4,
};
