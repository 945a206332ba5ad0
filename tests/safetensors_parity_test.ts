/**
 * Pipelines as diffusers saves them (tests/fixtures/safetensors), opened without conversion: its latents
 * within 1e-4 in norm, as for ONNX exports, and 8-bit pixels within 1. Weights in float16 and bfloat16
 * are exact in float32, in which both sides compute.
 */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { type AnyPipeline, fromPretrained } from "@shum/pipelines";
import {
  type Case,
  type Fixture,
  largestDifference,
  readFixture,
  relativeError,
} from "./_fixtures.ts";
import { runCase } from "./_run_case.ts";

const LATENTS = 1e-4;
const PIXELS = 1;

async function compare(pipeline: AnyPipeline, fixture: Fixture, settings: Case): Promise<void> {
  const { latents, times, images } = await runCase(pipeline, settings);
  assertEquals(times.length, settings.timesteps.length, "calls of the network");
  times.forEach((time, i) => assertAlmostEquals(time, settings.timesteps[i]!, 1e-2));
  const error = relativeError(latents, fixture.latents(settings.latents));
  assertLess(error, LATENTS, "latents");
  const expected = fixture.pixels(settings.pixels);
  const size = expected.length / images.length;
  images.forEach((image, i) => {
    const part = expected.subarray(i * size, (i + 1) * size);
    const difference = largestDifference(image.data, part);
    assert(difference <= PIXELS, `image ${i}: pixels differ by ${difference}`);
  });
}

const families = ["sd", "sd2", "lcm", "sdxl", "inpaint", "ddpm", "cm"];

for (const family of families) {
  Deno.test(`the ${family} pipeline in safetensors gives diffusers' latents and pixels`, async (t) => {
    const fixture = readFixture(family, "safetensors");
    const cacheDir = await Deno.makeTempDir();
    await using pipeline = await fromPretrained(fixture.folder, {
      device: "cpu",
      kind: "any",
      cacheDir,
      ...family === "inpaint" && { variant: "fp16" },
    });
    for (const settings of fixture.cases) {
      await t.step(settings.id, () => compare(pipeline, fixture, settings));
    }
  });
}

/**
 * Writes a fixture's file with the embedding of CLIP's 49408 tokens, which is left out of it for its size
 * and is a formula: see tools/make_safetensors_fixtures.py.
 */
function wholeFile(folder: string): Uint8Array {
  const part = Deno.readFileSync(`${folder}/model.safetensors`);
  const length = Number(new DataView(part.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(part.subarray(8, 8 + length)));
  const data: Uint8Array[] = [part.subarray(8 + length)];
  let end = part.length - 8 - length;
  const width = 32;
  for (const [name, { dtype }] of Object.entries<{ dtype: string }>(header)) {
    const embedding = /^(.*)(embeddings\.position_embedding\.weight|positional_embedding)$/.exec(
      name,
    );
    if (!embedding) continue;
    const values = Float32Array.from(
      { length: 49408 * width },
      (_, at) => (Math.floor(at / width) * 7919 + (at % width) * 104729) % 251 / 64 - 2,
    );
    const bytes = dtype === "BF16"
      ? new Uint8Array(Uint16Array.from(new Uint32Array(values.buffer), (x) => x >>> 16).buffer)
      : new Uint8Array(new Float16Array(values).buffer);
    const inner = embedding[2] === "positional_embedding"
      ? "token_embedding"
      : "embeddings.token_embedding";
    header[`${embedding[1]}${inner}.weight`] = {
      dtype,
      shape: [49408, width],
      data_offsets: [end, end += bytes.length],
    };
    data.push(bytes);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const whole = new Uint8Array(8 + text.length + end);
  new DataView(whole.buffer).setBigUint64(0, BigInt(text.length), true);
  whole.set(text, 8);
  let at = 8 + text.length;
  for (const bytes of data) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

for (const family of ["single-sd1", "single-sd2", "single-sdxl"]) {
  Deno.test(`a single file (${family}) gives diffusers' latents and pixels`, async (t) => {
    const fixture = readFixture(family, "safetensors");
    const cacheDir = await Deno.makeTempDir();
    const path = `${cacheDir}/model.safetensors`;
    Deno.writeFileSync(path, wholeFile(fixture.folder));
    const options = { device: "cpu", kind: "any", cacheDir, optimisedCacheDir: false } as const;
    await using pipeline = await fromPretrained(path, options);
    for (const settings of fixture.cases) {
      await t.step(settings.id, () => compare(pipeline, fixture, settings));
    }
  });
}
