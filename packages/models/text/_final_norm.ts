import type { GraphSource } from "../engine/engine.ts";
import { describeSource, readGraph } from "../engine/_graph_source.ts";
import { type OnnxModel, readInitializer, readOnnxModel } from "../onnx/model.ts";

/** Scale and bias of a layer norm. */
export interface LayerNorm {
  readonly scale: Float32Array;
  readonly bias: Float32Array;
}

/**
 * The weights of the layer norm that a graph's output ends with. CLIP skip needs them: the norm
 * follows whichever layer is read, and the graph has it behind the last one only.
 *
 * @throws {TypeError} if the output does not end with a layer norm.
 */
export async function readFinalNorm(graph: GraphSource, output: string): Promise<LayerNorm> {
  const source = await readGraph(graph);
  const model = readOnnxModel(source);
  const [scale, bias] = normInputs(model, output).map((name) => {
    const found = constant(model, name);
    return found && readInitializer(source, found);
  });
  if (scale && bias) return { scale, bias };
  throw new TypeError(
    `Cannot skip CLIP layers of ${
      describeSource(graph)
    }: its output ${output} does not end with a layer norm of ` +
      `known weights, which every layer that is read needs; expected a plain export, or no CLIP skip`,
  );
}

/** Names of scale and bias: the operator's, or those of its last two parts in older exports. */
function normInputs(model: OnnxModel, output: string): readonly string[] {
  const last = producer(model, output);
  if (last?.op === "LayerNormalization") return last.inputs.slice(1, 3);
  if (last?.op !== "Add") return [];
  for (const [i, bias] of last.inputs.entries()) {
    const product = producer(model, last.inputs[1 - i]!);
    const scale = product?.op === "Mul" && product.inputs.find((name) => constant(model, name));
    if (scale && constant(model, bias)) return [scale, bias];
  }
  return [];
}

function producer({ nodes }: OnnxModel, name: string): OnnxModel["nodes"][number] | undefined {
  return nodes.find(({ outputs }) => outputs.includes(name));
}

/** Exporters that find equal weights twice keep one and an Identity; other types are cast. */
function constant(model: OnnxModel, name: string): OnnxModel["initializers"][number] | undefined {
  const found = model.initializers.find((value) => value.name === name);
  if (found) return found;
  const node = producer(model, name);
  return node?.op === "Identity" || node?.op === "Cast"
    ? constant(model, node.inputs[0]!)
    : undefined;
}
