/** A1111's API on the model that ships, as Open WebUI, SillyTavern and webuiapi call it. */
import { samplerConfig } from "@shum/schedulers";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Client, client, good, quick, shippedModel, until } from "./_testing.ts";
import { textRequest } from "./a1111/request.ts";
import { WebuiState } from "./a1111/state.ts";
import { decodePicture, encodePicture, pngTexts } from "./cli.ts";
import { checkRequest } from "./drawing/draw.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { ModelTable } from "./models.ts";

const API = "/sdapi/v1";
let models: ModelTable;
let server: Client;
let cat: string;

Deno.test.beforeAll(async () => {
  models = await shippedModel();
  server = client(models);
  cat = (await good(server.post(`${API}/txt2img`, quick))).images[0];
});
Deno.test.afterAll(() => models[Symbol.asyncDispose]());

/** Everything that webuiapi sends when nothing is asked of it. */
const webuiapi = {
  enable_hr: false,
  hr_scale: 2,
  hr_upscaler: "Latent",
  hr_second_pass_steps: 0,
  hr_resize_x: 0,
  hr_checkpoint_name: null,
  hr_prompt: "",
  denoising_strength: 0.7,
  firstphase_width: 0,
  styles: [],
  subseed: -1,
  subseed_strength: 0.0,
  seed_resize_from_h: 0,
  batch_size: 1,
  n_iter: 1,
  restore_faces: false,
  tiling: false,
  do_not_save_samples: false,
  eta: 1.0,
  s_churn: 0,
  s_noise: 1,
  override_settings: {},
  override_settings_restore_afterwards: true,
  sampler_name: "Euler a",
  scheduler: "automatic",
  sampler_index: "Euler a",
  script_args: [],
  script_name: null,
  send_images: true,
  save_images: false,
  alwayson_scripts: {},
};

Deno.test("txt2img answers with pictures whose settings are in info and in the file", async () => {
  const body = { ...webuiapi, ...quick, negative_prompt: "dog", n_iter: 2, cfg_scale: 3 };
  const { images, info, parameters } = await good(server.post(`${API}/txt2img`, body));
  assertEquals(images.length, 2);
  const facts = JSON.parse(info);
  assertEquals(
    [facts.seed, facts.all_seeds, facts.steps, facts.sampler_name, facts.cfg_scale, facts.width],
    [42, [42, 43], 2, "Euler a", 3, 256],
  );
  const texts = pngTexts(Uint8Array.fromBase64(images[1]));
  assertEquals(texts.parameters, facts.infotexts[1]);
  const lines = texts.parameters!.split("\n");
  assertEquals(lines.slice(0, 2), [quick.prompt, "Negative prompt: dog"]);
  assert(
    /^Steps: 2, Sampler: Euler a, CFG scale: 3, Seed: 43, Size: 256x256, Model hash: [0-9a-f]{10}, Model: shum-emoji-256, RNG: CPU/
      .test(lines[2]!),
    lines[2],
  );
  assertEquals(parameters.seed, 42);
});

Deno.test("the three clients' smallest requests are served", async () => {
  const webui = { prompt: "a cat", batch_size: 1, width: 256, height: 256, steps: 2 }; // Open WebUI
  await good(server.post(`${API}/txt2img`, webui));
  const tavern = { // SillyTavern
    ...webui,
    sampler_name: "DPM++ 2M",
    scheduler: "Karras",
    cfg_scale: 7,
    seed: undefined,
    negative_prompt: "",
    enable_hr: false,
    hr_upscaler: "None",
    restore_faces: false,
    clip_skip: 1,
    override_settings: { CLIP_stop_at_last_layers: 1 },
    override_settings_restore_afterwards: true,
  };
  await good(server.post(`${API}/txt2img`, tavern));
  const none = await good(server.post(`${API}/txt2img`, { ...quick, send_images: false }));
  assertEquals(none.images, []);
});

Deno.test("img2img changes a picture, and repaints where the mask is white only", async () => {
  const whole = { ...webuiapi, ...quick, steps: 4, init_images: [`data:image/png;base64,${cat}`] };
  const changed = await good(server.post(`${API}/img2img`, whole));
  assertNotEquals(changed.images[0], cat);
  assertEquals(JSON.parse(changed.info).denoising_strength, 0.7);

  const data = new Uint8Array(256 * 256 * 3);
  data.fill(255, 0, data.length / 4); // the upper quarter
  const mask = (await encodePicture({ width: 256, height: 256, data }, "png")).toBase64();
  const before = await decodePicture(Uint8Array.fromBase64(cat));
  for (const inpaint_full_res of [true, false]) {
    const body = { ...whole, prompt: "a dog", mask, inpaint_full_res, init_images: [cat] };
    const { images } = await good(server.post(`${API}/img2img`, body));
    const made = await decodePicture(Uint8Array.fromBase64(images[0]));
    const from = 4 * 256 * 64;
    assertEquals(made.data.subarray(from), before.data.subarray(from));
    assertNotEquals(made.data.subarray(0, from), before.data.subarray(0, from));
  }
});

