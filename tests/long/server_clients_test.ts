/**
 * The server with the clients that people have: npm's `openai` and `ai`, PyPI's `openai` and
 * `webuiapi`. It installs the Python ones, so it runs only when asked for:
 *
 * `SHUM_LONG_TESTS=1 deno test -A tests/long`
 */
import { createOpenAI } from "@ai-sdk/openai";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { generateImage } from "ai";
import OpenAI, { APIError, toFile } from "openai";
import { startServer } from "../../apps/server/_process.ts";

const KEY = "secret";
const model = "shum-emoji-256";
const cat = { model, prompt: "black cat with red eyes", size: "256x256" } as const;

async function output(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return code === 0 ? text(stdout) : (console.error(text(stderr)), undefined);
  } catch {
    return undefined; // it is not installed
  }
}

/** A Python with the two clients, in a folder; undefined where there is none. */
async function python(folder: string): Promise<string | undefined> {
  if (await output("python3", ["-m", "venv", folder]) === undefined) return undefined;
  const path = join(folder, "bin", "python");
  const install = ["-m", "pip", "install", "-q", "openai==3.57.0", "webuiapi==0.9.17"];
  return await output(path, install) === undefined ? undefined : path;
}

Deno.test({
  name: "the clients that people have work with the server",
  ignore: Deno.env.get("SHUM_LONG_TESTS") !== "1",
  sanitizeResources: false, // the clients keep connections
  sanitizeOps: false,
  async fn(t) {
    await using server = await startServer(["--api-key", KEY]);

    await t.step(
      "npm's openai: models, pictures, a stream, an edit, errors, cancelling",
      async () => {
        const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: KEY, maxRetries: 0 });
        const models = await Array.fromAsync(client.models.list());
        assertEquals(models.map(({ id }) => id), [model]);
        const settings = { ...cat, seed: 42, steps: 2 } as typeof cat; // more than its types know
        const { data } = await client.images.generate({ ...settings, n: 2 });
        const files = data!.map(({ b64_json }) => Uint8Array.fromBase64(b64_json!));
        assertEquals(files.map((file) => file[1]), [0x50, 0x50]);

        const stream = await client.images.generate({
          ...settings,
          stream: true,
          partial_images: 1,
        });
        const seen = await Array.fromAsync(stream);
        const types = ["image_generation.partial_image", "image_generation.completed"];
        assertEquals(seen.map(({ type }) => type), types);
        assertEquals(Uint8Array.fromBase64(seen[1]!.b64_json), files[0]);

        const edit = { model, prompt: "a dog", steps: 4, strength: 0.5, seed: 1 };
        const image = await toFile(files[0]!, "cat.png", { type: "image/png" });
        const edited = await client.images.edit({ ...edit, image });
        assert(edited.data![0]!.b64_json !== data![0]!.b64_json);

        const wrong = client.images.generate({ ...settings, size: "9999x9999" });
        const error = await assertRejects(() => wrong, APIError) as APIError;
        assertEquals([error.status, error.param, error.code], [400, "size", "limit_exceeded"]);
        const stop = AbortSignal.timeout(500);
        const long = { ...settings, steps: 150 } as typeof cat;
        await assertRejects(() => client.images.generate(long, { signal: stop }));
      },
    );

    await t.step("npm's ai with its OpenAI provider", async () => {
      const provider = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: KEY });
      const { image } = await generateImage({
        model: provider.image(model),
        prompt: cat.prompt,
        size: "256x256",
        providerOptions: { openai: { seed: 42, steps: 2 } },
      });
      assertEquals(image.mediaType, "image/png");
      assertEquals(image.uint8Array[1], 0x50);
    });

    const folder = await Deno.makeTempDir({ prefix: "shum-clients-" });
    try {
      const path = await python(folder);
      if (path === undefined) {
        console.log("no python3 with pip here: PyPI's openai and webuiapi were not tried");
        return;
      }
      for (const name of ["openai", "webuiapi"]) {
        await t.step(`PyPI's ${name}`, async () => {
          const script = new URL(`./clients/${name}_client.py`, import.meta.url);
          const said = await output(path, [fromFileUrl(script), server.url, KEY]);
          assert(said?.endsWith("ok\n"), said);
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
