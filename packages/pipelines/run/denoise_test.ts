/** The loop itself, with exact denoisers of Gaussian mixtures in the place of networks. */
import { assertEquals, assertRejects } from "@std/assert";
import { cfgZeroStar, classifierFree, limitedInterval, none } from "@shum/guidance";
import { ddim, epsilon, eulerAncestral, torchRandom } from "@shum/schedulers";
import { clusters } from "../../guidance/testdata/mixture.ts";
import { denoise, type Predict } from "../mod.ts";
import { assertClose, exact, planOf, run, start } from "../testdata/gaussian_run.ts";

Deno.test("denoise() does not call the network in a step without branches", async () => {
  let calls = 0;
  const predict: Predict = (x, t, branches) => {
    calls++;
    return exact({ positive: clusters, negative: clusters })(x, t, branches);
  };
  await run({ guidance: cfgZeroStar({ scale: 2, zeroInitSteps: 3 }), predict });
  assertEquals(calls, 17);
});

Deno.test("denoise() asks for one branch outside the interval of its guidance", async () => {
  const asked: number[] = [];
  const predict: Predict = (x, t, branches) => {
    asked.push(branches.length);
    return exact({ positive: clusters, negative: clusters })(x, t, branches);
  };
  await run({ guidance: limitedInterval(classifierFree({ scale: 3 }), [0.25, 0.5]), predict });
  assertEquals(asked, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

Deno.test("denoise() yields each call's prediction, and the last x is the result", async () => {
  const steps = denoise({
    plan: planOf(ddim(), 20),
    x: start,
    batch: 1,
    noise: () => {},
    guidance: none(),
    predict: exact({ positive: clusters }),
  });
  const seen: number[] = [];
  let last = new Float32Array(2);
  while (true) {
    const next = await steps.next();
    if (next.done) {
      assertEquals(next.value, last);
      break;
    }
    seen.push(next.value.index);
    if (next.value.index === 19) assertClose(next.value.x, next.value.x0, 1e-6); // sigma ends at 0
    last = Float32Array.from(next.value.x);
  }
  assertEquals(seen, Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("denoise() stops at every step it is told to, with the signal's reason", async () => {
  for (let stop = 0; stop < 20; stop++) {
    const controller = new AbortController();
    const reason = new Error(`stop at ${stop}`);
    let calls = 0;
    const predict: Predict = (x, t, branches) => {
      if (calls++ === stop) controller.abort(reason);
      return exact({ positive: clusters })(x, t, branches);
    };
    await assertRejects(() => run({ predict, signal: controller.signal }), Error, reason.message);
    assertEquals(calls, stop + 1);
  }
});

Deno.test("denoise() with an aborted signal calls no network", async () => {
  const predict = () => Promise.reject(new Error("called"));
  const signal = AbortSignal.abort(new Error("before"));
  await assertRejects(() => run({ predict, signal }), Error, "before");
});

Deno.test("denoise() draws a stochastic sampler's noise in order from one stream", async () => {
  const sizes: number[] = [];
  const generator = torchRandom(0);
  await run({
    plan: planOf(eulerAncestral(), 10),
    noise: (out) => {
      sizes.push(out.length);
      generator.fill(out);
    },
  });
  assertEquals(sizes, new Array(10).fill(2));
});

Deno.test("denoise() splits variance channels off, per sample", async () => {
  const level = { t: 3, alpha: 1, sigma: 2 };
  const low = 0.5, high = 2;
  const step = { level, x: { terms: { eps: 1 }, noise: { low, high } }, ...epsilon(level) };
  const x = await run({
    plan: { steps: [step], eps: "raw" },
    batch: 2,
    noise: (out) => out.fill(1),
    predict: () => Promise.resolve([Float32Array.of(10, -1, 20, 1)]), // eps, v; eps, v
  });
  assertClose(x, [10 + low, 20 + high], 1e-5);
});

Deno.test("denoise() refuses outputs of another size", async () => {
  const predict = () => Promise.resolve([new Float32Array(3)]);
  await assertRejects(() => run({ predict }), RangeError, "3 values for a sample of 2");
});

Deno.test("denoise() lets afterStep change the sample", async () => {
  const seen: number[] = [];
  const end = await run({
    afterStep: (x, index) => {
      seen.push(index);
      if (index === 19) x.fill(7);
    },
  });
  assertEquals([...end], [7, 7]);
  assertEquals(seen.length, 20);
});
