import { nearest } from "./_nearest.ts";
import { type Clip, clipSample, dynamicThreshold } from "../arithmetic/clip.ts";
import { contradiction, type SchedulerConfig, settings } from "./config.ts";
import { NEUTRAL, type Settings } from "./settings.ts";
import {
  epsilon,
  flowPrediction,
  type Prediction,
  sample,
  score,
  vPrediction,
} from "../plan/prediction.ts";
import { REGISTRY } from "./registry.ts";
import type { RegistryEntry } from "./registry/entry.ts";

/** A class, its settings and what follows from them. */
export interface Resolved {
  readonly className: string;
  readonly entry: RegistryEntry;
  readonly settings: Settings;
  readonly prediction: Prediction;
}

/** Classes that no plan can express, and what to use instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ScoreSdeVeScheduler: "scoreSde()",
  ScoreSdeVpScheduler: "scoreSde()",
  RePaintScheduler: "repaint()",
  VQDiffusionScheduler: "VqDiffusion",
};

/** Finds and checks the class that a config names. Throws as {@linkcode settings} does. */
export function resolve(config: SchedulerConfig): Resolved {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new TypeError(
      `Cannot read scheduler config: it is ${
        JSON.stringify(config)?.slice(0, 60)
      }; expected an object with _class_name`,
    );
  }
  const name = config._class_name;
  if (typeof name !== "string") {
    throw new TypeError(
      `Cannot read scheduler config: _class_name is ${
        JSON.stringify(name) ?? "absent"
      }; expected the name of ` +
        `a scheduler class, for instance "EulerDiscreteScheduler"`,
    );
  }
  const entry = Object.hasOwn(REGISTRY, name) ? REGISTRY[name] : undefined;
  const elsewhere = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined;
  if (elsewhere) {
    throw new RangeError(
      `Cannot make a scheduler: _class_name is "${name}", whose steps no plan can hold; use ` +
        `${elsewhere} instead`,
    );
  }
  if (!entry) {
    // All names end alike: what comes before is what a name is like.
    const stem = (text: string) => text.replace(/Scheduler$/, "");
    const near = nearest(stem(name), Object.keys(REGISTRY).map(stem));
    throw new RangeError(
      `Cannot read scheduler config: _class_name is "${name}"; expected a class that samples ` +
        `images, for instance "${near ?? "EulerDiscrete"}Scheduler"`,
    );
  }
  const renamed: Record<string, unknown> = { ...config };
  if (config.predict_epsilon === false && config.prediction_type === undefined) {
    renamed.prediction_type = "sample"; // the key of old config files
  }
  for (const [key, names] of Object.entries(entry.renames ?? {})) {
    const value = renamed[key];
    if (typeof value === "string" && Object.hasOwn(names, value)) renamed[key] = names[value];
  }
  const checked = settings(renamed as SchedulerConfig, entry.defaults);
  contradictions(checked);
  entry.check?.(checked);
  return { className: name, entry, settings: checked, prediction: predictionOf(entry, checked) };
}

function predictionOf(entry: RegistryEntry, c: Settings): Prediction {
  if (entry.prediction) return entry.prediction(c);
  switch (c.prediction_type) {
    case "sample":
      return sample;
    case "v_prediction":
    case "trigflow":
      return vPrediction;
    case "flow_prediction":
      return flowPrediction;
    case "score":
      return score;
    default:
      return epsilon;
  }
}

/** The clip that the settings ask for; thresholding wins, as in diffusers. */
export function clipOf(c: Settings): Clip | undefined {
  if (c.thresholding) {
    return dynamicThreshold({ ratio: c.dynamic_thresholding_ratio, max: c.sample_max_value });
  }
  if (c.clip_denoised) return clipSample();
  return c.clip_sample ? clipSample({ range: c.clip_sample_range }) : undefined;
}

function contradictions(c: Settings): void {
  const tables = [
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "use_lu_lambdas",
    "sigma_spacing",
  ] as const;
  const [first, second] = tables.filter((key) => c[key]);
  if (first && second) throw contradiction(first, c[first], second, c[second]);
  if (c.trained_betas && c.trained_betas.length !== c.num_train_timesteps) {
    const length = c.trained_betas.length;
    if (c.num_train_timesteps !== NEUTRAL.num_train_timesteps) {
      throw contradiction(
        "num_train_timesteps",
        c.num_train_timesteps,
        "trained_betas",
        `${length} betas`,
      );
    }
  }
  if (c.sigma_min !== null && c.sigma_max !== null && c.sigma_min >= c.sigma_max) {
    throw contradiction("sigma_min", c.sigma_min, "sigma_max", c.sigma_max);
  }
}
