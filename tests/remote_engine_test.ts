import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Engine, openSession, probeDevices } from "@shum/models";
import { remote } from "@shum/models/remote";
import { fromPretrained } from "@shum/pipelines";
import { inferenceServer } from "../packages/models/testing/_inference_server.ts";
import {
  HEADER_LENGTH,
  readMetadata,
  readTensors,
} from "../packages/models/engine/remote/_protocol.ts";

const model = new URL("./fixtures/pipelines/sd", import.meta.url).pathname;
const graphs = Object.fromEntries(
  ["unet", "text_encoder", "vae_decoder"].map((name) => [name, `${model}/${name}/model.onnx`]),
);

/** The engine of this process. */
const here: Engine = {
  name: "here",
  probe: probeDevices,
  open: (source, options) => openSession(String(source), options),
};

async function draw(engine?: ReturnType<typeof remote>) {
  await using pipeline = await fromPretrained(model, { device: "cpu", ...engine && { engine } });
  const [image] = await pipeline.generate({ prompt: "a cat" }, { seed: 1, steps: 3 });
  return [...image.data];
}

Deno.test("a whole picture is drawn by a server, the same as here", async () => {
  const expected = await draw();
  for (const json of [false, true]) {
    await using server = await inferenceServer(graphs, { json });
    assertEquals(await draw(remote({ url: server.url })), expected);
    assert(server.calls >= 6);
  }
});

Deno.test("graphs that no server has run here, if there is an engine here", async () => {
  const expected = await draw();
  await using server = await inferenceServer({ unet: graphs.unet! });
  assertEquals(await draw(remote({ url: server.url, local: here })), expected);
  await assertRejects(() => draw(remote({ url: server.url })), Error, "a model of that name");
});

Deno.test("calls go to all servers, and past those that fail", async () => {
  const expected = await draw();
  await using a = await inferenceServer(graphs);
  await using b = await inferenceServer(graphs);
  assertEquals(await draw(remote({ url: [a.url, b.url] })), expected);
  assert(a.calls > 0 && b.calls > 0);
  a.misbehave = () => new Response("down", { status: 503 });
  b.misbehave = (call) => call % 3 === 0 ? new Response("busy", { status: 500 }) : undefined;
  assertEquals(await draw(remote({ url: [a.url, b.url, "http://127.0.0.1:9"] })), expected);
});

Deno.test("what a server answers is checked before it is believed", async () => {
  await using server = await inferenceServer(graphs);
  const header = (outputs: unknown) => new TextEncoder().encode(JSON.stringify({ outputs }));
  const out = { name: "out_sample", datatype: "FP32", shape: [1, 4, 8, 8] };
  const answers: Record<string, () => Response> = {
    "4xx": () => Response.json({ error: "no such shape" }, { status: 400 }),
    "no JSON": () => new Response("<html>"),
    "no outputs": () => Response.json({}),
    "another output": () => Response.json({ outputs: [] }),
    "a length that lies": () => new Response(header([]), { headers: { [HEADER_LENGTH]: "9999" } }),
    "fewer bytes": () => {
      const bytes = header([{ ...out, parameters: { binary_data_size: 1024 } }]);
      return new Response(bytes, { headers: { [HEADER_LENGTH]: `${bytes.length}` } });
    },
    "a huge shape": () => {
      const shape = [1e9, 1e9, 1e9];
      const bytes = header([{ ...out, shape, parameters: { binary_data_size: 4 } }]);
      return new Response(bytes, { headers: { [HEADER_LENGTH]: `${bytes.length}` } });
    },
  };
  for (const [what, answer] of Object.entries(answers)) {
    server.misbehave = answer;
    const engine = remote({ url: server.url, retries: 0 });
    const error = await assertRejects(() => draw(engine), Error, "on a server");
    assert(!/undefined|null|Invalid/.test(error.message), `${what}: ${error.message}`);
  }
});

Deno.test("a server that does not answer in time, or at all, is told in a sentence", async () => {
  const stop = new AbortController();
  const slow = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: stop.signal },
    () => new Promise<Response>(() => {}),
  );
  const url = `http://127.0.0.1:${slow.addr.port}`;
  const opening = (options: Parameters<typeof remote>[0]) =>
    remote(options).open("unet/model.onnx");
  await assertRejects(() => opening({ url, timeout: 50, retries: 1 }), Error, "within 50 ms");
  await assertRejects(
    () => opening({ url: "http://127.0.0.1:9", retries: 1 }),
    Error,
    "could not be reached, after 2 tries",
  );
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error("enough")), 50);
  await assertRejects(
    () => remote({ url }).open("unet/model.onnx", { signal: abort.signal }),
    Error,
    "enough",
  );
  stop.abort();
  await slow.finished;
});

Deno.test("remote() refuses what is no address", () => {
  for (const url of ["", "unet", "file:///etc", [], "ftp://a"]) {
    assertThrows(() => remote({ url }), TypeError, "Cannot use remote engine: url is");
  }
  assertThrows(() => remote({ url: "http://a", timeout: -1 }), RangeError, "timeout is -1");
  assertThrows(() => remote({ url: "http://a", retries: 1.5 }), RangeError, "retries is 1.5");
});

Deno.test("readMetadata() and readTensors() refuse what is none", () => {
  for (const bad of [null, [], { inputs: 1 }, { inputs: [null] }, { inputs: [{ name: "a" }] }]) {
    assertThrows(() => readMetadata(bad), SyntaxError);
  }
  const body = new TextEncoder().encode(
    '{"outputs":[{"name":"a","datatype":"FP32","shape":[2],"data":[1]}]}',
  );
  assertThrows(() => readTensors(body, null, "outputs"), SyntaxError, "expected 2");
  assertThrows(() => readTensors(body, "-1", "outputs"), SyntaxError, HEADER_LENGTH);
});
