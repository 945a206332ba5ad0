import { type ClipTextModel, type EncodedRow, openClipTextModel } from "./_clip_text_model.ts";
import type { Condition } from "../condition.ts";
import type { ModelFiles } from "../model_files.ts";
import { cutRows, parsePrompt, type TokenRow } from "./prompt_weights.ts";
import type { OpenOptions } from "../engine/engine.ts";
import type { Tensor } from "../tensor.ts";

/** A prompt: text, with another one for SDXL's second encoder if wished. */
export type Prompt = string | { readonly text: string; readonly text2?: string | undefined };

/** What SDXL was told about each training picture, in pixels. */
export interface MicroConditioning {
  /** Before it was resized. */
  readonly originalSize: readonly [height: number, width: number];
  /** Where its crop began; [0, 0] by default. */
  readonly cropTopLeft?: readonly [top: number, left: number];
  /** After cropping; the original size by default. */
  readonly targetSize?: readonly [height: number, width: number];
  /** The refiner's score of beauty, in place of the target size. */
  readonly aestheticScore?: number;
}

/** How {@linkcode PromptEncoder.encode} reads prompts. */
export interface EncodeOptions {
  /** Layers of CLIP left out at the end, as diffusers counts: 1 reads the one before the last. */
  readonly clipSkip?: number | undefined;
  /**
   * "weighted" (the default): brackets weigh, BREAK cuts, long prompts fill several rows (see
   * `parsePrompt`). "plain": every sign is text, and what is beyond one row is cut off, as in
   * diffusers.
   */
  readonly syntax?: "weighted" | "plain" | undefined;
  /**
   * What weights do: "mean" (the default) multiplies token vectors and restores the row's mean, as
   * the AUTOMATIC1111 web UI does; "plain" only multiplies.
   */
  readonly emphasis?: "mean" | "plain" | undefined;
  /** Needed by SDXL. */
  readonly size?: MicroConditioning | undefined;
  /** Stops before the next row. */
  readonly signal?: AbortSignal | undefined;
}

/** How {@linkcode openPromptEncoder} opens. */
export interface PromptEncoderOptions extends OpenOptions {
  /**
   * From `model_index.json`, for SDXL: an absent prompt becomes zeros rather than the encoding of
   * "". True by default, as in diffusers.
   */
  readonly forceZerosForEmptyPrompt?: boolean | undefined;
}

/** Prompt → what the denoiser is told. */
export interface PromptEncoder extends AsyncDisposable {
  /** "sdxl" also gives `text_embeds` and `time_ids`. */
  readonly family: "sd" | "sdxl";
  /** Tokens per row, start and end included. */
  readonly length: number;
  /**
   * One condition per prompt, all of the same number of rows, each with batch 1.
   *
   * @param prompts Positive, negative and others; `undefined` for none.
   * @throws {TypeError} if a prompt is not text, or the export lacks a layer that is needed.
   * @throws {RangeError} if a prompt has more than 64 rows, or `clipSkip` makes no sense.
   */
  encode(
    prompts: readonly (Prompt | undefined)[],
    options?: EncodeOptions,
  ): Promise<readonly Condition[]>;
}

/** Beyond this, a prompt is surely a mistake: a file, say. */
const mostRows = 64;

/**
 * Opens a model's text side: `tokenizer` and `text_encoder` (Stable Diffusion 1.x and 2.x), with
 * `tokenizer_2` and `text_encoder_2` beside or instead of them (SDXL and its refiner).
 *
 * @param files The model's folder.
 * @throws {TypeError} if a graph is not a text encoder's.
 *
 * @example A folder without a text encoder
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openPromptEncoder } from "@shum/models";
 *
 * const folder = {
 *   has: (component: string) => component === "unet",
 *   json: () => Promise.resolve({}),
 *   text: () => Promise.resolve(""),
 *   graph: (component: string) => Promise.resolve(component),
 * };
 * await assertRejects(() => openPromptEncoder(folder), TypeError, "text_encoder");
 * ```
 */
export async function openPromptEncoder(
  files: ModelFiles,
  options: PromptEncoderOptions = {},
): Promise<PromptEncoder> {
  const second = files.has("text_encoder_2");
  if (!second && !files.has("text_encoder")) {
    throw new TypeError("Cannot encode prompts: the model has no text_encoder; expected one");
  }
  const models: ClipTextModel[] = [];
  try {
    if (files.has("text_encoder")) {
      models.push(await openClipTextModel(files, "text_encoder", "tokenizer", options));
    }
    if (second) {
      models.push(await openClipTextModel(files, "text_encoder_2", "tokenizer_2", options));
    }
  } catch (error) {
    for (const model of models) await model[Symbol.asyncDispose]();
    throw error;
  }
  return new ClipPromptEncoder(
    models,
    second ? "sdxl" : "sd",
    options.forceZerosForEmptyPrompt ?? true,
  );
}

class ClipPromptEncoder implements PromptEncoder {
  readonly family: "sd" | "sdxl";
  readonly length: number;
  readonly #models: readonly ClipTextModel[];
  readonly #forceZeros: boolean;

  constructor(models: readonly ClipTextModel[], family: "sd" | "sdxl", forceZeros: boolean) {
    this.family = family;
    this.length = models[0]!.tokenizer.length;
    this.#models = models;
    this.#forceZeros = forceZeros;
  }