Deno.test("progress tells of the running job and shows it, and interrupt stops it", async () => {
  assertEquals((await good(server.get(`${API}/progress`))).state.job_count, 0);
  const answer = server.post(`${API}/txt2img`, { ...quick, steps: 150 });
  // deno-lint-ignore no-explicit-any -- what clients see
  let seen: any;
  await until(async () => {
    seen = await good(server.get(`${API}/progress`));
    return seen.current_image !== null;
  });
  assert(seen.progress > 0 && seen.progress < 1, `${seen.progress}`);
  assert(seen.eta_relative > 0);
  assertEquals([seen.state.job_count, seen.state.sampling_steps], [1, 150]);
  const shown = await decodePicture(Uint8Array.fromBase64(seen.current_image));
  assertEquals([shown.width, shown.height], [256, 256]);
  const hidden = await good(server.get(`${API}/progress?skip_current_image=true`));
  assertEquals(hidden.current_image, null);
  await good(server.send(`${API}/interrupt`, { method: "POST" }));
  assertEquals((await good(answer)).images, []);
  assertEquals((await good(server.get(`${API}/progress`))).progress, 0);
});

Deno.test("interrupt stops no job of another door", async () => {
  const { id } = await good(server.post("/jobs", { ...quick, steps: 150 }), 202);
  await good(server.send(`${API}/interrupt`, { method: "POST" }));
  assertEquals((await good(server.get(`/jobs/${id}`))).state, "running");
  await server.send(`/jobs/${id}`, { method: "DELETE" });
  await server.queue.idle();
});

Deno.test("every list is there, and every sampler and schedule in it can be used", async () => {
  for (
    const list
      of "options sd-models samplers schedulers upscalers memory cmd-flags prompt-styles scripts progress latent-upscale-modes sd-vae sd-modules loras embeddings hypernetworks face-restorers realesrgan-models"
        .split(" ")
  ) await good(server.get(`${API}/${list}`));
  const { config } = models.get();
  const samplers = await good(server.get(`${API}/samplers`));
  const names = samplers.map(({ name }: { name: string }) => name);
  assert(names.length > 15 && new Set(names).size === names.length);
  for (const common of ["Euler a", "Euler", "DPM++ 2M", "DPM++ 2M SDE", "DDIM", "UniPC", "LMS"]) {
    assert(names.includes(common), common);
  }
  for (const name of names) samplerConfig(name, undefined, config);
  // Some clients send the name of a schedule, some its label; none is drawn here.
  const schedulers = await good(server.get(`${API}/schedulers`));
  assert(schedulers.length > 10);
  const state = new WebuiState(models, server.queue);
  const services = { models, queue: server.queue, limits: DEFAULT_LIMITS, state: server.state };
  for (const { name, label } of schedulers) {
    for (const scheduler of [name, label]) {
      await checkRequest(textRequest({ ...quick, scheduler }, state, services), models);
    }
  }
  const [model] = await good(server.get(`${API}/sd-models`));
  assertEquals([model.title, model.filename], ["shum-emoji-256", "shum-emoji-256"]);
  for (const path of ["refresh-checkpoints", "skip"]) {
    await good(server.send(`${API}/${path}`, { method: "POST" }));
  }
});

Deno.test("options choose the model, and one that is not there is refused", async () => {
  const options = `${API}/options`;
  await good(server.post(options, { sd_model_checkpoint: "shum-emoji-256 [0123456789]" }));
  assertEquals((await good(server.get(options))).sd_model_checkpoint, "shum-emoji-256");
  await good(server.post(options, { samples_format: "png" }));
  assertEquals((await server.post(options, { sd_model_checkpoint: "/etc" })).status, 404);
});

Deno.test("png-info reads what txt2img wrote, and refuses what is no whole PNG", async () => {
  const { info, items, parameters } = await good(server.post(`${API}/png-info`, { image: cat }));
  assert(info.startsWith(quick.prompt));
  assertEquals([items.parameters, parameters.seed, parameters.steps], [info, 42, 2]);
  for (const image of ["", "AAAA", cat.slice(0, 400), "http://127.0.0.1/"]) {
    assertEquals((await server.post(`${API}/png-info`, { image })).status, 400, image.slice(0, 20));
  }
});

Deno.test("what would make another picture is refused in A1111's words", async () => {
  const cases: [path: string, body: unknown, text: string][] = [
    ["txt2img", { ...quick, enable_hr: true }, "enable_hr"],
    ["txt2img", { ...quick, restore_faces: true }, "restore_faces"],
    ["txt2img", { ...quick, tiling: true }, "tiling"],
    ["txt2img", { ...quick, styles: ["film"] }, "styles"],
    ["txt2img", { ...quick, script_name: "X/Y/Z plot" }, "script_name"],
    ["txt2img", { ...quick, alwayson_scripts: { controlnet: { args: [{}] } } }, "alwayson_scripts"],
    ["txt2img", { ...quick, save_images: true }, "writes no files"],
    ["txt2img", { ...quick, width: 4096, height: 4096 }, "at most 1048576"],
    ["txt2img", { ...quick, n_iter: 4, batch_size: 4 }, "at most 10"],
    ["txt2img", { ...quick, steps: 999 }, "at most 150"],
    ["txt2img", { ...quick, sampler_name: "Warp" }, "Warp"],
    ["txt2img", { ...quick, override_settings: { sd_model_checkpoint: "x" } }, "model"],
    ["img2img", { ...quick }, "init_images"],
    ["img2img", { ...quick, init_images: [] }, "one picture"],
    ["img2img", { ...quick, init_images: ["/etc/passwd"] }, "init_images"],
    ["img2img", { ...quick, init_images: [cat], resize_mode: 1 }, "resize_mode"],
  ];
  for (const [path, body, text] of cases) {
    const answer = await server.post(`${API}/${path}`, body);
    const { detail, error, errors } = await answer.json();
    assert(answer.status === 400 || answer.status === 404, `${text}: ${answer.status}`);
    assert(detail.includes(text), `${text}: ${detail}`);
    assert(typeof error === "string" && errors === detail);
  }
  assertEquals(server.log, []);
});
