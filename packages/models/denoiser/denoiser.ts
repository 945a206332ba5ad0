import { BranchBatch, groupConditions } from "./_branch_batch.ts";
import { gatherRows, sliceRows } from "./_rows.ts";
import type { Condition } from "../condition.ts";
import { assertFinite } from "../finite.ts";
import { channelsOf } from "../_channels.ts";
import { openGraph } from "../engine/_open_graph.ts";
import type { OpenOptions } from "../engine/engine.ts";
import { type ModelFiles, readConfig } from "../model_files.ts";
import type { Device, Session, TensorInfo } from "../session.ts";
import { elementCount, type Tensor } from "../tensor.ts";

/** A denoiser's `config.json`, in diffusers' own keys. */
export interface UnetConfig {
  /** Channels of its input; 9 for an inpainting model, with mask and masked image. */
  readonly in_channels: number;
  /** Channels of its output; twice those of the sample when it also predicts the variance. */
  readonly out_channels: number;
  /** Height and width that it was trained at, in its own pixels (latents, mostly). */
  readonly sample_size?: number | readonly [height: number, width: number];
  /** Width of the guidance-scale embedding that an LCM is told, or null. */
  readonly time_cond_proj_dim?: number | null;
  /** Number of classes of a class-conditional model, or null. */
  readonly num_class_embeds?: number | null;
  /** "text_time" for SDXL. */
  readonly addition_embed_type?: string | null;
  /** Whatever else the file says. */
  readonly [key: string]: unknown;
}

/** How {@linkcode openDenoiser} opens. */
export interface DenoiserOptions extends OpenOptions {
  /** The component; "unet" or "transformer", whichever exists, by default. */
  readonly component?: string;
  /**
   * Whether the branches of guidance run as one batch. "auto": on a GPU, and on the CPU for small
   * images; large ones run one by one there, in as much time and half the memory.
   */
  readonly branches?: "auto" | "together" | "apart";
}

