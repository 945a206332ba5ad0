import { autoencoderKL } from "./autoencoder_kl.ts";
import { clipText } from "./clip_text.ts";
import { isNetworkClass, type NetworkClass, networkClasses } from "./classes.ts";
import { NetworkConfig } from "./_config.ts";
import type { Net, Weights } from "./_net.ts";
import { unet2D } from "./unet_2d.ts";
import { unet2DCondition } from "./unet_2d_condition.ts";

/** Networks by class name: the graphs of each by the folder that ONNX exports have for it. */
const architectures: Readonly<
  Record<NetworkClass, (config: NetworkConfig, weights: Weights) => Readonly<Record<string, Net>>>
> = {
  UNet2DConditionModel: (config, weights) => ({ "": unet2DCondition(config, weights) }),
  UNet2DModel: (config, weights) => ({ "": unet2D(config, weights) }),
  CLIPTextModel: (config, weights) => ({ "": clipText(config, weights, false) }),
  CLIPTextModelWithProjection: (config, weights) => ({ "": clipText(config, weights, true) }),
  AutoencoderKL: (config, weights) => {
    const { encoder, decoder } = autoencoderKL(config, weights);
    return { _encoder: encoder, _decoder: decoder };
  },
};

/** Buffers that are no weights: what they hold is computed here. */
const computed = /(^|\.)position_ids$/;

/**
 * Writes the graphs of a network whose weights lie in files beside them.
 *
 * @param config Its `config.json`.
 * @param weights All the tensors of its files.
 * @returns A graph by what its folder's name ends with: "" for most, "_encoder" and "_decoder" for an
 * autoencoder.
 * @throws {RangeError} if the class, a key of the configuration or a tensor is not known, or one is
 * missing or has another shape; names it.
 */
export function buildNetwork(
  config: Readonly<Record<string, unknown>>,
  weights: Weights,
): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const name = className(config);
  if (!isNetworkClass(name)) {
    throw new RangeError(
      `config.json is that of a ${name}, which is not known here; expected one of ${
        networkClasses.join(", ")
      }, or an ONNX export of it`,
    );
  }
  const nets = architectures[name](new NetworkConfig(config), weights);
  const used = Object.values(nets).map((net) => net.used);
  const unused = [...weights.keys()].filter((tensor) =>
    !computed.test(tensor) && !used.some((set) => set.has(tensor))
  );
  if (unused.length > 0) {
    const shown = unused.slice(0, 3).map((tensor) => JSON.stringify(tensor.slice(0, 100))).join(
      ", ",
    );
    throw new RangeError(
      `the weights have ${unused.length} tensors that a ${name} of this configuration does not read: ` +
        `${shown}${unused.length > 3 ? ", …" : ""}; expected weights and config.json of one model`,
    );
  }
  return new Map(Object.entries(nets).map(([suffix, net]) => [suffix, net.write()]));
}

/** The class that a configuration of diffusers or transformers is for. */
function className({ _class_name, architectures }: Readonly<Record<string, unknown>>): string {
  const name = _class_name ?? (Array.isArray(architectures) ? architectures[0] : undefined);
  if (typeof name === "string") return name;
  throw new RangeError(`config.json has no _class_name and no architectures; expected one of them`);
}
