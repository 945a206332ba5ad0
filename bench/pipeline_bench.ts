/**
 * Whole runs of tiny pipelines: what is measured is everything but the networks. Run with
 * `deno bench -A bench/pipeline_bench.ts`.
 */
import { fromPretrained } from "@shum/pipelines";

const folder = new URL("../tests/fixtures/pipelines/sd", import.meta.url).pathname;
const pipeline = await fromPretrained(folder, { device: "cpu", threads: 1 });
const input = { prompt: "black cat with red eyes", negativePrompt: "blurry" };
const image = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(128) };

for (const sampler of ["euler", "euler_a", "dpmpp_2m", "unipc"]) {
  Deno.bench({
    name: `text to image, 10 steps of ${sampler}, guided`,
    group: "text to image",
    fn: async () => {
      await pipeline.generate(input, { steps: 10, seed: 0, sampler });
    },
  });
}

Deno.bench("image to image, 10 steps of euler, guided", async () => {
  await pipeline.imageToImage.generate({ ...input, image, strength: 1 }, {
    steps: 10,
    seed: 0,
    sampler: "euler",
  });
});

Deno.bench("text to image, 10 steps of euler, guided, 4 images", async () => {
  await pipeline.generate(input, { steps: 10, seed: 0, images: 4, sampler: "euler" });
});
