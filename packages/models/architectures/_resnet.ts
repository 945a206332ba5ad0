import { activate, add, conv, divide, groupNorm, halves, linear } from "./_layers.ts";
import type { Module, Net, Value } from "./_net.ts";

/** Settings that all residual blocks of a network share. */
export interface ResnetOptions {
  readonly groups: number;
  readonly eps: number;
  readonly act?: string;
  /** How the time joins: added, or as scale and shift of the second norm. */
  readonly timeScaleShift?: "default" | "scale_shift";
  /** Whether the time comes activated already. */
  readonly skipTimeAct?: boolean;
  readonly outputScale?: number;
}

/**
 * A residual block (He et al. 2015, https://arxiv.org/abs/1512.03385), told the time: norm, activation,
 * convolution, twice.
 */
export function resnet(
  m: Module,
  x: Value,
  time: Value | undefined,
  channels: number,
  options: ResnetOptions,
  resample: (x: Value) => Value = (x) => x,
): Value {
  const { net } = m;
  const {
    groups,
    eps,
    act = "silu",
    timeScaleShift = "default",
    skipTimeAct = false,
    outputScale = 1,
  } = options;
  let h = activate(net, groupNorm(m.at("norm1"), x, groups, eps), act);
  h = conv(m.at("conv1"), resample(h), channels);
  const shift = timeScaleShift === "scale_shift";
  const t = time && timeMap(m.at("time_emb_proj"), time, shift ? 2 * channels : channels, {
    act: skipTimeAct ? undefined : act,
  });
  if (t && !shift) h = add(net, h, t);
  h = groupNorm(m.at("norm2"), h, groups, eps);
  if (t && shift) {
    const [scale, offset] = halves(net, t, 1);
    const factor = add(net, scale, { name: net.floats([1], []), channels: 1 });
    h = add(net, { ...h, name: net.call("Mul", [h.name, factor.name]) }, offset);
  }
  h = conv(m.at("conv2"), activate(net, h, act), channels);
  const source = resample(x);
  const shortcut = x.channels === channels
    ? source
    : conv(m.at("conv_shortcut"), source, channels, { kernel: 1 });
  return divide(net, add(net, shortcut, h), outputScale);
}

/** The time embedding, projected, as a picture of one position. */
function timeMap(
  m: Module,
  time: Value,
  channels: number,
  { act }: { act: string | undefined },
): Value {
  const { net } = m;
  const { name } = linear(m, act === undefined ? time : activate(net, time, act), channels);
  return { name: net.call("Unsqueeze", [name, net.integers([2, 3])]), channels };
}

/** Halves height and width with a convolution; without padding, its zeros lie right and below. */
export function downsample(m: Module, x: Value, padding: number): Value {
  return conv(m.at("conv"), x, x.channels, {
    stride: 2,
    pads: padding === 0 ? [0, 0, 1, 1] : [padding, padding, padding, padding],
  });
}

/** Doubles height and width, or brings them to those of `like`, and convolves. */
export function upsample(m: Module, x: Value, like?: Value): Value {
  return conv(m.at("conv"), nearest(m.net, x, like), x.channels);
}

/** Each position twice in each direction, or as often as the size of `like` needs. */
export function nearest(net: Net, x: Value, like?: Value): Value {
  const rule = {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  };
  if (like === undefined) {
    const scales = net.floats([1, 1, 2, 2]);
    return { ...x, name: net.call("Resize", [x.name, "", scales], rule) };
  }
  const batch = net.call("Shape", [x.name], { start: 0, end: 2 });
  const size = net.call("Shape", [like.name], { start: 2, end: 4 });
  const sizes = net.call("Concat", [batch, size], { axis: 0 });
  return { ...x, name: net.call("Resize", [x.name, "", "", sizes], rule) };
}

/** The mean of each two by two positions. */
export function averagePool(net: Net, x: Value): Value {
  const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
  return { ...x, name: net.call("AveragePool", [x.name], attributes) };
}
