import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { ModelSpec } from "../onnx/_writer.ts";
import { runTiled, tileStarts } from "./_tiles.ts";
import { addModel, modelFolder } from "../testing/_testing.ts";
import { openAutoencoder } from "./autoencoder.ts";

const cpu = { device: "cpu", cacheDir: false } as const;

function network(
  [name, channels]: readonly [string, number],
  [output, outChannels]: readonly [string, number],
  op: string,
  attributes: Record<string, number | readonly number[] | string>,
  size: readonly (number | string)[] = ["h", "w"],
): ModelSpec {
  return {
    inputs: [{ name, type: "float32", shape: ["batch", channels, ...size] }],
    outputs: [{ name: output, type: "float32", shape: ["batch", outChannels, "H", "W"] }],
    nodes: [{ op, inputs: [name], outputs: [output], attributes }],
  };
}

/** 12 latent channels of 2×2 pixels ↔ 3 channels: exact, and each pixel depends on one cell. */
const decoder = network(["latent_sample", 12], ["sample", 3], "DepthToSpace", { blocksize: 2 });
const encoder = network(["sample", 3], ["latents", 12], "SpaceToDepth", { blocksize: 2 });
const blocks = { block_out_channels: [1, 1] }; // one halving: factor 2

/** The encoder's latents as mean, and as log-variance too. */
const moments: ModelSpec = {
  ...encoder,
  outputs: [{ name: "latent_parameters", type: "float32", shape: ["batch", 24, "H", "W"] }],
  nodes: [...encoder.nodes, {
    op: "Concat",
    inputs: ["latents", "latents"],
    outputs: ["latent_parameters"],
    attributes: { axis: 1 },
  }],
};

const folder = (config: Record<string, unknown>, encoding: ModelSpec | undefined = encoder) =>
  modelFolder({
    vae_decoder: { model: decoder, files: { "config.json": { ...blocks, ...config } } },
    ...(encoding ? { vae_encoder: { model: encoding } } : {}),
  });

const picture = (batch: number, height: number, width: number) =>
  Float32Array.from({ length: batch * 3 * height * width }, (_, i) => Math.sin(i));

Deno.test("encode() then decode() is the identity of an exact autoencoder, whatever its factors", async () => {
  const mean = Array.from({ length: 12 }, (_, i) => i / 10);
  const std = Array.from({ length: 12 }, (_, i) => 1 + i);
  for (
    const config of [
      { scaling_factor: 0.18215 },
      { scaling_factor: 0.3611, shift_factor: 0.1159 },
      { scaling_factor: 0.5, latents_mean: mean, latents_std: std },
    ]
  ) {
    await using files = await folder(config);
    await using vae = await openAutoencoder(files, cpu);
    const image = picture(2, 4, 6);
    const z = await vae.encode(image, [2, 3, 4, 6]);
    assertEquals(z.shape, [2, 12, 2, 3]);
    const { data, shape } = await vae.decode(z.data, z.shape);
    assertEquals(shape, [2, 3, 4, 6]);
    for (const [i, value] of image.entries()) assertAlmostEquals(data[i]!, value, 1e-6);
  }
});

Deno.test("latents are (z - shift)·scale", async () => {
  await using files = await folder({ scaling_factor: 2, shift_factor: 0.25 });
  await using vae = await openAutoencoder(files, cpu);
  assertEquals([vae.scalingFactor, vae.shiftFactor, vae.vaeScaleFactor, vae.latentChannels], [
    2,
    0.25,
    2,
    12,
  ]);
  const { data } = await vae.encode(new Float32Array(12).fill(0.75), [1, 3, 2, 2]);
  assertEquals([...data], new Array(12).fill(1));
});

Deno.test("encode() gives the mean of the moments, or a sample drawn in one go", async () => {
  await using files = await folder({ scaling_factor: 1 }, moments);
  await using vae = await openAutoencoder(files, cpu);
  const image = new Float32Array(24).fill(-40, 0, 12).fill(0.5, 12); // log-variance is clamped at -30
  const mean = await vae.encode(image, [2, 3, 2, 2]);
  assertEquals([mean.data[0], mean.data[12]], [-40, 0.5]);
  const sizes: number[] = [];
  const noise = {
    fill: (out: Float32Array) => {
      sizes.push(out.length);
      out.fill(2);
    },
  };
  const { data } = await vae.encode(image, [2, 3, 2, 2], { noise });
  assertEquals(sizes, [24]);
  assertAlmostEquals(data[0]!, -40 + 2 * Math.exp(-15), 1e-5);
  assertAlmostEquals(data[12]!, 0.5 + 2 * Math.exp(0.25), 1e-6);
});

Deno.test("encode() takes latents that the graph sampled itself as they are", async () => {
  await using files = await folder({ scaling_factor: 3 });
  await using vae = await openAutoencoder(files, cpu);
  const noise = { fill: (out: Float32Array) => out.fill(100) };
  const { data } = await vae.encode(new Float32Array(12).fill(1), [1, 3, 2, 2], { noise });
  assertEquals([...data], new Array(12).fill(3));
});

Deno.test("a tiny autoencoder's latents are not scaled; an old folder's are by 0.18215", async () => {
  await using tiny = await folder({ _class_name: "AutoencoderTiny" });
  await using taesd = await openAutoencoder(tiny, cpu);
  assertEquals(taesd.scalingFactor, 1);
  await using old = await modelFolder({ vae_decoder: { model: decoder } });
  await using vae = await openAutoencoder(old, cpu);
  assertEquals([vae.scalingFactor, vae.vaeScaleFactor, vae.canEncode], [0.18215, 8, false]);
});

