import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { sd, withFolder } from "../_testing.ts";
import { exitCodes } from "../exit_codes.ts";
import type { Given } from "../options/options.ts";
import { join } from "@std/path";
import { refuseTooMuch } from "./picture_budget.ts";
import { encodePng } from "../picture/png.ts";

Deno.test("a picture may ask for what people make pictures with, and for no more", () => {
  const list = (n: number) => Array.from({ length: n }, (_, i) => `${n - i}`).join(",");
  const also = (n: number) => Array.from({ length: n }, () => "a hat:2");
  const fine: Given[] = [
    {},
    { width: 2048, height: 2048, steps: 150 },
    { width: 4096 },
    { sigmas: list(151) },
    { also: also(8) },
  ];
  for (const given of fine) refuseTooMuch("a.png", given, {});
  const much: [given: Given, text: string][] = [
    [{ width: 8192, height: 8192 }, "67108864 pixels; expected at most 4194304"],
    [{ width: 8192, height: 8192 }, "give --width 8192 --height 8192"],
    [{ width: 8192 }, "give --width 8192"],
    [{ steps: 1000 }, "1000 steps; expected at most 150"],
    [{ steps: 1000 }, "give --steps 1000"],
    [{ timesteps: list(200) }, "200 noise levels; expected at most 151"],
    [{ also: also(9) }, "9 composed prompts; expected at most 8"],
  ];
  for (const [given, text] of much) {
    const error = assertThrows(() => refuseTooMuch("a.png", given, {}));
    assertStringIncludes((error as Error).message, text);
    refuseTooMuch("a.png", given, given); // whoever says it gets it
  }
  const big = { width: 8192, height: 8192 };
  assertThrows(() => refuseTooMuch("a.png", big, { width: 8192 }));
});

Deno.test("--from-image starts no huge run of itself, and any run with flags", () =>
  withFolder(async ({ run, folder, files }) => {
    const black = { width: 8, height: 8, data: new Uint8Array(192) };
    const parameters = "cat\nSteps: 1000, Sampler: DDIM, Seed: 1, Size: 8192x8192, Batch size: 64";
    await Deno.writeFile(join(folder, "a.png"), encodePng(black, { parameters }));
    const args = ["--model", sd, "--from-image", "a.png"];
    for (const flags of [[], ["--steps", "2"], ["--size", "64x64"], ["--width", "64"]]) {
      const { code, err } = await run([...args, ...flags]);
      assertEquals(code, exitCodes.usage, err);
      assertStringIncludes(err, "expected at most");
    }
    assertEquals(files(), ["a.png"]);
    const { code, err, out } = await run([
      ...args,
      "--size",
      "64x64",
      "--steps",
      "900",
      "--dry-run",
    ]);
    assertEquals(code, exitCodes.ok, err);
    assertStringIncludes(out, "1 picture of 900 model calls");
  }));
