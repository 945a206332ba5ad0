import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { models, sd, steps, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { readPicture, readTexts } from "./picture/image_file.ts";
import { encodePng } from "./picture/png.ts";

const image = ["-i", join(models, "image.png")];
const mask = ["--mask", join(models, "mask.png")];
const upscaler = new URL("../../packages/pipelines/testdata/upscale", import.meta.url).pathname;

/** A picture without colours. */
function grey(width: number, height: number): Uint8Array<ArrayBuffer> {
  const data = Uint8Array.from(
    { length: 3 * width * height },
    (_, i) => 60 + Math.floor(i / 3) % 130,
  );
  return encodePng({ width, height, data });
}

Deno.test("a model of texts colours, enlarges, denoises and completes, with a prompt and without", () =>
  withFolder(async ({ run, folder }) => {
    await Deno.writeFile(join(folder, "grey.png"), grey(64, 64));
    await Deno.writeFile(join(folder, "small.png"), grey(16, 16));
    const cases: [string, string[], number][] = [
      ["untold", ["-i", "grey.png", "--colorize"], 64],
      ["large", ["-i", "small.png", "--enlarge", "4"], 64],
      ["clean", [...image, "--denoise", "30"], 64],
      ["whole", [...image, ...mask, "--method", "ddnm", "a cat"], 64],
      ["both", ["-i", "grey.png", "--colorize", "--denoise", "10"], 64],
    ];
    for (const [name, args, size] of cases) {
      const { code, err } = await run([...steps, ...args, "-s", "1", "-q", "-o", `${name}.png`]);
      assertEquals(code, exitCodes.ok, `${name}: ${err}`);
      const made = await readPicture(join(folder, `${name}.png`));
      assertEquals([made.width, made.height], [size, size], name);
    }
  }));

Deno.test("a coloured picture keeps its grey, and its metadata make it again", () =>
  withFolder(async ({ run, folder }) => {
    await Deno.writeFile(join(folder, "grey.png"), grey(64, 64));
    await run([...steps, "-i", "grey.png", "--colorize", "a cat", "-s", "1", "-o", "colour.png"]);
    // The grey of the coloured picture is that of the given one, up to what leaves 0 to 255.
    const [given, made] = await Promise.all(
      ["grey.png", "colour.png"].map((name) => readPicture(join(folder, name))),
    );
    let away = 0;
    for (let i = 0; i < given!.data.length; i += 4) {
      const mean = (from: Uint8Array) => (from[i]! + from[i + 1]! + from[i + 2]!) / 3;
      away += Math.abs(mean(given!.data) - mean(made!.data)) / (given!.data.length / 4);
    }
    assertEquals(away < 6, true, `${away}`);
    const texts = await readTexts(join(folder, "colour.png"));
    assertEquals(JSON.parse(texts.shum!).settings.colorize, true);
    const again = ["--model", sd, "-i", "grey.png", "--from-image", "colour.png", "-q"];
    await run([...again, "-o", "again.png"]);
    const read = (file: string) => Deno.readFile(join(folder, file));
    assertEquals(await read("again.png"), await read("colour.png"));
  }));

Deno.test("a model of pixels enlarges, denoises and completes by the same options", () =>
  withFolder(async ({ run, folder }) => {
    const ddpm = ["--model", join(models, "ddpm"), "--steps", "3", "-s", "1", "-q"];
    await Deno.writeFile(join(folder, "small.png"), grey(16, 16));
    for (
      const how of [
        ["-i", "small.png", "--enlarge", "2"],
        [...image, "--size", "32x32", "--denoise", "20"],
        [...image, "--size", "32x32", ...mask, "--method", "ddnm"],
      ]
    ) {
      const { code, err } = await run([...ddpm, ...how, "-o", "a.png", "--overwrite"]);
      assertEquals(code, exitCodes.ok, err);
      const made = await readPicture(join(folder, "a.png"));
      assertEquals([made.width, made.height], [32, 32]);
    }
    const told = await run([...ddpm, ...image, "--denoise", "20", "a cat"]);
    assertEquals(told.code, exitCodes.usage);
    assertStringIncludes(told.err, "Cannot use a prompt: this run repairs a picture");
  }));

Deno.test("score-based samplers draw on models of noise and of scores, and say what they cannot", () =>
  withFolder(async ({ run, folder }) => {
    const score = ["--model", join(upscaler, "../score"), "--steps", "4"];
    const runs = [
      [...steps.slice(0, 2), "a cat", "--steps", "4", "--sampler", "langevin"],
      [...steps.slice(0, 2), "a cat", "--steps", "4", "--sampler", "Reverse_SDE"],
      [...steps.slice(0, 2), "a cat", "--steps", "4", "--sampler", "predictor-corrector"],
      [...score, "--sampler", "langevin"],
      [...score, "--sampler", "predictor-corrector"],
    ];
    for (const args of runs) {
      const { code, err } = await run([...args, "-s", "1", "-q", "-o", "a.png", "--overwrite"]);
      assertEquals(code, exitCodes.ok, `${args.join(" ")}: ${err}`);
      const texts = await readTexts(join(folder, "a.png"));
      assertStringIncludes(
        texts.parameters!,
        `Sampler: ${args.at(-1)!.toLowerCase().replace("_", "-")}`,
      );
    }
    const dry = await run([...steps, "a cat", "--sampler", "ode", "--dry-run"]);
    assertStringIncludes(dry.out, "by ode");
    assertStringIncludes(dry.err, "--steps 2 changes nothing");
    const plan = await run(["plan", "--model", sd, "--sampler", "langevin", "--steps", "20"]);
    assertStringIncludes(plan.out, "21 model calls");
    const list = (await run(["--list-samplers"])).out;
    assertStringIncludes(list, "by the score");
    assertStringIncludes(list, "predictor-corrector");
    const names = JSON.parse((await run(["--list-samplers", "--json"])).out);
    assertEquals(names.filter((entry: { scoreBased?: true }) => entry.scoreBased).length, 5);
  }));

Deno.test("repairs and score-based samplers refuse what does not apply to them", () =>
  withFolder(async ({ run, files }) => {
    const cat = [...steps, "a cat"], langevin = ["--sampler", "langevin"];
    const refusals: [string[], string][] = [
      [[...cat, "--colorize"], "without --init-img"],
      [[...cat, "--enlarge", "4"], "without --init-img"],
      [[...cat, ...image, "--method", "ddnm"], "without --mask"],
      [[...cat, ...image, "--colorize", "--enlarge", "2"], "one repair at a time"],
      [[...cat, ...image, ...mask, "--colorize"], "one repair at a time"],
      [[...cat, ...image, "--colorize", "--strength", "0.5"], "Cannot use --strength"],
      [[...cat, ...image, "--colorize", "--sampler", "heun"], "DDNM is one"],
      [[...cat, ...image, ...mask, "--method", "ddnm", "--mask-padding", "4"], "--mask-padding"],
      [[...cat, ...image, "--enlarge", "1"], "from 2 to"],
      [[...cat, ...image, "--enlarge", "3", "--width", "64"], "multiples of 3"],
      [["--model", upscaler, "a cat", ...image, "--enlarge", "2"], "Cannot use --enlarge"],
      [["--model", join(models, "inpaint"), ...image, "--colorize"], "reads 9 channels"],
      [
        [...cat, ...langevin, ...image],
        "Cannot use --init-img: this run makes pictures by the score",
      ],
      [[...steps, ...langevin], "expected --prompt"],
      [[...cat, ...langevin, "--schedule", "karras"], "schedule is given"],
      [[...cat, ...langevin, "--guidance", "cfg++", "--steps", "1"], "steps is 1"],
    ];
    for (const [args, why] of refusals) {
      const { code, err } = await run(args);
      assertEquals(code, exitCodes.usage, `${args.join(" ")}: ${err}`);
      assertStringIncludes(err, why);
    }
    assertEquals(files(), []);
  }));
