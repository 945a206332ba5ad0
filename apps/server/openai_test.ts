/** OpenAI's API on the model that ships, as its clients call it. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
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
import { decodePicture, encodePicture, flattened } from "./cli.ts";
import type { ModelTable } from "./models.ts";

const PATH = "/v1/images/generations";
const EDITS = "/v1/images/edits";

let models: ModelTable;
let server: Client;
let cat: Uint8Array<ArrayBuffer>;

Deno.test.beforeAll(async () => {
  models = await shippedModel();
  server = client(models);
  const { data } = await good(server.post(PATH, quick));
  cat = Uint8Array.fromBase64(data[0].b64_json);
});
Deno.test.afterAll(() => models[Symbol.asyncDispose]());

Deno.test("a picture is the file that deno task gen writes for the same settings", async () => {
  const folder = await Deno.makeTempDir({ prefix: "shum-server-" });
  try {
    const main = fromFileUrl(new URL("../cli/main.ts", import.meta.url));
    const path = join(folder, "cat.png");
    const settings = ["--seed", "42", "--steps", "2", "--sampler", "euler_a", "--cfg-scale", "3"];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "-q", main, "--prompt", quick.prompt, ...settings, "-o", path],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { data } = await good(
      server.post(PATH, { ...quick, sampler: "euler_a", guidance_scale: 3 }),
    );
    assertEquals(Uint8Array.fromBase64(data[0].b64_json), await Deno.readFile(path));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("n pictures are those that each seed gives alone, and say their seeds", async () => {
  const { data, output_format, size } = await good(server.post(PATH, { ...quick, n: 2 }));
  assertEquals([data[0].seed, data[1].seed, output_format, size], [42, 43, "png", "256x256"]);
  assertEquals(Uint8Array.fromBase64(data[0].b64_json), cat);
  const alone = await good(server.post(PATH, { ...quick, seed: 43 }));
  assertEquals(data[1].b64_json, alone.data[0].b64_json);
});

Deno.test("a picture without a seed has one of its own, which makes it again", async () => {
  const { prompt, steps } = quick;
  const [first, second] = [
    await good(server.post(PATH, { prompt, steps })),
    await good(server.post(PATH, { prompt, steps })),
  ];
  assertNotEquals(first.data[0].seed, second.data[0].seed);
  const again = await good(server.post(PATH, { prompt, steps, seed: first.data[0].seed }));
  assertEquals(again.data, first.data);
});

Deno.test("a JPEG is one, and an address leads to the picture", async () => {
  const jpeg = await good(
    server.post(PATH, { ...quick, output_format: "jpeg", output_compression: 60 }),
  );
  const bytes = Uint8Array.fromBase64(jpeg.data[0].b64_json);
  assertEquals([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  const { data } = await good(server.post(PATH, { ...quick, response_format: "url" }));
  const answer = await server.get(new URL(data[0].url).pathname);
  assertEquals(answer.headers.get("Content-Type"), "image/png");
  assertEquals(await answer.bytes(), cat);
});

Deno.test("a stream shows the picture on its way, and ends with the same file", async () => {
  const answer = await server.post(PATH, { ...quick, steps: 4, stream: true, partial_images: 2 });
  assertEquals(answer.headers.get("Content-Type"), "text/event-stream");
  const seen = await events(answer);
  assertEquals(seen.map(({ event }) => event), [
    "image_generation.partial_image",
    "image_generation.partial_image",
    "image_generation.completed",
  ]);
  assert(seen.every(({ event, data }) => data.type === event));
  assertEquals(seen.map(({ data }) => data.partial_image_index), [0, 1, undefined]);
  const whole = await good(server.post(PATH, { ...quick, steps: 4 }));
  assertEquals(seen[2]!.data.b64_json, whole.data[0].b64_json);
  assertNotEquals(seen[0]!.data.b64_json, seen[1]!.data.b64_json);
});

/** The cat with a hole in the upper left quarter. */
async function holed(): Promise<Uint8Array<ArrayBuffer>> {
  const { Image } = await import("imagescript");
  const { width, height, data } = await decodePicture(cat);
  const image = new Image(width, height);
  image.bitmap.set(data);
  for (let y = 0; y < 128; y++) {
    for (let x = 0; x < 128; x++) image.bitmap[4 * (y * width + x) + 3] = 0;
  }
  return Uint8Array.from(await image.encode());
}

Deno.test("an edit repaints the hole of the mask and keeps every other pixel", async () => {
  const form = new FormData();
  form.set("image[]", new File([cat], "cat.png", { type: "image/png" }));
  form.set("mask", new File([await holed()], "mask.png", { type: "image/png" }));
  for (const [key, value] of Object.entries({ prompt: "a dog", steps: 3, seed: 7, strength: 1 })) {
    form.set(key, String(value));
  }
  const { data } = await good(server.send(EDITS, { method: "POST", body: form }));
  const made = await decodePicture(Uint8Array.fromBase64(data[0].b64_json));
  const before = await decodePicture(cat);
  let [inside, outside] = [0, 0];
  for (let i = 0; i < made.data.length; i++) {
    const pixel = i >> 2;
    const [x, y] = [pixel % 256, Math.floor(pixel / 256)];
    const differs = made.data[i] !== before.data[i] ? 1 : 0;
    if (x < 128 && y < 128) inside += differs;
    else outside += differs;
  }
  assertEquals(outside, 0);
  assert(inside > 10_000);

  const asJson = await good(server.post(EDITS, {
    prompt: "a dog",
    steps: 3,
    seed: 7,
    strength: 1,
    images: [{ image_url: dataUrl(cat) }],
    mask: { image_url: dataUrl(await holed()) },
  }));
  assertEquals(asJson.data, data);
});

