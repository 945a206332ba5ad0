import { DPM_SOLVER } from "./registry/dpm_solver.ts";
import { EDM_FAMILY } from "./registry/edm.ts";
import type { RegistryEntry } from "./registry/entry.ts";
import { FLOW_FAMILY } from "./registry/flow.ts";
import { VARIANCE_EXPLODING } from "./registry/variance_exploding.ts";
import { VARIANCE_PRESERVING } from "./registry/variance_preserving.ts";

/** Every class that a `SchedulerConfig` may name. */
export const REGISTRY: Readonly<Record<string, RegistryEntry>> = {
  ...VARIANCE_PRESERVING,
  ...VARIANCE_EXPLODING,
  ...DPM_SOLVER,
  ...EDM_FAMILY,
  ...FLOW_FAMILY,
};
