import { fromFileUrl, join } from "@std/path";
import { openClipTokenizer, openRepository } from "../../packages/models/mod.ts";
import { runInspect } from "../../apps/cli/inspect.ts";
import { runPlan } from "../../apps/cli/plan.ts";
import { Progress } from "../../apps/cli/progress.ts";
import type { Kind } from "./case.ts";
import { hostileJson, mutateBytes } from "./random.ts";

const fixtures = fromFileUrl(new URL("../../tests/fixtures/pipelines/", import.meta.url));
const quiet = new Progress({ write() {}, terminal: false, columns: 80 });

const FAMILIES = ["lcm", "ddpm", "cm", "dit"];
const TEXTS = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "scheduler/scheduler_config.json",
  "unet/config.json",
  "transformer/config.json",
  "vae_decoder/config.json",
  "vae/config.json",
  "text_encoder/config.json",
  "tokenizer/tokenizer_config.json",
  "tokenizer/special_tokens_map.json",
  "tokenizer/vocab.json",
  "tokenizer/merges.txt",
];
/** Keys that some scheduler reads and the fixtures leave at their defaults. */
const KEYS = [
  "num_train_timesteps",
  "beta_start",
  "beta_end",
  "trained_betas",
  "timestep_spacing",
  "steps_offset",
  "solver_order",
  "use_karras_sigmas",
  "lower_order_final",
  "prediction_type",
  "rescale_betas_zero_snr",
  "original_inference_steps",
  "sigma_min",
  "sigma_max",
  "rho",
  "shift",
  "max_shift",
  "base_image_seq_len",
  "_class_name",
];

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (name.endsWith(".bin")) continue; // what the model should give
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

export const configs: Kind = {
  name: "configs",
  async make(random, { folder }) {
    const family = random.pick(FAMILIES);
    const model = join(folder, "model");
    await copyFolder(join(fixtures, family), model);
    const names = [];
    for (const name of TEXTS) {
      if (await Deno.stat(join(model, name)).then(() => true, () => false)) names.push(name);
    }
    const name = random.pick(names);
    const path = join(model, name);
    const text = await Deno.readTextFile(path);
    if (name.endsWith(".json")) {
      const value = JSON.parse(text);
      if (name.startsWith("scheduler/") && random.chance(0.5)) value[random.pick(KEYS)] = 1;
      await Deno.writeTextFile(path, hostileJson(random, value));
    } else await Deno.writeFile(path, mutateBytes(random, new TextEncoder().encode(text)));
    const given = { model, offline: true, cacheDir: join(folder, "cache") };
    return {
      what: `${name} of ${family}`,
      reads: [
        () => runPlan({ ...given, steps: 4 }, [], quiet, () => {}),
        () => runInspect([model], given, quiet, () => {}),
        async () => {
          const repository = await openRepository(model, given);
          if (!repository.has("tokenizer")) return;
          (await openClipTokenizer(repository)).ids("a black cat");
        },
      ],
    };
  },
};
