"""Builds tests/fixtures/pipelines: tiny pipelines in ONNX and what diffusers makes of them.

    python tools/make_fixtures.py [family ...]

One folder per family in the diffusers/optimum layout, and beside the model: cases.json (settings
and where their results lie), latents.bin (float32, little-endian) and images.bin (8-bit RGB).
Needs torch (CPU), diffusers, transformers, onnx and pillow; never needed to use or test Shum.
"""

import json
import os
import platform
import shutil
import sys

import diffusers
import numpy as np
import onnx
import torch
import transformers
from PIL import Image

import fixture_cases as cases
import fixture_models as models
from fixture_export import export_dit, export_text_encoder, export_unet, export_vae
from fixture_run import run_case

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "tests", "fixtures", "pipelines")


def scheduler_of(config):
    config = dict(config)
    return getattr(diffusers, config.pop("_class_name")).from_config(config)


def config_of(scheduler):
    config = json.loads(scheduler.to_json_string())
    return {k: v for k, v in config.items() if not k.startswith("_") or k in ("_class_name", "_diffusers_version")}


def write_index(folder, name, components, **scalars):
    index = {"_class_name": name, "_diffusers_version": diffusers.__version__, **scalars, **components}
    with open(f"{folder}/model_index.json", "w") as f:
        json.dump(index, f, indent=2)


def write_scheduler(folder, scheduler):
    os.makedirs(f"{folder}/scheduler", exist_ok=True)
    with open(f"{folder}/scheduler/scheduler_config.json", "w") as f:
        json.dump(config_of(scheduler), f, indent=2)


