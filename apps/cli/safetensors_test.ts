import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";

const models = fromFileUrl(new URL("../../tests/fixtures/safetensors", import.meta.url));
const model = ["--model", join(models, "sdxl")];

Deno.test("a folder of safetensors becomes a picture, and its metadata the same picture again", () =>
  withFolder(async ({ run, folder }) => {
    const first = await run([...model, "--steps", "2", "-s", "3", "a cat", "-o", "a.png"]);
    assertEquals(first.code, exitCodes.ok, first.err);
    const again = await run(["--from-image", "a.png", ...model, "-q", "-o", "b.png"]);
    assertEquals(again.code, exitCodes.ok, again.err);
    const read = (file: string) => Deno.readFile(join(folder, file));
    assertEquals(await read("a.png"), await read("b.png"));
  }));

Deno.test("inspect tells the networks of safetensors, and what a file lacks or is instead", () =>
  withFolder(async ({ run, folder, files }) => {
    const known = await run(["inspect", join(models, "sd2")]);
    assertEquals(known.code, exitCodes.ok, known.err);
    assertMatch(known.out, /^unet +\S+ k parameters, bfloat16, /m);
    const single = join(models, "single-sd1", "model.safetensors");
    const cut = await run(["inspect", single]);
    assertEquals(cut.code, exitCodes.model);
    assertStringIncludes(cut.err, "embeddings.token_embedding.weight");
    await Deno.writeTextFile(join(folder, "x.ckpt"), "PK\x03\x04");
    const pickle = await run(["a cat", "--model", "x.ckpt"]);
    assertEquals(pickle.code, exitCodes.model);
    assertStringIncludes(pickle.err, "can run any code");
    assert(!pickle.err.includes("    at "), pickle.err);
    assertEquals(files(), ["x.ckpt"]);
  }));
