import { Tokenizer } from "@huggingface/tokenizers";
import {
  type ClipTokenizerConfig,
  end,
  start,
  tokenizerFromVocabulary,
  tokenText,
} from "./_clip_vocabulary.ts";
import { type ModelFiles, readConfig } from "../model_files.ts";

export type { ClipTokenizerConfig } from "./_clip_vocabulary.ts";

/** Text → token ids, as CLIP's text encoders read them. */
export interface ClipTokenizer {
  /** Tokens of one row, with start and end; 77 for CLIP. */
  readonly length: number;
  /** Id of the start token. */
  readonly bos: number;
  /** Id of the end token. */
  readonly eos: number;
  /** Id that fills a row: the end token's for SD 1.x, 0 for SD 2.x and SDXL's second encoder. */
  readonly pad: number;
  /**
   * Ids of a text, without start and end, however many.
   *
   * @throws {TypeError} if it is not a string.
   */
  ids(text: string): number[];
  /** One row: start, at most `length - 2` of the ids, end, padding. */
  row(ids: readonly number[]): Int32Array;
}

/** What {@linkcode makeClipTokenizer} is made from. */
export interface ClipTokenizerSource {
  /** The content of `tokenizer.json`. */
  readonly tokenizer?: Readonly<Record<string, unknown>> | undefined;
  /** Instead of it: the content of `vocab.json`. */
  readonly vocab?: Readonly<Record<string, number>> | undefined;
  /** With `vocab`: the text of `merges.txt`. */
  readonly merges?: string | undefined;
  /** The content of `tokenizer_config.json`. */
  readonly config?: ClipTokenizerConfig | undefined;
}

/** What transformers writes for "no limit" is 1e30; no CLIP row is longer than this. */
const longestRow = 4096;
const clipLength = 77;

/**
 * Makes a tokenizer from parsed files.
 *
 * @throws {SyntaxError} if they hold no CLIP tokenizer.
 *
 * @example A vocabulary of seven words
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeClipTokenizer } from "@shum/models";
 *
 * const vocab = { "a": 0, "b": 1, "a</w>": 2, "b</w>": 3, "ab</w>": 4, "<|startoftext|>": 5, "<|endoftext|>": 6 };
 * const tokenizer = makeClipTokenizer({
 *   vocab,
 *   merges: "#version: 0.2\na b</w>\n",
 *   config: { model_max_length: 6 },
 * });
 * assertEquals(tokenizer.ids("AB a"), [4, 2]);
 * assertEquals([...tokenizer.row([4, 2])], [5, 4, 2, 6, 6, 6]);
 * ```
 */
export function makeClipTokenizer(
  { tokenizer, vocab, merges, config = {} }: ClipTokenizerSource,
): ClipTokenizer {
  if (!tokenizer && (!vocab || merges === undefined)) {
    throw new SyntaxError(
      "Cannot make tokenizer: it needs tokenizer.json, or vocab.json and merges.txt",
    );
  }
  const json = tokenizer ?? tokenizerFromVocabulary(vocab!, merges!, config);
  const inner = open(json, config);
  const id = (key: "bos_token" | "eos_token" | "pad_token", fallback: string): number => {
    const token = tokenText(config[key]) ?? fallback;
    const found = inner.token_to_id(token);
    if (found === undefined) {
      throw new SyntaxError(
        `Cannot make tokenizer: ${key} "${token}" is not in its vocabulary; expected one that is`,
      );
    }
    return found;
  };
  const [bos, eos] = [id("bos_token", start), id("eos_token", end)];
  const pad = id("pad_token", tokenText(config.eos_token) ?? end);
  const limit = config.model_max_length;
  const length = typeof limit === "number" && limit <= longestRow ? limit : clipLength;
  if (!Number.isInteger(length) || length < 3) {
    throw new RangeError(
      `Cannot make tokenizer: model_max_length is ${length}; expected a whole number of at least 3`,
    );
  }
  return {
    length,
    bos,
    eos,
    pad,
    ids(text: string): number[] {
      if (typeof text !== "string") {
        throw new TypeError(`Cannot tokenize: the prompt is ${describe(text)}; expected text`);
      }
      return inner.encode(text, { add_special_tokens: false }).ids;
    },
    row(ids: readonly number[]): Int32Array {
      const row = new Int32Array(length).fill(pad);
      const count = Math.min(ids.length, length - 2);
      row[0] = bos;
      for (let i = 0; i < count; i++) row[i + 1] = ids[i]!;
      row[count + 1] = eos;
      return row;
    },
  };
}

/** The library's errors are those of whoever reads a file that it does not expect. */
function open(json: Readonly<Record<string, unknown>>, config: ClipTokenizerConfig): Tokenizer {
  try {
    const tokenizer = new Tokenizer(json, config);
    tokenizer.encode("a cat", { add_special_tokens: false }); // what it takes amiss only then
    return tokenizer;
  } catch (error) {
    throw new SyntaxError(
      "Cannot make tokenizer: tokenizer.json or tokenizer_config.json is not as transformers writes " +
        `it; expected its "model", "normalizer", "pre_tokenizer" and "added_tokens"`,
      { cause: error },
    );
  }
}

/**
 * Reads a model's tokenizer: `tokenizer.json`, or `vocab.json` and `merges.txt`, with
 * `tokenizer_config.json`.
 *
 * @param files The model's folder.
 * @param component "tokenizer" by default; SDXL also has "tokenizer_2".
 * @throws {SyntaxError} if the files hold no CLIP tokenizer.
 *
 * @example A folder without files
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openClipTokenizer } from "@shum/models";
 *
 * const folder = {
 *   has: () => false,
 *   json: () => Promise.reject(new Error("Cannot find file")),
 *   text: () => Promise.reject(new Error("Cannot find file")),
 *   graph: () => Promise.reject(new Error("Cannot find file")),
 * };
 * await assertRejects(() => openClipTokenizer(folder), SyntaxError, "vocab.json");
 * ```
 */
export async function openClipTokenizer(
  files: ModelFiles,
  component: string = "tokenizer",
): Promise<ClipTokenizer> {
  const config = {
    ...await readConfig(files, component, "special_tokens_map.json"),
    ...await readConfig(files, component, "tokenizer_config.json"),
  };
  if (files.has(component, "tokenizer.json")) {
    const tokenizer = await readConfig(files, component, "tokenizer.json");
    return makeClipTokenizer({ tokenizer, config });
  }
  if (!files.has(component, "merges.txt") || !files.has(component, "vocab.json")) {
    throw new SyntaxError(
      `Cannot open ${component}: it has no tokenizer.json, nor vocab.json and merges.txt; ` +
        `expected one of the two`,
    );
  }
  const vocab = await readConfig(files, component, "vocab.json") as Record<string, number>;
  return makeClipTokenizer({ vocab, merges: await files.text(component, "merges.txt"), config });
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