Deno.test("factors are found in vae/config.json too", async () => {
  await using files = await modelFolder({
    vae: { files: { "config.json": { scaling_factor: 0.13025, ...blocks } } },
    vae_decoder: { model: decoder },
  });
  await using vae = await openAutoencoder(files, cpu);
  assertEquals([vae.scalingFactor, vae.vaeScaleFactor], [0.13025, 2]);
});

Deno.test("tiles of a network that looks at single cells join without a seam", async () => {
  await using files = await folder({ scaling_factor: 1, sample_size: 32 });
  await using whole = await openAutoencoder(files, { ...cpu, tiling: false });
  await using tiled = await openAutoencoder(files, { ...cpu, tiling: true });
  const image = picture(1, 74, 46);
  const [z, tiles] = [
    await whole.encode(image, [1, 3, 74, 46]),
    await tiled.encode(image, [1, 3, 74, 46]),
  ];
  assertEquals(tiles.shape, z.shape);
  for (const [i, value] of z.data.entries()) assertAlmostEquals(tiles.data[i]!, value, 1e-6);
  const back = await tiled.decode(z.data, z.shape);
  assertEquals(back.shape, [1, 3, 74, 46]);
  for (const [i, value] of image.entries()) assertAlmostEquals(back.data[i]!, value, 1e-6);
});

Deno.test("runTiled() passes smoothly from one tile to the next", async () => {
  let tile = 0; // each tile answers with its own number
  const input = { data: new Float32Array(12), shape: [1, 1, 1, 12] as const };
  const layout = { tile: [1, 8] as const, overlap: 4, inScale: 1, outScale: 1 };
  const { data } = await runTiled(input, layout, ({ shape }) => {
    const answer = new Float32Array(8).fill(tile++);
    return Promise.resolve({ data: answer, shape });
  });
  assertEquals(tile, 2);
  const steps = [...data].slice(1).map((value, i) => value - data[i]!);
  assert(steps.every((step) => step >= 0 && step <= 0.3), `jumps: ${data}`);
  assertEquals([data[0], data[11]], [0, 1]);
});

Deno.test("tileStarts() covers everything with at least the overlap", () => {
  for (const [size, tile, overlap] of [[8, 8, 2], [9, 8, 2], [100, 32, 8], [57, 16, 4]] as const) {
    const starts = tileStarts(size, tile, overlap);
    assertEquals([starts[0], starts.at(-1)], [0, size - tile]);
    for (const [i, start] of starts.entries()) {
      if (i > 0) assert(starts[i - 1]! + tile - start >= overlap, `${size}: ${starts}`);
    }
  }
  assertEquals(tileStarts(5, 8, 2), [0]);
});

Deno.test("a decoder of fixed size is tiled for larger pictures", async () => {
  const model = network(["latent_sample", 12], ["sample", 3], "DepthToSpace", { blocksize: 2 }, [
    4,
    4,
  ]);
  const config = { scaling_factor: 1, ...blocks };
  await using files = await modelFolder({
    vae_decoder: { model, files: { "config.json": config } },
  });
  await using vae = await openAutoencoder(files, cpu);
  const { shape } = await vae.decode(new Float32Array(12 * 6 * 9), [1, 12, 6, 9]);
  assertEquals(shape, [1, 3, 12, 18]);
});

Deno.test("mistakes are explained: sizes, channels, no encoder, not finite, another file", async () => {
  await using files = await folder({ scaling_factor: 1 });
  await using vae = await openAutoencoder(files, cpu);
  await assertRejects(
    () => vae.encode(picture(1, 3, 4), [1, 3, 3, 4]),
    RangeError,
    "the picture is 4×3; expected multiples of 2",
  );
  await assertRejects(
    () => vae.decode(new Float32Array(4), [1, 4, 1, 1]),
    RangeError,
    "latents have 4 channels; expected 12",
  );
  await assertRejects(
    () => vae.decode(new Float32Array(12).fill(NaN), [1, 12, 1, 1]),
    RangeError,
    "a float16 autoencoder overflows",
  );
  await using half = await openAutoencoder(files, { ...cpu, encoder: false });
  await assertRejects(() => half.encode(picture(1, 2, 2), [1, 3, 2, 2]), Error, "no vae_encoder");
  await using wrong = await modelFolder({ vae_decoder: { model: addModel } });
  await assertRejects(() => openAutoencoder(wrong, cpu), TypeError, "it reads a, b");
  for (
    const [config, says] of [
      [{ latent_channels: 4 }, "latent_channels 4, its graph 12"],
      [
        { latent_channels: 1e9 },
        "is 1000000000; expected a whole number from 1 to 4096",
      ],
      [{ block_out_channels: new Array(40).fill(1) }, "expected a list of 1 to 12 numbers"],
      [{ sample_size: 1e9 }, "sample_size is 1000000000"],
      [{ latents_mean: [0, null] }, "latents_mean is"],
    ] as const
  ) {
    await using bad = await folder(config);
    await assertRejects(() => openAutoencoder(bad, cpu), Error, says);
  }
  for (const scaling_factor of [0, "one"]) {
    await using bad = await folder({ scaling_factor });
    await assertRejects(() => openAutoencoder(bad, cpu), RangeError, "scaling_factor is");
  }
});