def text_family(
    folder,
    name,
    scheduler_config,
    seed,
    pad_token="<|endoftext|>",
    act="quick_gelu",
    prediction="epsilon",
    encoder_seed=11,
    hidden_states=False,
    **unet_options,
):
    """SD 1 and 2, LCM and 9-channel inpainting: one text encoder, one U-Net, one VAE."""
    tokenizer = models.write_tokenizer(f"{folder}/tokenizer", pad_token)
    encoder = models.text_encoder(encoder_seed, len(tokenizer), act=act)
    vae = models.vae(12)
    unet = models.unet(seed, **unet_options)
    torch.manual_seed(seed + 1)
    pool = torch.cat([embed(tokenizer, encoder, p) for p in (cases.PROMPT, cases.NEGATIVE, "")])

    def conditions(batch):
        extra = {"encoder_hidden_states": pool[torch.randint(0, 3, (batch,))]}
        if unet.config.time_cond_proj_dim:
            extra["timestep_cond"] = torch.randn(batch, unet.config.time_cond_proj_dim)
        return extra

    models.fit_last_conv(unet, (unet.config.in_channels, 8, 8), prediction, conditions)
    export_text_encoder(encoder, f"{folder}/text_encoder", hidden_states=hidden_states)
    export_unet(unet, f"{folder}/unet", context=models.HIDDEN)
    export_vae(vae, folder)
    scheduler = scheduler_of(scheduler_config)
    write_scheduler(folder, scheduler)
    write_index(
        folder,
        name,
        {
            "feature_extractor": [None, None],
            "safety_checker": [None, None],
            "scheduler": ["diffusers", type(scheduler).__name__],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
        requires_safety_checker=False,
    )
    return dict(vae=vae, text_encoder=encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler)


@torch.no_grad()
def embed(tokenizer, encoder, prompt, layer=None):
    ids = tokenizer(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    out = encoder(ids, output_hidden_states=True)
    return out.last_hidden_state if layer is None else out.hidden_states[layer]


def sdxl(folder):
    tokenizer = models.write_tokenizer(f"{folder}/tokenizer")
    tokenizer_2 = models.write_tokenizer(f"{folder}/tokenizer_2", "!")
    encoder = models.text_encoder(11, len(tokenizer))
    encoder_2 = models.text_encoder(21, len(tokenizer), layers=4, act="gelu", projection=32)
    vae = models.vae(12)
    unet = models.unet(
        22,
        heads=(2, 4),
        cross_attention_dim=64,
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 32,
    )
    torch.manual_seed(23)
    pool = torch.cat(
        [
            torch.cat([embed(tokenizer, encoder, p, -2), embed(tokenizer_2, encoder_2, p, -2)], -1)
            for p in (cases.PROMPT, cases.NEGATIVE, "")
        ]
    )

    def conditions(batch):
        added = {"text_embeds": torch.randn(batch, 32), "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]] * batch)}
        return {"encoder_hidden_states": pool[torch.randint(0, 3, (batch,))], "added_cond_kwargs": added}

    models.fit_last_conv(unet, (4, 8, 8), "epsilon", conditions)
    export_text_encoder(encoder, f"{folder}/text_encoder", hidden_states=True)
    export_text_encoder(encoder_2, f"{folder}/text_encoder_2", hidden_states=True, projection=True)
    export_unet(unet, f"{folder}/unet", context=64)
    export_vae(vae, folder)
    scheduler = scheduler_of(cases.SDXL_SCHEDULER)
    write_scheduler(folder, scheduler)
    write_index(
        folder,
        "StableDiffusionXLPipeline",
        {
            "scheduler": ["diffusers", type(scheduler).__name__],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "tokenizer_2": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
        force_zeros_for_empty_prompt=True,
    )
    return dict(
        vae=vae,
        text_encoder=encoder,
        text_encoder_2=encoder_2,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer_2,
        unet=unet,
        scheduler=scheduler,
    )


def pixel_family(folder, name, scheduler_config, seed, prediction, **unet_options):
    unet = models.pixel_unet(seed, **unet_options)
    torch.manual_seed(seed + 1)
    labels = unet.config.num_class_embeds

    def conditions(b):
        return {"class_labels": torch.randint(0, labels, (b,))} if labels else {}

    models.fit_last_conv(unet, (3, 32, 32), prediction, conditions)
    export_unet(unet, f"{folder}/unet")
    scheduler = scheduler_of(scheduler_config)
    write_scheduler(folder, scheduler)
    write_index(
        folder,
        name,
        {
            "scheduler": ["diffusers", type(scheduler).__name__],
            "unet": ["diffusers", "UNet2DModel"],
        },
    )
    return dict(unet=unet, scheduler=scheduler)


def dit(folder):
    transformer, vae = models.dit(41), models.vae(12)
    export_dit(transformer, f"{folder}/transformer")
    export_vae(vae, folder)
    scheduler = scheduler_of(cases.DIT_SCHEDULER)
    write_scheduler(folder, scheduler)
    write_index(
        folder,
        "DiTPipeline",
        {
            "scheduler": ["diffusers", type(scheduler).__name__],
            "transformer": ["diffusers", "DiTTransformer2DModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
        id2label={"1": "goldfish, Carassius auratus", "207": "golden retriever", "999": "toilet tissue"},
    )
    return dict(transformer=transformer, vae=vae, scheduler=scheduler)


SD = "StableDiffusionPipeline"
FAMILIES = {
    "sd": (lambda f: text_family(f, SD, cases.SD_SCHEDULER, 1, hidden_states=True), cases.sd_cases),
    "sd2": (
        lambda f: text_family(
            f,
            SD,
            cases.SD2_SCHEDULER,
            2,
            pad_token="!",
            act="gelu",
            prediction="v_prediction",
            encoder_seed=13,
            heads=(2, 4),
            use_linear_projection=True,
        ),
        cases.sd2_cases,
    ),
    "lcm": (
        lambda f: text_family(f, "LatentConsistencyModelPipeline", cases.LCM_SCHEDULER, 4, time_cond_proj_dim=32),
        cases.lcm_cases,
    ),
    "sdxl": (sdxl, cases.sdxl_cases),
    "inpaint": (
        lambda f: text_family(f, "StableDiffusionInpaintPipeline", cases.SD_SCHEDULER, 5, in_channels=9),
        cases.inpaint_cases,
    ),
    "ddpm": (lambda f: pixel_family(f, "DDPMPipeline", cases.DDPM_SCHEDULER, 31, "epsilon"), cases.ddpm_cases),
    "cm": (
        lambda f: pixel_family(f, "ConsistencyModelPipeline", cases.CM_SCHEDULER, 33, "sample", num_class_embeds=10),
        cases.cm_cases,
    ),
    "dit": (dit, cases.dit_cases),
}


def write_inputs():
    """The picture and the mask (white = repaint, with some grey) of the image tasks."""
    torch.manual_seed(99)
    field = models.smooth((1, 3, 64, 64), 8)[0].clamp(-1.5, 1.5)
    image = ((field / 3 + 0.5) * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(image).save(f"{OUT}/image.png")
    mask = np.zeros((64, 64), np.uint8)
    mask[20:52, 12:44] = 255
    mask[10:20, 40:60] = 100  # below one half: kept
    mask[52:60, 40:60] = 160  # above one half: repainted
    Image.fromarray(mask).save(f"{OUT}/mask.png")


def record(folder, family, components, table, script="tools/make_fixtures.py"):
    latents, images, records = [], [], []
    for settings in table():
        latent, image, facts = run_case(components, family.removeprefix("single-").replace("sd1", "sd"), settings, OUT)
        entry = {k: v for k, v in settings.items() if k != "scheduler"}
        entry.update(facts)
        entry["latents"] = {"offset": sum(a.size for a in latents), "shape": list(latent.shape)}
        entry["pixels"] = {"offset": sum(a.size for a in images), "shape": list(image.shape)}
        latents.append(latent.astype("<f4"))
        images.append(image)
        records.append(entry)
        saturated = ((image == 0) | (image == 255)).mean()
        print(f"    {settings['id']:32s} latents std {latent.std():8.3f}  clipped pixels {100 * saturated:5.1f} %")
        assert np.isfinite(latent).all() and saturated < 0.5, settings["id"]
    for name, parts in (("latents.bin", latents), ("images.bin", images)):
        with open(f"{folder}/{name}", "wb") as f:
            f.write(b"".join(a.tobytes() for a in parts))
    provenance = {
        "script": script,
        "command": f"python {script} {family}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
        "onnx": onnx.__version__,
        "generator": "torch.Generator('cpu')",
        "machine": platform.machine(),
    }
    with open(f"{folder}/cases.json", "w") as f:
        f.write('{\n"provenance": ' + json.dumps(provenance) + ',\n"cases": [\n')
        f.write(",\n".join(json.dumps(r) for r in records) + "\n]\n}\n")


def main():
    torch.set_num_threads(1)
    os.makedirs(OUT, exist_ok=True)
    write_inputs()
    for family in sys.argv[1:] or FAMILIES:
        print(family)
        build, table = FAMILIES[family]
        folder = os.path.join(OUT, family)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        record(folder, family, build(folder), table)


if __name__ == "__main__":
    main()
