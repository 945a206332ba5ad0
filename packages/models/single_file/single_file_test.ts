import { assert, assertEquals, assertThrows } from "@std/assert";
import { buildNetwork } from "../architectures/build.ts";
import { memorySource } from "../onnx/_protobuf.ts";
import {
  readSafetensorsHeader,
  type SafeTensor,
  type SafetensorsHeader,
} from "../safetensors/header.ts";
import { readSingleFile } from "./single_file.ts";

const fixtures = new URL("../../../tests/fixtures/safetensors/", import.meta.url);

/** A fixture's header, with the embedding of tokens that is left out of it. */
function header(family: "sd1" | "sd2" | "sdxl"): {
  tensors: Map<string, SafeTensor>;
  metadata: SafetensorsHeader["metadata"];
} {
  const bytes = Deno.readFileSync(new URL(`single-${family}/model.safetensors`, fixtures));
  const { tensors, metadata } = readSafetensorsHeader(memorySource(bytes));
  const all = new Map(tensors);
  for (const [name, { dtype }] of tensors) {
    const [, path, last] =
      /^(.*?)(embeddings\.position_embedding|positional_embedding)/.exec(name) ?? [];
    if (path === undefined) continue;
    const inner = last === "positional_embedding"
      ? "token_embedding"
      : "embeddings.token_embedding";
    const length = 49408 * 32 * 2;
    const offset = bytes.length + length * (all.size - tensors.size);
    const place = { dtype, shape: [49408, 32], offset, length };
    all.set(`${path}${inner}.weight`, place);
  }
  return { tensors: all, metadata };
}

for (const family of ["sd1", "sd2", "sdxl"] as const) {
  Deno.test(`each tensor of a ${family} file is read by one network, once, and none is missing`, () => {
    const whole = header(family);
    const { networks, notes } = readSingleFile(whole, "x.safetensors");
    const places = new Map<number, number>();
    for (const { config, weights } of networks.values()) {
      buildNetwork(config, weights);
      for (const { offset, length } of weights.values()) {
        assert(!places.has(offset));
        places.set(offset, length);
      }
    }
    const read = [...places.values()].reduce((a, b) => a + b, 0);
    let expected = 0;
    for (const [name, { length }] of whole.tensors) {
      const unread = name === "alphas_cumprod" || family === "sd2" &&
          /resblocks\.2\.|text_projection|logit_scale/.test(name);
      if (!unread) expected += length;
    }
    assertEquals(read, expected);
    assert(!notes.join().includes("no known use"), notes.join());
  });
}

Deno.test("a file says its family, pipeline, types and title", () => {
  const sdxl = readSingleFile(header("sdxl"), "x");
  assertEquals(sdxl.index._class_name, "StableDiffusionXLPipeline");
  assertEquals(sdxl.notes, ["Stable Diffusion XL, F16 + F8_E4M3 + F32", "title: tiny sdxl"]);
  const sd2 = readSingleFile(header("sd2"), "x");
  assertEquals(sd2.files["scheduler/scheduler_config.json"]!.prediction_type, "v_prediction");
  assert(sd2.notes.join().includes("does not say what it predicts"));
  assertEquals(sd2.files["tokenizer/tokenizer_config.json"]!.pad_token, "!");
  const sd1 = readSingleFile(header("sd1"), "x");
  assertEquals(sd1.index._class_name, "StableDiffusionPipeline");
  assertEquals(sd1.files["tokenizer/tokenizer_config.json"]!.pad_token, "<|endoftext|>");
});

