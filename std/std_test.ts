import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertInstanceOf,
  AssertionError,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
  equal,
} from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join } from "@std/path";

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
      () => assertAlmostEquals(1, 1.001),
      () => assertAlmostEquals(1, 1.2, 0.1),
      () => assertStringIncludes("abc", "d"),
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

Deno.test("parseArgs() reads long, short, joined and repeated flags", () => {
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
      "x",
      "7",
    ],
    {
      string: ["p", "lora", "_"],
      boolean: ["q", "v", "color"],
      collect: ["lora"],
      default: { width: 64 },
    },
  );
  assertEquals(args.steps, 5);
  assertEquals(args.p, "a cat");
  assertEquals(args.s, 42);
  assertEquals(args.lora, ["a", "b"]);
  assertEquals([args.q, args.v, args.color], [true, true, false]);
  assertEquals(args._, ["x", "7"]);
  assertEquals(args.width, 64);
});

Deno.test("parseArgs() keeps - and what follows -- as positionals", () => {
  const args = parseArgs(["-", "--good", "--", "--steps"], { boolean: ["good"] });
  assertEquals([args.good, args._], [true, ["-", "--steps"]]);
});

Deno.test("fromFileUrl() gives the path of a file URL", () => {
  assertEquals(fromFileUrl("file:///a%20b/c%23.png"), join("/a b", "c#.png"));
});
