import { assertEquals, assertThrows } from "@std/assert";
import { readOnnxModel } from "../onnx/model.ts";
import { memorySource } from "../onnx/_protobuf.ts";
import { readSafetensorsHeader } from "../safetensors/header.ts";
import type { WeightTensor } from "./_net.ts";
import { buildNetwork } from "./build.ts";

const fixtures = new URL("../../../tests/fixtures/safetensors/", import.meta.url);

function read(network: string): {
  config: Record<string, unknown>;
  weights: Map<string, WeightTensor>;
} {
  const folder = new URL(`${network}/`, fixtures);
  const name = [...Deno.readDirSync(folder)].find((entry) => entry.name.endsWith(".safetensors"))!;
  const file = name.name;
  const { tensors } = readSafetensorsHeader(memorySource(Deno.readFileSync(new URL(file, folder))));
  return {
    config: JSON.parse(Deno.readTextFileSync(new URL("config.json", folder))),
    weights: new Map([...tensors].map(([name, place]) => [name, { ...place, file }])),
  };
}

const networks = [
  "sd/unet",
  "sd/text_encoder",
  "sd/vae",
  "sdxl/unet",
  "sdxl/text_encoder_2",
  "lcm/unet",
  "inpaint/unet",
  "ddpm/unet",
  "cm/unet",
];

for (const network of networks) {
  Deno.test(`the graphs of ${network} read every tensor where it lies, none twice in one graph`, () => {
    const { config, weights } = read(network);
    const read_ = new Set<string>();
    for (const graph of buildNetwork(config, weights).values()) {
      const names = readOnnxModel(graph).initializers.flatMap(({ name, file, offset, length }) => {
        if (file === undefined) return [];
        const tensor = name.replace(/:[A-Z0-9]+$/, "");
        const place = weights.get(tensor)!;
        assertEquals([file, offset, length], [place.file, place.offset, place.length]);
        return [tensor];
      });
      assertEquals(names.length, new Set(names).size);
      for (const name of names) read_.add(name);
    }
    assertEquals([...read_].sort(), [...weights.keys()].sort());
  });

  Deno.test(`${network} without any one of its tensors is refused, and named`, () => {
    const { config, weights } = read(network);
    for (const [name, place] of [...weights]) {
      weights.delete(name);
      assertThrows(() => buildNetwork(config, weights), RangeError, `lack "${name}"`);
      weights.set(name, place);
    }
  });
}

Deno.test("a tensor that the network does not read is named; buffers of positions are none", () => {
  const { config, weights } = read("sd/text_encoder");
  const [place] = weights.values();
  weights.set("embeddings.position_ids", place!);
  buildNetwork(config, weights);
  weights.set("lora.up", place!);
  assertThrows(
    () => buildNetwork(config, weights),
    RangeError,
    'have 1 tensors that a CLIPTextModel of this configuration does not read: "lora.up"',
  );
});

Deno.test("a tensor of another shape or type is named, with what the configuration makes of it", () => {
  const { config, weights } = read("sd/unet");
  const name = "conv_in.weight";
  const place = weights.get(name)!;
  weights.set(name, { ...place, shape: [8, 9, 3, 3] });
  assertThrows(
    () => buildNetwork(config, weights),
    RangeError,
    '"conv_in.weight" has shape [8, 9, 3, 3]; expected [8, 4, 3, 3]',
  );
  weights.set(name, { ...place, dtype: "I64" });
  assertThrows(() => buildNetwork(config, weights), RangeError, "is of type I64; expected F32");
});

for (
  const [key, value, expected] of [
    ["spin", 3, "the key spin 3, which is not known"],
    ["dual_cross_attention", true, "dual_cross_attention true; expected false"],
    ["encoder_hid_dim", 8, "encoder_hid_dim 8; expected null"],
    ["act_fn", "tanh", 'act_fn "tanh"; expected "silu" or'],
    ["down_block_types", ["KDownBlock2D"], "expected some of DownBlock2D, CrossAttnDownBlock2D"],
    ["down_block_types", ["DownBlock2D"], "2 block_out_channels, 1 down_block_types"],
    ["block_out_channels", [16, 24.5], "expected some whole numbers"],
    ["block_out_channels", [1e9, 1e9], "expected some whole numbers"],
    ["layers_per_block", [1, 1, 1], "expected 2 whole numbers"],
    ["layers_per_block", 1_000_000_000, "expected 2 whole numbers"],
    ["norm_num_groups", 7, "expected a multiple of norm_num_groups 7"],
    ["addition_embed_type", "text_time", "expected addition_time_embed_dim and"],
    ["_class_name", "StableCascadeUNet", "a StableCascadeUNet, which is not known here"],
    ["_class_name", "constructor", "a constructor, which is not known here"],
    ["_class_name", null, "has no _class_name"],
  ] as const
) {
  Deno.test(`a configuration with ${key} ${JSON.stringify(value)} is refused, and why is said`, () => {
    const { config, weights } = read("sd/unet");
    const changed = { ...config, [key]: value };
    assertThrows(() => buildNetwork(changed, weights), RangeError, expected);
  });
}
