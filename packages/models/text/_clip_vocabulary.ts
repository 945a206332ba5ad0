import { shown } from "../_shown.ts";

/** The parts of `tokenizer_config.json` that matter here. */
export interface ClipTokenizerConfig {
  /** Tokens of a row, start and end included. */
  readonly model_max_length?: number;
  /** False keeps upper case; CLIP does not. */
  readonly do_lower_case?: boolean;
  /** The start token: a string, or an object with `content`. */
  readonly bos_token?: unknown;
  /** The end token. */
  readonly eos_token?: unknown;
  /** The token that fills a row. */
  readonly pad_token?: unknown;
  /** Whatever else the file says. */
  readonly [key: string]: unknown;
}

export const start = "<|startoftext|>";
export const end = "<|endoftext|>";

/** A special token, given as a string or as an object with `content`. */
export function tokenText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && "content" in value) {
    return typeof value.content === "string" ? value.content : undefined;
  }
  return undefined;
}

/**
 * CLIP's slow format, `vocab.json` and `merges.txt`, as the object that a `tokenizer.json` holds:
 * Radford et al. (2021), https://arxiv.org/abs/2103.00020, byte-pair encoding of lower-cased words.
 *
 * @throws {SyntaxError} if the vocabulary lacks the special tokens, or a merge is not a pair.
 */
export function tokenizerFromVocabulary(
  vocab: Readonly<Record<string, number>>,
  merges: string,
  config: ClipTokenizerConfig,
): Record<string, unknown> {
  const bos = tokenText(config.bos_token) ?? start;
  const eos = tokenText(config.eos_token) ?? end;
  for (const token of [bos, eos]) {
    if (typeof vocab[token] !== "number") {
      throw new SyntaxError(`Cannot read vocab.json: it lacks "${token}"; expected it in there`);
    }
  }
  for (const [token, id] of Object.entries(vocab)) {
    if (Number.isSafeInteger(id) && id >= 0) continue;
    throw new SyntaxError(
      `Cannot read vocab.json: ${shown(token)} has the id ${
        shown(id)
      }; expected a whole number from 0`,
    );
  }
  const pairs = merges.split(/\r?\n/).filter((line, i) =>
    line !== "" && !(i === 0 && line.startsWith("#version"))
  ).map((line) => {
    const pair = line.trim().split(" ");
    if (pair.length !== 2) {
      throw new SyntaxError(`Cannot read merges.txt: a line is ${shown(line)}; expected two parts`);
    }
    return pair;
  });
  const special = (content: string) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const lower = config.do_lower_case === false ? [] : [{ type: "Lowercase" }];
  const words = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [special(bos), special(eos)],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        ...lower,
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: words }, behavior: "Removed", invert: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: eos,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: pairs,
    },
  };
}
