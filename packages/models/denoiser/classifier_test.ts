import { assertEquals, assertRejects } from "@std/assert";
import type { ModelSpec } from "../onnx/_writer.ts";
import { addModel, modelFolder } from "../testing/_testing.ts";
import { openClassifier } from "./classifier.ts";

const cpu = { device: "cpu", cacheDir: false } as const;

/** Gradient of log N(x; means[y], 1): means[y] - x. */
function gaussianClassifier(means: readonly number[]): ModelSpec {
  const sample = ["batch", 1, "h", "w"];
  return {
    inputs: [
      { name: "sample", type: "float32", shape: sample },
      { name: "timestep", type: "int64", shape: ["batch"] },
      { name: "class_labels", type: "int64", shape: ["batch"] },
    ],
    outputs: [{ name: "gradient", type: "float32", shape: sample }],
    nodes: [
      { op: "Gather", inputs: ["means", "class_labels"], outputs: ["m"] },
      { op: "Reshape", inputs: ["m", "column"], outputs: ["m4"] },
      { op: "Sub", inputs: ["m4", "sample"], outputs: ["gradient"] },
    ],
    initializers: [
      { name: "means", type: "float32", shape: [means.length], data: new Float32Array(means) },
      { name: "column", type: "int64", shape: [4], data: new BigInt64Array([-1n, 1n, 1n, 1n]) },
    ],
  };
}

Deno.test("gradient() points from each sample to its class", async () => {
  await using files = await modelFolder({ classifier: { model: gaussianClassifier([-1, 3]) } });
  await using classifier = await openClassifier(files, cpu);
  const x = new Float32Array([0, 0.5, 0, 0.5]);
  const gradient = await classifier.gradient(x, [2, 1, 1, 2], 500, [0, 1]);
  assertEquals([...gradient], [-1, -1.5, 3, 2.5]);
});

Deno.test("mistakes are explained: labels, values, another file", async () => {
  await using files = await modelFolder({ classifier: { model: gaussianClassifier([0]) } });
  await using classifier = await openClassifier(files, cpu);
  const x = new Float32Array([NaN]);
  await assertRejects(
    () => classifier.gradient(x, [1, 1, 1, 1], 0, [0, 0]),
    RangeError,
    "2 labels were given; expected 1",
  );
  await assertRejects(() => classifier.gradient(x, [1, 1, 1, 1], 0, [0]), RangeError, "gave NaN");
  await using wrong = await modelFolder({ classifier: { model: addModel } });
  await assertRejects(() => openClassifier(wrong, cpu), TypeError, "it reads a, b; expected");
});
