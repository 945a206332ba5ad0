import {
  type InitializerSpec,
  type NodeSpec,
  type ValueSpec,
  writeOnnxModel,
} from "../onnx/_writer.ts";
import { float8Values, isFloat8, onnxType } from "../safetensors/_dtypes.ts";

/** A tensor of a file of weights, or a part of one. */
export interface WeightTensor {
  /** As a safetensors header names it: "F32", "F16", "BF16", … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The file's name beside the graph. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** True if a linear layer's weight lies as [in, out] instead of PyTorch's [out, in]. */
  readonly transposed?: boolean;
}

/** The weights of one network, by the names that diffusers gives them. */
export type Weights = ReadonlyMap<string, WeightTensor>;

/** What one layer hands to the next. */
export interface Value {
  /** The tensor's name in the graph. */
  readonly name: string;
  /** Size of the axis that layers work on: the second of pictures, the last of sequences. */
  readonly channels: number;
}

type Attributes = NonNullable<NodeSpec["attributes"]>;

const float32 = 1; // TensorProto.DataType
const int32 = 6;
const castable: ReadonlySet<string> = new Set(["F16", "BF16", "F64", "F8_E4M3", "F8_E5M2"]);

/**
 * The graph of a network while it is written. Weights stay in their file: the graph says where each
 * lies, and casts to float32 what has another type, which the engine does once, when it opens it.
 */
export class Net {
  readonly #weights: Weights;
  readonly #inputs: ValueSpec[] = [];
  readonly #outputs: ValueSpec[] = [];
  readonly #nodes: NodeSpec[] = [];
  /** What the outputs of the graph are called. */
  readonly #named = new Map<string, string>();
  readonly #constants = new Map<string, InitializerSpec>();
  /** Names of the weights that the graph reads. */
  readonly used: Set<string> = new Set();

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  /** The network itself, as a module that holds others. */
  get root(): Module {
    return new Module(this, "");
  }

  /** Adds an input of the graph. */
  input(name: string, shape: ValueSpec["shape"], channels: number, type = "float32"): Value {
    this.#inputs.push({ name, type, shape });
    return { name, channels };
  }

  /** Names a value as an output of the graph. */
  output(name: string, { name: source }: Value, shape: ValueSpec["shape"]): void {
    this.#named.set(source, name);
    this.#outputs.push({ name, type: "float32", shape });
  }

  /** Adds a call of one output. */
  call(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ""): string {
    return this.calls(op, 1, inputs, attributes, domain)[0]!;
  }

  /** Adds a call of several outputs. */
  calls(
    op: string,
    count: number,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain = "",
  ): readonly string[] {
    const at = this.#nodes.length;
    const outputs = Array.from({ length: count }, (_, i) => `${op}.${at}${i === 0 ? "" : `.${i}`}`);
    this.#nodes.push({ op, inputs, outputs, attributes, domain });
    return outputs;
  }

  /** A constant of float32. */
  floats(values: ArrayLike<number>, shape: readonly number[] = [values.length]): string {
    const data = Float32Array.from(values);
    const name = `[${
      data.length > 1024 ? this.#constants.size : Array.from(data)
    }]:${shape.length}`;
    return this.#constant({ name, type: "float32", shape, data });
  }

  /** A constant list of int64, or one number. */
  integers(values: readonly number[] | number): string {
    const list = typeof values === "number" ? [values] : values;
    return this.#constant({
      name: typeof values === "number" ? `${values}` : `[${values}]`,
      type: "int64",
      shape: typeof values === "number" ? [] : [values.length],
      data: BigInt64Array.from(list, BigInt),
    });
  }

  #constant(spec: InitializerSpec): string {
    if (!this.#constants.has(spec.name)) this.#constants.set(spec.name, spec);
    return spec.name;
  }

  /** Whether the file has a weight. */
  has(name: string): boolean {
    return this.#weights.has(name);
  }

  /** Whether the file has weights whose names begin so. */
  hasBelow(path: string): boolean {
    return this.#weights.keys().some((name) => name.startsWith(`${path}.`));
  }

  /**
   * A weight of the file, as float32.
   *
   * @param shape What the configuration makes of it; axes of size 1 at its end do not count.
   * @throws {RangeError} if it is missing, or of another shape or type.
   */
  weight(name: string, shape: readonly number[]): { name: string; transposed: boolean } {
    const weight = this.#weights.get(name);
    if (weight === undefined) {
      throw new RangeError(
        `the weights lack "${name}"; expected it with shape [${shape.join(", ")}]`,
      );
    }
    const { dtype, file, offset, length, transposed = false } = weight;
    if (!sameShape(weight.shape, transposed ? shape.toReversed() : shape)) {
      throw new RangeError(
        `"${name}" has shape [${weight.shape.join(", ")}]; expected [${shape.join(", ")}] from ` +
          `the configuration: they are of two models`,
      );
    }
    const stored = dtype === "F32" ? name : `${name}:${dtype}`;
    if (dtype !== "F32" && !castable.has(dtype)) {
      throw new RangeError(
        `"${name}" is of type ${dtype}; expected F32, ${[...castable].join(", ")}`,
      );
    }
    if (!this.used.has(name)) {
      this.used.add(name);
      this.#constants.set(stored, {
        name: stored,
        type: isFloat8(dtype) ? "uint8" : onnxType(dtype),
        shape: transposed ? shape.toReversed() : shape,
        external: { location: file, offset, length },
      });
      if (isFloat8(dtype)) {
        // The engine casts it in newer versions of the standard operators only; a table needs none.
        const at = this.call("Cast", [stored], { to: int32 });
        const table = this.floats(float8Values(dtype));
        this.#nodes.push({ op: "Gather", inputs: [table, at], outputs: [name] });
      } else if (stored !== name) {
        const attributes = { to: float32 };
        this.#nodes.push({ op: "Cast", inputs: [stored], outputs: [name], attributes });
      }
    }
    return { name, transposed };
  }

  /** The finished graph. */
  write(): Uint8Array<ArrayBuffer> {
    const named = (names: readonly string[]) => names.map((name) => this.#named.get(name) ?? name);
    return writeOnnxModel({
      inputs: this.#inputs,
      outputs: this.#outputs,
      nodes: this.#nodes.map((node) => ({
        ...node,
        inputs: named(node.inputs),
        outputs: named(node.outputs),
      })),
      initializers: [...this.#constants.values()],
      domains: { "com.microsoft": 1 },
    });
  }
}

/** A part of a network: what its weights' names begin with. */
export class Module {
  readonly net: Net;
  readonly path: string;

  constructor(net: Net, path: string) {
    this.net = net;
    this.path = path;
  }

  /** A part of it: `at("down_blocks", 0, "resnets", 1)`. */
  at(...names: readonly (string | number)[]): Module {
    return new Module(this.net, [this.path, ...names].filter((name) => name !== "").join("."));
  }

  /** One of its weights. */
  weight(name: string, shape: readonly number[]): string {
    return this.net.weight(this.at(name).path, shape).name;
  }

  /** Whether the file has a weight of that name here. */
  has(name: string): boolean {
    return this.net.has(this.at(name).path);
  }
}

function sameShape(found: readonly number[], expected: readonly number[]): boolean {
  const axes = Math.max(found.length, expected.length);
  for (let i = 0; i < axes; i++) {
    if ((found[i] ?? 1) !== (expected[i] ?? 1)) return false;
  }
  return true;
}
