/** What `Scheduler.setTimesteps` may be told beside the number of steps. */
export interface TimestepsOptions {
  /** Custom timesteps, descending; the number of steps is then their number. */
  readonly timesteps?: readonly number[] | undefined;
  /**
   * Custom Karras sigmas, descending, the final one included; for the flow-matching classes, flow
   * sigmas without the final 0. The number of steps follows.
   */
  readonly sigmas?: readonly number[] | undefined;
  /** Resolution-dependent shift of flow matching; see `dynamicShift`. */
  readonly mu?: number | undefined;
  /** Share of the distillation schedule that LCM and TCD visit; 1 by default. */
  readonly strength?: number | undefined;
  /** Length of that schedule; by default the config's `original_inference_steps`. */
  readonly originalInferenceSteps?: number | undefined;
}
