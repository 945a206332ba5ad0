import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { HttpError } from "../errors.ts";
import { access, type AccessOptions, keyOf, sameKey } from "./access.ts";

const loopback: AccessOptions = { host: "127.0.0.1", allowOrigins: [] };

/** The status of a request with these headers. */
async function status(
  options: AccessOptions,
  headers: Record<string, string>,
  path = "/v1/models",
): Promise<number> {
  const app = new Hono();
  app.use(access(options));
  app.all("*", (c) => c.text("ok"));
  app.onError((error, c) => c.text(error.message, (error as HttpError).status as 400));
  const url = `http://127.0.0.1:7860${path}`;
  const answer = await app.fetch(new Request(url, { headers }));
  await answer.body?.cancel();
  return answer.status;
}

Deno.test("a page whose name was pointed at this machine is refused", async () => {
  for (const host of ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", ""]) {
    assertEquals(await status(loopback, { host }), 403, host);
  }
  for (const host of ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "10.0.0.7"]) {
    assertEquals(await status(loopback, { host }), 200, host);
  }
  // A key is what such a page has not; so a proxy may pass its own name on.
  const authorization = "Bearer secret";
  const keyed = { ...loopback, apiKey: "secret" };
  assertEquals(await status(keyed, { host: "draw.example", authorization }), 200);
  assertEquals(await status({ ...loopback, host: "draw.example" }, { host: "draw.example" }), 200);
});

Deno.test("a page of another origin is refused unless it was allowed", async () => {
  const host = "127.0.0.1:7860";
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:8000", "file://"]) {
    assertEquals(await status(loopback, { host, origin }), 403, origin);
    assertEquals(await status({ ...loopback, allowOrigins: [origin] }, { host, origin }), 200);
  }
  assertEquals(await status(loopback, { host, origin: "http://127.0.0.1:7860" }), 200);
  const all = { ...loopback, allowOrigins: ["*"] };
  assertEquals(await status(all, { host, origin: "https://any.example" }), 200);
});

Deno.test("a key is asked for everywhere but at the front page, health and picture addresses", async () => {
  const options = { ...loopback, apiKey: "secret" };
  for (const path of ["/v1/models", "/sdapi/v1/options", "/jobs", "/jobs/1", "/metrics", "/x"]) {
    assertEquals(await status(options, {}, path), 401, path);
    for (
      const authorization of ["Bearer wrong", "Bearer", "secret", "Basic !!", "Bearer secret2"]
    ) {
      assertEquals(await status(options, { authorization }, path), 401, authorization);
    }
    const basic = `Basic ${btoa("anybody:secret")}`;
    for (const authorization of ["Bearer secret", "bearer secret", basic]) {
      assertEquals(await status(options, { authorization }, path), 200, authorization);
    }
  }
  for (const path of ["/", "/healthz", "/jobs/1/images/0"]) {
    assertEquals(await status(options, {}, path), 200, path);
  }
});

Deno.test("keys are read from both schemes and compared whole", () => {
  assertEquals(keyOf("Bearer a b"), undefined);
  assertEquals(keyOf(undefined), undefined);
  assertEquals(keyOf(`Basic ${btoa("user:pass:word")}`), "pass:word");
  assertEquals([sameKey("a", "a"), sameKey("a", "ab"), sameKey("", "a")], [true, false, false]);
});
