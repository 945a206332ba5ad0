import { assertEquals } from "@std/assert";
import { makeClipTokenizer } from "./clip_tokenizer.ts";
import { standardVocabulary } from "./_clip_standard.ts";

// Ids from transformers' CLIPTokenizer of openai/clip-vit-large-patch14, as published in its own tests
// and documentation.
Deno.test("CLIP's own vocabulary has 49408 tokens and gives OpenAI's ids", async () => {
  const { vocab, merges } = await standardVocabulary();
  assertEquals(Object.keys(vocab).length, 49408);
  const ids = [vocab["!"], vocab["a</w>"], vocab["<|startoftext|>"], vocab["<|endoftext|>"]];
  assertEquals(ids, [0, 320, 49406, 49407]);
  const tokenizer = makeClipTokenizer({ vocab, merges });
  assertEquals(tokenizer.ids("a photo of a cat"), [320, 1125, 539, 320, 2368]);
  assertEquals(tokenizer.ids("a photo of a dog"), [320, 1125, 539, 320, 1929]);
  assertEquals(tokenizer.pad, 49407);
});
