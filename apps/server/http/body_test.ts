import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpError } from "../errors.ts";
import { readBody, requireShallow } from "./body.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  new Request("http://127.0.0.1/", { method: "POST", body, headers });

async function refused(work: () => Promise<unknown>): Promise<number> {
  return (await assertRejects(work, HttpError) as HttpError).status;
}

Deno.test("a body within the limit is read whole, whatever its pieces", async () => {
  const pieces = ReadableStream.from([bytes("ab"), bytes(""), bytes("c")]);
  assertEquals(await readBody(post(pieces), 3), bytes("abc"));
  assertEquals(await readBody(new Request("http://127.0.0.1/"), 3), new Uint8Array(0));
});

Deno.test("a body that is, or says it is, too large is refused before it is in memory", async () => {
  assertEquals(await refused(() => readBody(post("abcd"), 3)), 413);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent++;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  assertEquals(await refused(() => readBody(post(endless), 5000)), 413);
  assert(sent < 10, `${sent}`);
  const said = post("a", { "content-length": "4000000000" });
  assertEquals(await refused(() => readBody(said, 3)), 413);
});

Deno.test("a body that does not come is given up", async () => {
  const silent = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(bytes("{")) });
  assertEquals(await refused(() => readBody(post(silent), 100, 20)), 408);
});

Deno.test("deep JSON is refused without parsing it, and brackets in text are text", () => {
  const deep = "[".repeat(5_000_000);
  const started = performance.now();
  assertThrows(() => requireShallow(bytes(deep)), HttpError, "deeper than 64");
  assert(performance.now() - started < 1000);
  requireShallow(bytes(`${"[".repeat(64)}${"]".repeat(64)}`));
  requireShallow(bytes(JSON.stringify({ prompt: "[{".repeat(1000), quoted: '\\"[[\\' })));
  requireShallow(bytes("[]".repeat(1000)));
});
