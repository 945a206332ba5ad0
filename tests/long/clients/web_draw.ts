/** What the test of the page asks of a bare one: a picture, its last latents, and a run that is cancelled. */
import { web, webFiles } from "@shum/models/web";
import { fromPretrained } from "@shum/pipelines";

const prompt = "black cat with red eyes";

/** Draws as tests/long/web_test.ts draws in Deno. */
export async function draw(device: "cpu" | "webgpu" = "cpu") {
  const files = await webFiles("./models/shum-emoji-256", { cache: false });
  const engine = web({ worker: "./worker.js", device });
  await using pipeline = await fromPretrained(files, { engine });
  const stream = pipeline.stream({ prompt }, { seed: 1, steps: 4 });
  let latents = new Float32Array();
  while (true) {
    const { done, value } = await stream.next();
    if (done) return { latents: [...latents], pixels: [...value[0].data] };
    latents = value.x.slice();
  }
}

/** Starts a run, stops it after its first step, and draws with the same networks. */
export async function cancel() {
  const files = await webFiles("./models/shum-emoji-256", { cache: false });
  await using pipeline = await fromPretrained(files, { engine: web({ worker: "./worker.js" }) });
  const controller = new AbortController();
  let steps = 0, error = "";
  try {
    const options = { seed: 1, steps: 20, signal: controller.signal };
    for await (const _ of pipeline.stream({ prompt }, options)) {
      if (++steps === 1) controller.abort(new Error("stopped"));
    }
  } catch (reason) {
    error = (reason as Error).message;
  }
  const [image] = await pipeline.generate({ prompt }, { seed: 1, steps: 4 });
  return { steps, error, pixels: [...image.data] };
}

/** The prompt's condition, by the text encoder alone: a whole picture takes minutes on a GPU that is none. */
export async function encode(device: "cpu" | "webgpu") {
  const files = await webFiles("./models/shum-emoji-256", { cache: false });
  const engine = web({ worker: "./worker.js", device });
  const devices = await engine.probe();
  await using session = await engine.open(await files.graph("text_encoder"));
  const ids = Float32Array.from({ length: 40 }, (_, i) => i + 1);
  const shape = [1, 40];
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, { data: ids, shape }]));
  const outputs = await session.run(feeds);
  const values = Object.values(outputs).flatMap(({ data }) => Array.from(data, Number));
  return { device: session.device, values, available: devices[0]!.available };
}
