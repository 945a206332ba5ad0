/** What was asked for and does nothing is said. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { models, sd, steps, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { encodePng } from "./picture/png.ts";

Deno.test("options that change nothing and brackets that never close are said on standard error", () =>
  withFolder(async ({ run }) => {
    const dry = [...steps, "--dry-run", "-s", "1"];
    const cases: [args: string[], text: string][] = [
      [["a cat", "--quality", "50"], "--quality 50 changes nothing: it is of JPEG"],
      [["a cat", "--eta", "0.5", "--sampler", "dpm++2m"], "--eta 0.5 changes nothing: DPM++ 2M"],
      [["a cat", "--eta", "0", "--sampler", "heun"], "--eta 0 changes nothing: Heun"],
      [["a (red cat"], 'nothing closes the ( of "(red cat": it weighs all that follows'],
      [["a cat", "-n", "[[dull] blue"], 'nothing closes the [ of "[[dull] blue"'],
      [["a cat", "--also", "(hat:2"], 'nothing closes the ( of "(hat:2"'],
    ];
    for (const [args, text] of cases) {
      const { code, err, out } = await run([...args, ...dry]);
      assertEquals(code, exitCodes.ok, err);
      assertStringIncludes(err, text);
      assertStringIncludes(out, "1 picture of");
    }
    const fine = [
      ["a cat", "--quality", "50", "-o", "a.jpg"],
      ["a cat", "--eta", "0.5", "--sampler", "ddim"],
      ["a cat", "--eta", "0", "--sampler", "euler_a"],
      ["a (red:1.3) [cat] \\( :)"],
    ];
    for (const args of fine) assertEquals((await run([...args, ...dry])).err, "");
    const plan = await run([
      "plan",
      "--model",
      sd,
      "--steps",
      "2",
      "--sampler",
      "lms",
      "--eta",
      "1",
    ]);
    assertStringIncludes(plan.err, "--eta 1 changes nothing: LMS");
  }));

Deno.test("timesteps beyond the training range, and a CLIP skip beyond the model, name the way out", () =>
  withFolder(async ({ run, folder }) => {
    for (const sampler of ["ddim", "euler", "dpm++2m"]) {
      const args = ["plan", "--model", sd, "--sampler", sampler, "--timesteps", "5000,300"];
      const { code, err } = await run(args);
      assertEquals(code, exitCodes.usage, err);
      assertStringIncludes(err, "expected at most 999");
    }
    const black = { width: 8, height: 8, data: new Uint8Array(192) };
    const parameters = "cat\nSteps: 2, Sampler: DDIM, Seed: 1, Size: 64x64, Clip skip: 12";
    await Deno.writeFile(join(folder, "a.png"), encodePng(black, { parameters }));
    const again = ["--model", sd, "--from-image", "a.png", "-o", "b.png"];
    assertStringIncludes((await run(again)).err, "give --clip-skip 3 or less");
    assertEquals((await run([...again, "--clip-skip", "3"])).code, exitCodes.ok);
  }));

Deno.test("-o new/ makes the folder, when there is something to write", () =>
  withFolder(async ({ run, folder, files }) => {
    const args = [...steps, "a cat", "-s", "1", "-q"];
    const at = ["-o", "new/er/"];
    assertEquals((await run([...args, ...at, "--dry-run"])).code, exitCodes.ok);
    assertEquals((await run([...at, "x", "--model", join(models, "none")])).code, exitCodes.model);
    assertEquals(files(), []);
    const made = await run([...args, ...at]);
    assertEquals([made.code, made.out], [exitCodes.ok, join("new/er", "output-1.png\n")], made.err);
    await Deno.writeTextFile(join(folder, "text"), "x");
    const refused = await run([...args, "-o", "text/"]);
    assertEquals(refused.code, exitCodes.file);
    assertStringIncludes(refused.err, "it is a file");
    assertStringIncludes((await run([...args, "-o", "no/a.png"])).err, "create it first");
  }));