Deno.test("what a file predicts is read from its marks", () => {
  const prediction = (change: (whole: ReturnType<typeof header>) => SafetensorsHeader) => {
    const { files } = readSingleFile(change(header("sdxl")), "x");
    const scheduler = files["scheduler/scheduler_config.json"]!;
    return [scheduler.prediction_type, scheduler.rescale_betas_zero_snr];
  };
  const mark = { dtype: "F32", shape: [0], offset: 8, length: 0 };
  assertEquals(prediction((whole) => whole), ["epsilon", undefined]);
  assertEquals(
    prediction(({ tensors, metadata }) => ({
      tensors: new Map([...tensors, ["v_pred", mark], ["ztsnr", mark]]),
      metadata,
    })),
    ["v_prediction", true],
  );
  assertEquals(
    prediction(({ tensors }) => ({
      tensors,
      metadata: new Map([["modelspec.prediction_type", "v"]]),
    })),
    ["v_prediction", undefined],
  );
});

Deno.test("a missing tensor is named by the network that lacks it; a missing part by where it would lie", () => {
  const whole = header("sd1");
  whole.tensors.delete("model.diffusion_model.out.2.bias");
  const { networks } = readSingleFile(whole, "x");
  const { config, weights } = networks.get("unet")!;
  assertThrows(() => buildNetwork(config, weights), RangeError, 'lack "conv_out.bias"');
  for (
    const [prefix, expected] of [
      ["first_stage_model.", "lacks an autoencoder (first_stage_model.…)"],
      ["cond_stage_model.", "and no text encoder"],
    ]
  ) {
    const whole = header("sd1");
    for (const name of [...whole.tensors.keys()]) {
      if (name.startsWith(prefix!)) whole.tensors.delete(name);
    }
    assertThrows(() => readSingleFile(whole, "x"), SyntaxError, expected);
  }
});

Deno.test("unknown tensors among a network's are an error that names them; elsewhere they are told", () => {
  const place = { dtype: "F32", shape: [1], offset: 8, length: 4 };
  const strange = header("sd1");
  strange.tensors.set("model.diffusion_model.input_blocks.0.0.lora", place);
  assertThrows(
    () => readSingleFile(strange, "x"),
    SyntaxError,
    'has "model.diffusion_model.input_blocks.0.0.lora", which is none of its tensors',
  );
  const elsewhere = header("sd1");
  elsewhere.tensors.set("note.of.its.maker", place);
  const { notes } = readSingleFile(elsewhere, "x");
  assertEquals(notes.at(-1), "1 tensors of no known use: note.of.its.maker");
});

for (
  const [name, expected] of [
    ["lora_unet_down_blocks_0.lora_down.weight", "a LoRA"],
    ["control_model.input_blocks.0.0.weight", "a ControlNet"],
    ["model.diffusion_model.joint_blocks.0.x.weight", "Stable Diffusion 3"],
    ["model.diffusion_model.double_blocks.0.x.weight", "Flux"],
    ["emb_params", "a textual inversion"],
    ["decoder.up.0.block.0.conv1.weight", "an autoencoder alone"],
    ["down_blocks.0.resnets.0.conv1.weight", "a diffusers folder"],
    ["__proto__", "no known family"],
  ] as const
) {
  Deno.test(`a file with ${name} is refused as what it is`, () => {
    const tensors = new Map([[name, { dtype: "F32", shape: [1], offset: 8, length: 4 }]]);
    assertThrows(
      () => readSingleFile({ tensors, metadata: new Map() }, "x"),
      SyntaxError,
      expected,
    );
  });
}

Deno.test("shapes that no network has are refused, not believed", () => {
  for (
    const [name, shape] of [
      ["model.diffusion_model.input_blocks.0.0.weight", [32, 7, 3, 3]],
      ["model.diffusion_model.input_blocks.0.0.weight", [32]],
      ["cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", [2 ** 40, 32]],
      ["first_stage_model.decoder.conv_in.weight", [32, 0, 3, 3]],
    ] as const
  ) {
    const whole = header("sd1");
    whole.tensors.set(name, { ...whole.tensors.get(name)!, shape });
    let refused: unknown;
    try {
      for (const { config, weights } of readSingleFile(whole, "x").networks.values()) {
        buildNetwork(config, weights);
      }
    } catch (error) {
      refused = error;
    }
    assert(refused instanceof SyntaxError || refused instanceof RangeError, `${name}: ${refused}`);
  }
});