/** A trained network, F(cIn·x, t; condition). */
export interface Denoiser extends AsyncDisposable {
  /** The device that serves it. */
  readonly device: Device | "remote";
  /** What its `config.json` says, completed from its graph. */
  readonly config: UnetConfig;
  /** What its graph reads: tells which of `text_embeds`, `time_ids`, `timestep_cond`, `class_labels` it takes. */
  readonly inputs: readonly TensorInfo[];
  /** True if the output has twice the sample's channels: see `splitVariance`. */
  readonly learnedVariance: boolean;
  /**
   * Raw outputs, one per condition, each `[batch, out_channels, height, width]`, flat.
   *
   * @param x The scaled sample cIn·x, flat; it may be overwritten as soon as the call returns.
   * @param shape Its shape. Channels of `concat` are not counted.
   * @param t What the network is told: a training timestep; cast to the graph's type and rank.
   * @param conditions At least one, such as positive and negative.
   * @throws {TypeError} if a condition lacks an input of the graph or has one too many.
   * @throws {RangeError} if sizes do not suit the graph, or the output is not finite.
   */
  predict(
    x: Float32Array,
    shape: readonly [batch: number, channels: number, height: number, width: number],
    t: number,
    conditions: readonly Condition[],
    settings?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Float32Array[]>;
}

const sampleNames = ["sample", "hidden_states", "latent_model_input", "x"];
const timeNames = ["timestep", "timesteps", "t"];
/** From this many positions on, attention's memory is what counts on the CPU. */
const largeImage = 64 * 64;

/**
 * Opens the denoiser of a model: a U-Net or a transformer exported as ONNX. Input names, types and
 * ranks are read from the graph, so exports of any age and vendor serve alike.
 *
 * @param files The model's folder.
 * @throws {TypeError} if the graph is not a denoiser's.
 * @throws {RangeError} if config and graph disagree on the channels.
 *
 * @example A folder without files
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openDenoiser } from "@shum/models";
 *
 * const folder = {
 *   has: () => true,
 *   json: () => Promise.resolve({ in_channels: 4, out_channels: 4 }),
 *   text: () => Promise.resolve(""),
 *   graph: (component: string) => Promise.resolve(`missing/${component}/model.onnx`),
 * };
 * await assertRejects(() => openDenoiser(folder), Error, "there is no such file");
 * ```
 */
export async function openDenoiser(
  files: ModelFiles,
  options: DenoiserOptions = {},
): Promise<Denoiser> {
  const { component = files.has("unet") ? "unet" : "transformer", branches = "auto" } = options;
  const json = await readConfig(files, component);
  const session = await openGraph(files, component, options);
  try {
    return new SessionDenoiser(session, json, branches);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

class SessionDenoiser implements Denoiser {
  readonly device: Device | "remote";
  readonly config: UnetConfig;
  readonly inputs: readonly TensorInfo[];
  readonly learnedVariance: boolean;
  readonly #session: Session;
  readonly #branches: "auto" | "together" | "apart";
  readonly #sample: TensorInfo;
  readonly #time: TensorInfo;
  readonly #output: string;
  readonly #batch = new BranchBatch();

  constructor(
    session: Session,
    json: Record<string, unknown>,
    branches: "auto" | "together" | "apart",
  ) {
    this.#session = session;
    this.#branches = branches;
    this.device = session.device;
    this.inputs = session.inputs;
    this.#sample = find(session, sampleNames, "the noisy sample");
    this.#time = find(session, timeNames, "the timestep");
    const output = session.outputs[0]!;
    this.#output = output.name;
    this.config = {
      ...json,
      in_channels: channelsOf(session.path, "in_channels", json, this.#sample),
      out_channels: channelsOf(session.path, "out_channels", json, output),
    };
    this.learnedVariance = this.config.out_channels === 2 * this.config.in_channels;
  }

  async predict(
    x: Float32Array,
    shape: readonly [number, number, number, number],
    t: number,
    conditions: readonly Condition[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly Float32Array[]> {
    const [batch, , height, width] = shape;
    // Feeds are copied before run() returns its promise: ask for every run before awaiting any.
    const runs = groupConditions(conditions).flatMap((group) => {
      const feeds = this.#batch.feeds(x, shape, group.map((i) => conditions[i]!), this.#sample);
      const rows = group.length * batch;
      const chunk = this.#chunk(rows, batch, height * width);
      const results = [];
      for (let row = 0; row < rows; row += chunk) {
        results.push(this.#run(sliceRows(feeds, rows, row, chunk), chunk, t, signal));
      }
      return [{ group, chunk, results }];
    });
    const outputs = new Array<Float32Array>(conditions.length);
    for (const { group, chunk, results } of runs) {
      const parts = await Promise.all(results);
      for (const [k, condition] of group.entries()) {
        outputs[condition] = gatherRows(parts, chunk, k * batch, batch);
      }
    }
    return outputs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  /** Rows per run. */
  #chunk(rows: number, batch: number, positions: number): number {
    const fixed = this.#sample.shape[0];
    if (typeof fixed === "number" && fixed > 0) {
      if (rows % fixed === 0) return fixed;
      throw new RangeError(
        `Cannot run "${this.#session.path}": its batch is fixed at ${fixed} and ${rows} rows were ` +
          `given; expected a multiple, or an export whose batch may vary`,
      );
    }
    const large = this.device === "cpu" && positions >= largeImage;
    const apart = this.#branches === "apart" || (this.#branches === "auto" && large);
    return apart ? batch : rows;
  }

  async #run(
    feeds: Record<string, Tensor>,
    rows: number,
    t: number,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const [size] = this.#time.shape;
    const shape = size === undefined ? [] : [size === 1 ? 1 : rows];
    feeds[this.#time.name] = {
      data: new Float32Array(elementCount(shape)).fill(t),
      shape,
    };
    const settings = { outputs: [this.#output], signal };
    const { data } = (await this.#session.run(feeds, settings))[this.#output]!;
    if (!(data instanceof Float32Array)) {
      throw new TypeError(`Cannot run "${this.#session.path}": its output is not a float tensor`);
    }
    assertFinite(
      data,
      `"${this.#session.path}"`,
      "a float16 model may overflow: use its float32 export; or sampler and model do not fit",
    );
    return data;
  }
}

function find(session: Session, names: readonly string[], what: string): TensorInfo {
  const input = session.inputs.find(({ name }) => names.includes(name));
  if (input) return input;
  throw new TypeError(
    `Cannot use "${session.path}" as denoiser: it reads ${session.inputNames.join(", ")}; ` +
      `expected an input for ${what}, called ${
        names.join(" or ")
      }: is it another component's file?`,
  );
}
