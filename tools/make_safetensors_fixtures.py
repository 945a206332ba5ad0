"""Builds tests/fixtures/safetensors: tiny pipelines as diffusers saves them, and what it makes of them.

    python tools/make_safetensors_fixtures.py [family ...]

The models of make_fixtures.py, with other seeds, in PyTorch's layout: save_pretrained() with
safetensors, in float32, float16 or bfloat16, whole or in shards. What is recorded is the run of the
saved weights, in float32. Needs torch (CPU), diffusers and transformers; never needed to use or test Shum.
"""

import base64
import os
import re
import shutil
import sys
import zlib

import diffusers
import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

import fixture_cases as cases
import fixture_models as models
import make_fixtures
import single_file_names as names
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
        block_out_channels=(8, 16, 24),
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


def clip_tokenizer(pad):
    """CLIP's own, from the merges that Shum carries."""
    path = os.path.join(HERE, "..", "packages", "models", "text", "_clip_merges_data.ts")
    with open(path) as f:
        packed = base64.b64decode(re.search(r'"([A-Za-z0-9+/=]{1000,})"', f.read())[1])
    merges = [tuple(line.split(" ")) for line in zlib.decompress(packed, -15).decode().split("\n")]
    symbols = models.byte_symbols()
    tokens = symbols + [s + "</w>" for s in symbols] + ["".join(m) for m in merges]
    vocab = {t: i for i, t in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}
    assert len(vocab) == 49408
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77, pad_token=pad)


def big_text_encoder(seed, width, layers, act, dtype, projection=None):
    """An encoder of CLIP's whole vocabulary; its embedding is a formula that the test computes too."""
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // 64),
        hidden_act=act,
        projection_dim=projection or width,
        bos_token_id=49406,
        eos_token_id=49407,
        pad_token_id=49407,
    )
    model = (CLIPTextModelWithProjection if projection else CLIPTextModel)(config).eval()
    if not hasattr(model, "text_model"):
        model.__dict__["text_model"] = model  # for diffusers' clip_skip, see fixture_models.py
    for name, p in model.named_parameters():
        if "token_embedding" in name:
            i, j = torch.arange(49408)[:, None], torch.arange(width)[None]
            p.copy_((i * 7919 + j * 104729) % 251 / 64 - 2)
        elif p.dim() == 2:
            p.copy_(torch.randn(p.shape) * (1.0 if "embedding" in name else p.shape[1] ** -0.5))
    return model.to(dtype).to(torch.float32)


def single(folder, family, dtype, text_dtype=None):
    """One file in the original names, without the embedding of tokens."""
    text_dtype = text_dtype or dtype
    seed = {"sd1": 501, "sd2": 521, "sdxl": 541}[family]
    linear = family != "sd1"
    scheduler = {"sd1": cases.SD_SCHEDULER, "sd2": cases.SD2_SCHEDULER, "sdxl": cases.SDXL_SCHEDULER}[family]
    encoders = []
    if family != "sd2":
        encoders.append(big_text_encoder(seed + 1, 32, 2, "quick_gelu", text_dtype))
    if family != "sd1":
        projection = 48 if family == "sdxl" else None
        encoders.append(big_text_encoder(seed + 2, 32, 2, "gelu", text_dtype, projection))
    tokenizers = [clip_tokenizer("!" if e.config.hidden_act == "gelu" else "<|endoftext|>") for e in encoders]
    torch.manual_seed(seed + 3)
    vae = diffusers.AutoencoderKL(
        block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        scaling_factor=0.13025 if family == "sdxl" else 0.18215,
    ).eval()
    options = dict(
        block_out_channels=(32, 32),
        norm_num_groups=32,
        heads=1 if linear else 8,
        use_linear_projection=linear,
        cross_attention_dim=32 * len(encoders),
    )
    if family == "sdxl":
        options.update(
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2),
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=6 * 256 + 48,
        )
    unet = models.unet(seed, **options)
    layer = -2 if family == "sdxl" else None
    pool = torch.cat(
        [
            torch.cat([embed(t, e, p, layer) for t, e in zip(tokenizers, encoders)], -1)
            for p in (cases.PROMPT, cases.NEGATIVE, "")
        ]
    )

    def conditions(batch):
        extra = {"encoder_hidden_states": pool[torch.randint(0, 3, (batch,))]}
        if family == "sdxl":
            times = torch.tensor([[64.0, 64, 0, 0, 64, 64]] * batch)
            extra["added_cond_kwargs"] = {"text_embeds": torch.randn(batch, 48), "time_ids": times}
        return extra

    torch.manual_seed(seed + 4)
    models.fit_last_conv(unet, (4, 8, 8), scheduler["prediction_type"], conditions)
    for model in (unet, vae):
        model.to(dtype).to(torch.float32)
    state = {**names.unet(unet.state_dict(), unet.config), **names.vae(vae.state_dict(), vae.config)}
    state = {k: v.to(dtype) for k, v in state.items()}
    states = [e.state_dict() for e in encoders]
    if family == "sd1":
        state.update(names.clip(states[0], "cond_stage_model.transformer."))
    elif family == "sd2":
        state.update(names.open_clip(states[0], "cond_stage_model.model.", extra_layer=True))
    else:
        state.update(names.clip(states[0], "conditioner.embedders.0.transformer."))
        state.update(names.open_clip(states[1], "conditioner.embedders.1.model."))
    state = {k: v.to(text_dtype) if v.dtype == torch.float32 else v for k, v in state.items()}
    state = {k: v.contiguous().clone() for k, v in state.items() if "token_embedding" not in k}
    state["alphas_cumprod"] = torch.ones(10)  # as training leaves it
    save_file(state, f"{folder}/model.safetensors", {"modelspec.title": f"tiny {family}"})
    parts = dict(unet=unet, vae=vae, scheduler=scheduler_of(scheduler))
    if family == "sdxl":
        parts.update(text_encoder_2=encoders[1], tokenizer_2=tokenizers[1], force_zeros_for_empty_prompt=True)
    return dict(**parts, text_encoder=encoders[0], tokenizer=tokenizers[0])


