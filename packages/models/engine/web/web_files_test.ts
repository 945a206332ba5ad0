import { assert, assertEquals, assertRejects } from "@std/assert";
import { cachedBytes, emptyCache, type FileProgress, webFiles } from "./web_files.ts";

const index = {
  _class_name: "StableDiffusionPipeline",
  unet: ["diffusers", "UNet2DConditionModel"],
  vae: ["diffusers", "AutoencoderKL"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  safety_checker: [null, null],
};

/** A server of a small model, which counts what is downloaded. */
function serve() {
  const files = new Map([
    ["model_index.json", JSON.stringify(index)],
    ["unet/config.json", '{"in_channels":4}'],
    ["unet/model.onnx", "graph of many bytes"],
    ["vae_decoder/model.onnx", "decoder"],
    ["tokenizer/merges.txt", "#version: 0.2"],
  ]);
  const downloads: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const path = new URL(request.url).pathname.slice("/model/".length);
    const text = files.get(path);
    if (text === undefined) return new Response(null, { status: 404 });
    const headers = { "content-length": `${text.length}`, etag: `"${text}"` };
    if (request.method === "HEAD") return new Response(null, { headers });
    downloads.push(path);
    return new Response(text, { headers });
  });
  return { files, downloads, server, url: `http://127.0.0.1:${server.addr.port}/model` };
}

Deno.test("webFiles() finds what there is and keeps what was fetched, until it changes or is forgotten", async () => {
  const { files, downloads, server, url } = serve();
  const cache = `shum-test-${crypto.randomUUID()}`;
  const seen: FileProgress[] = [];
  const open = () => webFiles(url, { cache, onProgress: (progress) => seen.push(progress) });
  const text = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);
  try {
    const first = await open();
    assert(first.has("unet") && first.has("tokenizer", "merges.txt"));
    assert(!first.has("vae_encoder") && !first.has("vae_decoder", "config.json"));
    assertEquals(first.size, 17 + 19 + 7 + 13);
    assertEquals(await first.json("unet", "config.json"), { in_channels: 4 });
    assertEquals(await first.text("tokenizer", "merges.txt"), "#version: 0.2");
    const [graph, same] = await Promise.all([first.graph("unet"), first.graph("unet")]);
    assertEquals([text(graph), text(same)], ["graph of many bytes", "graph of many bytes"]);
    assertEquals(downloads.filter((path) => path === "unet/model.onnx").length, 1);
    assertEquals(seen.at(-1), { path: "unet/model.onnx", loaded: 19, total: 19, cached: false });
    await assertRejects(() => first.graph("vae_encoder"), Error, "vae_encoder/model.onnx");

    downloads.length = 0;
    const second = await open();
    assertEquals(text(await second.graph("unet")), "graph of many bytes");
    assertEquals(seen.at(-1)!.cached, true);
    assertEquals(downloads, ["model_index.json"]);

    files.set("unet/model.onnx", "another graph......");
    assertEquals(text(await (await open()).graph("unet")), "another graph......");
  } finally {
    await server.shutdown();
  }
  const offline = await open();
  assertEquals(text(await offline.graph("unet")), "another graph......");
  assert(await emptyCache(cache));
  await assertRejects(open, TypeError);
});

Deno.test("webFiles() says which address holds no model", async () => {
  const { server, url } = serve();
  try {
    await assertRejects(() => webFiles(`${url}/unet`, { cache: false }), Error, "model_index.json");
  } finally {
    await server.shutdown();
  }
  assertEquals(await cachedBytes("shum-none"), 0);
});
