import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { models, process, sd, steps, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";
import { readPicture, readTexts } from "./picture/image_file.ts";

Deno.test("a prompt becomes a picture, and its metadata the same picture again", () =>
  withFolder(async ({ run, files, folder }) => {
    const first = await run([...steps, "a (red:1.2) cat", "-n", "blurry", "--sampler", "Euler a"]);
    assertEquals(first.code, exitCodes.ok, first.err);
    const [name] = files();
    assertMatch(name!, /^output-\d+\.png$/);
    assertEquals(first.out, `${name}\n`);
    const seed = /\d+/.exec(name!)![0];
    assertStringIncludes(first.err, `seed ${seed}`);
    const texts = await readTexts(join(folder, name!));
    assertMatch(
      texts.parameters!,
      /^a \(red:1\.2\) cat\nNegative prompt: blurry\nSteps: 2, Sampler: Euler a, CFG scale: 7\.5, Seed: \d+, Size: 64x64, Model hash: [0-9a-f]{10}, Model: sd, RNG: CPU, Version: Shum /,
    );
    const again = await run(["--from-image", name!, "--model", sd, "-q", "-o", "again.png"]);
    assertEquals(again.code, exitCodes.ok, again.err);
    const read = (file: string) => Deno.readFile(join(folder, file));
    assertEquals(await read("again.png"), await read(name!));
  }));

Deno.test("pictures of a batch are those of their seeds; grid, animation and JSON come along", () =>
  withFolder(async ({ run, folder }) => {
    const many = await run([
      ...steps,
      "a cat",
      "-s",
      "5",
      "-b",
      "2",
      "--batch-size",
      "2",
      "--grid",
      "--animate",
      "--json",
      "-o",
      "[seed].png",
    ]);
    assertEquals(many.code, exitCodes.ok, many.err);
    const { images, grid } = JSON.parse(many.out);
    assertEquals(images.map((image: { path: string }) => image.path), [
      "5.png",
      "6.png",
      "7.png",
      "8.png",
    ]);
    assertEquals(images.map((image: { settings: { seed: number } }) => image.settings.seed), [
      5,
      6,
      7,
      8,
    ]);
    const sheet = await readPicture(join(folder, grid));
    assertEquals([sheet.width, sheet.height], [132, 132]);
    const { decode } = await import("imagescript");
    const gif = await decode(await Deno.readFile(join(folder, "8.gif")));
    assert("length" in gif && gif.length >= 2, "an animation has frames");
    await run([...steps, "a cat", "-s", "8", "-q", "-o", "single.png"]);
    const pixels = async (name: string) => (await readPicture(join(folder, name))).data;
    assertEquals(await pixels("single.png"), await pixels("8.png"));
  }));

Deno.test("prompts come from standard input, and one JPEG each", () =>
  withFolder(async ({ run, files, folder }) => {
    const result = await run([...steps, "-", "-q", "--no-metadata", "-o", "%02d-[prompt].jpg"], {
      stdin: 'a cat\n# comment\n--prompt "a dog" --seed 3 --size 64x128\n',
    });
    assertEquals(result.code, exitCodes.ok, result.err);
    assertEquals(files(), ["01-a-cat.jpg", "02-a-dog.jpg"]);
    const dog = await readPicture(join(folder, "02-a-dog.jpg"));
    assertEquals([dog.width, dog.height], [64, 128]);
    assertEquals(await readTexts(join(folder, "02-a-dog.jpg")), {});
  }));

for (
  const [how, more] of [["", []], [" when a part is repainted", ["--mask-padding", "4"]]] as const
) {
  Deno.test(`outside the mask the picture stays as it was, to the pixel${how}`, () =>
    withFolder(async ({ run, folder }) => {
      const [image, mask] = [join(models, "image.png"), join(models, "mask.png")];
      const result = await run([
        ...steps,
        ...more,
        "a cat",
        "--init-img",
        image,
        "--mask",
        mask,
        "--strength",
        "0.9",
        "-q",
        "-o",
        "a.png",
      ]);
      assertEquals(result.code, exitCodes.ok, result.err);
      const [before, after, where] = await Promise.all(
        [image, join(folder, "a.png"), mask].map((path) => readPicture(path)),
      );
      let changed = 0, kept = 0;
      for (let i = 0; i < where!.data.length; i += 4) {
        const same = [0, 1, 2].every((c) => before!.data[i + c] === after!.data[i + c]);
        if (where!.data[i]! >= 128) changed += same ? 0 : 1;
        else {
          assert(same, `pixel ${i / 4}`);
          kept++;
        }
      }
      assert(kept > 1000 && changed > 300, `${kept} kept, ${changed} changed`);
    }));
}

Deno.test("models of classes, and those that are told nothing", () =>
  withFolder(async ({ run }) => {
    const cm = ["--model", join(models, "cm"), "--steps", "1", "-q"];
    assertEquals((await run([...cm, "--class", "3"])).code, exitCodes.ok);
    assertStringIncludes((await run([...cm, "a cat"])).err, "expected --class");
    assertStringIncludes((await run(cm)).err, "expected --class");
    const ddpm = ["--model", join(models, "ddpm"), "--steps", "2", "-q"];
    assertEquals((await run(ddpm)).code, exitCodes.ok);
    assertStringIncludes((await run([...ddpm, "--class", "1"])).err, "Cannot use --class");
  }));

Deno.test("Ctrl-C stops between steps, returns 130 and leaves no file", () =>
  withFolder(async ({ folder, files }) => {
    const child = process(folder, ["--model", sd, "--steps", "900", "a cat"]).spawn();
    await child.stdin.close();
    const reader = child.stderr.getReader();
    const first = await reader.read(); // a line of progress: the run has begun
    child.kill("SIGINT");
    const { code } = await child.status;
    let err = new TextDecoder().decode(first.value);
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      err += new TextDecoder().decode(part.value);
    }
    await child.stdout.cancel();
    assertEquals(code, exitCodes.interrupted, err);
    assertStringIncludes(err, "0 of 1 picture was written");
    assertEquals(files(), []);
  }));

