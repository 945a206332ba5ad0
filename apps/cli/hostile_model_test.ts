import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { writeOnnxModel } from "../../packages/models/onnx/_writer.ts";
import { endlessModel } from "../../packages/models/testing/_testing.ts";
import { models, process, withFolder } from "./_testing.ts";
import { exitCodes } from "./exit_codes.ts";

/** A copy of the unconditional fixture, with another denoiser. */
async function modelWith(folder: string, unet: Uint8Array): Promise<string> {
  const model = join(folder, "model");
  for (const name of ["model_index.json", "scheduler/scheduler_config.json", "unet/config.json"]) {
    await Deno.mkdir(join(model, name, ".."), { recursive: true });
    await Deno.copyFile(join(models, "ddpm", name), join(model, name));
  }
  await Deno.writeFile(join(model, "unet/model.onnx"), unet);
  return model;
}

const sample = { name: "sample", type: "float32", shape: ["n", 3, "h", "w"] };
const timestep = { name: "timestep", type: "int64", shape: [] };
const output = { ...sample, name: "out_sample" };

for (const how of ["a path upwards", "a link"] as const) {
  Deno.test(`no command writes, links or reads outside a model by ${how}`, () =>
    withFolder(async ({ folder, run, files }) => {
      const secret = join(folder, "secret");
      await Deno.writeTextFile(secret, "precious".repeat(10));
      const { ino } = await Deno.stat(secret);
      const location = how === "a link" ? "weights.pb" : `${"../".repeat(12)}${secret.slice(1)}`;
      const external = { location, offset: 0, length: 12 };
      const model = await modelWith(
        folder,
        writeOnnxModel({
          inputs: [sample, timestep],
          outputs: [output],
          nodes: [{ op: "Add", inputs: ["sample", "w"], outputs: ["out_sample"] }],
          initializers: [{ name: "w", type: "float32", shape: [3, 1, 1], external }],
        }),
      );
      if (how === "a link") await Deno.symlink(secret, join(model, "unet/weights.pb"));
      const before = files();
      for (
        const command of [
          ["inspect", model],
          ["plan", "--model", model],
          ["--model", model, "--steps", "1", "--dry-run"],
          ["--model", model, "--steps", "1"],
        ]
      ) {
        const result = await run(command);
        assertEquals(result.code, exitCodes.model, `${command}: ${result.out}${result.err}`);
        assertStringIncludes(result.err, how === "a link" ? "outside the model" : "said to lie at");
        const after = await Deno.lstat(secret);
        assertEquals([after.ino, after.nlink, after.isFile], [ino, 1, true], `${command}`);
        assertEquals(await Deno.readTextFile(secret), "precious".repeat(10), `${command}`);
        assertEquals(files(), before, `${command}`);
      }
    }));
}

Deno.test("one Ctrl-C ends a run whose model never returns", () =>
  withFolder(async ({ folder, files }) => {
    const unet = writeOnnxModel(endlessModel([sample, timestep], output));
    const model = await modelWith(folder, unet);
    const before = files();
    const child = process(folder, ["--model", model, "--steps", "2", "-v"]).spawn();
    await child.stdin.close();
    const reader = child.stderr.getReader();
    let err = "";
    const read = async (until: string) => {
      while (!err.includes(until)) {
        const { value, done } = await reader.read();
        if (done) break;
        err += new TextDecoder().decode(value);
      }
    };
    await read("prepared in");
    await new Promise((resolve) => setTimeout(resolve, 1500)); // the graph is loaded and runs
    const start = performance.now();
    child.kill("SIGINT");
    const { code } = await child.status;
    const milliseconds = performance.now() - start;
    await read("the end");
    await child.stdout.cancel();
    assertEquals(code, exitCodes.interrupted, err);
    assertStringIncludes(err, "0 of 1 picture was written");
    assert(milliseconds < 8000, `it took ${milliseconds} ms`);
    assertEquals(files(), before);
  }));
