/** The page in Debian's Chromium, and models in a bare page: `deno task test:long`. */
import axe from "axe-core";
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
// @ts-types="./_puppeteer.d.ts"
import { launch } from "puppeteer-core";
import type { Page } from "./_puppeteer.d.ts";
import { build, bundle } from "../../apps/web/build.ts";
import { staticHandler } from "../../apps/web/serve.ts";
import { fromPretrained } from "@shum/pipelines";
import { pngTexts } from "../../apps/cli/picture/png.ts";
import { ignore } from "./_long.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));
const model = join(root, "weights/shum-emoji-256");
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = BROWSERS.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
if (!ignore && executablePath === undefined) console.log("no Chromium: the page is not tested");

/** What a bare page drew. */
interface Drawn {
  readonly latents: readonly number[];
  readonly pixels: readonly number[];
}

/** The same in Deno, as tests/long/clients/web_draw.ts draws in the page. */
async function drawHere(): Promise<Drawn> {
  await using pipeline = await fromPretrained(model, { device: "cpu" });
  const stream = pipeline.stream({ prompt: "black cat with red eyes" }, { seed: 1, steps: 4 });
  let latents: readonly number[] = [];
  while (true) {
    const { done, value } = await stream.next();
    if (done) return { latents, pixels: [...value[0].data] };
    latents = [...value.x];
  }
}

const largest = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const distance = (a: readonly number[], b: readonly number[]) => {
  assertEquals(a.length, b.length);
  return largest(a.map((value, i) => value - b[i]!));
};

const count = "document.querySelectorAll('.history li').length";