  async encode(
    prompts: readonly (Prompt | undefined)[],
    options: EncodeOptions = {},
  ): Promise<readonly Condition[]> {
    const { clipSkip = 0, syntax = "weighted", emphasis = "mean", size, signal } = options;
    if (!Number.isInteger(clipSkip) || clipSkip < 0) {
      throw new RangeError(
        `Cannot encode prompts: clipSkip is ${clipSkip}; expected a whole number from 0`,
      );
    }
    const sdxl = this.family === "sdxl";
    const timeIds = sdxl ? microConditioning(size) : undefined;
    const layer = { skip: sdxl ? clipSkip + 1 : clipSkip, norm: !sdxl };
    // Rows of each prompt, by model; all are filled up with empty rows to one number.
    const rows = prompts.map((prompt) =>
      this.#models.map((model) => tokenRows(model, textFor(prompt, model, this.#models), syntax))
    );
    const count = Math.max(...rows.flat().map((list) => list.length));
    const absent = prompts.map((prompt) => sdxl && this.#forceZeros && prompt === undefined);
    // The empty rows that fill prompts up are alike, and so are the prompts of many batches.
    const known = new Map<string, EncodedRow>();
    const conditions = new Array<Condition>(prompts.length);
    for (const [i, byModel] of rows.entries()) {
      if (absent[i] && !absent.every(Boolean)) continue;
      const encoded: EncodedRow[][] = [];
      for (const [m, model] of this.#models.entries()) {
        const list: EncodedRow[] = [];
        for (let row = 0; row < count; row++) {
          const tokens = byModel[m]![row] ?? { ids: [], weights: [] };
          const key = JSON.stringify([m, tokens.ids, tokens.weights]);
          const normalise = emphasis === "mean";
          const result = known.get(key) ?? await model.encode(tokens, layer, { normalise, signal });
          known.set(key, result);
          list.push(result);
        }
        encoded.push(list);
      }
      conditions[i] = condition(encoded, timeIds);
    }
    const shape = conditions.find((given) => given !== undefined)!;
    for (const [i, zero] of absent.entries()) if (zero) conditions[i] = zeros(shape, timeIds!);
    return conditions;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const model of this.#models) await model[Symbol.asyncDispose]();
  }
}

function textFor(
  prompt: Prompt | undefined,
  model: ClipTextModel,
  models: readonly ClipTextModel[],
): string {
  if (prompt === undefined) return "";
  if (typeof prompt !== "object" || prompt === null) return prompt; // the tokenizer checks it
  return model === models[1] ? prompt.text2 ?? prompt.text : prompt.text;
}

function tokenRows(
  { tokenizer }: ClipTextModel,
  text: string,
  syntax: "weighted" | "plain",
): readonly TokenRow[] {
  const capacity = tokenizer.length - 2;
  if (syntax === "plain") {
    return cutRows([[{ ids: tokenizer.ids(text), weight: 1 }]], capacity).slice(0, 1);
  }
  if (typeof text !== "string") tokenizer.ids(text); // throws
  const sections = parsePrompt(text).map((parts) =>
    parts.map((part) => ({ ids: tokenizer.ids(part.text), weight: part.weight }))
  );
  const rows = cutRows(sections, capacity, tokenizer.ids(",")[0]);
  if (rows.length > mostRows) {
    throw new RangeError(
      `Cannot encode prompt: it fills ${rows.length} rows of ${capacity} tokens; expected at most ` +
        `${mostRows}`,
    );
  }
  return rows;
}

/** Rows one after another, encoders side by side; pooled from the first row of the last encoder. */
function condition(
  encoded: readonly (readonly EncodedRow[])[],
  timeIds: Tensor | undefined,
): Condition {
  const width = encoded.reduce((sum, rows) => sum + rows[0]!.width, 0);
  const rows = encoded[0]!.length;
  const length = encoded[0]![0]!.hidden.length / encoded[0]![0]!.width;
  const data = new Float32Array(rows * length * width);
  let column = 0;
  for (const list of encoded) {
    for (const [row, { hidden, width: part }] of list.entries()) {
      for (let i = 0; i < length; i++) {
        data.set(hidden.subarray(i * part, (i + 1) * part), (row * length + i) * width + column);
      }
    }
    column += list[0]!.width;
  }
  const hidden = { data, shape: [1, rows * length, width] };
  if (!timeIds) return { inputs: { encoder_hidden_states: hidden } };
  const pooled = encoded.at(-1)![0]!.pooled;
  if (!pooled) {
    throw new TypeError(
      "Cannot encode prompts: text_encoder_2 has no output text_embeds; expected an export of " +
        "CLIPTextModelWithProjection",
    );
  }
  return {
    inputs: {
      encoder_hidden_states: hidden,
      text_embeds: { data: pooled, shape: [1, pooled.length] },
      time_ids: timeIds,
    },
  };
}

/** What SDXL is told when there is no prompt: zeros of the same shapes, and the same sizes. */
function zeros({ inputs }: Condition, timeIds: Tensor): Condition {
  const zero = ({ data, shape }: Tensor): Tensor => ({
    data: new Float32Array(data.length),
    shape,
  });
  return {
    inputs: {
      encoder_hidden_states: zero(inputs.encoder_hidden_states!),
      text_embeds: zero(inputs.text_embeds!),
      time_ids: timeIds,
    },
  };
}

/** Podell et al. (2023), https://arxiv.org/abs/2307.01952, section 2.2. */
function microConditioning(size: MicroConditioning | undefined): Tensor {
  if (!size) {
    throw new TypeError(
      "Cannot encode prompts: SDXL is told the picture's size; expected the option size",
    );
  }
  const { originalSize, cropTopLeft = [0, 0], targetSize = originalSize, aestheticScore } = size;
  const last = aestheticScore === undefined ? targetSize : [aestheticScore];
  const data = Float32Array.from([...originalSize, ...cropTopLeft, ...last]);
  return { data, shape: [1, data.length] };
}
