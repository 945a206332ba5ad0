import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { modelFolder } from "../testing/_testing.ts";
import {
  type ClipTokenizerConfig,
  makeClipTokenizer,
  openClipTokenizer,
} from "./clip_tokenizer.ts";

const start = "<|startoftext|>";
const end = "<|endoftext|>";

/** Every printable ASCII sign and every byte of UTF-8, alone and at the end of a word; two merges. */
const letters = [
  ..."!\"#$%&'()*+,-./0123456789:;<=>?@abcdefghijklmnopqrstuvwxyz[\\]^_`{|}~",
  ..."¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
  ...Array.from({ length: 68 }, (_, i) => String.fromCharCode(256 + i)),
];
const words = [
  ...letters,
  ...letters.map((letter) => `${letter}</w>`),
  "ca",
  "cat</w>",
  start,
  end,
];
const vocab = Object.fromEntries(words.map((word, i) => [word, i]));
const merges = "#version: 0.2\nc a\nca t</w>\n";
const id = (word: string) => vocab[word]!;
const make = (config: ClipTokenizerConfig = {}) => makeClipTokenizer({ vocab, merges, config });

Deno.test("ids() lower-cases, joins pairs, and marks the ends of words", () => {
  assertEquals(make().ids("A Cat"), [id("a</w>"), id("cat</w>")]);
  assertEquals(make().ids("cats"), [id("ca"), id("t"), id("s</w>")]);
});

Deno.test("ids() splits numbers into digits and contractions from words", () => {
  assertEquals(make().ids("42"), [id("4</w>"), id("2</w>")]);
  assertEquals(make().ids("it's"), [id("i"), id("t</w>"), id("'"), id("s</w>")]);
});

Deno.test("ids() knows every letter by its bytes, composed or not", () => {
  const cafe = make().ids("é");
  assertEquals(cafe, [id("Ã"), id("©</w>")]); // UTF-8 C3 A9
  assertEquals(make().ids("e\u0301"), cafe); // NFC
  assertEquals(make().ids("🐈").length, 4);
});

Deno.test("ids() takes any white space for one, and nothing for nothing", () => {
  assertEquals(make().ids("  a\t\n cat  "), make().ids("a cat"));
  assertEquals(make().ids(""), []);
  assertEquals(make().ids(" \n "), []);
});

Deno.test("ids() keeps upper case when the config says so", () => {
  const upper = { ...vocab, "A</w>": 10_000 };
  const tokenizer = makeClipTokenizer({ vocab: upper, merges, config: { do_lower_case: false } });
  assertEquals(tokenizer.ids("A"), [10_000]);
});

Deno.test("ids() refuses what is not text", () => {
  for (const value of [undefined, null, 7, ["a"], {}]) {
    assertThrows(() => make().ids(value as string), TypeError, "expected text");
  }
});

Deno.test("row() pads with the end token, or with the token that the config names", () => {
  const row = make({ model_max_length: 6 }).row([5, 6]);
  assertEquals([...row], [id(start), 5, 6, id(end), id(end), id(end)]);
  const zero = make({ model_max_length: 6, pad_token: { content: "!" } });
  assertEquals([zero.pad, zero.eos], [0, id(end)]);
  assertEquals([...zero.row([5, 6])], [id(start), 5, 6, id(end), 0, 0]);
});

Deno.test("row() cuts what is too long and still ends with the end token", () => {
  const row = make({ model_max_length: 5 }).row([1, 2, 3, 4, 5, 6]);
  assertEquals([...row], [id(start), 1, 2, 3, id(end)]);
});

Deno.test("rows have 77 tokens unless the config says otherwise", () => {
  assertEquals(make().length, 77);
  assertEquals(make({ model_max_length: 40 }).length, 40);
  assertEquals(make({ model_max_length: 1e30 }).length, 77); // "no limit"
  assertThrows(() => make({ model_max_length: 2 }), RangeError, "model_max_length is 2");
});

Deno.test("files that hold no tokenizer are refused", () => {
  assertThrows(() => makeClipTokenizer({}), SyntaxError, "it needs tokenizer.json");
  assertThrows(
    () => makeClipTokenizer({ vocab: { a: 0 }, merges: "" }),
    SyntaxError,
    'lacks "<|startoftext|>"',
  );
  assertThrows(
    () => makeClipTokenizer({ vocab, merges: "a b c\n" }),
    SyntaxError,
    'a line is "a b c"; expected two parts',
  );
  assertThrows(() => make({ pad_token: "<pad>" }), SyntaxError, 'pad_token "<pad>"');
  // deno-lint-ignore no-explicit-any
  const wrong: any[] = [null, "4", -1, 0.5, {}, { toString: 1 }];
  for (const number of wrong) {
    const source = { vocab: { ...vocab, x: number }, merges };
    assertThrows(() => makeClipTokenizer(source), SyntaxError, 'Cannot read vocab.json: "x" has');
  }
  assertEquals(make({ pad_token: { content: { toString: 1 } } }).pad, id(end));
  const halves = [{}, { model: null }, { model: { type: "BPE", vocab: { a: { toString: 1 } } } }];
  for (const tokenizer of [...halves, { model: 5, normalizer: [] }]) {
    assertThrows(() => makeClipTokenizer({ tokenizer }), SyntaxError, "as transformers writes");
  }
});

Deno.test("openClipTokenizer() reads the slow format and the fast one", async () => {
  const config = { model_max_length: 9, pad_token: "!" };
  await using slow = await modelFolder({
    tokenizer: {
      files: { "vocab.json": vocab, "merges.txt": merges, "tokenizer_config.json": config },
    },
  });
  const fast = await openClipTokenizer(slow);
  assertEquals(fast.ids("cat"), [id("cat</w>")]);
  assertEquals([fast.length, fast.pad], [9, 0]);
  const json = {
    version: "1.0",
    added_tokens: [start, end].map((content) => ({ id: id(content), content, special: true })),
    normalizer: { type: "Lowercase" },
    pre_tokenizer: { type: "Whitespace" },
    post_processor: null,
    decoder: null,
    model: {
      type: "BPE",
      unk_token: end,
      end_of_word_suffix: "</w>",
      vocab,
      merges: ["c a", "ca t</w>"],
    },
  };
  await using whole = await modelFolder({
    tokenizer_2: {
      files: { "tokenizer.json": json, "special_tokens_map.json": { pad_token: "!" } },
    },
  });
  const second = await openClipTokenizer(whole, "tokenizer_2");
  assertEquals(second.ids("Cat a"), [id("cat</w>"), id("a</w>")]);
  assertEquals([second.length, second.pad], [77, 0]);
  await using empty = await modelFolder({ tokenizer: { files: { "vocab.json": vocab } } });
  await assertRejects(() => openClipTokenizer(empty), SyntaxError, "no tokenizer.json");
});
