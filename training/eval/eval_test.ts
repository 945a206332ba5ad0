import { assert, assertEquals, assertThrows } from "@std/assert";
import { isHeldOut } from "../data/held_out.ts";
import { recordRandom } from "../data/random.ts";
import { sceneOf } from "../data/scene.ts";
import { eigen, frechetDistance } from "./frechet.ts";
import type { Verdict } from "./judge.ts";
import { allPrompts, HELD_OUT_SPECS, SEEN_SPECS, ukrainianPrompt } from "./prompts.ts";
import { render, spread } from "./renders.ts";
import { psnr } from "./restoration.ts";
import { aligned, percent, score, table } from "./score.ts";

Deno.test("prompts come in both languages, none twice, and each is in the split it says", () => {
  const prompts = allPrompts();
  assertEquals(new Set(prompts.map(({ text }) => text)).size, prompts.length);
  assertEquals(prompts.length, 2 * (SEEN_SPECS.length + HELD_OUT_SPECS.length));
  for (const { object, color, eyes, split } of prompts) {
    assertEquals(isHeldOut([{ id: object, color, eyes }]), split === "held-out");
  }
  const texts = prompts.map(({ text }) => text);
  assert(texts.includes("black cat with red eyes"));
  assert(texts.includes("чорний кіт з червоними очима"));
});

Deno.test("Ukrainian prompts agree in gender", () => {
  const spec = { object: "fox", color: "blue", eyes: "blue", background: "blue" } as const;
  assertEquals(ukrainianPrompt(spec), "синя лисиця з синіми очима на синьому тлі");
  assertEquals(
    ukrainianPrompt({ ...spec, object: "apple", eyes: null }),
    "синє яблуко на синьому тлі",
  );
});

Deno.test("every prompt can be drawn by the data's own renderer", () => {
  for (const [i, spec] of [...SEEN_SPECS, ...HELD_OUT_SPECS].entries()) {
    const scene = sceneOf(spec, recordRandom(1, i));
    const [object] = scene.objects;
    assertEquals([object!.id, object!.color, object!.eyes, scene.background], [
      spec.object,
      spec.color,
      spec.eyes,
      spec.background,
    ]);
  }
  assertThrows(
    () => sceneOf({ ...SEEN_SPECS[0]!, object: "nothing" }, recordRandom(1, 0)),
    RangeError,
    "nothing",
  );
});

Deno.test("eigenvalues and vectors give the matrix back", () => {
  const d = 5, random = recordRandom(2, 0);
  const a = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) a[i * d + j] = a[j * d + i] = random.next() - 0.5;
  }
  const { values, vectors } = eigen(a, d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += values[k]! * vectors[i * d + k]! * vectors[j * d + k]!;
      assert(Math.abs(sum - a[i * d + j]!) < 1e-12);
    }
  }
});

/** 2ᵈ corners of a box: exactly uncorrelated, variance s² (before n / (n − 1)). */
function corners(centre: number[], s: number[]): Float32Array[] {
  return Array.from(
    { length: 2 ** s.length },
    (_, bits) => Float32Array.from(s, (x, i) => centre[i]! + (bits >> i & 1 ? x : -x)),
  );
}

Deno.test("the Fréchet distance of two axis-aligned Gaussians is |Δμ|² + Σ (σ₁ − σ₂)²", () => {
  const a = corners([0, 0, 0], [1, 2, 3]), b = corners([1, 0, 2], [2, 2, 1]);
  // Sample variance is 8/7 of the corners' own.
  const expected = 1 + 4 + 8 / 7 * (1 + 0 + 4);
  assert(Math.abs(frechetDistance(a, b) - expected) < 1e-6, `${frechetDistance(a, b)}`);
  assert(frechetDistance(a, a) < 1e-9);
  assertThrows(() => frechetDistance(a, []), RangeError, "0 feature vectors");
});

Deno.test("an attribute counts only where the prompt names it", () => {
  const verdict = (color: string, eyes: string): Verdict => ({
    labels: { object: "cat", color, eyes, background: "white" },
    features: new Float32Array(2),
  });
  const cat = { object: "cat", color: "black", eyes: null, background: "white" } as const;
  const result = score([
    { spec: cat, verdict: verdict("black", "red") },
    { spec: cat, verdict: verdict("gray", "red") },
    { spec: { ...cat, color: null, eyes: "red" }, verdict: verdict("gray", "red") },
  ]);
  assertEquals(result.color, { right: 1, asked: 2 });
  assertEquals(result.eyes, { right: 1, asked: 1 });
  assertEquals(result.all, { right: 2, asked: 3 });
  assertEquals(percent(result.all), "66.7");
  assertEquals(percent({ right: 0, asked: 0 }), "-");
  assertEquals(table([{ name: "x", n: 3, score: result }]).split("\n").length, 2);
});

Deno.test("spread() takes from all of a list, and from its beginning again where it is too short", () => {
  assertEquals(spread([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
  assertEquals(spread([0, 1], 3), [0, 1, 0]);
});

Deno.test("psnr() is 20·log10(255 / d) of pictures that differ by d everywhere", () => {
  const grey = (value: number) => ({ width: 2, height: 1, data: new Uint8Array(6).fill(value) });
  assert(Math.abs(psnr(grey(100), grey(110)) - 20 * Math.log10(25.5)) < 1e-9);
  assert(psnr(grey(1), grey(1)) > 100);
});

Deno.test("renders of other seeds and places differ, those of one are the same", async () => {
  const spec = SEEN_SPECS[0]!;
  const [a, again, other] = await Promise.all([
    render(spec, 1, 0),
    render(spec, 1, 0),
    render(spec, 1, 1),
  ]);
  assertEquals(psnr(a, again) > 100, true);
  assertEquals(psnr(a, other) > 100, false);
});

Deno.test("aligned() puts the first columns to the left and the others to the right", () => {
  assertEquals(aligned([["a", "bb", "c"], ["dd", "e", "ff"]], 2), "a   bb   c\ndd  e   ff");
});
