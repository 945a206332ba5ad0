import { assert, assertEquals, assertThrows } from "@std/assert";
import { helpText, readOptions } from "./options.ts";

const none = () => undefined;
const read = (...argv: string[]) => readOptions(argv, none)!;

Deno.test("readOptions() listens on this machine only, without a key, unless told otherwise", () => {
  const options = read();
  assertEquals([options.host, options.port, options.apiKey], ["127.0.0.1", 7860, undefined]);
  assertEquals(options.models.length, 1);
  assertEquals(options.limits.queue, 16);
});

Deno.test("readOptions() takes several models, by path, by name, or from the hub", () => {
  const { models } = read("--model", "weights/a", "--model=b=weights/c=d", "--model", "owner/name");
  assertEquals(models, [{ from: "weights/a" }, { name: "b", from: "weights/c=d" }, {
    from: "owner/name",
  }]);
});

Deno.test("readOptions() refuses to be open to others without a key, unless that is meant", () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.2", "draw.example"]) {
    assertThrows(() => read("--host", host), RangeError, "without a key");
    assertEquals(read("--host", host, "--api-key", "k").host, host);
    assertEquals(read("--host", host, "--without-key").host, host);
  }
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"]) read("--host", host);
  assertEquals(readOptions([], () => "from-environment")!.apiKey, "from-environment");
  assertThrows(() => read("--api-key", ""), RangeError, "empty");
  assertThrows(() => read("--allow-origin", "*"), RangeError, "without --api-key");
  assertEquals(read("--allow-origin", "https://a.example/").allowOrigins, ["https://a.example"]);
});

Deno.test("readOptions() names what it does not know, and the values that it takes", () => {
  assertThrows(() => read("--prot", "1"), TypeError, "did you mean --port");
  assertThrows(() => read("word"), TypeError, '"word"');
  for (const port of ["-1", "65536", "1.5", "http", ""]) {
    assertThrows(() => read(`--port=${port}`), RangeError, "from 0 to 65535", port);
  }
  assertThrows(() => read("--queue-limit", "0"), RangeError, "from 1");
  const { limits, grace } = read("--body-limit", "2", "--max-pixels", "4096", "--grace", "0");
  assertEquals([limits.body, limits.pixels, grace], [2 ** 21, 4096, 0]);
});

Deno.test("the help tells every flag", () => {
  assertEquals(readOptions(["--help"], none), undefined);
  for (const flag of ["--host", "--model", "--api-key", "--queue-limit", "--allow-origin"]) {
    assert(helpText().includes(flag));
  }
});
