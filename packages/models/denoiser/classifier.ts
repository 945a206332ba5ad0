import { assertFinite } from "../finite.ts";
import { openGraph } from "../engine/_open_graph.ts";
import type { OpenOptions } from "../engine/engine.ts";
import type { ModelFiles } from "../model_files.ts";
import type { Session, TensorInfo } from "../session.ts";
import { elementCount, type Tensor } from "../tensor.ts";

/** A network that says in which direction a noisy sample becomes more of a class. */
export interface Classifier extends AsyncDisposable {
  /**
   * The gradient of log p(y | x_t) with respect to what it is shown, of the sample's shape, flat.
   *
   * It is shown what the denoiser is shown, `cIn·x_t`: the scale that both were trained at, whatever the
   * sampler's own. The factor `cIn` between the gradient here and that in `x_t` is the loop's affair.
   *
   * @param x The scaled sample `cIn·x_t`; it may be overwritten as soon as the call returns.
   * @param shape Its shape.
   * @param t The timestep.
   * @param labels One class per sample.
   * @throws {RangeError} if there is not one label per sample, or the gradient is not finite.
   */
  gradient(
    x: Float32Array,
    shape: readonly [batch: number, channels: number, height: number, width: number],
    t: number,
    labels: readonly number[],
    settings?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Float32Array>;
}

const sampleNames = ["sample", "x", "input"];
const timeNames = ["timestep", "timesteps", "t"];
const labelNames = ["class_labels", "labels", "y"];

/**
 * Opens a network for classifier guidance, Dhariwal & Nichol (2021),
 * https://arxiv.org/abs/2105.05233. The engine does not differentiate: the graph itself must give the
 * gradient. Its inputs are `sample`, `timestep` and `class_labels`, its first output the gradient with
 * respect to `sample`.
 *
 * @param files The model's folder.
 * @throws {TypeError} if the graph's inputs are others.
 *
 * @example A folder without files
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openClassifier } from "@shum/models";
 *
 * const folder = {
 *   has: () => true,
 *   json: () => Promise.resolve({}),
 *   text: () => Promise.resolve(""),
 *   graph: (component: string) => Promise.resolve(`missing/${component}/model.onnx`),
 * };
 * await assertRejects(() => openClassifier(folder), Error, "classifier/model.onnx");
 * ```
 */
export async function openClassifier(
  files: ModelFiles,
  options: OpenOptions & { readonly component?: string } = {},
): Promise<Classifier> {
  const session = await openGraph(files, options.component ?? "classifier", options);
  try {
    return new SessionClassifier(session);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

class SessionClassifier implements Classifier {
  readonly #session: Session;
  readonly #sample: TensorInfo;
  readonly #time: TensorInfo;
  readonly #label: TensorInfo;

  constructor(session: Session) {
    this.#session = session;
    const find = (names: readonly string[]): TensorInfo => {
      const input = session.inputs.find(({ name }) => names.includes(name));
      if (input) return input;
      throw new TypeError(
        `Cannot use "${session.path}" as classifier: it reads ${session.inputNames.join(", ")}; ` +
          `expected an input called ${names.join(" or ")}`,
      );
    };
    this.#sample = find(sampleNames);
    this.#time = find(timeNames);
    this.#label = find(labelNames);
  }

  async gradient(
    x: Float32Array,
    shape: readonly [number, number, number, number],
    t: number,
    labels: readonly number[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array> {
    const { path, outputNames } = this.#session;
    const [batch] = shape;
    if (labels.length !== batch) {
      throw new RangeError(
        `Cannot classify: ${labels.length} labels were given; expected ${batch}, one per sample`,
      );
    }
    const times = this.#time.shape.length === 0 ? [] : [this.#time.shape[0] === 1 ? 1 : batch];
    const feeds: Record<string, Tensor> = {
      [this.#sample.name]: { data: x, shape },
      [this.#time.name]: {
        data: new Float32Array(elementCount(times)).fill(t),
        shape: times,
      },
      [this.#label.name]: { data: Int32Array.from(labels), shape: [batch] },
    };
    const output = outputNames[0]!;
    const results = await this.#session.run(feeds, { outputs: [output], signal });
    const gradient = results[output]!.data as Float32Array;
    if (gradient.length !== x.length) {
      throw new RangeError(
        `Cannot classify: "${path}" gave ${gradient.length} numbers; expected ${x.length}, the ` +
          `gradient with respect to the sample`,
      );
    }
    assertFinite(gradient, `"${path}"`, "use its float32 export");
    return gradient;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
