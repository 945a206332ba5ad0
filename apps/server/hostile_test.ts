/** Requests that mean no good: each is refused, quickly, and the server goes on. */
import { assert, assertEquals } from "@std/assert";
import { type Client, client, good, shippedModel } from "./_testing.ts";
import { encodePng } from "../cli/picture/png.ts";
import type { ModelTable } from "./models.ts";

let models: ModelTable;
let server: Client;
Deno.test.beforeAll(async () => {
  models = await shippedModel();
  server = client(models, { limits: { body: 200_000 } });
});
Deno.test.afterAll(() => models[Symbol.asyncDispose]());

const DOORS = ["/v1/images/generations", "/v1/images/edits", "/sdapi/v1/txt2img", "/jobs"];
const json = { "Content-Type": "application/json" };

async function statusOf(path: string, body: BodyInit, headers: HeadersInit): Promise<number> {
  const answer = await server.send(path, { method: "POST", body, headers });
  const told = await answer.json();
  assert(told.error !== undefined, "every refusal has its door's shape");
  return answer.status;
}

Deno.test("bodies that are no JSON object of the right kind are refused", async () => {
  const bodies: [BodyInit, number][] = [
    ["", 400],
    ["{", 400],
    ["null", 400],
    ["[]", 400],
    ['"text"', 400],
    ["1e999", 400],
    ['{"prompt":1}', 400],
    ['{"prompt":"a","steps":1e999}', 400],
    ['{"prompt":"a","steps":1e308}', 400],
    ['{"prompt":"a","steps":-1}', 400],
    ['{"prompt":"a","seed":0.5}', 400],
    ['{"prompt":{"toString":1}}', 400],
    [`{"prompt":"a","x":${"[".repeat(90_000)}${"]".repeat(90_000)}}`, 400],
    [`{"prompt":"${"a".repeat(150_000)}"}`, 400],
    [new Uint8Array([0xff, 0xfe, 0x00, 0x7b]), 400],
    ["a".repeat(200_001), 413],
  ];
  for (const path of DOORS) {
    for (const [body, status] of bodies) {
      const shown = typeof body === "string" ? body.slice(0, 40) : "bytes";
      assertEquals(await statusOf(path, body, json), status, `${path} ${shown}`);
    }
  }
});

Deno.test("other kinds of bodies are refused unread", async () => {
  for (const path of DOORS) {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""]) {
      assertEquals(await statusOf(path, '{"prompt":"a"}', { "Content-Type": type }), 415, path);
    }
  }
});

Deno.test("keys that every object has do nothing", async () => {
  const body =
    '{"__proto__":{"steps":1},"constructor":{"prototype":{"x":1}},"prompt":"a","steps":0}';
  for (const path of DOORS) assertEquals(await statusOf(path, body, json), 400, path);
  assertEquals(({} as Record<string, unknown>).x, undefined);
});

Deno.test("forms that are cut short, empty, or have the wrong parts are refused", async () => {
  const path = "/v1/images/edits";
  const type = { "Content-Type": "multipart/form-data; boundary=x" };
  for (
    const body of [
      "",
      "--x",
      '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\nabc',
      '--x\r\nContent-Disposition: form-data; name="image"\r\n\r\ntext\r\n--x--\r\n',
      '--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na\r\n--x--\r\n',
      '--x\r\nContent-Disposition: form-data; name="prompt"; filename="p"\r\n\r\na\r\n--x--\r\n',
    ]
  ) assertEquals(await statusOf(path, body, type), 400, body);
  assertEquals(await statusOf(path, "", { "Content-Type": "multipart/form-data" }), 400);
});

/** A PNG whose header lies about its size. */
function lying(width: number, height: number): Uint8Array {
  const png = encodePng({ width: 1, height: 1, data: new Uint8Array(3) });
  const view = new DataView(png.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return png; // its checksum is wrong too
}

Deno.test("pictures that are none, damaged, or lie about their size are refused", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>';
  const pictures: Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array(1000).fill(7),
    lying(60_000, 60_000),
    lying(0, 0),
    Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46),
    new TextEncoder().encode("GIF89a"),
    new TextEncoder().encode(svg),
    encodePng({ width: 2, height: 2, data: new Uint8Array(12) }).subarray(0, 60),
  ];
  for (const bytes of pictures) {
    const image = bytes.toBase64();
    const name = `${bytes.length} bytes`;
    const edit = JSON.stringify({ prompt: "a", image });
    assertEquals(await statusOf("/v1/images/edits", edit, json), 400, name);
    assertEquals(await statusOf("/jobs", edit, json), 400, name);
    const img2img = JSON.stringify({ prompt: "a", init_images: [image] });
    assertEquals(await statusOf("/sdapi/v1/img2img", img2img, json), 400, name);
    const info = JSON.stringify({ image });
    assertEquals(await statusOf("/sdapi/v1/png-info", info, json), 400, name);
  }
});

Deno.test("a text that unpacks to more than memory holds is refused", async () => {
  const { crc32, deflateSync } = await import("node:zlib");
  const png = encodePng({ width: 1, height: 1, data: new Uint8Array(3) });
  const packed = deflateSync(new Uint8Array(2 ** 26));
  const chunk = new Uint8Array(12 + 6 + packed.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, 6 + packed.length);
  chunk.set(new TextEncoder().encode("zTXtbomb\0\0"), 4);
  chunk.set(packed, 14);
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, chunk.length - 4)));
  const bytes = new Uint8Array([...png.subarray(0, 33), ...chunk, ...png.subarray(33)]);
  const body = JSON.stringify({ image: bytes.toBase64() });
  assertEquals(await statusOf("/sdapi/v1/png-info", body, json), 400);
});

Deno.test("addresses that are not there are told, and nothing of this went to the log", async () => {
  for (const path of ["/v1/nothing", "/sdapi/v1/../../etc/passwd", "/jobs/%00", "/%2e%2e/x"]) {
    const answer = await server.get(path);
    assertEquals(answer.status, 404, path);
    await answer.body?.cancel();
  }
  assertEquals(server.log, []);
  await good(server.get("/v1/models"));
  const { waiting, running } = await server.queue.depth();
  assertEquals([waiting, running], [0, 0]);
});
