import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { CliError } from "../exit_codes.ts";
import { givenFromImage } from "../metadata/from_image.ts";
import { commandLine, readJobs } from "./jobs.ts";
import { pictureRecord, recordTexts } from "../metadata/metadata.ts";
import { outputNames, slug } from "../picture/output.ts";
import { encodePng } from "../picture/png.ts";
import { parsePrompts, readPrompts, requirePrompt, splitLine } from "./prompts.ts";

const silent = () => {};

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "shum-cli-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("parsePrompts() reads plain lines and A1111's lines of flags", () => {
  const text = "a cat\n\n# a comment\r\n" +
    `--prompt "a \\"red\\" dog" --negative_prompt 'x y' --seed 1 --cfg_scale 4 --sampler_name "Euler a"\n`;
  assertEquals(parsePrompts(text, "file"), [
    { prompt: "a cat" },
    { prompt: 'a "red" dog', negativePrompt: "x y", seed: 1, cfgScale: 4, sampler: "Euler a" },
  ]);
});

Deno.test("parsePrompts() names the line that is wrong", () => {
  const wrong = (text: string, message: string) =>
    assertThrows(() => parsePrompts(text, "list.txt"), CliError, message);
  wrong("a\n--prompt x --stesp 3", "line 2 of list.txt: Cannot use --stesp");
  wrong("--prompt x --model y", "--model concerns the whole run");
  wrong("--prompt x --prompt-file y", "concerns the whole run");
  wrong("--seed 3", "it is empty");
  wrong('--prompt "x', "not closed");
  wrong("--seed 3 loose", '"loose" belongs to no option');
  wrong("# nothing\n\n", "holds no prompts");
});

Deno.test("splitLine() takes words apart as a shell does", () => {
  assertEquals(splitLine(`a "b c"  d\\ e 'f"g' ""`), ["a", "b c", "d e", 'f"g', ""]);
});

Deno.test("requirePrompt() refuses what is no prompt", () => {
  assertEquals(requirePrompt("  ein Kätzchen 🐈\nunter Bäumen "), "ein Kätzchen 🐈\nunter Bäumen");
  assertThrows(() => requirePrompt(" \n "), CliError, "it is empty");
  assertThrows(() => requirePrompt("x".repeat(20_001)), CliError, "20001 letters");
  assertThrows(() => requirePrompt("a\0b"), CliError, "not text");
});

Deno.test("readPrompts() refuses a file that is missing or no text", () =>
  withFolder(async (folder) => {
    const path = join(folder, "p.txt");
    await assertRejects(() => readPrompts(path), CliError, "no such file");
    await Deno.writeFile(path, Uint8Array.of(0xff, 0xfe, 0x41));
    await assertRejects(() => readPrompts(path), CliError, "not UTF-8");
  }));

Deno.test("readJobs() takes the prompt from a flag, from words or from a file, and from one only", () =>
  withFolder(async (folder) => {
    const prompts = join(folder, "p.txt");
    await Deno.writeTextFile(prompts, "a\n--prompt b --seed 9");
    const prompt = async (...args: [Parameters<typeof readJobs>[0], string[]]) =>
      (await readJobs(...args, silent)).jobs.map((job) => job.given.prompt);
    assertEquals(await prompt({ prompt: "x" }, []), ["x"]);
    assertEquals(await prompt({}, ["a", "red", "cat"]), ["a red cat"]);
    const { jobs } = await readJobs({ promptFile: prompts, seed: 5, steps: 3 }, [], silent);
    assertEquals(jobs.map(({ seed, given }) => [given.prompt, seed, given.steps]), [
      ["a", 5, 3],
      ["b", 9, 3],
    ]);
    await assertRejects(
      () => readJobs({ prompt: "x" }, ["y"], silent),
      CliError,
      "several prompts",
    );
    await assertRejects(() => readJobs({ prompt: " " }, [], silent), CliError, "it is empty");
  }));

Deno.test("readJobs() draws a seed when none is given, and bounds the last one", async () => {
  const seed = async (given: Parameters<typeof readJobs>[0]) =>
    (await readJobs(given, ["x"], silent)).jobs[0]!.seed;
  const drawn = [await seed({}), await seed({ seed: -1 }), await seed({})];
  assert(drawn.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32));
  assertEquals(new Set(drawn).size, 3);
  assertEquals(await seed({ seed: 0 }), 0);
  const last = { seed: Number.MAX_SAFE_INTEGER, batchCount: 2 };
  await assertRejects(() => seed(last), CliError, "the last one");
  await assertRejects(() => seed({ variationSeed: 1 }), CliError, "--variation-strength");
});

