import { type ClipTokenizer, openClipTokenizer } from "./clip_tokenizer.ts";
import { type LayerNorm, readFinalNorm } from "./_final_norm.ts";
import { assertFinite } from "../finite.ts";
import { openGraph } from "../engine/_open_graph.ts";
import type { GraphSource, OpenOptions } from "../engine/engine.ts";
import type { ModelFiles } from "../model_files.ts";
import type { TokenRow } from "./prompt_weights.ts";
import type { Session } from "../session.ts";
import type { Tensor } from "../tensor.ts";

/** Which of a text encoder's layers is read. */
export interface Layer {
  /** Layers left out at the end; 0 reads the last one. */
  readonly skip: number;
  /** Whether the final layer norm follows: SD 1.x and 2.x yes, SDXL no. */
  readonly norm: boolean;
}

/** One row of tokens, encoded. */
export interface EncodedRow {
  /** `[length, width]`. */
  readonly hidden: Float32Array;
  readonly width: number;
  /** `[projection]`, from encoders that project. */
  readonly pooled: Float32Array | undefined;
}

const layerNormEps = 1e-5;
const lastLayer = "last_hidden_state";
const pooledName = "text_embeds";

/** A CLIP text encoder and its tokenizer. */
export class ClipTextModel implements AsyncDisposable {
  readonly tokenizer: ClipTokenizer;
  readonly #session: Session;
  readonly #graph: () => Promise<GraphSource>;
  #finalNorm: LayerNorm | undefined;

  constructor(session: Session, tokenizer: ClipTokenizer, graph: () => Promise<GraphSource>) {
    this.tokenizer = tokenizer;
    this.#session = session;
    this.#graph = graph;
    if (!session.inputNames.includes("input_ids")) {
      throw new TypeError(
        `Cannot use "${session.path}" as text encoder: it reads ${
          session.inputNames.join(", ")
        }; ` +
          `expected input_ids: is it another component's file?`,
      );
    }
  }

  async encode(
    { ids, weights }: TokenRow,
    layer: Layer,
    { normalise, signal }: { normalise: boolean; signal?: AbortSignal | undefined },
  ): Promise<EncodedRow> {
    const { path, inputNames, outputNames } = this.#session;
    const row = this.tokenizer.row(ids);
    const shape = [1, row.length];
    const feeds: Record<string, Tensor> = { input_ids: { data: row, shape } };
    if (inputNames.includes("attention_mask")) {
      const mask = row.map((_, i) => i < ids.length + 2 ? 1 : 0);
      feeds.attention_mask = { data: mask, shape };
    }
    const name = this.#outputOf(layer);
    const outputs = outputNames.includes(pooledName) ? [name, pooledName] : [name];
    const results = await this.#session.run(feeds, { outputs, signal });
    const hidden = results[name]!.data as Float32Array;
    const width = results[name]!.shape[2]!;
    assertFinite(hidden, `"${path}"`, "use its float32 export");
    if (layer.norm && name !== lastLayer) await this.#normalise(hidden, width);
    emphasise(hidden, width, weights, normalise);
    return { hidden, width, pooled: results[pooledName]?.data as Float32Array | undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #outputOf({ skip, norm }: Layer): string {
    const { path, outputNames } = this.#session;
    if (skip === 0 && norm) {
      if (outputNames.includes(lastLayer)) return lastLayer;
      throw new TypeError(
        `Cannot use "${path}" as text encoder: it gives ${outputNames.join(", ")}; ` +
          `expected ${lastLayer}`,
      );
    }
    const layers = outputNames.filter((name) => name.startsWith("hidden_states.")).length;
    if (layers === 0) {
      throw new TypeError(
        `Cannot read layer -${skip + 1} of "${path}": it gives ${outputNames.join(", ")} only; ` +
          `expected hidden_states.0, hidden_states.1, …: export it with output_hidden_states` +
          (norm ? ", or do without CLIP skip" : ""),
      );
    }
    const index = layers - 1 - skip; // hidden_states.0 is the embedding
    if (index < 1) {
      throw new RangeError(
        `Cannot skip ${skip} layers of "${path}": it has ${layers - 1}; expected at most ${
          layers - 2
        }`,
      );
    }
    return `hidden_states.${index}`;
  }

  /** The final layer norm, Ba et al. (2016), https://arxiv.org/abs/1607.06450, with the graph's weights. */
  async #normalise(hidden: Float32Array, width: number): Promise<void> {
    this.#finalNorm ??= await readFinalNorm(await this.#graph(), lastLayer);
    const { scale, bias } = this.#finalNorm;
    for (let start = 0; start < hidden.length; start += width) {
      let mean = 0;
      for (let i = 0; i < width; i++) mean += hidden[start + i]!;
      mean /= width;
      let variance = 0;
      for (let i = 0; i < width; i++) variance += (hidden[start + i]! - mean) ** 2;
      const factor = 1 / Math.sqrt(variance / width + layerNormEps);
      for (let i = 0; i < width; i++) {
        hidden[start + i] = (hidden[start + i]! - mean) * factor * scale[i]! + bias[i]!;
      }
    }
  }
}

/** Opens a text encoder with its tokenizer. */
export async function openClipTextModel(
  files: ModelFiles,
  component: string,
  tokenizerComponent: string,
  options: OpenOptions,
): Promise<ClipTextModel> {
  const tokenizer = await openClipTokenizer(files, tokenizerComponent);
  const session = await openGraph(files, component, options);
  try {
    return new ClipTextModel(session, tokenizer, () => files.graph(component));
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Multiplies each token's vector by its weight. The web UI's rule then scales the row so that the
 * mean of all its numbers is what it was.
 */
function emphasise(
  hidden: Float32Array,
  width: number,
  weights: readonly number[],
  normalise: boolean,
): void {
  if (weights.every((weight) => weight === 1)) return;
  const before = mean(hidden);
  for (const [i, weight] of weights.entries()) {
    const start = (i + 1) * width; // after the start token
    for (let k = start; k < start + width; k++) hidden[k]! *= weight;
  }
  const after = mean(hidden);
  if (!normalise || after === 0) return;
  const factor = before / after;
  for (let i = 0; i < hidden.length; i++) hidden[i]! *= factor;
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
