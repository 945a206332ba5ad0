"""Builds tests/fixtures/safetensors: tiny pipelines as diffusers saves them, and what it makes of them.

    python tools/make_safetensors_fixtures.py [family ...]

The models of make_fixtures.py, with other seeds, in PyTorch's layout: save_pretrained() with
safetensors, in float32, float16 or bfloat16, whole or in shards. What is recorded is the run of the
saved weights, in float32. Needs torch (CPU), diffusers and transformers; never needed to use or test Shum.
"""

import os
import shutil
import sys

import diffusers
import torch

import fixture_cases as cases
import fixture_models as models
import make_fixtures
from make_fixtures import embed, record, scheduler_of, write_index, write_scheduler

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "tests", "fixtures", "safetensors")
PIPELINES = os.path.join(HERE, "..", "tests", "fixtures", "pipelines")  # image.png and mask.png

TEXT = "StableDiffusionPipeline"


def save(model, folder, dtype=torch.float32, variant=None, shards=None):
    """Saves in `dtype`, and leaves the model with what was saved, in float32."""
    model.to(dtype)
    extra = {"max_shard_size": shards} if shards else {}
    if variant:
        extra["variant"] = variant
    model.save_pretrained(folder, safe_serialization=True, **extra)
    model.to(torch.float32)