Deno.test("--from-image gives the settings of a picture, and flags win over them", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.png");
    const record = pictureRecord({
      settings: {
        prompt: "a cat",
        seed: 4,
        steps: 12,
        sampler: "ddim",
        schedule: "karras",
        width: 64,
        height: 64,
        rng: "nv",
        initImg: "gone.png",
        strength: 0.5,
      },
      model: { name: "owner/model", pipeline: "X", commit: "0".repeat(40) },
      sampler: { name: "DDIM" },
    });
    const picture = { width: 1, height: 1, data: new Uint8Array(3) };
    await Deno.writeFile(path, encodePng(picture, recordTexts(record)));
    const notes: string[] = [];
    const expected = {
      prompt: "a cat",
      seed: 4,
      steps: 12,
      sampler: "ddim",
      schedule: "karras",
      width: 64,
      height: 64,
      rng: "nv",
    } as const;
    assertEquals(await givenFromImage(path, {}, (text) => notes.push(text)), expected);
    assertEquals(notes.length, 3, "the maker, the picture it was made from, the model");
    assertEquals(await givenFromImage(path, { initImg: "b.png" }, silent), {
      ...expected,
      strength: 0.5,
      initImg: "b.png",
    });
    const over = { fromImage: path, seed: 5, sigmas: "3,1,0", sampler: "euler", model: "./m" };
    const [job] = (await readJobs(over, [], silent)).jobs;
    assertEquals(job!.seed, 5);
    const { steps, sampler, schedule, model, prompt } = job!.given;
    assertEquals([steps, sampler, schedule, model, prompt], [
      undefined,
      "euler",
      undefined,
      "./m",
      "a cat",
    ]);
    await Deno.writeFile(path, encodePng(picture));
    await assertRejects(() => givenFromImage(path, {}, silent), CliError, "holds no settings");
  }));

Deno.test("--from-image checks what a picture says as if it had been typed", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.png");
    const picture = { width: 1, height: 1, data: new Uint8Array(3) };
    for (
      const [settings, text] of [
        [{ steps: 1e9 }, "--steps"],
        [{ width: 100 }, "multiple of 8"],
        [{ cfgScale: "many" }, "--cfg-scale"],
        [{ rng: "dice" }, "--rng"],
        [{ sigmas: "1,2" }, "--sigmas"],
      ] as const
    ) {
      const shum = JSON.stringify({ schema: "shum.image/v1", settings });
      await Deno.writeFile(path, encodePng(picture, { shum }));
      await assertRejects(() => givenFromImage(path, {}, silent), CliError, text);
    }
    const evil = {
      prompt: "x",
      output: "/etc/x",
      overwrite: true,
      model: "a/b",
      promptFile: "/etc/passwd",
    };
    const shum = JSON.stringify({ schema: "shum.image/v1", settings: evil });
    await Deno.writeFile(path, encodePng(picture, { shum }));
    assertEquals(await givenFromImage(path, {}, silent), { prompt: "x" });
  }));

Deno.test("commandLine() can be typed again", () => {
  const line = commandLine({ prompt: "it's a cat", steps: 3, also: ["b:1"], invertMask: true });
  assertEquals(
    line,
    `deno task gen --prompt 'it'\\''s a cat' --also b:1 --steps 3 --invert-mask`,
  );
});

Deno.test("outputNames() reads files, folders and patterns", () =>
  withFolder(async (folder) => {
    const facts = { index: 3, seed: 42, prompt: "A red cat!", model: "m", steps: 20, cfg: 7.5 };
    const name = async (output: string | undefined, pictures = 1, seedsDiffer = true) =>
      (await outputNames(output, pictures, seedsDiffer)).path(facts);
    assertEquals(await name(undefined), "output-42.png");
    assertEquals(await name("cat.jpg"), "cat.jpg");
    assertEquals(await name("cat"), "cat.png");
    assertEquals(await name("cat.png", 4), "cat-42.png");
    assertEquals(await name("cat.png", 4, false), "cat-003.png");
    assertEquals(await name("[prompt]_%05d_[seed].png"), "A-red-cat_00003_42.png");
    assertEquals(await name("[model]-[steps]-[cfg]-[index].png"), "m-20-7.5-3.png");
    assertEquals(await name(folder), join(folder, "output-42.png"));
    assertEquals(await name(`${folder}/`), join(folder, "output-42.png"));
    assertEquals((await outputNames("cat.png", 1, true)).exact, true);
    assertEquals((await outputNames(folder, 1, true)).exact, false);
    assertEquals((await outputNames("a-[seed].png", 1, true)).exact, false);
    await assertRejects(() => name("cat.webp"), CliError, ".png, .jpg or .gif");
    await assertRejects(() => name("[sed].png"), CliError, "[seed]");
    await assertRejects(() => name("[seed]/a.png"), CliError, "file name only");
  }));

Deno.test("slug() keeps letters of every script and cuts by bytes", () => {
  assertEquals(slug("чёрный кот / 黒猫!"), "чёрный-кот-黒猫");
  assertEquals(slug("///"), "untitled");
  assert(new TextEncoder().encode(slug("猫".repeat(200))).length <= 80);
});
