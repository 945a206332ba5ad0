// Gaussian draws, 16384 at a time: deno bench -A bench/random_bench.ts
import { brownianNoise, numpyRandom, philoxRandom, torchRandom } from "@shum/schedulers";
import { TorchStream } from "../packages/schedulers/random/_torch_stream.ts";
import { shapes } from "./_cases.ts";

const out = new Float32Array(shapes["4x64x64"]);
const generators = {
  torch: torchRandom(0),
  "torch, JavaScript": new TorchStream(0), // without the kernel
  numpy: numpyRandom(0),
  philox: philoxRandom(0),
};
for (const [name, random] of Object.entries(generators)) {
  Deno.bench({ name, group: "16384 draws", fn: () => random.fill(out) });
}
const noise = brownianNoise(0);
let at = 10;
Deno.bench({
  name: "brownian",
  group: "16384 draws",
  fn: () => {
    const to = at > 0.1 ? at * 0.97 : 10;
    noise(out, [-Math.log(at > 0.1 ? at : 11), -Math.log(to)]);
    at = to;
  },
});
