/** The model that ships on a real server of the Open Inference Protocol. */
import { assert } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { remote } from "@shum/models/remote";
import { fromPretrained } from "@shum/pipelines";
import { ignore } from "./_long.ts";

const root = fromFileUrl(new URL("../../", import.meta.url));
const model = join(root, "weights/shum-emoji-256");

/** A Python with KServe, in a folder; undefined where there is no Python, or none of its packages. */
async function python(folder: string): Promise<string | undefined> {
  const path = join(folder, "bin", "python");
  const steps = [
    ["python3", "-m", "venv", folder],
    [path, "-m", "pip", "install", "-q", "kserve==0.21.0", "onnxruntime==1.32.0"],
  ];
  for (const [command, ...args] of steps) {
    const process = new Deno.Command(command!, { args, stdout: "null", stderr: "null" });
    const done = await process.output().catch(() => undefined);
    if (!done?.success) return undefined;
  }
  return path;
}

async function draw(engine?: ReturnType<typeof remote>): Promise<Uint8Array> {
  await using pipeline = await fromPretrained(model, engine ? { engine } : { device: "cpu" });
  const [image] = await pipeline.generate({ prompt: "black cat with red eyes" }, {
    seed: 1,
    steps: 4,
  });
  return image.data;
}

Deno.test({
  name: "KServe draws the model that ships as it is drawn here",
  ignore,
  sanitizeResources: false, // fetch keeps connections
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const path = await python(folder);
      if (path === undefined) {
        console.log("no Python with kserve: left out");
        return;
      }
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      listener.close();
      await using server = new Deno.Command(path, {
        args: [join(root, "tools/serve_kserve.py"), model, "--port", `${port}`],
        stdout: "null",
        stderr: "null",
      }).spawn();
      const engine = remote({ url: `http://127.0.0.1:${port}`, retries: 12 });
      await engine.probe();
      const [there, here] = [await draw(engine), await draw()];
      const worst = there.reduce((most, value, i) => Math.max(most, Math.abs(value - here[i]!)), 0);
      server.kill("SIGKILL");
      // Another version of the same runtime rounds its sums in another order.
      assert(worst <= 2, `pixels differ by ${worst}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
