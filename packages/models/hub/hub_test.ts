import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { COMMIT, MockHub, noise, sampleRepository } from "../testing/_mock_hub.ts";
import { HubError } from "./_error.ts";
import { isHubId } from "./_id.ts";
import { downloadFromHub, type HubOptions, type HubProgress } from "./hub.ts";

const NEEDED = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "text_encoder/model.onnx",
  "tokenizer/merges.txt",
  "tokenizer/vocab.json",
  "unet/config.json",
  "unet/model.onnx",
  "unet/model.onnx_data",
  "vae_decoder/config.json",
  "vae_decoder/model.onnx",
  "vae_encoder/model.onnx",
];

async function listing(folder: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const name = prefix + entry.name;
    if (entry.isDirectory) names.push(...await listing(join(folder, entry.name), `${name}/`));
    else names.push(name);
  }
  return names.sort();
}

interface Setting {
  readonly hub: MockHub;
  readonly cache: string;
  readonly root: string;
  download(options?: HubOptions): Promise<string>;
}

/** Runs a test with a fresh hub and an empty cache. */
async function withHub(
  test: (setting: Setting) => Promise<void>,
  files: Record<string, Uint8Array | string> = sampleRepository(),
): Promise<void> {
  const cache = await Deno.makeTempDir({ prefix: "shum-hub-" });
  try {
    await using hub = new MockHub(files);
    const base: HubOptions = {
      endpoint: hub.endpoint,
      cacheDir: cache,
      token: false,
      backoff: 1,
      timeout: 3000,
    };
    await test({
      hub,
      cache,
      root: join(cache, "models--owner--model"),
      download: (options) => downloadFromHub("owner/model", { ...base, ...options }),
    });
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

async function withNoCache(test: (cacheDir: string) => Promise<unknown>): Promise<void> {
  const cacheDir = await Deno.makeTempDir({ prefix: "shum-hub-" });
  await test(cacheDir);
  await Deno.remove(cacheDir, { recursive: true });
}

async function assertSame(hub: MockHub, snapshot: string, path: string): Promise<void> {
  assertEquals(await Deno.readFile(join(snapshot, path)), hub.files.get(path));
}

async function failsWith(
  code: string,
  text: string,
  work: () => Promise<unknown>,
): Promise<HubError> {
  const error = await assertRejects(work, HubError, text);
  assertEquals(error.code, code);
  return error;
}

Deno.test("downloadFromHub() fetches what the pipeline needs, in the hub's cache layout", () =>
  withHub(async ({ hub, root, download }) => {
    const snapshot = await download();
    assertEquals(snapshot, join(root, "snapshots", COMMIT));
    assertEquals(await listing(snapshot), NEEDED);
    for (const path of NEEDED) await assertSame(hub, snapshot, path);
    assertEquals(await Deno.readTextFile(join(root, "refs/main")), COMMIT);
    assertEquals(
      await Deno.readLink(join(snapshot, "unet/model.onnx")),
      join("..", "..", "..", "blobs", hub.hash("unet/model.onnx")),
    );
    assertEquals(
      await Deno.readLink(join(snapshot, "model_index.json")),
      join("..", "..", "blobs", hub.hash("model_index.json")),
    );
    assertEquals(
      await listing(join(root, "blobs")),
      [...new Set(NEEDED.map((path) => hub.hash(path)))].sort(),
    );
  }));

Deno.test("downloadFromHub() fetches nothing twice", () =>
  withHub(async ({ hub, download }) => {
    const first = await download();
    hub.seen.length = 0;
    assertEquals(await download(), first);
    assertEquals(hub.fetches(), []);
  }));

Deno.test("downloadFromHub() reads a listing of many pages", () =>
  withHub(async ({ hub, download }) => {
    hub.pageSize = 3;
    assertEquals(await listing(await download()), NEEDED);
  }));

Deno.test("downloadFromHub() takes the graphs of the variant that is asked for", () =>
  withHub(async ({ download }) => {
    const names = await listing(await download({ variant: "fp16" }));
    assert(names.includes("unet/model.fp16.onnx_data"));
    assert(!names.includes("unet/model.onnx_data"));
    assert(names.includes("text_encoder/model.onnx"), "the only graph of that folder");
    await failsWith("file_not_found", `no variant "int8"`, () => download({ variant: "int8" }));
  }));

Deno.test("a cut connection is resumed where it broke", () =>
  withHub(async ({ hub, download }) => {
    hub.faults.set("unet/model.onnx_data", { cutAfter: 60_000, times: 3 });
    const snapshot = await download();
    await assertSame(hub, snapshot, "unet/model.onnx_data");
    const ranges = hub.fetches("model.onnx_data").filter((r) => r.host === "cdn")
      .map((r) => r.range);
    assertEquals(ranges, [null, "bytes=60000-", "bytes=120000-", "bytes=180000-"]);
  }));

Deno.test("a connection that is cut every time fails, and the next call goes on from there", () =>
  withHub(async ({ hub, root, download }) => {
    hub.faults.set("unet/model.onnx_data", { cutAfter: 10_000 });
    await failsWith("network", "tried 3 times", () => download({ retries: 2 }));
    const partial = join(root, "blobs", `${hub.hash("unet/model.onnx_data")}.incomplete`);
    assertEquals((await Deno.stat(partial)).size, 30_000);
    assertEquals(
      await Deno.stat(join(root, "refs")).catch(() => "absent"),
      "absent",
      "a revision counts as cached when it is whole",
    );
    hub.faults.clear();
    hub.seen.length = 0;
    await assertSame(hub, await download(), "unet/model.onnx_data");
    assertEquals(hub.fetches("model.onnx_data").map((r) => r.range), [
      "bytes=30000-",
      "bytes=30000-",
    ]);
    assertEquals(await Deno.stat(partial).catch(() => "gone"), "gone");
  }));

Deno.test("aborting stops the download and keeps what has arrived", () =>
  withHub(async ({ hub, root, download }) => {
    hub.faults.set("unet/model.onnx_data", { cutAfter: 50_000 });
    const stop = new AbortController();
    const run = download({
      signal: stop.signal,
      backoff: 60_000,
      onProgress: (p) => p.fileLoaded >= 50_000 && stop.abort(),
    });
    const error = await assertRejects(() => run, DOMException);
    assertEquals(error.name, "AbortError");
    const partial = join(root, "blobs", `${hub.hash("unet/model.onnx_data")}.incomplete`);
    assertEquals((await Deno.stat(partial)).size, 50_000);
  }));

Deno.test("bytes that do not match their hash are fetched again, and refused the second time", () =>
  withHub(async ({ hub, root, download }) => {
    for (const path of ["unet/model.onnx_data", "unet/config.json"]) {
      hub.faults.set(path, { corrupt: true, times: 1 });
    }
    const snapshot = await download();
    await assertSame(hub, snapshot, "unet/model.onnx_data");
    await assertSame(hub, snapshot, "unet/config.json");

    await Deno.remove(root, { recursive: true });
    hub.faults.set("unet/model.onnx", { corrupt: true });
    await failsWith("corrupt", "expected " + hub.hash("unet/model.onnx"), () => download());
    const blobs = await listing(join(root, "blobs"));
    assert(!blobs.some((name) => name.startsWith(hub.hash("unet/model.onnx"))));
  }));

Deno.test("a bad start on disk is found by the hash and thrown away", () =>
  withHub(async ({ hub, root, download }) => {
    const hash = hub.hash("unet/model.onnx_data");
    const partial = join(root, "blobs", `${hash}.incomplete`);
    for (const size of [1000, 200_000, 300_000]) { // a part, as long as the file, and longer
      await Deno.mkdir(join(root, "blobs"), { recursive: true });
      await Deno.writeFile(partial, noise(size, 77));
      await assertSame(hub, await download(), "unet/model.onnx_data");
      await Deno.remove(root, { recursive: true });
    }
  }));

Deno.test("a file that was whole but not yet renamed is not fetched again", () =>
  withHub(async ({ hub, root, download }) => {
    const path = "unet/model.onnx_data";
    await Deno.mkdir(join(root, "blobs"), { recursive: true });
    await Deno.writeFile(join(root, "blobs", `${hub.hash(path)}.incomplete`), hub.files.get(path)!);
    await assertSame(hub, await download(), path);
    assertEquals(hub.fetches(path), []);
  }));

Deno.test("a server that does not resume sends the whole file", () =>
  withHub(async ({ hub, download }) => {
    hub.resumes = false;
    hub.faults.set("unet/model.onnx_data", { cutAfter: 60_000, times: 2 });
    await assertSame(hub, await download(), "unet/model.onnx_data");
  }));

Deno.test("416 throws the partial file away and starts again", () =>
  withHub(async ({ hub, root, download }) => {
    const path = "unet/model.onnx_data";
    await Deno.mkdir(join(root, "blobs"), { recursive: true });
    await Deno.writeFile(
      join(root, "blobs", `${hub.hash(path)}.incomplete`),
      hub.files.get(path)!.slice(0, 5000),
    );
    hub.faults.set(path, { status: 416, times: 1 });
    await assertSame(hub, await download(), path);
  }));

Deno.test("busy servers are tried again, dead connections are given up", () =>
  withHub(async ({ hub, download }) => {
    hub.faults.set("api", { status: 503, times: 2 });
    hub.faults.set("unet/model.onnx", {
      status: 429,
      times: 1,
      headers: { "retry-after": "0.01" },
    });
    await assertSame(hub, await download(), "unet/model.onnx");
    hub.faults.set("api", { status: 500 });
    const seen = hub.seen.length;
    await withNoCache((cacheDir) =>
      failsWith("network", "answered 500", () => download({ cacheDir }))
    );
    assertEquals(hub.seen.length - seen, 3);
  }));

Deno.test("a connection that goes silent is given up after the timeout", () =>
  withHub(async ({ hub, download }) => {
    hub.faults.set("unet/model.onnx", { stall: true, times: 1 });
    await assertSame(hub, await download({ timeout: 200 }), "unet/model.onnx");
    assert(hub.fetches("unet/model.onnx").length > 2);
  }));

Deno.test("the token goes to the hub and not to the host it redirects to", () =>
  withHub(async ({ hub, download }) => {
    await download({ token: "hf_secret\n" });
    for (const request of hub.seen) {
      assertEquals(request.authorization, request.host === "hub" ? "Bearer hf_secret" : null);
    }
    assert(hub.seen.some((request) => request.host === "cdn"));
  }));

Deno.test("the token comes from HF_TOKEN, else from the file of the login", () =>
  withHub(async ({ hub, cache, download }) => {
    const saved = ["HF_TOKEN", "HF_TOKEN_PATH"].map((k) => [k, Deno.env.get(k)] as const);
    try {
      Deno.env.delete("HF_TOKEN");
      await Deno.writeTextFile(join(cache, "token"), "hf_file\n");
      Deno.env.set("HF_TOKEN_PATH", join(cache, "token"));
      await download({ token: "" });
      assertEquals(hub.seen[0]!.authorization, "Bearer hf_file");
      Deno.env.set("HF_TOKEN", "hf_env");
      hub.seen.length = 0;
      await download({ token: "" });
      assertEquals(hub.seen[0]!.authorization, "Bearer hf_env");
    } finally {
      for (const [k, v] of saved) v === undefined ? Deno.env.delete(k) : Deno.env.set(k, v);
    }
  }));

Deno.test("each refusal says what it means and what to do", () =>
  withHub(async ({ hub, cache, download }) => {
    const other = (id: string) =>
      downloadFromHub(id, { endpoint: hub.endpoint, cacheDir: cache, token: false });
    const missing = await failsWith("unauthorized", "private", () => other("owner/nothing"));
    assertEquals(missing.status, 401);
    assertStringIncludes(missing.message, "HF_TOKEN");
    hub.faults.set("api", { status: 404 });
    await failsWith("not_found", "owner/model", () => download());
    hub.faults.set("api", { status: 403, headers: { "x-error-code": "GatedRepo" } });
    await failsWith("gated", "accept its conditions", () => download({ token: "hf_x" }));
    hub.faults.set("api", { status: 418 });
    await failsWith("http", "418", () => download());
    hub.faults.delete("api");
    await failsWith("revision_not_found", `"v9"`, () => download({ revision: "v9" }));
    hub.faults.set("unet/model.onnx", { status: 404 });
    await failsWith("file_not_found", "unet/model.onnx", () => download());
    for (const id of ["", "a b", "../x", "a/b/c", "owner/--x", "x".repeat(97), "owner/x.git"]) {
      assert(!isHubId(id), id);
      await failsWith("bad_id", `"${id}"`, () => other(id));
    }
    await failsWith("bad_id", "no revision", () => download({ revision: "../../etc" }));
  }));

Deno.test("a listing cannot write outside the snapshot", () =>
  withHub(async ({ hub, download }) => {
    for (const path of ["unet/../../../evil", "/etc/evil", "unet/a\\b", "unet//x", "c:/x"]) {
      hub.extraEntries = [{ type: "file", path, size: 1, oid: COMMIT }];
      await failsWith("bad_listing", JSON.stringify(path), () => download());
    }
  }));

Deno.test("a repository without graphs or safetensors says so, and why pickles are not opened", async () => {
  const files = sampleRepository();
  const torch = Object.fromEntries(
    Object.entries(files).filter(([k]) => !/\.(onnx|onnx_data|safetensors)$/.test(k)),
  );
  await withHub(async ({ hub, download }) => {
    await failsWith("no_onnx", "Python pickles and can run any code", () => download());
    assertEquals(hub.fetches().length, 1, "only model_index.json was fetched");
  }, torch);
  await withHub(async ({ download }) => {
    await failsWith("no_onnx", "no model_index.json", () => download());
  }, { "model.onnx": "x" });
});

Deno.test("a repository of safetensors is downloaded without what other tools need", async () => {
  const files = Object.fromEntries(
    Object.entries(sampleRepository()).filter(([k]) => !/\.(onnx|onnx_data)$/.test(k)),
  );
  const shards = {
    "vae/config.json": "{}",
    "vae/diffusion_pytorch_model.safetensors.index.json": `{"weight_map":{}}`,
    "vae/diffusion_pytorch_model-00001-of-00002.safetensors": noise(300),
    "vae/diffusion_pytorch_model-00002-of-00002.safetensors": noise(301),
    "vae/diffusion_pytorch_model.fp16.safetensors": noise(302),
  };
  await withHub(async ({ download }) => {
    const folder = await download();
    const found = [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory)
      .flatMap(({ name }) =>
        [...Deno.readDirSync(`${folder}/${name}`)].map((f) => `${name}/${f.name}`)
      );
    assertEquals(found.filter((path) => !path.startsWith("tokenizer")).sort(), [
      "scheduler/scheduler_config.json",
      "text_encoder/config.json",
      "text_encoder/model.safetensors",
      "unet/config.json",
      "unet/diffusion_pytorch_model.safetensors",
      "vae/config.json",
      "vae/diffusion_pytorch_model-00001-of-00002.safetensors",
      "vae/diffusion_pytorch_model-00002-of-00002.safetensors",
      "vae/diffusion_pytorch_model.safetensors.index.json",
      "vae_decoder/config.json",
    ]);
  }, { ...files, ...shards });
});

Deno.test("a network that cannot be read from safetensors is named before anything is downloaded", async () => {
  const files = sampleRepository();
  const index = JSON.parse(files["model_index.json"] as string);
  index.unet = ["diffusers", "StableCascadeUNet"];
  const torch = Object.fromEntries(Object.entries(files).filter(([k]) => !/^unet.*onnx/.test(k)));
  await withHub(async ({ hub, download }) => {
    await failsWith(
      "no_onnx",
      "StableCascadeUNet can be read from an ONNX export only",
      () => download(),
    );
    assertEquals(hub.fetches().length, 1);
  }, { ...torch, "model_index.json": JSON.stringify(index) });
});

Deno.test("offline mode uses a complete snapshot and never the network", () =>
  withHub(async ({ hub, root, download }) => {
    await failsWith("offline", root, () => download({ offline: true }));
    assertEquals(hub.seen, []);
    const snapshot = await download();
    hub.seen.length = 0;
    assertEquals(await download({ offline: true }), snapshot);
    assertEquals(await download({ offline: true, revision: COMMIT }), snapshot);
    assertEquals(hub.seen, []);
    await Deno.remove(join(snapshot, "unet/model.onnx"));
    await failsWith("offline", "not all of it", () => download({ offline: true }));
  }));

Deno.test("without a network a complete snapshot serves, and an empty cache says so", () =>
  withHub(async ({ download }) => {
    const nowhere = { endpoint: "http://127.0.0.1:9", retries: 1 };
    await failsWith("network", "check the network connection", () => download(nowhere));
    const snapshot = await download();
    assertEquals(await download(nowhere), snapshot);
  }));

Deno.test("two downloads at once fetch each blob once", () =>
  withHub(async ({ hub, download }) => {
    const both = await Promise.all([download(), download()]);
    assertEquals(both[0], both[1]);
    const blobs = new Set(NEEDED.map((path) => hub.hash(path))); // equal files share a blob
    assertEquals(hub.fetches().filter((request) => request.host === "hub").length, blobs.size);
  }));

Deno.test("a download waits for another process that has the blob's lock, and can be stopped", () =>
  withHub(async ({ hub, cache, download }) => {
    const folder = join(cache, ".locks", "models--owner--model");
    await Deno.mkdir(folder, { recursive: true });
    const path = join(folder, `${hub.hash("unet/model.onnx")}.lock`);
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `const f = await Deno.open(${JSON.stringify(path)}, { create: true, write: true });
         await f.lock(true);
         console.log("held");
         await new Promise((done) => setTimeout(done, 60_000));`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = holder.stdout.getReader();
    await reader.read(); // it has the lock now
    const stop = AbortSignal.timeout(500);
    const error = await assertRejects(() => download({ signal: stop }), DOMException);
    assertEquals(error.name, "TimeoutError");
    assertEquals(hub.fetches("unet/model.onnx"), []);
    const run = download();
    holder.kill("SIGKILL"); // a process that dies lets go
    await assertSame(hub, await run, "unet/model.onnx");
    await reader.cancel();
    await holder.status;
  }));

Deno.test("HF_HUB_DISABLE_SYMLINKS puts plain files into the snapshot", () =>
  withHub(async ({ hub, download }) => {
    Deno.env.set("HF_HUB_DISABLE_SYMLINKS", "1");
    try {
      const snapshot = await download();
      assert((await Deno.lstat(join(snapshot, "unet/model.onnx"))).isFile);
      hub.seen.length = 0;
      await download();
      assertEquals(hub.fetches(), []);
    } finally {
      Deno.env.delete("HF_HUB_DISABLE_SYMLINKS");
    }
  }));

Deno.test("progress grows to the total of what was missing", () =>
  withHub(async ({ hub, download }) => {
    const seen: HubProgress[] = [];
    await download({ onProgress: (p) => seen.push(p) });
    const last = seen.at(-1)!;
    const index = hub.files.get("model_index.json")!.length;
    const all = NEEDED.reduce((sum, path) => sum + hub.files.get(path)!.length, 0);
    assertEquals(last.total, all - index);
    assertEquals(last.loaded, last.total);
    assert(seen.every((p) => p.fileLoaded <= p.fileSize));
  }));

Deno.test("a full disk is named, and what arrived stays for the next call", () =>
  withHub(async ({ hub, root, download }) => {
    // The blob's partial file leads to the device that is always full.
    await Deno.mkdir(join(root, "blobs"), { recursive: true });
    const partial = join(root, "blobs", `${hub.hash("unet/model.onnx")}.incomplete`);
    await Deno.symlink("/dev/full", partial);
    const error = await failsWith("disk_full", "the disk is full", () => download());
    assertStringIncludes(error.message, hub.hash("unet/model.onnx"));
    assertInstanceOf(error.cause, Error);
  }));

Deno.test("a cache folder that cannot be written is named, with the way out", () =>
  withHub(async ({ cache, download }) => {
    const file = join(cache, "file");
    await Deno.writeTextFile(file, "");
    const error = await failsWith(
      "cache_not_writable",
      "HF_HUB_CACHE",
      () => download({ cacheDir: join(file, "cache") }),
    );
    assertStringIncludes(error.message, file);
  }));
