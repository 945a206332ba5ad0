// The packages as npm installs them, in Node 24 and in Bun: a program of three lines has types, draws the
// same picture as here, byte for byte, and ends by itself.
import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { fromPretrained } from "@shum/pipelines";
import { packAll } from "../../tools/pack.ts";
import { ignore } from "./_long.ts";

const weights = fromFileUrl(new URL("../../weights/shum-emoji-256", import.meta.url));
const program = `
  import { fromPretrained } from "@shum/pipelines";
  await using pipeline = await fromPretrained(process.argv[2]!, { device: "cpu" });
  const [image] = await pipeline.generate({ prompt: "black cat with red eyes" }, { seed: 3, steps: 4 });
  process.stdout.write(JSON.stringify([image.width, image.height, [...image.data]]));
`;
/** What a process does with a session that it opened, and the code it ends with. */
const endings: readonly (readonly [code: number, body: string])[] = [
  [0, ""],
  [0, "await run;"],
  [3, "await run; process.exit(3);"],
  [0, "setTimeout(() => process.exit(0), 30);"],
];
const ending = `
  import { openSession } from "@shum/models";
  const session = await openSession(process.argv[2] + "/vae_decoder/model.onnx", { device: "cpu" });
  const [, channels] = session.inputs[0].shape;
  const shape = [1, channels, 32, 32];
  const data = new Float32Array(channels * 32 * 32);
  const run = session.run({ [session.inputNames[0]]: { data, shape } });
`;

async function output(command: readonly string[], cwd: string, code: number = 0): Promise<string> {
  const result = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    cwd,
    signal: AbortSignal.timeout(300_000),
  }).output();
  const [stdout, stderr] = [result.stdout, result.stderr].map((text) =>
    new TextDecoder().decode(text)
  );
  assertEquals(result.code, code, `${command.join(" ")}:\n${stdout!.slice(-2000)}${stderr}`);
  return stdout!;
}

/** An empty project that depends on the packages. */
async function project(archives: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  const own = Object.fromEntries(archives.map((archive) => {
    const name = /shum-([a-z]+)-[^/]*$/.exec(archive)![1];
    return [`@shum/${name}`, `file:${archive}`];
  }));
  // They depend on each other by version, and no registry has them yet.
  await Deno.writeTextFile(
    join(folder, "package.json"),
    JSON.stringify({ type: "module", private: true, dependencies: own, overrides: own }),
  );
  await Deno.writeTextFile(join(folder, "draw.ts"), program);
  return folder;
}

Deno.test({
  name: "the packed packages have types and draw the same bytes in Node 24 and Bun as here",
  ignore,
  fn: async (t) => {
    const out = await Deno.makeTempDir();
    const archives = await packAll(out);
    await using pipeline = await fromPretrained(weights, { device: "cpu" });
    const [image] = await pipeline.generate(
      { prompt: "black cat with red eyes" },
      { seed: 3, steps: 4 },
    );
    const expected = JSON.stringify([image.width, image.height, [...image.data]]);

    const npm = await project(archives);
    // The engine's own script would fetch CUDA's libraries.
    await output(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], npm);
    const bun = await project(archives);
    await output(["npx", "-y", "bun", "install"], bun);

    await t.step("types", async () => {
      const add = ["install", "--ignore-scripts", "typescript@5.9.3", "@types/node@24"];
      await output(["npm", ...add], npm);
      const flags =
        "--noEmit --strict --noUncheckedIndexedAccess --target esnext --module nodenext";
      const tsc = ["npx", "-y", "node@24", "node_modules/typescript/bin/tsc"];
      await output([...tsc, ...flags.split(" "), "--lib", "esnext,dom", "draw.ts"], npm);
    });
    for (const [runtime, folder] of [["node@24", npm], ["bun", bun]] as const) {
      const run = ["npx", "-y", runtime];
      await t.step(`${runtime} draws the same`, async () => {
        assertEquals(await output([...run, "draw.ts", weights], folder) === expected, true);
      });
      await t.step(`${runtime} ends by itself`, async () => {
        for (const [code, body] of endings) {
          await Deno.writeTextFile(join(folder, "end.mjs"), ending + body);
          await output([...run, "end.mjs", weights], folder, code);
        }
      });
    }
    for (const folder of [out, npm, bun]) await Deno.remove(folder, { recursive: true });
  },
});