Deno.test("an edit without a mask changes the whole picture, and can be streamed", async () => {
  const body = { ...quick, steps: 4, strength: 0.5, image: dataUrl(cat), stream: true };
  const seen = await events(await server.post(EDITS, body));
  assertEquals(seen.map(({ event }) => event), ["image_edit.completed"]);
  const made = Uint8Array.fromBase64(seen[0]!.data.b64_json);
  assertNotEquals(await decodePicture(made), await decodePicture(cat));
});

Deno.test("what cannot be done is refused in OpenAI's words, by the field's name", async () => {
  const jpeg = await encodePicture(flattened(await decodePicture(cat)), "jpg");
  const small = await encodePicture(
    { width: 8, height: 8, data: new Uint8Array(192) },
    "png",
  );
  const image = dataUrl(cat);
  const cases: [path: string, body: unknown, status: number, param: string | null, text: string][] =
    [
      [PATH, {}, 400, "prompt", "expected string"],
      [PATH, { ...quick, prompt: " " }, 400, null, "it is empty"],
      [PATH, { ...quick, prompt: "a\u0000b" }, 400, null, "not text"],
      [PATH, { ...quick, prompt: "a".repeat(4001) }, 400, "prompt", "at most 4000"],
      [PATH, { ...quick, negative_prompt: "a".repeat(4001) }, 400, "negative_prompt", "4000"],
      [PATH, { ...quick, model: "dall-e-3" }, 404, "model", "expected one of shum-emoji-256"],
      [PATH, { ...quick, model: "../../etc/passwd" }, 404, "model", "expected one of"],
      [PATH, { ...quick, size: "256" }, 400, "size", "WIDTHxHEIGHT"],
      [PATH, { ...quick, size: "99999x99999" }, 400, "size", "at most 1048576"],
      [PATH, { ...quick, size: "250x250" }, 400, null, "multiple of"],
      [PATH, { ...quick, n: 11 }, 400, "n", "at most 10"],
      [PATH, { ...quick, n: 0 }, 400, "n", ""],
      [PATH, { ...quick, n: 1.5 }, 400, "n", ""],
      [PATH, { ...quick, steps: 151 }, 400, "steps", "at most 150"],
      [PATH, { ...quick, steps: 5, num_inference_steps: 6 }, 400, "num_inference_steps", "one"],
      [PATH, { ...quick, seed: 2 ** 60 }, 400, "seed", ""],
      [PATH, { ...quick, seed: Number.MAX_SAFE_INTEGER, n: 2 }, 400, "seed", "the last one"],
      [PATH, { ...quick, sampler: "euler_b" }, 400, null, "euler_a"],
      [PATH, { ...quick, samplr: "euler" }, 400, "samplr", "did you mean sampler"],
      [PATH, { ...quick, output_format: "webp" }, 400, "output_format", ""],
      [PATH, { ...quick, background: "transparent" }, 400, "background", ""],
      [PATH, { ...quick, partial_images: 2 }, 400, "partial_images", "without stream"],
      [PATH, { ...quick, stream: true, response_format: "url" }, 400, "response_format", ""],
      [PATH, [quick], 400, null, ""],
      [EDITS, quick, 400, "image", "0 pictures"],
      [EDITS, { ...quick, images: [image, image] }, 400, "images", "one picture"],
      [EDITS, { ...quick, image: "https://example.com/cat.png" }, 400, "image", "fetches nothing"],
      [EDITS, { ...quick, image: "file:///etc/passwd" }, 400, "image", "fetches nothing"],
      [EDITS, { ...quick, image: "data:image/png;base64,!!!" }, 400, "image", "not base64"],
      [EDITS, { ...quick, image: dataUrl(cat.subarray(0, 500)) }, 400, "image", "cut short"],
      [EDITS, { ...quick, image, mask: dataUrl(small) }, 400, "mask", "the same size"],
      [EDITS, { ...quick, image, mask: dataUrl(jpeg) }, 400, "mask", "keeps every pixel"],
      [EDITS, { ...quick, image, mask_blur: 3 }, 400, "mask", "without a mask"],
      [EDITS, { ...quick, image, strength: 2 }, 400, "strength", ""],
    ];
  for (const [path, body, status, param, text] of cases) {
    const answer = await server.post(path, body);
    const { error } = await answer.json();
    const shown = JSON.stringify(body).slice(0, 100);
    assertEquals([answer.status, error.param], [status, param], `${shown}: ${error.message}`);
    assert(error.message.includes(text), `${shown}: ${error.message}`);
    assertEquals(error.type, "invalid_request_error");
  }
  assertEquals(server.log, []);
  assertEquals(await server.queue.depth().then(({ waiting, running }) => waiting + running), 0);
});

Deno.test("a client that goes away cancels its work, and the next one is served", async () => {
  for (const stream of [false, true]) {
    const leave = new AbortController();
    const answer = server.post(PATH, { ...quick, steps: 150, stream }, { signal: leave.signal });
    await until(async () => (await server.queue.depth()).running === 1);
    const started = performance.now();
    if (stream) await (await answer).body!.cancel();
    else leave.abort();
    await answer.catch(() => {});
    await until(async () => (await server.queue.depth()).running === 0);
    assert(performance.now() - started < 5000, "150 steps take longer");
  }
  await good(server.post(PATH, quick));
});

Deno.test("models are listed by the names that requests use", async () => {
  const { data } = await good(server.get("/v1/models"));
  assertEquals(data.map(({ id, object }: { id: string; object: string }) => [id, object]), [
    ["shum-emoji-256", "model"],
  ]);
  await good(server.get("/v1/models/shum-emoji-256"));
  assertEquals((await server.get("/v1/models/nobody")).status, 404);
});
