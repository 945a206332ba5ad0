/** A family of models whose single files are understood. */
export type Family = "sd1" | "sd2" | "sdxl" | "sdxl-refiner";

/** What the names in a file are looked up by. */
export type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** What people call a family. */
export const familyNames: Readonly<Record<Family, string>> = {
  sd1: "Stable Diffusion 1.x",
  sd2: "Stable Diffusion 2.x",
  sdxl: "Stable Diffusion XL",
  "sdxl-refiner": "Stable Diffusion XL refiner",
};

/** Where the parts of each family lie in the file. */
export const prefixes: {
  readonly unet: string;
  readonly vae: string;
  readonly text: Readonly<Record<Family, Readonly<Record<string, string>>>>;
} = {
  unet: "model.diffusion_model.",
  vae: "first_stage_model.",
  text: {
    sd1: { text_encoder: "cond_stage_model.transformer." },
    sd2: { text_encoder: "cond_stage_model.model." },
    sdxl: {
      text_encoder: "conditioner.embedders.0.transformer.",
      text_encoder_2: "conditioner.embedders.1.model.",
    },
    "sdxl-refiner": { text_encoder_2: "conditioner.embedders.0.model." },
  },
};

/** Names by which other kinds of files are known, and what they are. */
const others: readonly (readonly [name: RegExp, what: string])[] = [
  [/^lora_(unet|te\d?)_|\.lora_(A|B|up|down)\./, "a LoRA, which changes another model"],
  [/^control_model\.|^controlnet_/, "a ControlNet, which guides another model"],
  [/joint_blocks\./, "a model of the Stable Diffusion 3 family"],
  [/double_blocks\.|single_transformer_blocks\./, "a model of the Flux family"],
  [
    /^(model\.diffusion_model\.)?(cap_embedder|noise_refiner)\./,
    "a model of the Z-Image or Lumina family",
  ],
  [/^emb_params$|^string_to_param/, "a textual inversion, words for another model"],
  [/^(encoder|decoder)\.(down|up|mid)/, "an autoencoder alone"],
  [
    /^(down_blocks|up_blocks)\.0\./,
    "a network of a diffusers folder; open the folder that holds model_index.json",
  ],
  [/^(text_model\.)?encoder\.layers\./, "a text encoder alone"],
  [/^(input_blocks|output_blocks)\./, "a U-Net alone"],
];

/**
 * Finds the family of a single file by the names and shapes of its tensors, as diffusers does.
 *
 * @throws {SyntaxError} if it is of none that is known; says what it is, where that can be told.
 */
export function findFamily(tensors: Shapes): Family {
  if (tensors.has(`${prefixes.unet}input_blocks.0.0.weight`)) {
    const names = [...tensors.keys()];
    const begins = (prefix: string) => names.some((name) => name.startsWith(prefix));
    const { text } = prefixes;
    if (begins(text.sdxl.text_encoder_2!)) return "sdxl";
    if (begins(text["sdxl-refiner"].text_encoder_2!)) return "sdxl-refiner";
    if (begins(text.sd1.text_encoder!)) return "sd1";
    if (begins(text.sd2.text_encoder!)) return "sd2";
    throw new SyntaxError(
      `it has a U-Net (${prefixes.unet}…) and no text encoder (${
        Object.values(text).flatMap((parts) => Object.values(parts)).map((part) => `${part}…`)
          .join(", ")
      }); expected a whole checkpoint`,
    );
  }
  for (const name of tensors.keys()) {
    const known = others.find(([pattern]) => pattern.test(name));
    if (known) {
      throw new SyntaxError(
        `it is ${known[1]} (it has ${
          JSON.stringify(name.slice(0, 100))
        }); expected a checkpoint of ${Object.values(familyNames).join(", ")}`,
      );
    }
  }
  throw new SyntaxError(
    `its ${tensors.size} tensors are of no known family: the first is ${
      JSON.stringify([...tensors.keys()][0]?.slice(0, 100) ?? "")
    }; expected a checkpoint of ${Object.values(familyNames).join(", ")}`,
  );
}
