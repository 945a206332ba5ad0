// What people touch first: names of others on the terminal, words that are nearly right, options that
// change nothing, folders that are not there yet.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { models, steps, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { didYouMean } from "./options/nearest.ts";
import { decodePicture, readPicture } from "./picture/image_file.ts";
import { encodePng } from "./picture/png.ts";
import { latentPicture, readLatentRgb } from "./picture/preview.ts";
import { printable, printableLine } from "./printable.ts";

const EVIL = "\x1b]0;owned\x07\x9b31m\u202egnp";

Deno.test("printable() takes control characters their power, and leaves text and lines alone", () => {
  assertEquals(printable("a\x1b[31mb\x7f\x9b\u202e"), "a\\u001b[31mb\\u007f\\u009b\\u202e");
  assertEquals(printable("чорний кіт 🐈\nline"), "чорний кіт 🐈\nline");
  assertEquals(printableLine("a\nb"), "a\\nb");
  assert(printableLine("x".repeat(1e6)).length < 3000);
});

/** No byte that a terminal obeys, but line feeds. */
function assertHarmless(text: string): void {
  // deno-lint-ignore no-control-regex
  assert(!/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/.test(text), JSON.stringify(text));
}

Deno.test("names from models, schedulers and pictures reach the terminal harmless", () =>
  withFolder(async ({ folder, run }) => {
    const copy = async (name: string, change: (text: string, file: string) => string) => {
      for (
        const file of ["model_index.json", "scheduler/scheduler_config.json", "unet/config.json"]
      ) {
        await Deno.mkdir(join(folder, name, file, ".."), { recursive: true });
        const text = await Deno.readTextFile(join(models, "ddpm", file));
        await Deno.writeTextFile(join(folder, name, file), change(text, file));
      }
      await Deno.copyFile(
        join(models, "ddpm/unet/model.onnx"),
        join(folder, name, "unet/model.onnx"),
      );
    };
    const escaped = JSON.stringify(EVIL).slice(1, -1);
    await copy(
      "index",
      (text, file) =>
        file === "model_index.json" ? text.replace(/"DDPMPipeline"/, `"${escaped}"`) : text,
    );
    await copy(
      "class",
      (text, file) =>
        file.startsWith("scheduler") ? text.replace(/"DDPMScheduler"/, `"${escaped}"`) : text,
    );
    await copy(`named ${EVIL}`, (text) => text);
    const settings = { prompt: EVIL, steps: 2 };
    const record = { schema: "shum.image/v1", settings, model: { name: EVIL } };
    const picture = { width: 8, height: 8, data: new Uint8Array(192) };
    const texts = { shum: JSON.stringify(record), other: EVIL };
    await Deno.writeFile(join(folder, "a.png"), encodePng(picture, texts));
    for (
      const args of [
        ["inspect", "index"],
        ["inspect", "class"],
        ["plan", "--model", "class"],
        ["--model", "class", "--steps", "1", "x"],
        ["inspect", `named ${EVIL}`],
        ["--model", `missing ${EVIL}`, "x"],
        ["inspect", "a.png"],
        ["inspect", "a.png", "--json"],
        ["--from-image", "a.png", "--dry-run"],
        ["--init-img", `${EVIL}.png`, "x"],
        [`--${EVIL}`],
      ]
    ) {
      const { out, err } = await run(args);
      assertHarmless(out);
      assertHarmless(err);
      assert(out !== "" || err !== "", args.join(" "));
    }
  }));

Deno.test("a picture alone does not start a run of days; the command line may", () =>
  withFolder(async ({ folder, run }) => {
    const picture = { width: 8, height: 8, data: new Uint8Array(192) };
    const write = (settings: unknown) =>
      Deno.writeFile(
        join(folder, "a.png"),
        encodePng(picture, { shum: JSON.stringify({ schema: "shum.image/v1", settings }) }),
      );
    const base = ["--from-image", "a.png", "--dry-run", ...steps.slice(0, 2)];
    await write({ prompt: "x", width: 8192, height: 8192, steps: 10 });
    const large = await run(base);
    assertEquals(large.code, exitCodes.usage);
    assertStringIncludes(large.err, "--width 8192 --height 8192");
    await write({ prompt: "x", steps: 200 });
    const long = await run(base);
    assertEquals(long.code, exitCodes.usage);
    assertStringIncludes(long.err, "--steps 200");
    assertEquals((await run([...base, "--steps", "200"])).code, exitCodes.ok);
    assertEquals((await run([...base, "--steps", "2"])).code, exitCodes.ok);
  }));

