import type { Resolved } from "./resolve.ts";
import type { TableRequest } from "../tables/table.ts";
import type { TimestepsOptions } from "./timesteps_options.ts";

/** Checks what a run is asked to visit, for a class that can or cannot do that. */
export function tableRequest(
  { entry, settings, className }: Resolved,
  steps: number | undefined,
  options: TimestepsOptions,
): TableRequest {
  const accepts: readonly string[] = entry.accepts ?? ["timesteps"];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || accepts.includes(key)) continue;
    throw new RangeError(
      `Cannot set timesteps: ${key} is given, but ${className} takes ` +
        `${accepts.length === 0 ? "only a number of steps" : accepts.join(", ")}`,
    );
  }
  const { timesteps, sigmas } = options;
  if (timesteps && sigmas) {
    throw new RangeError(
      "Cannot set timesteps: both timesteps and sigmas are given; expected one of them",
    );
  }
  if (timesteps) {
    descending("timesteps", timesteps, 1);
    const last = settings.num_train_timesteps - (className.startsWith("FlowM") ? 0 : 1);
    if (timesteps[0]! > last) {
      throw new RangeError(
        `Cannot set timesteps: timesteps[0] is ${
          timesteps[0]
        }; expected at most ${last}, where the ` +
          `training of the model ended`,
      );
    }
  }
  // Karras sigmas name the level that the run ends at, too; flow sigmas end at 0 by themselves.
  const flow = settings.use_flow_sigmas || className.startsWith("FlowM");
  const ends = flow ? 0 : 1;
  if (sigmas) descending("sigmas", sigmas, ends + 1);
  if (sigmas && flow && (sigmas[0]! > 1 || sigmas[sigmas.length - 1] === 0)) {
    throw new RangeError(
      `Cannot set timesteps: sigmas are ${
        sigmas.join(", ")
      }; expected flow sigmas, above 0 and at ` +
        `most 1, without the final 0`,
    );
  }
  const listed = timesteps?.length ?? (sigmas && sigmas.length - ends);
  const count = listed ?? steps;
  const most = settings.num_train_timesteps;
  if (!(Number.isInteger(count) && count! >= 1 && (listed !== undefined || count! <= most))) {
    throw new RangeError(
      `Cannot set timesteps: steps is ${steps}; expected a whole number from 1 to ${most}, the ` +
        `number of training timesteps`,
    );
  }
  if (steps !== undefined && steps !== count) {
    throw new RangeError(
      `Cannot set timesteps: steps is ${steps} while ${timesteps ? "timesteps" : "sigmas"} makes ` +
        `${count}; expected the same number, or undefined`,
    );
  }
  for (const key of ["mu", "strength", "originalInferenceSteps"] as const) {
    const value = options[key];
    if (value === undefined || (Number.isFinite(value) && (key === "mu" || value > 0))) continue;
    throw new RangeError(`Cannot set timesteps: ${key} is ${value}; expected a number above 0`);
  }
  return { ...options, steps: count! };
}

function descending(name: string, values: readonly number[], least: number): void {
  if (values.length < least) {
    throw new RangeError(
      `Cannot set timesteps: ${name} has ${values.length} entries; expected at least ${least}`,
    );
  }
  values.forEach((value, i) => {
    if (!Number.isFinite(value) || value < 0) {
      throw new RangeError(
        `Cannot set timesteps: ${name}[${i}] is ${value}; expected a finite number of at least 0`,
      );
    }
    if (i > 0 && value >= values[i - 1]!) {
      throw new RangeError(
        `Cannot set timesteps: ${name}[${i}] is ${value} after ${
          values[i - 1]
        }; expected them to ` +
          `descend`,
      );
    }
  });
}
