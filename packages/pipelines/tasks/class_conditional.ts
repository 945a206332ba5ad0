/**
 * Images of a class.
 *
 * @module
 */
import type { Condition } from "@shum/models";
import type { ModelParts } from "../model_parts.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { Task } from "../run/task.ts";

/** What to make an image of. */
export interface ClassInput {
  /** The class, by its number or one of its names; or one per image. */
  readonly label: number | string | readonly (number | string)[];
}

/** What a class-conditional pipeline is made of. */
export interface ClassParts extends ModelParts {
  /** How many classes there are. */
  readonly classes: number;
  /** The label that stands for no class, if the network knows one: guidance needs it. */
  readonly nullLabel?: number;
  /** The names of each class, comma-separated, by its number (`id2label` of model_index.json). */
  readonly names?: Readonly<Record<string, string>>;
}

/**
 * Images of a class: DiT in latents, class-conditional U-Nets and consistency models in pixels.
 *
 * @example An unknown class
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { ClassConditional, Lazy } from "@shum/pipelines";
 *
 * await using pipeline = new ClassConditional({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 3,
 *   vaeScaleFactor: 1,
 *   classes: 10,
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * await assertRejects(() => pipeline.generate({ label: 10 }), RangeError, "0 to 9");
 * ```
 */
export class ClassConditional extends ModelPipeline<ClassInput, ClassParts> {
  /** Tells this pipeline from others. */
  readonly kind = "class-conditional" as const;
  /** The names of the classes, if the model has any, by number. */
  readonly names: Readonly<Record<string, string>>;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: ClassParts) {
    super(parts);
    this.names = parts.names ?? {};
  }

  /** The classes, and noise to begin from. */
  protected override task({ label }: ClassInput): Task {
    const labels = (Array.isArray(label) ? label : [label]) as (number | string)[];
    const numbers = labels.map((label) => this.#number(label));
    const { nullLabel } = this.parts;
    const conditions = {
      positive: condition(numbers),
      ...nullLabel !== undefined && { negative: condition([nullLabel]) },
    };
    return {
      images: numbers.length,
      branches: Object.keys(conditions) as (keyof typeof conditions)[],
      encode: () => Promise.resolve([{ conditions }]),
    };
  }

  #number(label: number | string): number {
    const { classes } = this.parts;
    if (typeof label === "number") {
      if (Number.isInteger(label) && label >= 0 && label < classes) return label;
      throw new RangeError(
        `Cannot make image: label is ${label}; expected a whole number from 0 to ${classes - 1}`,
      );
    }
    const wanted = label.trim().toLowerCase();
    for (const [number, names] of Object.entries(this.names)) {
      const each = names.split(",").map((name) => name.trim().toLowerCase());
      if (each.includes(wanted) || names.toLowerCase() === wanted) return Number(number);
    }
    const some = Object.values(this.names).slice(0, 3).map((name) => `"${name}"`);
    throw new RangeError(
      `Cannot make image: label is ${JSON.stringify(label)}; expected a number from 0 to ` +
        `${classes - 1}` + (some.length > 0 ? `, or a name such as ${some.join(", ")}` : ""),
    );
  }
}

function condition(labels: readonly number[]): Condition {
  return { inputs: { class_labels: { data: Int32Array.from(labels), shape: [labels.length] } } };
}