Deno.test("what changes nothing, or may not be meant, is said", () =>
  withFolder(async ({ run }) => {
    const dry = [...steps, "--dry-run"];
    const err = async (...args: string[]) => (await run([...dry, ...args])).err;
    assertStringIncludes(await err("a cat", "--eta", "0.5"), "--eta 0.5 changes nothing");
    assertEquals(await err("a cat", "--sampler", "ddim", "--eta", "0.5"), "");
    assertStringIncludes(await err("a cat", "--quality", "80"), "--quality 80 changes nothing");
    assertEquals(await err("a cat", "--quality", "80", "-o", "a.jpg"), "");
    assertStringIncludes(await err("a (red cat"), 'nothing closes the ( of "(red cat"');
    assertEquals(await err("a (red:1.2) \\( cat"), "");
    assertStringIncludes(await err("plam"), "did you mean plan?");
    assertEquals(await err("plane"), "");
    const beyond = await run([
      "--model",
      steps[1]!,
      "a cat",
      "--timesteps",
      "5000,10",
      "--dry-run",
    ]);
    assertEquals(beyond.code, exitCodes.usage);
    assertStringIncludes(beyond.err, "timesteps[0] is 5000; expected at most 999");
    const { out } = await run([...dry, "a cat"]);
    assertMatch(out, /\b1 picture of /);
  }));

Deno.test("a name is only suggested when it is near", () => {
  assertStringIncludes(didYouMean("--step", ["--steps", "--seed"]), "--steps");
  assertEquals(didYouMean("--xyz", ["--eta", "--rng"]), "");
});

Deno.test("-o new/ makes the folder, and a dry run does not", () =>
  withFolder(async ({ run, files, folder }) => {
    assertEquals((await run([...steps, "a cat", "-o", "new/deep/", "--dry-run"])).code, 0);
    assertEquals(files(), []);
    const made = await run([...steps, "a cat", "-s", "1", "-o", "new/deep/", "--animate"]);
    assertEquals(made.code, 0, made.err);
    assertEquals([...Deno.readDirSync(join(folder, "new/deep"))].map(({ name }) => name).sort(), [
      "output-1.gif",
      "output-1.png",
    ]);
    // The first frame is noise: of the pictures of a run it differs most from the last.
    const gif = await decodePicture(await Deno.readFile(join(folder, "new/deep/output-1.gif")));
    const last = await readPicture(join(folder, "new/deep/output-1.png"));
    const { decode } = await import("imagescript");
    const frames = await decode(await Deno.readFile(join(folder, "new/deep/output-1.gif")));
    assertEquals([...frames as Iterable<unknown>].length, 4); // noise, two calls, the picture
    assert(gif.data.some((value, i) => Math.abs(value - last.data[i]!) > 8));
  }));

Deno.test("latents have their model's colours where it tells them", async () => {
  const config = { latent_rgb_factors: [[1, 0, 0], [0, -1, 0]], latent_rgb_bias: [0, 0, 1] };
  const colours = readLatentRgb(config)!;
  const picture = latentPicture(Float32Array.of(1, -1, 1, 0), [1, 2, 1, 2], 0, colours);
  assertEquals([...picture.data], [255, 0, 255, 0, 128, 255]);
  for (const bad of [null, {}, { latent_rgb_factors: [[1, 2]] }, { latent_rgb_factors: "x" }]) {
    assertEquals(readLatentRgb(bad), undefined);
  }
  const shipped = JSON.parse(
    await Deno.readTextFile(
      new URL("../../weights/shum-emoji-256/vae_decoder/config.json", import.meta.url),
    ),
  );
  assertEquals(readLatentRgb(shipped)?.factors.length, shipped.latent_channels);
});
