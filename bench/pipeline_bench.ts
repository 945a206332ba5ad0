/**
 * Whole runs of tiny pipelines: what is measured is everything but the networks. Run with
 * `deno bench -A bench/pipeline_bench.ts`; without permission to open a model they are left out.
 */
import { fromPretrained } from "@shum/pipelines";

const folder = new URL("../tests/fixtures/pipelines/sd", import.meta.url).pathname;
const needs = [{ name: "read", path: folder }, { name: "env" }, { name: "ffi" }] as const;
const ignore = needs.some((need) => Deno.permissions.querySync(need).state !== "granted");
if (ignore) {
  console.log("Runs of pipelines are left out: they open a model; expected deno bench -A");
}

const opened = ignore ? undefined : await fromPretrained(folder, { device: "cpu", threads: 1 });
const pipeline = opened!; // no bench that reads it runs without
const input = { prompt: "black cat with red eyes", negativePrompt: "blurry" };
const image = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(128) };

for (const sampler of ["euler", "euler_a", "dpmpp_2m", "unipc"]) {
  Deno.bench({
    name: `text to image, 10 steps of ${sampler}, guided`,
    group: "text to image",
    ignore,
    fn: async () => {
      await pipeline.generate(input, { steps: 10, seed: 0, sampler });
    },
  });
}

Deno.bench({
  name: "image to image, 10 steps of euler, guided",
  ignore,
  fn: async () => {
    await pipeline.imageToImage.generate({ ...input, image, strength: 1 }, {
      steps: 10,
      seed: 0,
      sampler: "euler",
    });
  },
});

Deno.bench({
  name: "text to image, 10 steps of euler, guided, 4 images",
  ignore,
  fn: async () => {
    await pipeline.generate(input, { steps: 10, seed: 0, images: 4, sampler: "euler" });
  },
});