Deno.test("plan prints a table or JSON and draws its levels", () =>
  withFolder(async ({ run, folder }) => {
    const args = ["plan", "--model", sd, "--sampler", "dpm++2m", "--schedule", "karras"];
    const table = await run([...args, "--steps", "3", "--plot", "levels.png"]);
    assertEquals(table.code, exitCodes.ok, table.err);
    assertMatch(table.out, /call +t +alpha +sigma +sigma\/alpha +x after the call/);
    assertEquals(table.out.match(/·x0/g)!.length >= 3, true);
    assertEquals((await readPicture(join(folder, "levels.png"))).width, 800);
    const json = JSON.parse((await run([...args, "--steps", "3", "--json"])).out);
    assertEquals(json.plan.steps.length, 3);
    assertEquals(json.config._class_name, "DPMSolverMultistepScheduler");
  }));

Deno.test("--dry-run says what would be done and does nothing", () =>
  withFolder(async ({ run, files }) => {
    const result = await run([...steps, "a cat", "-s", "3", "-b", "2", "--dry-run"]);
    assertEquals(result.code, exitCodes.ok, result.err);
    assertStringIncludes(result.out, "--prompt 'a cat'");
    assertStringIncludes(result.out, "2 pictures");
    assertStringIncludes(result.out, "output-3.png");
    assertEquals(files(), []);
  }));

Deno.test("lists, help, version and inspect answer", () =>
  withFolder(async ({ run }) => {
    const output = async (...args: string[]) => {
      const result = await run(args);
      assertEquals(result.code, exitCodes.ok, result.err);
      return result.out;
    };
    assertStringIncludes(await output("--list-samplers"), "euler_a");
    assertStringIncludes(await output("--list-schedules"), "karras");
    assertStringIncludes(await output("--list-models"), "no models in the cache");
    assertMatch(await output("--list-devices"), /^cpu +works$/m);
    assertStringIncludes(await output("--help"), "--negative-prompt");
    assertStringIncludes(await output(), "--negative-prompt");
    assertMatch(await output("--version"), /^shum \d+\.\d+\.\d+\n$/);
    const model = JSON.parse(await output("inspect", sd, "--json"));
    assertEquals(model.index._class_name, "StableDiffusionPipeline");
    assertEquals(
      model.networks.map((network: { component: string }) => network.component),
      ["text_encoder", "unet", "vae_encoder", "vae_decoder"],
    );
  }));

