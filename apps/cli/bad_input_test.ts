import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { models, steps, withFolder } from "./_testing.ts";
import { CliError, exitCodes } from "./exit_codes.ts";
import { chosenModel } from "./model_choice.ts";
import { encodePng } from "./picture/png.ts";

Deno.test("existing files are kept unless --overwrite says otherwise", () =>
  withFolder(async ({ run, files, folder }) => {
    const args = [...steps, "a cat", "-s", "1", "-q"];
    await Deno.writeTextFile(join(folder, "a.png"), "mine");
    const refused = await run([...args, "-o", "a.png"]);
    assertEquals(refused.code, exitCodes.file);
    assertStringIncludes(refused.err, "--overwrite");
    assertEquals(await Deno.readTextFile(join(folder, "a.png")), "mine");
    await run([...args, "-o", "a.png", "--overwrite"]);
    assert((await Deno.stat(join(folder, "a.png"))).size > 100);
    await run(args);
    await run(args);
    assertEquals(files(), ["a.png", "output-1-2.png", "output-1.png"]);
  }));

Deno.test("bad input is one clear sentence, a code, and no file", () =>
  withFolder(async ({ run, files, folder }) => {
    const picture = (width: number, height: number) =>
      encodePng({ width, height, data: new Uint8Array(width * height * 3).fill(128) });
    await Deno.writeFile(join(folder, "init.png"), picture(64, 64));
    await Deno.writeFile(join(folder, "small.png"), picture(32, 64));
    const black = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
    await Deno.writeFile(join(folder, "black.png"), encodePng(black));
    await Deno.writeFile(join(folder, "cut.png"), picture(64, 64).slice(0, 80));
    await Deno.writeTextFile(join(folder, "text.txt"), "x");
    await Deno.writeFile(join(folder, "binary.txt"), Uint8Array.of(0xff, 0xd8, 0xff));
    const before = files();
    const img = [...steps, "x", "--init-img"];
    const absent = Deno.build.os === "windows" ? "coreml" : "dml"; // made for another system
    const half = ["--strength", "0.5"];
    const cases: [args: string[], code: number, text: string][] = [
      [[...steps, ""], 2, "expected --prompt"],
      [[...steps, "--prompt", "  "], 2, "it is empty"],
      [[...steps, "x".repeat(30_000)], 2, "30000 letters"],
      [[...steps, "x", "--width", "100"], 2, "multiple of 8"],
      [[...steps, "x", "--size", "72x64"], 2, "72"],
      [[...steps, "x", "--seed", "-7"], 2, "from -1"],
      [[...steps, "x", "--seed", "1e400"], 2, "--seed"],
      [[...steps, "x", "--sampler", "eulr_a"], 2, "euler_a"],
      [[...steps, "x", "--schedule", "karas"], 2, "karras"],
      [[...steps, "x", "--stpes", "3"], 2, "--steps"],
      [[...steps, "--prompt-file", "none.txt"], 4, "no such file"],
      [[...steps, "--prompt-file", "binary.txt"], 2, "not UTF-8"],
      [[...img, "none.png"], 4, "no such file"],
      [[...img, "cut.png"], 4, "cut short"],
      [[...img, "text.txt"], 4, "text.txt"],
      [[...img, "init.png", "--mask", "small.png"], 4, "32x64"],
      [[...img, "init.png", "--mask", "black.png"], 4, "black all over"],
      [[...img, "init.png", "--strength", "0.01"], 2, "strength"],
      [[...steps, "x", "--device", absent], 2, `Cannot use device "${absent}"`],
      [[...steps, "x", ...half], 2, "without --init-img"],
      [["--from-image", "init.png", ...steps], 2, "holds no settings"],
      [[...steps, "x", "-o", "no/such/a.png"], 4, "does not exist"],
      [[...steps, "x", "-o", "text.txt/a.png"], 4, "text.txt"],
      [[...steps, "x", "-o", "a.webp"], 2, ".png, .jpg or .gif"],
      [["x", "--model", "./no-such-model"], 3, "no-such-model"],
      [["x", "--model", "init.png"], 3, "no .safetensors file"],
      [["x", "--model", join(models, "inpaint")], 2, "give --init-img and --mask"],
      [["x", "--model", "."], 3, "model_index.json"],
      [["x", "--model", "owner/unknown", "--offline"], 3, "not in the cache"],
      [["x", "--model", "not/a/hub/id"], 3, "there is no folder"],
      [["inspect", "text.txt"], 3, "expected a .safetensors file"],
      [["inspect", "init.png"], 4, "no text at all"],
      [["plan", "--sampler", "nonsense"], 2, "nonsense"],
      [["plan", "words"], 2, "options only"],
    ];
    for (const [args, code, text] of cases) {
      const result = await run(args);
      const shown = `${args.join(" ").slice(0, 80)}\n${result.err}`;
      assertEquals(result.code, code, shown);
      assertStringIncludes(result.err, text, shown);
      assert(!/\n\s+at /.test(result.err), `no stack trace: ${shown}`);
      assertEquals(result.out, "", shown);
      assertEquals(files(), before, shown);
    }
  }));

Deno.test("without --model and without the model that ships, the error asks for one", async () => {
  const nowhere = await Deno.makeTempDir();
  const error = await assertRejects(() => chosenModel({}, nowhere), CliError, "--model is absent");
  assertEquals(error.exitCode, exitCodes.model);
  await Deno.writeTextFile(join(nowhere, "model_index.json"), "{}");
  assertEquals(await chosenModel({}, nowhere), nowhere);
  assertEquals(await chosenModel({ model: "other" }, nowhere), "other");
  await Deno.remove(nowhere, { recursive: true });
});

Deno.test("without a network the error says so and what to do", () =>
  withFolder(async ({ run }) => {
    const result = await run(["x", "--model", "owner/model"]);
    assertEquals(result.code, exitCodes.model);
    assertStringIncludes(result.err, "check the network connection");
  }));
