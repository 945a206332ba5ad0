import { assert, assertEquals } from "@std/assert";
import { client, shippedModel } from "./_testing.ts";

Deno.test("what surrounds the doors: front page, description, health, metrics, CORS", async (t) => {
  await using models = await shippedModel();
  const allowed = "https://app.example";
  const server = client(models, { apiKey: "secret", allowOrigins: [allowed] });
  const authorization = "Bearer secret";

  await t.step("the front page and health need no key", async () => {
    const page = await server.get("/");
    assert((await page.text()).includes("shum-emoji-256"));
    assertEquals(page.headers.get("X-Content-Type-Options"), "nosniff");
    assertEquals(await (await server.get("/healthz")).text(), "ok");
  });
  await t.step("every route is described", async () => {
    const document = await (await server.get("/openapi.json", { authorization })).json();
    for (
      const path of [
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/models",
        "/sdapi/v1/txt2img",
        "/sdapi/v1/img2img",
        "/sdapi/v1/options",
        "/sdapi/v1/png-info",
        "/jobs",
        "/jobs/{id}",
        "/jobs/{id}/events",
        "/jobs/{id}/images/{index}",
      ]
    ) assert(document.paths[path] !== undefined, path);
    const { properties } = document.components.schemas.ImageGenerationRequest;
    assertEquals(properties.steps.maximum, 1000);
    assert(properties.sampler.description.length > 0);
  });
  await t.step("requests are counted by route, whatever their paths", async () => {
    for (const path of ["/a", "/b", "/jobs/1", "/jobs/2"]) {
      await (await server.get(path, { authorization })).body?.cancel();
    }
    const text = await (await server.get("/metrics", { authorization })).text();
    assert(
      text.includes('shum_http_requests_total{method="GET",route="none",status="404"} 2'),
      text,
    );
    assert(
      text.includes('shum_http_requests_total{method="GET",route="/jobs/:id",status="404"} 2'),
    );
    assert(/^shum_jobs_waiting 0$/m.test(text));
    assert(/^process_resident_memory_bytes \d+$/m.test(text));
  });
  await t.step("a refusal for want of a key says how to bring one", async () => {
    const refused = await server.get("/v1/models");
    assertEquals(refused.status, 401);
    assert(refused.headers.get("WWW-Authenticate")!.includes("Bearer"));
    assertEquals((await refused.json()).error.code, "invalid_api_key");
    const a1111 = await server.get("/sdapi/v1/options");
    assert((await a1111.json()).detail.includes("API key"));
  });
  await t.step("a page that was allowed may ask and call; any other may not", async () => {
    const ask = { "Access-Control-Request-Method": "POST" };
    const path = "/v1/images/generations";
    const asked = await server.send(path, {
      method: "OPTIONS",
      headers: { ...ask, origin: allowed },
    });
    assertEquals(asked.status, 204);
    assertEquals(asked.headers.get("Access-Control-Allow-Origin"), allowed);
    const called = await server.get("/v1/models", { authorization, origin: allowed });
    assertEquals(called.headers.get("Access-Control-Allow-Origin"), allowed);
    await called.body?.cancel();
    const other = await server.send(path, {
      method: "OPTIONS",
      headers: { ...ask, origin: "https://evil.example" },
    });
    assertEquals(other.status, 403);
    assertEquals(other.headers.get("Access-Control-Allow-Origin"), null);
    await other.body?.cancel();
  });
});
