// Expected values: torch 2.13.0 on x86 (AVX512), `torch.Generator().manual_seed(seed)` passed to
// randn, rand and randint; those of seeds 0 and 42 are also torch 1.13's.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SIZE } from "./_mt19937.ts";
import { torchModule } from "../wasm/_torch_module.ts";
import { TorchStream } from "./_torch_stream.ts";
import { torchRandom } from "./torch_random.ts";

const float = (values: readonly number[]): number[] => values.map(Math.fround);

function randn(seed: number | bigint, length: number): Float32Array {
  const out = new Float32Array(length);
  torchRandom(seed).fill(out);
  return out;
}

async function sha256(values: Float32Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(values.slice().buffer));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("torchRandom() draws a latent of 1x4x64x64 bit for bit", async () => {
  assertEquals(
    await sha256(randn(0, 16384)),
    "24efac55b39e95b2d74d8fb5b3a8e8a8e808bd04129f260c4cdbb225bb952a4d",
  );
});

Deno.test("torchRandom() draws a million and seven numbers bit for bit, the odd tail included", async () => {
  assertEquals(
    await sha256(randn(42, 1000007)),
    "c5c6dd7143b01e22b4902e4962a991f93211ab30e217e19e167e2a8b7126c336",
  );
});

Deno.test("torchRandom() has the same bits with and without WebAssembly", async () => {
  const out = new Float32Array(1000007);
  new TorchStream(42).fill(out);
  assertEquals(
    await sha256(out),
    "c5c6dd7143b01e22b4902e4962a991f93211ab30e217e19e167e2a8b7126c336",
  );
  // Lengths that end in and between states, blocks and chunks, one after the other.
  const [plain, fast] = [new TorchStream(5), torchRandom(5)];
  for (const length of [16, 17, 3, 608, 624, 1000, 9984, 9985, 31, 20000, 2, 64]) {
    const [expected, actual] = [new Float32Array(length), new Float32Array(length)];
    plain.fill(expected);
    fast.fill(actual);
    assertEquals(actual, expected);
  }
});

Deno.test("the kernel is assembled from source, and small enough to compile at once", () => {
  assert(torchModule(SIZE).length < 4096); // what browsers compile on their main thread
});

Deno.test("torchRandom() reads negative and 64-bit seeds as torch.manual_seed does", () => {
  const first = (seed: number | bigint) => {
    const out = new Float32Array(16);
    torchRandom(seed).fill(out);
    return out[0]!;
  };
  // torch 2.13, torch.randn(16, generator=torch.Generator().manual_seed(seed))[0]
  const torch: [number | bigint, number][] = [
    [-1, -2.664297580718994],
    [2n ** 64n - 1n, -2.664297580718994],
    [-5n, -2.280052423477173],
    [-(2n ** 63n), -1.1258398294448853],
    [2n ** 53n + 1n, -1.5255959033966064],
    [2 ** 32 + 7, -0.8201345205307007],
  ];
  for (const [seed, number] of torch) assertEquals(first(seed), number);
  for (const seed of [2n ** 64n, -(2n ** 63n) - 1n]) { // "Overflow when unpacking long long"
    assertThrows(() => torchRandom(seed), RangeError, "from -2^63 to 2^64 - 1");
  }
});

Deno.test("torchRandom() takes the other path for fewer than 16 numbers", () => {
  assertEquals(
    [...randn(0, 5)],
    float([1.5409960747, -0.2934288979, -2.1787893772, 0.5684312582, -1.0845223665]),
  );
});

Deno.test("torchRandom() draws 16 and more as blocks", () => {
  assertEquals(
    [...randn(0, 16).subarray(0, 8)],
    float([
      -1.1258398294,
      -1.1523602009,
      -0.2505785823,
      -0.4338788092,
      0.8487103581,
      0.6920091510,
      -0.3160127699,
      -2.1152193546,
    ]),
  );
  assertEquals(
    [...randn(42, 16).subarray(0, 4)],
    float([1.9269152880, 1.4872840643, 0.9007171988, -2.1055209637]),
  );
  assertEquals(randn(3, 64).subarray(0, 32), randn(3, 32));
});

Deno.test("torchRandom() draws the last 16 of an uneven length anew", () => {
  assertEquals(
    [...randn(0, 20).subarray(4, 8)],
    float([0.5988394618, -1.5550950766, -0.3413603902, 1.8530061245]),
  );
});

Deno.test("torchRandom() keeps the spare number of a pair across longer draws", () => {
  const random = torchRandom(0);
  const three = new Float32Array(3), sixteen = new Float32Array(16), two = new Float32Array(2);
  random.fill(three);
  random.fill(sixteen);
  random.fill(two);
  assertEquals([...three], float([1.5409960747, -0.2934288979, -2.1787893772]));
  assertEquals([...sixteen.subarray(0, 2)], float([-0.35612836480140686, 0.4372227191925049]));
  assertEquals([...two], float([0.5684312582, -0.8566746115684509]));
});

Deno.test("torchRandom() reads the low 32 bits of a seed", () => {
  assertEquals([...randn(-1, 16).subarray(0, 2)], float([-2.664297580718994, -1.0910485982894897]));
  assertEquals(randn(2n ** 64n - 1n, 16), randn(-1, 16));
  assertEquals(randn(2 ** 40 + 7, 16), randn(7, 16));
  assertEquals([...randn(7, 16).subarray(0, 2)], float([-0.8201345205307007, 0.39563116431236267]));
});

Deno.test("torchRandom() draws integers and uniforms as torch does", () => {
  const random = torchRandom(0);
  const integers = new Int32Array(6), uniform = new Float32Array(3);
  random.integers(integers, -5, 1000);
  random.uniform(uniform);
  assertEquals([...integers], [999, 334, 768, 490, 113, 799]);
  assertEquals([...uniform], float([0.4900934100151062, 0.8964447379112244, 0.455627977848053]));
});

Deno.test("torchRandom() names a bad seed and a bad range", () => {
  for (const seed of [0.5, NaN, Infinity, 2 ** 60]) {
    assertThrows(() => torchRandom(seed), RangeError, `seed is ${seed}`);
  }
  for (const [low, high] of [[0, 0], [1, 0], [0.5, 2], [0, 2 ** 28], [NaN, 1]] as const) {
    assertThrows(
      () => torchRandom(0).integers(new Int32Array(1), low, high),
      RangeError,
      `${high}`,
    );
  }
});
