/** Our own API on the model that ships: ask, look, listen, stop; and what a full or leaving server says. */
import { assert, assertEquals } from "@std/assert";
import {
  type Client,
  client,
  dataUrl,
  events,
  good,
  quick,
  shippedModel,
  until,
} from "./_testing.ts";
import type { ModelTable } from "./models.ts";
import { shutDown } from "./shutdown.ts";

let models: ModelTable;
let server: Client;
let cat: Uint8Array<ArrayBuffer>;

Deno.test.beforeAll(async () => {
  models = await shippedModel();
  server = client(models);
  const { data } = await good(server.post("/v1/images/generations", quick));
  cat = Uint8Array.fromBase64(data[0].b64_json);
});
Deno.test.afterAll(() => models[Symbol.asyncDispose]());

async function ended(id: string, of: Client = server) {
  await until(async () => {
    const { state } = await good(of.get(`/jobs/${id}`));
    return state !== "waiting" && state !== "running";
  });
  return await good(of.get(`/jobs/${id}`));
}

Deno.test("a job is accepted at once, can be looked at, and its picture fetched", async () => {
  const answer = await server.post("/jobs", { ...quick, n: 2 });
  const { id, n } = await good(answer, 202);
  assertEquals([answer.headers.get("Location"), n], [`/jobs/${id}`, 2]);
  const job = await ended(id);
  assertEquals([job.state, job.images.length, job.error], ["done", 2, null]);
  const picture = await server.get(job.images[0].url);
  assertEquals(picture.headers.get("Content-Type"), "image/png");
  assertEquals(await picture.bytes(), cat);
  assertEquals((await server.get(`/jobs/${id}/images/2`)).status, 404);
  assertEquals((await server.get(`/jobs/${id}/images/x`)).status, 400);
  assertEquals((await server.send(`/jobs/${id}`, { method: "DELETE" })).status, 204);
  assertEquals((await server.get(`/jobs/${id}`)).status, 404);
  assertEquals((await server.send(`/jobs/${id}`, { method: "DELETE" })).status, 404);
});

Deno.test("events tell of every step and preview, and late listeners of the end", async () => {
  const { id } = await good(server.post("/jobs", { ...quick, steps: 3, previews: 1 }), 202);
  const seen = await events(await server.get(`/jobs/${id}/events`));
  const names = seen.map(({ event }) => event);
  const whole = ["started", "progress", "preview", "progress", "progress", "picture", "done"];
  assertEquals(names, whole);
  const { data } = seen.find(({ event }) => event === "preview")!;
  assert(data.url.startsWith("data:image/png;base64,iVBOR"));
  const late = await events(await server.get(`/jobs/${id}/events`));
  assertEquals(late.map(({ event }) => event), ["started", "picture", "done"]);
  assertEquals((await server.get("/jobs/nobody/events")).status, 404);
});

Deno.test("a job starts from a picture and a mask", async () => {
  const image = dataUrl(cat);
  const body = { ...quick, steps: 4, image, strength: 0.5, output_format: "jpeg" };
  const { id } = await good(server.post("/jobs", body), 202);
  const job = await ended(id);
  assertEquals([job.state, job.images[0].media_type], ["done", "image/jpeg"]);
  const cases: [unknown, string][] = [
    [{ ...quick, mask: image }, "without image"],
    [{ ...quick, strength: 0.5 }, "without image"],
    [{ ...quick, image, mask_blur: 4 }, "without mask"],
    [{ ...quick, picture: image }, "no such field"],
  ];
  for (const [asked, text] of cases) {
    const answer = await server.post("/jobs", asked);
    assertEquals(answer.status, 400);
    const { error } = await answer.json();
    assert(error.message.includes(text), error.message);
  }
});

Deno.test("deleting a job stops it, whether it runs or waits", async () => {
  const long = { ...quick, steps: 150 };
  const [first, second] = [
    await good(server.post("/jobs", long), 202),
    await good(server.post("/jobs", long), 202),
  ];
  assertEquals([second.state, second.before], ["waiting", 1]);
  const listening = server.get(`/jobs/${second.id}/events`).then(events);
  for (const { id } of [second, first]) {
    assertEquals((await server.send(`/jobs/${id}`, { method: "DELETE" })).status, 204);
  }
  assertEquals((await listening).map(({ event }) => event), ["cancelled"]);
  assertEquals((await ended(first.id)).state, "cancelled");
});

Deno.test("a setting that does not suit the model is refused before a job is made", async () => {
  const answer = await server.post("/jobs", { ...quick, width: 250, height: 250 });
  assertEquals(answer.status, 400);
  const { error } = await answer.json();
  assert(error.message.includes("250"), error.message);
});

Deno.test("a full queue answers 429 and when to come back, at every door", async () => {
  const full = client(models, { limits: { queue: 2 } });
  const long = { ...quick, steps: 150 };
  for (let i = 0; i < 3; i++) await good(full.post("/jobs", long), 202); // one runs, two wait
  for (const path of ["/jobs", "/v1/images/generations", "/sdapi/v1/txt2img"]) {
    const answer = await full.post(path, quick);
    assertEquals(answer.status, 429, path);
    const seconds = Number(answer.headers.get("Retry-After"));
    assert(Number.isInteger(seconds) && seconds >= 1, `${seconds}`);
    await answer.body?.cancel();
  }
  await full.queue.cancelAll();
  await full.queue.idle();
  await good(full.post("/jobs", quick), 202);
  await full.queue.idle();
});

Deno.test("a server that is told to stop finishes what it has and takes nothing new", async () => {
  const leaving = client(models);
  const last = leaving.post("/v1/images/generations", { ...quick, steps: 8 });
  await until(async () => (await leaving.queue.depth()).running === 1);
  let closed = false;
  const gone = shutDown(leaving, { shutdown: () => Promise.resolve(void (closed = true)) }, 30);
  for (const path of ["/jobs", "/v1/images/generations", "/sdapi/v1/txt2img"]) {
    const refused = await leaving.post(path, quick);
    assertEquals([refused.status, refused.headers.get("Retry-After")], [503, "10"], path);
    await refused.body?.cancel();
  }
  assertEquals((await leaving.get("/healthz")).status, 503);
  assertEquals((await good(last)).data.length, 1);
  await gone;
  assert(closed);
});

Deno.test("jobs that outlast the grace are cancelled, and those who wait for them told", async () => {
  const leaving = client(models);
  const answers = ["/v1/images/generations", "/sdapi/v1/txt2img"].map((path) =>
    leaving.post(path, { ...quick, steps: 150 })
  );
  await until(async () => (await leaving.queue.depth()).waiting === 1);
  await shutDown(leaving, { shutdown: () => Promise.resolve() }, 0);
  for (const answer of answers) assertEquals((await answer).status, 503);
});
