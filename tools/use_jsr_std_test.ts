import { assertEquals, assertThrows } from "@std/assert";
import { pointStd } from "./use_jsr_std.ts";

Deno.test("pointStd() changes the named entries and nothing else", () => {
  const before = `{ "imports": { "@std/path": "./std/path.ts", "other": "./std/path.ts" } }`;
  assertEquals(
    pointStd(before, { "@std/path": "jsr:@std/path@^1.0.0" }),
    `{ "imports": { "@std/path": "jsr:@std/path@^1.0.0", "other": "./std/path.ts" } }`,
  );
});

Deno.test("pointStd() says which name the import map lacks", () => {
  assertThrows(() => pointStd("{}", { "@std/path": "x" }), RangeError, `"@std/path"`);
});
