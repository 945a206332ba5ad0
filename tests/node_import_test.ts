// @shum/schedulers runs in any JavaScript engine: the package as it is built for npm, by `deno pack`, is imported
// in Node and made to sample; and its source names nothing but itself and the language.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { Scheduler, torchRandom } from "@shum/schedulers";

const folder = fromFileUrl(new URL("../packages/schedulers", import.meta.url));

/** A run whose result depends on noise, on WebAssembly and on the order of every sum. */
function program(module: string): string {
  return `
    import { Scheduler, gaussianNoise, torchRandom } from ${JSON.stringify(module)};
    const scheduler = Scheduler.fromConfig({ _class_name: "EulerAncestralDiscreteScheduler" });
    scheduler.setTimesteps(8);
    const random = torchRandom(7);
    const x = new Float32Array(4 * 32 * 32);
    random.fill(x);
    const noise = gaussianNoise(random);
    const run = scheduler.runner(x.map((z) => z * scheduler.initNoiseSigma), noise);
    while (!run.done) run.step(run.x.map((value) => Math.fround(run.cIn * value / 2)));
    console.log(JSON.stringify([...run.x]));
  `;
}

async function output(command: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  const decoder = new TextDecoder();
  assert(success, `${command} ${args.join(" ")} failed:\n${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "the built @shum/schedulers samples the same bits in Node as here",
  ignore: !hasNode(),
  fn: async () => {
    const scratch = await Deno.makeTempDir();
    try {
      const archive = join(scratch, "schedulers.tgz");
      const flags = ["--allow-dirty", "--no-source-maps", "--output", archive];
      await output(Deno.execPath(), ["pack", ...flags], folder);
      await output("tar", ["xzf", archive], scratch);
      const { dependencies = {} } = JSON.parse(
        await Deno.readTextFile(join(scratch, "package", "package.json")),
      );
      assertEquals(dependencies, {});
      const script = join(scratch, "run.mjs");
      await Deno.writeTextFile(script, program("./package/mod.js"));
      const inNode = JSON.parse(await output("node", [script], scratch));

      const scheduler = Scheduler.fromConfig({ _class_name: "EulerAncestralDiscreteScheduler" });
      scheduler.setTimesteps(8);
      const random = torchRandom(7);
      const x = new Float32Array(4 * 32 * 32);
      random.fill(x);
      const run = scheduler.runner(
        x.map((z) => z * scheduler.initNoiseSigma),
        (out) => random.fill(out),
      );
      while (!run.done) run.step(run.x.map((value) => Math.fround(run.cIn * value / 2)));
      assertEquals(inNode, [...run.x]);
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
  },
});

Deno.test("@shum/schedulers imports only its own files and names no runtime", async () => {
  for await (const file of sources(folder)) {
    const text = (await Deno.readTextFile(file)).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    for (const [, specifier] of text.matchAll(/\bfrom\s+"([^"]+)"|\bimport\(/g)) {
      assert(specifier?.startsWith("."), `${file} imports ${specifier}`);
    }
    const runtime =
      /\b(Deno|globalThis|window|document|process\.(env|argv|versions))\b|\brequire\(/;
    assert(!runtime.test(text), `${file} names a runtime`);
  }
});

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* sources(path);
    else if (path.endsWith(".ts") && !path.endsWith("_test.ts")) yield path;
  }
}
