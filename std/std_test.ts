import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertInstanceOf,
  AssertionError,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
} from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join, toFileUrl } from "@std/path";

Deno.test("equal() compares structure, and takes NaN and -0 as JSR's does", () => {
  assert(equal({ a: [1, NaN, new Map([["k", new Set([1])]])] }, {
    a: [1, NaN, new Map([["k", new Set([1])]])],
  }));
  assert(equal(-0, 0));
  assert(equal(Float32Array.of(1, NaN), Float32Array.of(1, NaN)));
  for (
    const [a, b] of [
      [{ a: 1 }, { a: 1, b: undefined }],
      [Float32Array.of(1), Float64Array.of(1)],
      [Float32Array.of(1), Float32Array.of(1, 2)],
      [[1, 2], [2, 1]],
      [new Map([["a", 1]]), new Map([["a", 2]])],
      [new Date(0), new Date(1)],
      [/a/, /a/g],
      [null, {}],
      ["1", 1],
    ] as const
  ) assert(!equal(a, b), Deno.inspect([a, b]));
  const ring: { self?: unknown } = {};
  ring.self = ring;
  assert(equal(ring, ring));
});

Deno.test("every assertion of std/assert.ts fails with AssertionError on what it must refuse", async () => {
  for (
    const refused of [
      () => assert(0, "zero"),
      () => assertEquals({ a: 1 }, { a: 2 }),
      () => assertNotEquals([1], [1]),
      () => assertStrictEquals({} as unknown, {}),
      () => assertAlmostEquals(1, 1.001),
      () => assertAlmostEquals(1, 1.2, 0.1),
      () => assertStringIncludes("abc", "d"),
      () => assertArrayIncludes([1, 2], [3]),
      () => assertMatch("abc", /d/),
      () => assertInstanceOf("x", Error),
      () => assertThrows(() => 0),
      () => assertThrows(() => assert(false), RangeError),
    ]
  ) assertThrows(refused, AssertionError);
  await assertRejects(() => assertRejects(() => Promise.resolve(1)), AssertionError);
  await assertRejects(
    () => assertRejects(() => Promise.reject(new RangeError("abc")), RangeError, "d"),
    AssertionError,
    "to include",
  );
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1, 1.09, 0.1);
});

Deno.test("parseArgs() reads long, short, joined, repeated and negated flags", () => {
  const args = parseArgs(
    [
      "--steps=5",
      "-p",
      "a cat",
      "-s42",
      "--lora",
      "a",
      "--lora",
      "b",
      "-qv",
      "--no-color",
      "x",
      "7",
    ],
    {
      string: ["prompt", "lora", "_"],
      boolean: ["quiet", "verbose", "color"],
      negatable: ["color"],
      collect: ["lora"],
      alias: { prompt: "p", seed: "s", quiet: "q", verbose: ["v"] },
      default: { width: 64 },
    },
  );
  assertEquals(args.steps, 5);
  assertEquals(args.prompt, "a cat");
  assertEquals([args.seed, args.s], [42, 42]);
  assertEquals(args.lora, ["a", "b"]);
  assertEquals([args.quiet, args.verbose, args.color], [true, true, false]);
  assertEquals(args._, ["x", "7"]);
  assertEquals(args.width, 64);
});

Deno.test("parseArgs() keeps - and what follows -- as positionals, and reports unknown flags", () => {
  const unknown: string[] = [];
  const args = parseArgs(["-", "--bad", "--", "--steps"], {
    boolean: ["good"],
    unknown: (arg) => arg.startsWith("--") ? (unknown.push(arg), false) : true,
  });
  assertEquals(args._, ["-", "--steps"]);
  assertEquals(unknown, ["--bad"]);
});

Deno.test("std/path.ts goes from path to file URL and back", () => {
  const path = join("/tmp", "a b", "c#.png");
  assertEquals(fromFileUrl(toFileUrl(path)), path);
});
