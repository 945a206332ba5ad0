import { join } from "@std/path";
import { readCheckedModel } from "../../packages/models/engine/node/_check.ts";
import { readablePlace } from "../../packages/models/files/_side_by_side.ts";
import { weightsOf } from "../../packages/models/files/_weights.ts";
import { type InitializerSpec, writeOnnxModel } from "../../packages/models/onnx/_writer.ts";
import { openRepository, readInitializer, readOnnxModel } from "../../packages/models/mod.ts";
import type { Kind, Place } from "./case.ts";
import { mutateBytes, type Random } from "./random.ts";

/** Places for weights that a graph may name. */
function location(random: Random, { victim }: Place): string {
  return random.pick([
    "model.onnx_data",
    "model.onnx_data",
    "linked",
    "away/linked",
    "../weights",
    "../../victim",
    "../../../victim",
    "../../../../victim",
    "..\\..\\victim",
    victim,
    "",
    ".",
    "..",
    "/",
    "a\0b",
    "\x1b[2J",
    "x".repeat(5000),
    `file://${victim}`,
    "/dev/zero",
    "model.onnx",
  ]);
}

const NUMBERS = [0, 1, 4, 16, 64, 2 ** 31, 2 ** 40, 2 ** 52];

function graph(random: Random, place: Place): Uint8Array {
  const initializers: InitializerSpec[] = Array.from({ length: 1 + random.below(3) }, (_, i) => {
    const name = random.chance(0.9) ? `w${i}` : "w\x1b]0;x\x07";
    const shape = random.chance(0.8) ? [4, 4] : [random.pick(NUMBERS), random.pick(NUMBERS)];
    if (random.chance(0.3)) return { name, type: "float32", shape, data: new Float32Array(16) };
    const [offset, length] = random.chance(0.7) ? [0, 64] : [
      random.pick(NUMBERS),
      random.pick(NUMBERS),
    ];
    return {
      name,
      type: "float32",
      shape,
      external: { location: location(random, place), offset, length },
    };
  });
  return writeOnnxModel({
    inputs: [{ name: "x", type: "float32", shape: ["n", 4] }],
    outputs: [{ name: "y", type: "float32", shape: ["n", 4] }],
    nodes: [{ op: "MatMul", inputs: ["x", "w0"], outputs: ["y"] }],
    initializers,
  });
}

export const onnx: Kind = {
  name: "onnx",
  async make(random, place) {
    const model = join(place.folder, "model");
    const unet = join(model, "unet");
    await Deno.mkdir(join(unet, "away"), { recursive: true });
    await Deno.mkdir(join(model, "scheduler"));
    await Deno.writeTextFile(
      join(model, "scheduler/scheduler_config.json"),
      `{"_class_name":"DDPMScheduler"}`,
    );
    await Deno.writeTextFile(
      join(model, "model_index.json"),
      `{"_class_name":"DDPMPipeline","unet":["x","UNet2DModel"],"scheduler":["x","DDPMScheduler"]}`,
    );
    await Deno.writeFile(join(unet, "model.onnx_data"), new Uint8Array(64));
    await Deno.writeFile(join(model, "weights"), new Uint8Array(64));
    // Links that lead out of the model, and in a circle.
    const target = random.pick([place.victim, "../../../../victim", "/proc/self/maps", "linked"]);
    await Deno.symlink(target, join(unet, "linked"));
    await Deno.symlink("../linked", join(unet, "away", "linked"));
    let bytes = graph(random, place);
    const damaged = random.chance(0.6);
    if (damaged) bytes = mutateBytes(random, bytes);
    const path = join(unet, "model.onnx");
    await Deno.writeFile(path, bytes);
    const reads = [
      () => openRepository(model, { cacheDir: join(place.folder, "cache") }),
      async () => {
        const weights = weightsOf(path, readCheckedModel(path));
        await readablePlace(path, weights, join(place.folder, "cache"));
      },
      () => {
        for (const weights of readOnnxModel(path).initializers) readInitializer(path, weights);
      },
    ];
    return { what: damaged ? "damaged graph" : "graph with hostile weights", reads };
  },
};