def spread(table, count=8):
    """At most `count` of a table's cases, from its beginning to its end."""
    found = [c for c in table() if "LMS" not in c.get("scheduler", [""])[0]]  # it needs scipy
    return [found[i * (len(found) - 1) // (count - 1)] for i in range(count)] if len(found) > count else found


F16 = {"dtype": torch.float16}
SMALL = {"block_out_channels": (8, 16)}
SD2 = dict(pad="!", act="gelu", target="v_prediction", heads=(2, 4), use_linear_projection=True)
FAMILIES = {
    "sd": (
        lambda f: text_family(f, TEXT, cases.SD_SCHEDULER, 401, {}, resnet_time_scale_shift="scale_shift", **SMALL),
        cases.sd_cases,
    ),
    "sd2": (
        lambda f: text_family(f, TEXT, cases.SD2_SCHEDULER, 402, {"dtype": torch.bfloat16, "shards": "60KB"}, **SD2),
        lambda: [*cases.sd2_cases(), cases.case("text-clip-skip", clipSkip=1, seeds=[4], guidanceScale=1.0)],
    ),
    "lcm": (
        lambda f: text_family(
            f, "LatentConsistencyModelPipeline", cases.LCM_SCHEDULER, 404, F16, time_cond_proj_dim=32, **SMALL
        ),
        cases.lcm_cases,
    ),
    "inpaint": (
        lambda f: text_family(
            f,
            "StableDiffusionInpaintPipeline",
            cases.SD_SCHEDULER,
            405,
            {**F16, "variant": "fp16"},
            in_channels=9,
            **SMALL,
        ),
        cases.inpaint_cases,
    ),
    "sdxl": (lambda f: sdxl(f, F16), cases.sdxl_cases),
    "single-sd1": (lambda f: single(f, "sd1", torch.float8_e4m3fn, torch.float16), cases.sd_cases),
    "single-sd2": (lambda f: single(f, "sd2", torch.bfloat16), cases.sd2_cases),
    "single-sdxl": (lambda f: single(f, "sdxl", torch.float8_e4m3fn, torch.float16), cases.sdxl_cases),
    "ddpm": (
        lambda f: pixels(
            f, "DDPMPipeline", cases.DDPM_SCHEDULER, 431, "epsilon", F16, downsample_padding=0, downsample_type="resnet"
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
        count = 4 if family.startswith("single") else 6
        chosen = spread(table, count)
        record(folder, family, parts, chosen.copy, "tools/make_safetensors_fixtures.py")


if __name__ == "__main__":
    main()