def text_family(folder, name, scheduler, seed, saved, pad="<|endoftext|>", act="quick_gelu", target="epsilon", **unet):
    tokenizer = models.write_tokenizer(f"{folder}/tokenizer", pad)
    encoder = models.text_encoder(seed + 100, len(tokenizer), act=act)
    vae = models.vae(seed + 200)
    network = models.unet(seed, **unet)
    torch.manual_seed(seed + 1)
    pool = torch.cat([embed(tokenizer, encoder, p) for p in (cases.PROMPT, cases.NEGATIVE, "")])

    def conditions(batch):
        extra = {"encoder_hidden_states": pool[torch.randint(0, 3, (batch,))]}
        if network.config.time_cond_proj_dim:
            extra["timestep_cond"] = torch.randn(batch, network.config.time_cond_proj_dim)
        return extra

    models.fit_last_conv(network, (network.config.in_channels, 8, 8), target, conditions)
    parts = {"text_encoder": encoder, "unet": network, "vae": vae}
    for part, model in parts.items():
        save(model, f"{folder}/{part}", **saved)
    scheduler = scheduler_of(scheduler)
    write_scheduler(folder, scheduler)
    components = {
        "feature_extractor": [None, None],
        "safety_checker": [None, None],
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    write_index(folder, name, components, requires_safety_checker=False)
    return dict(**parts, tokenizer=tokenizer, scheduler=scheduler)


def sdxl(folder, saved):
    tokenizer = models.write_tokenizer(f"{folder}/tokenizer")
    tokenizer_2 = models.write_tokenizer(f"{folder}/tokenizer_2", "!")
    encoder = models.text_encoder(311, len(tokenizer))
    encoder_2 = models.text_encoder(321, len(tokenizer), layers=4, act="gelu", projection=48)
    vae = models.vae(312)
    unet = models.unet(
        322,
        heads=(1, 2, 3),
        block_out_channels=(16, 24, 24),
        cross_attention_dim=64,
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2, 1),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 48,
    )
    torch.manual_seed(323)
    pool = torch.cat(
        [
            torch.cat([embed(tokenizer, encoder, p, -2), embed(tokenizer_2, encoder_2, p, -2)], -1)
            for p in (cases.PROMPT, cases.NEGATIVE, "")
        ]
    )

    def conditions(batch):
        added = {"text_embeds": torch.randn(batch, 48), "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]] * batch)}
        return {"encoder_hidden_states": pool[torch.randint(0, 3, (batch,))], "added_cond_kwargs": added}

    models.fit_last_conv(unet, (4, 8, 8), "epsilon", conditions)
    parts = {"text_encoder": encoder, "text_encoder_2": encoder_2, "unet": unet, "vae": vae}
    for part, model in parts.items():
        save(model, f"{folder}/{part}", **saved)
    scheduler = scheduler_of(cases.SDXL_SCHEDULER)
    write_scheduler(folder, scheduler)
    components = {
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    write_index(folder, "StableDiffusionXLPipeline", components, force_zeros_for_empty_prompt=True)
    return dict(**parts, tokenizer=tokenizer, tokenizer_2=tokenizer_2, scheduler=scheduler)


def pixels(folder, name, scheduler, seed, target, saved, **options):
    unet = models.pixel_unet(seed, **options)
    torch.manual_seed(seed + 1)
    labels = unet.config.num_class_embeds
    models.fit_last_conv(
        unet, (3, 32, 32), target, lambda b: {"class_labels": torch.randint(0, labels, (b,))} if labels else {}
    )
    save(unet, f"{folder}/unet", **saved)
    scheduler = scheduler_of(scheduler)
    write_scheduler(folder, scheduler)
    components = {"scheduler": ["diffusers", type(scheduler).__name__], "unet": ["diffusers", "UNet2DModel"]}
    write_index(folder, name, components)
    return dict(unet=unet, scheduler=scheduler)


def spread(table, count=8):
    """At most `count` of a table's cases, from its beginning to its end."""
    found = [c for c in table() if "LMS" not in c.get("scheduler", [""])[0]]  # it needs scipy
    return [found[i * (len(found) - 1) // (count - 1)] for i in range(count)] if len(found) > count else found


F16 = {"dtype": torch.float16}
SD2 = dict(pad="!", act="gelu", target="v_prediction", heads=(2, 4), use_linear_projection=True)
FAMILIES = {
    "sd": (
        lambda f: text_family(f, TEXT, cases.SD_SCHEDULER, 401, {}, resnet_time_scale_shift="scale_shift"),
        cases.sd_cases,
    ),
    "sd2": (
        lambda f: text_family(
            f, TEXT, cases.SD2_SCHEDULER, 402, {"dtype": torch.bfloat16, "shards": "60KB"}, **SD2
        ),
        lambda: [*cases.sd2_cases(), cases.case("text-clip-skip", clipSkip=1, seeds=[4], guidanceScale=1.0)],
    ),
    "lcm": (
        lambda f: text_family(
            f, "LatentConsistencyModelPipeline", cases.LCM_SCHEDULER, 404, F16, time_cond_proj_dim=32
        ),
        cases.lcm_cases,
    ),
    "inpaint": (
        lambda f: text_family(
            f, "StableDiffusionInpaintPipeline", cases.SD_SCHEDULER, 405, {**F16, "variant": "fp16"}, in_channels=9
        ),
        cases.inpaint_cases,
    ),
    "sdxl": (lambda f: sdxl(f, F16), cases.sdxl_cases),
    "ddpm": (
        lambda f: pixels(
            f, "DDPMPipeline", cases.DDPM_SCHEDULER, 431, "epsilon", {}, downsample_padding=0, downsample_type="resnet"
        ),
        cases.ddpm_cases,
    ),
    "cm": (
        lambda f: pixels(
            f,
            "ConsistencyModelPipeline",
            cases.CM_SCHEDULER,
            433,
            "sample",
            {"dtype": torch.bfloat16},
            num_class_embeds=10,
            resnet_time_scale_shift="scale_shift",
            upsample_type="resnet",
        ),
        cases.cm_cases,
    ),
}


def main():
    torch.set_num_threads(1)
    make_fixtures.OUT = PIPELINES
    for family in sys.argv[1:] or FAMILIES:
        print(family)
        build, table = FAMILIES[family]
        folder = os.path.join(OUT, family)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        with torch.no_grad():
            parts = build(folder)
        record(folder, family, parts, lambda: spread(table), "tools/make_safetensors_fixtures.py")


if __name__ == "__main__":
    main()
