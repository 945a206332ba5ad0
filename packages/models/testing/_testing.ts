import { type ModelSpec, writeOnnxModel } from "../onnx/_writer.ts";
import type { ModelFiles } from "../model_files.ts";

// Models that tests build in code: small enough to know every number they give.

/** One component of a model folder. */
export interface ComponentSpec {
  readonly model?: ModelSpec | Uint8Array;
  readonly files?: Readonly<Record<string, unknown>>;
}

/** Writes a model folder into a temporary place; objects become JSON, strings are written as such. */
export async function modelFolder(
  components: Readonly<Record<string, ComponentSpec>>,
): Promise<
  ModelFiles & AsyncDisposable & {
    readonly path: string;
    file(component: string, name?: string): string;
  }
> {
  const path = await Deno.makeTempDir({ prefix: "shum_model_" });
  for (const [name, { model, files = {} }] of Object.entries(components)) {
    await Deno.mkdir(`${path}/${name}`);
    if (model) {
      const bytes = model instanceof Uint8Array ? model : writeOnnxModel(model);
      await Deno.writeFile(`${path}/${name}/model.onnx`, bytes);
    }
    for (const [file, content] of Object.entries(files)) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await Deno.writeTextFile(`${path}/${name}/${file}`, text);
    }
  }
  const file = (component: string, name: string = "model.onnx") => {
    const found = `${path}/${component}/${name}`;
    Deno.statSync(found);
    return found;
  };
  return {
    path,
    has: (component: string, name?: string) => {
      const found = components[component];
      return found !== undefined && (name === undefined || name in (found.files ?? {}));
    },
    file,
    text: (component: string, name: string) => Deno.readTextFile(file(component, name)),
    graph: async (component: string) => await Promise.resolve(file(component)),
    json: async (component: string, name: string) =>
      JSON.parse(await Deno.readTextFile(file(component, name))),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Writes one model into a temporary folder. */
export async function modelFile(
  model: ModelSpec | Uint8Array,
): Promise<AsyncDisposable & { readonly path: string; readonly folder: string }> {
  const folder = await modelFolder({ it: { model } });
  return {
    path: folder.file("it"),
    folder: `${folder.path}/it`,
    [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.asyncDispose]()),
  };
}

/** c = a + b, of any length. */
export const addModel: ModelSpec = {
  inputs: [
    { name: "a", type: "float32", shape: ["n"] },
    { name: "b", type: "float32", shape: ["n"] },
  ],
  outputs: [{ name: "c", type: "float32", shape: ["n"] }],
  nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["c"] }],
};

/** y = Cast(x): shows what the session made of a feed. */
export function castModel(
  from: string,
  to: string,
  shape: readonly (number | string)[] = ["n"],
): ModelSpec {
  const code = { float32: 1, int32: 6, int64: 7, float16: 10, float64: 11, uint8: 2, bool: 9 }[to]!;
  return {
    inputs: [{ name: "x", type: from, shape }],
    outputs: [{ name: "y", type: to, shape }],
    nodes: [{ op: "Cast", inputs: ["x"], outputs: ["y"], attributes: { to: code } }],
  };
}

/** y = x·W·W·…·W (`depth` times, W of `size`²): a run that takes a while. */
export function slowModel(size: number, depth: number): ModelSpec {
  const w = new Float32Array(size * size);
  for (let i = 0; i < size; i++) w[i * size + i] = 1;
  return {
    inputs: [{ name: "x", type: "float32", shape: ["n", size] }],
    outputs: [{ name: "y", type: "float32", shape: ["n", size] }],
    nodes: Array.from({ length: depth }, (_, i) => ({
      op: "MatMul",
      inputs: [i === 0 ? "x" : `h${i}`, "w"],
      outputs: [i === depth - 1 ? "y" : `h${i + 1}`],
    })),
    initializers: [{ name: "w", type: "float32", shape: [size, size], data: w }],
  };
}

/** y = convolution of x with `channels` 3×3 filters, twice: a model that is worth optimising. */
export function convolutionModel(channels: number): ModelSpec {
  const w = Float32Array.from({ length: channels * channels * 9 }, (_, i) => Math.sin(i) / 50);
  const shape = ["n", channels, "h", "w"];
  const attributes = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };
  return {
    inputs: [{ name: "x", type: "float32", shape }],
    outputs: [{ name: "y", type: "float32", shape }],
    nodes: [
      { op: "Conv", inputs: ["x", "w"], outputs: ["h"], attributes },
      { op: "Conv", inputs: ["h", "w"], outputs: ["y"], attributes },
    ],
    initializers: [{ name: "w", type: "float32", shape: [channels, channels, 3, 3], data: w }],
  };
}

/** `output` = `input`, found by a loop that never ends. */
export function endlessModel(
  inputs: ModelSpec["inputs"],
  output: ModelSpec["outputs"][number],
): ModelSpec {
  const state = (name: string) => ({ ...output, name });
  const flag = (name: string) => ({ name, type: "bool", shape: [] });
  const graph = {
    inputs: [{ name: "i", type: "int64", shape: [] }, flag("more"), state("before")],
    outputs: [flag("again"), state("after")],
    nodes: [
      { op: "Identity", inputs: ["more"], outputs: ["again"] },
      { op: "Neg", inputs: ["before"], outputs: ["after"] },
    ],
  };
  return {
    inputs,
    outputs: [output],
    nodes: [{
      op: "Loop",
      inputs: ["", "", inputs[0]!.name], // no count, no condition
      outputs: [output.name],
      attributes: { body: { graph } },
    }],
  };
}