/** Writes how many steps there are, and presses Draw. */
async function pressDraw(page: Page, steps: number): Promise<void> {
  await page.waitForSelector("#steps");
  await page.evaluate(`(() => {
    const input = document.querySelector("#steps");
    input.value = "${steps}";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);
  await page.click("button[type=submit]");
}

/** Draws and waits for the picture; seconds from `since`. */
async function drawInPage(page: Page, since: number, steps: number): Promise<string> {
  await page.waitForSelector("#steps");
  const before = await page.evaluate(count);
  await pressDraw(page, steps);
  await page.waitForFunction(`${count} > ${before}`, { timeout: 240_000 });
  return ((performance.now() - since) / 1000).toFixed(1);
}

/** The bytes of the newest picture's file. */
async function newestPng(page: Page): Promise<Uint8Array> {
  const bytes = await page.evaluate(`(async () => {
    const response = await fetch(document.querySelector(".history a").href);
    return [...new Uint8Array(await response.arrayBuffer())];
  })()`);
  return Uint8Array.from(bytes as number[]);
}

Deno.test({
  name: "a page draws what Deno draws, stops, and works without a network",
  ignore: ignore || executablePath === undefined,
  sanitizeResources: false, // the browser's pipes
  sanitizeOps: false,
  async fn(t) {
    const out = await Deno.makeTempDir();
    await build(out);
    await bundle(join(root, "tests/long/clients/web_draw.ts"), join(out, "web_draw.js"));
    await Deno.writeTextFile(join(out, "bare.html"), "<!doctype html><title>bare</title>");
    let requests = 0, offline = false;
    const files = staticHandler(out);
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      // The browser asks by itself whether the service worker has changed.
      if (!request.url.endsWith("/service_worker.js")) requests++;
      return offline ? new Response("off", { status: 503 }) : files(request);
    });
    const address = `http://127.0.0.1:${server.addr.port}`;
    const browser = await launch({
      executablePath: executablePath!,
      headless: true,
      args: ["--no-sandbox", "--enable-unsafe-webgpu"],
      protocolTimeout: 300_000,
    });
    try {
      const here = await drawHere();

      await t.step("the same latents and pixels, with threads", async () => {
        const page = await browser.newPage();
        await page.goto(`${address}/bare.html`);
        assert(await page.evaluate("crossOriginIsolated"));
        const there = await page.evaluate("import('/web_draw.js').then((m) => m.draw())") as Drawn;
        const relative = distance(there.latents, here.latents) / largest(here.latents);
        const pixels = distance(there.pixels, here.pixels);
        console.log(`latents differ by ${relative.toExponential(1)}, pixels by ${pixels}`);
        assert(relative < 1e-3, `${relative}`);
        assert(pixels <= 2, `${pixels}`);
        await page.close();
      });

      await t.step("a run that is stopped leaves the networks whole", async () => {
        const page = await browser.newPage();
        await page.goto(`${address}/bare.html`);
        const { steps, error, pixels } = await page.evaluate(
          "import('/web_draw.js').then((m) => m.cancel())",
        ) as { steps: number; error: string; pixels: number[] };
        assertEquals([steps, error], [1, "stopped"]);
        assert(distance(pixels, here.pixels) <= 2);
        await page.close();
      });

      await t.step("WebGPU gives the numbers of wasm", async () => {
        const page = await browser.newPage();
        await page.goto(`${address}/bare.html`);
        const encode = async (device: string) =>
          await page.evaluate(`import('/web_draw.js').then((m) => m.encode('${device}'))`) as {
            device: string;
            values: number[];
            available: boolean;
          };
        const wasm = await encode("cpu");
        if (!wasm.available) return console.log("the browser has no WebGPU: left out");
        const gpu = await encode("webgpu");
        assertEquals([wasm.device, gpu.device], ["cpu", "webgpu"]);
        const relative = distance(gpu.values, wasm.values) / largest(wasm.values);
        console.log(`WebGPU differs from wasm by ${relative.toExponential(1)}`);
        assert(relative < 1e-3, `${relative}`);
        await page.close();
      });

      const page = await browser.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(`${error}`));

      await t.step("the first visit draws, and its file says how", async () => {
        const start = performance.now();
        await page.goto(address);
        console.log(
          `first visit: a picture of 4 steps after ${await drawInPage(page, start, 4)} s`,
        );
        const texts = pngTexts(await newestPng(page));
        const { settings } = JSON.parse(texts["shum"]!);
        assertEquals([settings.prompt, settings.seed, settings.steps], [
          "black cat with red eyes",
          1,
          4,
        ]);
        const { data, width } = await pixelsOf(page);
        assertEquals(width, 256);
        assert(distance(data, here.pixels) <= 2);
      });

      await t.step("axe-core finds nothing serious, light, dark and on a phone", async () => {
        for (const scheme of ["light", "dark"]) {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate("axe.run()") as {
            violations: { id: string; impact: string; nodes: { html: string }[] }[];
          };
          const serious = violations.filter(({ impact }) => /serious|critical/.test(impact));
          assertEquals(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
        }
        await page.setViewport({ width: 360, height: 740 });
        assert(await page.evaluate("document.documentElement.scrollWidth <= 360"), "too wide");
        await page.setViewport({ width: 1000, height: 800 });
      });

      await t.step("Escape stops a run", async () => {
        await pressDraw(page, 150);
        await page.waitForFunction("document.querySelector('.stage progress').value > 0");
        await page.keyboard.press("Escape");
        await page.waitForFunction(
          "document.querySelector('[role=status]').textContent === 'Cancelled.'",
        );
        assertEquals(await page.evaluate(count), 1);
      });

      await t.step("a picture to start from changes what is drawn", async () => {
        const input = await page.$("input[type=file]");
        await input!.uploadFile(join(root, "weights/sheet.png"));
        await page.waitForSelector(".start img");
        await drawInPage(page, 0, 6);
        const { settings } = JSON.parse(pngTexts(await newestPng(page))["shum"]!);
        assertEquals([settings.strength, settings.steps], [0.6, 6]);
      });

      await t.step("the second visit needs no network", async () => {
        await page.evaluate("navigator.serviceWorker.ready.then(() => 0)");
        offline = true;
        await page.setOfflineMode(true);
        const before = requests;
        const start = performance.now();
        await page.reload();
        console.log(
          `second visit, offline: a picture of 4 steps after ${await drawInPage(page, start, 4)} s`,
        );
        assert(await page.evaluate("crossOriginIsolated"), "not isolated by the service worker");
        assert(distance((await pixelsOf(page)).data, here.pixels) <= 2);
        assertEquals(requests, before);
      });
      assertEquals(problems, []);
    } finally {
      await browser.close();
      await server.shutdown();
      await Deno.remove(out, { recursive: true });
    }
  },
});

/** What the page's canvas shows, RGB. */
async function pixelsOf(page: Page): Promise<{ readonly data: number[]; readonly width: number }> {
  const rgba = await page.evaluate(`(() => {
    const canvas = document.querySelector("canvas");
    return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
  })()`) as number[];
  return { data: rgba.filter((_, i) => i % 4 !== 3), width: Math.sqrt(rgba.length / 4) };
}
