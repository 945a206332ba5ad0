import type { Module, Net, Value } from "./_net.ts";

// The layers of PyTorch, in ONNX's operators.

/** Settings of {@linkcode conv}. */
export interface ConvOptions {
  /** 3 by default. */
  readonly kernel?: number;
  readonly stride?: number;
  /** Rows and columns of zeros; as many as keep the size by default. */
  readonly pads?: readonly [top: number, left: number, bottom: number, right: number];
}

/** A convolution of pictures. */
export function conv(
  m: Module,
  x: Value,
  channels: number,
  { kernel = 3, stride = 1, pads }: ConvOptions = {},
): Value {
  const edge = (kernel - 1) >> 1;
  const weight = m.weight("weight", [channels, x.channels, kernel, kernel]);
  const name = m.net.call("Conv", [x.name, weight, m.weight("bias", [channels])], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: pads ?? [edge, edge, edge, edge],
  });
  return { name, channels };
}

/** x·Wᵀ + b over the last axis. */
export function linear(
  m: Module,
  x: Value,
  channels: number,
  { bias = true }: { readonly bias?: boolean } = {},
): Value {
  const { net } = m;
  const weight = net.weight(m.at("weight").path, [channels, x.channels]);
  const matrix = weight.transposed
    ? weight.name
    : net.call("Transpose", [weight.name], { perm: [1, 0] });
  const product = net.call("MatMul", [x.name, matrix]);
  const name = bias ? net.call("Add", [product, m.weight("bias", [channels])]) : product;
  return { name, channels };
}

/** Normalises groups of channels of a picture, or of [batch, channels, positions]. */
export function groupNorm(m: Module, x: Value, groups: number, eps: number): Value {
  const { net } = m;
  if (x.channels % groups !== 0) {
    throw new RangeError(
      `"${m.path}" has ${x.channels} channels; expected a multiple of norm_num_groups ${groups}`,
    );
  }
  const apart = net.call("Reshape", [x.name, net.integers([0, groups, -1])]);
  const one = net.floats(new Float32Array(groups).fill(1));
  const zero = net.floats(new Float32Array(groups));
  const normal = net.call("InstanceNormalization", [apart, one, zero], { epsilon: { float: eps } });
  const whole = net.call("Reshape", [normal, net.call("Shape", [x.name])]);
  const shape = [x.channels, 1, 1];
  const scaled = net.call("Mul", [whole, m.weight("weight", shape)]);
  return { ...x, name: net.call("Add", [scaled, m.weight("bias", shape)]) };
}

/** Normalises the last axis. */
export function layerNorm(m: Module, x: Value, eps = 1e-5): Value {
  const parts = [m.weight("weight", [x.channels]), m.weight("bias", [x.channels])];
  const attributes = { axis: -1, epsilon: { float: eps } };
  return { ...x, name: m.net.call("LayerNormalization", [x.name, ...parts], attributes) };
}

/** Rows of a table, by number. */
export function embedding(m: Module, ids: string, rows: number, channels: number): Value {
  return { name: m.net.call("Gather", [m.weight("weight", [rows, channels]), ids]), channels };
}

/** Activations by diffusers' and transformers' names. */
const activations: Readonly<Record<string, (net: Net, x: string) => string>> = {
  silu: (net, x) => net.call("Mul", [x, net.call("Sigmoid", [x])]),
  gelu: (net, x) => net.call("Gelu", [x], {}, "com.microsoft"),
  quick_gelu: (net, x) => {
    const gate = net.call("Sigmoid", [net.call("Mul", [x, net.floats([1.702], [])])]);
    return net.call("Mul", [x, gate]);
  },
  relu: (net, x) => net.call("Relu", [x]),
  mish: (net, x) => net.call("Mul", [x, net.call("Tanh", [net.call("Softplus", [x])])]),
};

/** The names of {@linkcode activate}. */
export const activationNames: readonly string[] = [...Object.keys(activations), "swish"];

/** Applies an activation. */
export function activate(net: Net, x: Value, name: string): Value {
  return { ...x, name: activations[name === "swish" ? "silu" : name]!(net, x.name) };
}

/** x·sigmoid(x). */
export function silu(net: Net, x: Value): Value {
  return activate(net, x, "silu");
}

/** a + b, of one shape or with axes that stretch. */
export function add(net: Net, a: Value, b: Value): Value {
  return { ...a, name: net.call("Add", [a.name, b.name]) };
}

/** x / divisor. */
export function divide(net: Net, x: Value, divisor: number): Value {
  return divisor === 1 ? x : { ...x, name: net.call("Div", [x.name, net.floats([divisor], [])]) };
}

/** One after the other along an axis. */
export function concat(net: Net, parts: readonly Value[], axis: number): Value {
  return {
    name: net.call("Concat", parts.map(({ name }) => name), { axis }),
    channels: parts.reduce((sum, { channels }) => sum + channels, 0),
  };
}

/** Halves of the channels, the axis given. */
export function halves(net: Net, x: Value, axis: number): readonly [Value, Value] {
  const channels = x.channels / 2;
  const split = net.integers([channels, channels]);
  const [a, b] = net.calls("Split", 2, [x.name, split], { axis });
  return [{ name: a!, channels }, { name: b!, channels }];
}

/** A picture as [batch, positions, channels]. */
export function positions(net: Net, x: Value): Value {
  const flat = net.call("Reshape", [x.name, net.integers([0, x.channels, -1])]);
  return { ...x, name: net.call("Transpose", [flat], { perm: [0, 2, 1] }) };
}

/** What {@linkcode positions} did, undone: a picture of the size of `like`, of the same channels. */
export function picture(net: Net, x: Value, like: Value): Value {
  const flat = net.call("Transpose", [x.name], { perm: [0, 2, 1] });
  return { ...x, name: net.call("Reshape", [flat, net.call("Shape", [like.name])]) };
}
