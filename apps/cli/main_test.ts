/** The command line as a person uses it: a process, its output, its files and what it returns. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { exitCodes } from "./exit_codes.ts";
import { readPicture, readTexts } from "./image_file.ts";
import { encodePng } from "./png.ts";

const main = fromFileUrl(new URL("./main.ts", import.meta.url));
const models = fromFileUrl(new URL("../../tests/fixtures/pipelines", import.meta.url));
const sd = join(models, "sd");
const steps = ["--model", sd, "--steps", "2"];

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Setting {
  readonly folder: string;
  run(args: readonly string[], options?: { stdin?: string; env?: Record<string, string> }): Promise<
    Result
  >;
  files(): string[];
}

function process(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", main, ...args],
    cwd: folder,
    env: { HF_HUB_CACHE: join(folder, ".cache"), HF_ENDPOINT: "http://127.0.0.1:9", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

async function withFolder(test: (setting: Setting) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "shum-cli-" });
  try {
    await test({
      folder,
      async run(args, { stdin = "", env = {} } = {}) {
        const child = process(folder, args, env).spawn();
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
        await writer.close().catch(() => {});
        const { code, stdout, stderr } = await child.output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return { code, out: text(stdout), err: text(stderr) };
      },
      files: () =>
        [...Deno.readDirSync(folder)].map((entry) => entry.name)
          .filter((name) => name !== ".cache").sort(),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

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

Deno.test("outside the mask the picture stays as it was, to the pixel", () =>
  withFolder(async ({ run, folder }) => {
    const [image, mask] = [join(models, "image.png"), join(models, "mask.png")];
    const result = await run([
      ...steps,
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

Deno.test("models of classes, and those that are told nothing", () =>
  withFolder(async ({ run }) => {
    const cm = ["--model", join(models, "cm"), "--steps", "1", "-q"];
    assertEquals((await run([...cm, "--class", "3"])).code, exitCodes.ok);
    assertStringIncludes((await run([...cm, "a cat"])).err, "expected --class");
    assertStringIncludes((await run(cm)).err, "expected --class");
    const ddpm = ["--model", join(models, "ddpm"), "--steps", "2", "-q"];
    assertEquals((await run(ddpm)).code, exitCodes.ok);
    assertStringIncludes((await run([...ddpm, "--class", "1"])).err, "not class-conditional");
  }));

Deno.test("Ctrl-C stops between steps, returns 130 and leaves no file", () =>
  withFolder(async ({ folder, files }) => {
    const child = process(folder, ["--model", sd, "--steps", "900", "a cat"]).spawn();
    await child.stdin.close();
    const reader = child.stderr.getReader();
    await reader.read(); // the first line of progress: the run has begun
    child.kill("SIGINT");
    const { code } = await child.status;
    let err = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      err += new TextDecoder().decode(part.value);
    }
    await child.stdout.cancel();
    assertEquals(code, exitCodes.interrupted, err);
    assertStringIncludes(err, "0 of 1 pictures were written");
    assertEquals(files(), []);
  }));

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
      [["--from-image", "init.png", ...steps], 2, "holds no settings"],
      [[...steps, "x", "-o", "no/such/a.png"], 4, "does not exist"],
      [[...steps, "x", "-o", "text.txt/a.png"], 4, "text.txt"],
      [[...steps, "x", "-o", "a.webp"], 2, ".png, .jpg or .gif"],
      [["x", "--model", "./no-such-model"], 3, "no-such-model"],
      [["x", "--model", "init.png"], 3, "it is a file"],
      [["x", "--model", "."], 3, "model_index.json"],
      [["x", "--model", "owner/unknown", "--offline"], 3, "not in the cache"],
      [["x", "--model", "not/a/hub/id"], 3, "there is no folder"],
      [["inspect", "text.txt"], 3, "it is a file"],
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

Deno.test("without a network the error says so and what to do", () =>
  withFolder(async ({ run }) => {
    const result = await run(["x", "--model", "owner/model"]);
    assertEquals(result.code, exitCodes.model);
    assertStringIncludes(result.err, "check the network connection");
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
    assertStringIncludes(result.out, "2 picture(s)");
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