Deno.test("help and lists start without loading an engine", () =>
  withFolder(async ({ folder }) => {
    for (const flag of ["--help", "--list-samplers"]) {
      const info = await new Deno.Command(Deno.execPath(), {
        args: [
          "eval",
          "--config",
          fromFileUrl(new URL("../../deno.json", import.meta.url)),
          `const { main } = await import(${
            JSON.stringify(new URL("./main.ts", import.meta.url).href)
          });
           await main([${JSON.stringify(flag)}]);
           const { user, system } = (await import("node:process")).cpuUsage();
           console.error((user + system) / 1000);`,
        ],
        cwd: folder,
        stdout: "null",
        stderr: "piped",
      }).output();
      const milliseconds = Number(new TextDecoder().decode(info.stderr).trim().split("\n").at(-1));
      assert(milliseconds < 600, `${flag} takes ${milliseconds} ms of CPU; expected about 200`);
    }
  }));

Deno.test("an upscaler enlarges a picture, and says what it cannot do", () =>
  withFolder(async ({ run, folder }) => {
    const upscaler = fromFileUrl(
      new URL("../../packages/pipelines/testdata/upscale", import.meta.url),
    );
    const args = ["--model", upscaler, "--steps", "2", "a cat", "-s", "1"];
    const image = ["-i", join(upscaler, "image.png")];
    const small = await readPicture(image[1]!);
    const made = await run([...args, ...image, "--noise-level", "50", "-o", "large.png"]);
    assertEquals(made.code, exitCodes.ok, made.err);
    const large = await readPicture(join(folder, "large.png"));
    assertEquals([large.width, large.height], [4 * small.width, 4 * small.height]);
    const texts = await readTexts(join(folder, "large.png"));
    assertStringIncludes(texts.parameters!, `Size: ${large.width}x${large.height}`);

    const cascade = [...steps, "a cat", "-s", "1", "--size", "16x16", "--upscaler", upscaler];
    const both = await run([...cascade, "-q", "-o", "cascade.png"]);
    assertEquals(both.code, exitCodes.ok, both.err);
    const enlarged = await readPicture(join(folder, "cascade.png"));
    assertEquals([enlarged.width, enlarged.height], [64, 64]);

    const refusals: [string[], string][] = [
      [[...cascade, ...image], "Cannot use --upscaler: this run changes a picture"],
      [[...steps, "a cat", "--upscaler", sd], "does not enlarge"],
      [[...args], "expected --init-img"],
      [[...args, ...image, "--strength", "0.5"], "--strength"],
      [[...args, ...image, "--noise-level", "351"], "noiseLevel is 351"],
      [[...steps, "a cat", ...image, "--noise-level", "5"], "Cannot use --noise-level"],
      [[...steps, "a cat", "--noise-level", "5"], "Cannot use --noise-level"],
    ];
    for (const [refused, why] of refusals) {
      const { code, err } = await run(refused);
      assertEquals(code, exitCodes.usage, err);
      assertStringIncludes(err, why);
    }
  }));

Deno.test("a model of pixels takes noise away, colours, and fills a hole", () =>
  withFolder(async ({ run, folder }) => {
    const ddpm = ["--model", join(models, "ddpm"), "--steps", "3", "--sampler", "ddim", "-s", "1"];
    const image = ["-i", join(models, "image.png"), "--size", "32x32"];
    const mask = ["--mask", join(models, "mask.png")];
    for (const how of [["--noise", "60"], ["--colorize"], mask]) {
      const name = `${how[0]!.slice(2)}.png`;
      const { code, err } = await run([...ddpm, ...image, ...how, "-q", "-o", name]);
      assertEquals(code, exitCodes.ok, err);
      const made = await readPicture(join(folder, name));
      assertEquals([made.width, made.height], [32, 32]);
    }
    const again = await run([
      ...ddpm,
      ...image,
      "--from-image",
      "colorize.png",
      "-q",
      "-o",
      "b.png",
    ]);
    assertEquals(again.code, exitCodes.ok, again.err);
    const read = (file: string) => Deno.readFile(join(folder, file));
    assertEquals(await read("b.png"), await read("colorize.png"));

    const refusals: [string[], string][] = [
      [[...ddpm, ...image], "expected --mask, --noise or --colorize"],
      [[...ddpm, ...image, "--noise", "60", "--strength", "0.5"], "Cannot use --strength"],
      [[...ddpm, ...image, ...mask, "--colorize"], "Cannot use --colorize"],
      [[...ddpm, "--noise", "60"], "without --init-img"],
      [[...steps, "a cat", ...image, "--noise", "60"], "Cannot use --noise: this run changes"],
    ];
    for (const [refused, why] of refusals) {
      const { code, err } = await run(refused);
      assertEquals(code, exitCodes.usage, err);
      assertStringIncludes(err, why);
    }
  }));
