import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { hubEndpoint, ledTo } from "./_address.ts";
import { delay, retryAfter } from "./_pace.ts";
import { COMMIT, MockHub, sampleRepository } from "../testing/_mock_hub.ts";
import { HubError } from "./_error.ts";
import { downloadFromHub, type HubOptions } from "./hub.ts";

interface Setting {
  readonly hub: MockHub;
  readonly cache: string;
  download(options?: HubOptions): Promise<string>;
}

async function withHub(test: (setting: Setting) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir({ prefix: "shum-hub-" });
  try {
    await using hub = new MockHub(sampleRepository());
    const base = { endpoint: hub.endpoint, cacheDir: cache, token: false, backoff: 1 } as const;
    await test({
      hub,
      cache,
      download: (options) => downloadFromHub("owner/model", { ...base, ...options }),
    });
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

async function failsWith(
  code: string,
  text: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const error = await assertRejects(work, HubError, text);
  assertEquals(error.code, code);
}

Deno.test("ledTo() holds redirects and next pages to one rule", () => {
  const from = "https://hub.example/api/tree?x=1";
  assertEquals(ledTo(from, "?cursor=2"), "https://hub.example/api/tree?cursor=2");
  assertEquals(ledTo(from, "/b"), "https://hub.example/b");
  assertEquals(ledTo(from, "https://cdn.example/c"), "https://cdn.example/c");
  assertEquals(ledTo("http://127.0.0.1:1/", "http://127.0.0.1:2/"), "http://127.0.0.1:2/");
  const refused: [location: string, why: string][] = [
    ["file:///etc/passwd", "neither http nor https"],
    ["data:application/json,[]", "neither http nor https"],
    ["javascript:0", "neither http nor https"],
    ["http://hub.example/", "from https to http"],
    ["//user:secret@cdn.example/", "password"],
    ["https://", "no address"],
    ["https://localhost/", "this machine"],
    ["https://127.0.0.1/", "this machine"],
    ["https://2130706433/", "this machine"], // the same, as one number
    ["https://[::1]/", "this machine"],
    ["https://[::ffff:127.0.0.1]/", "this machine"],
    ["https://169.254.169.254/", "this machine"],
  ];
  for (const [location, why] of refused) {
    assertEquals(assertThrows(() => ledTo(from, location), HubError, why).code, "http", location);
  }
});

Deno.test("a listing or a redirect that leads to a file of this machine is refused", () =>
  withHub(async ({ hub, cache, download }) => {
    hub.link = `<file:///etc/passwd>; rel="next"`;
    await failsWith("http", "neither http nor https", () => download());
    hub.link = `<data:application/json,[]>; rel="next"`;
    await failsWith("http", "neither http nor https", () => download());
    hub.link = `<${"x".repeat(5000)}>; rel="next"`;
    await failsWith("bad_listing", "Link has", () => download());
    hub.link = undefined;
    const redirect = { status: 302, headers: { location: "file:///etc/passwd" } };
    hub.faults.set("unet/config.json", redirect);
    await failsWith("http", "neither http nor https", () => download());
    hub.faults.set("api", redirect);
    await failsWith("http", "neither http nor https", () => download({ cacheDir: `${cache}/b` }));
  }));

Deno.test("the next page may lie on another host, which does not get the token", () =>
  withHub(async ({ hub, download }) => {
    hub.link = `<${hub.cdn}/api/models/owner/model/tree/${COMMIT}?cursor=9999>; rel="next"`;
    await failsWith("bad_listing", "more than 200 pages", () => download({ token: "hf_secret" }));
    assert(hub.seen.some(({ host }) => host === "cdn"));
    for (const { host, authorization } of hub.seen) {
      assertEquals(authorization, host === "hub" ? "Bearer hf_secret" : null);
    }
  }));

Deno.test("a hostile name in a listing is refused before anything is written", () =>
  withHub(async ({ hub, cache, download }) => {
    const names: unknown[] = [
      "../x",
      "unet/../../x",
      "/etc/x",
      "unet\\..\\x",
      "unet/a\0b",
      "unet/\x1b]0;x",
      "unet/\x9b2J",
      "C:/x",
      "unet/model.onnx:stream",
      "unet/NUL",
      "con.json",
      "unet/com1.onnx",
      "unet/x.",
      "unet/x ",
      "unet/...",
      "unet/./x",
      "unet//x",
      "",
      "unet/\ud800",
      "x".repeat(300),
      "x/".repeat(800) + "x",
      null,
      5,
      ["a"],
    ];
    for (const path of names) {
      hub.extraEntries = [{ type: "file", path, size: 1, oid: COMMIT }];
      await failsWith("bad_listing", "names a file", () => download());
    }
    for (const hash of [null, "../x", { toString: 1 }, COMMIT.toUpperCase()]) {
      hub.extraEntries = [{ type: "file", path: "x", size: 1, oid: hash }];
      await failsWith("bad_listing", "has hash", () => download());
    }
    hub.extraEntries = [{ type: "file", path: "README.md", size: 1, oid: COMMIT }];
    await failsWith("bad_listing", "twice", () => download());
    assertEquals([...Deno.readDirSync(cache)], []);
    hub.extraEntries = [null, 5, "x", [], { type: "file", path: "com.onnx", size: 1, oid: COMMIT }];
    await download(); // odd, and no harm
  }));

Deno.test("a listing has a size at which it is given up", () =>
  withHub(async ({ hub, cache, download }) => {
    hub.pageSize = 1e6;
    const many = 100_001;
    hub.extraEntries = Array.from({ length: many }, (_, i) => (
      { type: "file", path: `${i}`, size: 1, oid: COMMIT }
    ));
    await failsWith("bad_listing", "more than 100000 files", () => download());
    hub.extraEntries = ["x".repeat(33 * 2 ** 20)];
    await failsWith("bad_listing", "more than 33554432 bytes", () => download());
    assertEquals([...Deno.readDirSync(cache)], []);
  }));

Deno.test("a slow but steady listing lives, one that crawls is given up", () =>
  withHub(async ({ hub, download }) => {
    hub.faults.set("api", { drip: { bytes: 300, ms: 100 }, times: 3 });
    const began = performance.now();
    await download({ timeout: 250, retries: 0 });
    assert(performance.now() - began > 750, "longer than a timeout, and than three");
    hub.faults.set("api", { drip: { bytes: 1, ms: 60 } });
    await failsWith("network", "bytes in", () => download({ timeout: 250, retries: 0 }));
  }));

Deno.test("a file that crawls is given up as well", () =>
  withHub(async ({ hub, download }) => {
    hub.faults.set("unet/model.onnx_data", { drip: { bytes: 1, ms: 60 } });
    await failsWith("network", "bytes in", () => download({ timeout: 250, retries: 0 }));
  }));

Deno.test("retryAfter() reads seconds and dates to come, and nothing else", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assertEquals(retryAfter("5", now), 5000);
  assertEquals(retryAfter(" 0.01 ", now), 10);
  assertEquals(retryAfter("0", now), 0);
  assertEquals(retryAfter("999999999999999", now), 999999999999999000);
  assertEquals(retryAfter("Thu, 01 Jan 2026 00:00:07 GMT", now), 7000);
  const nothing = [
    null,
    "",
    "-5",
    "NaN",
    "Infinity",
    "1e9",
    "0x10",
    "5s",
    "5, 6",
    "9".repeat(20),
    "Wed, 31 Dec 2025 23:59:59 GMT",
    "Thu, 99 Jan 2026 00:00:07 GMT",
    "2026-01-01T00:00:07Z",
  ];
  for (const header of nothing) assertEquals(retryAfter(header, now), undefined, String(header));
});

Deno.test("a Retry-After that makes no sense causes no warning", async () => {
  const url = new URL("./_pace.ts", import.meta.url).href;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-config",
      `import { delay } from "${url}"; await delay(-5); await delay(NaN);
       const stop = new AbortController();
       const long = delay(1e300, stop.signal).then(() => 1, () => 2);
       await delay(50); stop.abort();
       if (await long !== 2) throw new Error("it did not wait");`,
    ],
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  const began = performance.now();
  await delay(-5);
  assert(performance.now() - began < 1000);
});

Deno.test("an endpoint or a number that cannot be used is named", () =>
  withHub(async ({ hub, download }) => {
    for (
      const endpoint of [
        "nonsense",
        "file:///etc",
        "ftp://x",
        "http://",
        "http://u:p@x",
        "http://x?a",
      ]
    ) {
      await failsWith("bad_endpoint", "HF_ENDPOINT", () => download({ endpoint }));
    }
    assertEquals(hubEndpoint("https://Hub.example/mirror//"), "https://hub.example/mirror");
    for (const wrong of [{ timeout: NaN }, { timeout: 0 }, { retries: -1 }, { backoff: NaN }]) {
      await assertRejects(() => download(wrong), RangeError, Object.keys(wrong)[0]!);
    }
    Deno.env.set("HF_HUB_DOWNLOAD_TIMEOUT", "soon");
    try {
      await assertRejects(() => download(), RangeError, "HF_HUB_DOWNLOAD_TIMEOUT");
    } finally {
      Deno.env.delete("HF_HUB_DOWNLOAD_TIMEOUT");
    }
    assertEquals(hub.seen, []);
    await download({ timeout: 1e300 }); // longer than a timer counts
  }));
