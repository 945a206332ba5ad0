"""Builds packages/pipelines/testdata/upscale: a tiny fourfold upscaler and what diffusers makes of it.

    python tools/make_upscale_fixture.py

Layout and files as tests/fixtures/README.md says of `pipelines/`. Needs what make_fixtures.py needs.
"""

import functools
import os
import shutil

import diffusers
import numpy as np
import torch
from diffusers import AutoencoderKL, DDPMScheduler, StableDiffusionUpscalePipeline
from PIL import Image

import fixture_cases as cases
import fixture_models as models
import make_fixtures as make
from fixture_export import export_text_encoder, export_unet, export_vae
from fixture_run import plain

FOLDER = os.path.join(make.HERE, "..", "packages", "pipelines", "testdata", "upscale")
SCALE = 0.08333
LOW_RES = {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}


def vae(seed):
    """AutoencoderKL of factor 4 whose pictures have about the spread of real ones."""
    torch.manual_seed(seed)
    model = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=(8, 8, 16),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=32,
        scaling_factor=SCALE,
    ).eval()
    with torch.no_grad():
        out = model.decode(models.smooth((16, 4, 8, 8), 2) / SCALE).sample
        gain = 0.5 / out.std(dim=(0, 2, 3))
        model.decoder.conv_out.weight *= gain[:, None, None, None]
        model.decoder.conv_out.bias.copy_((model.decoder.conv_out.bias - out.mean((0, 2, 3))) * gain)
    return model


def build():
    tokenizer = models.write_tokenizer(f"{FOLDER}/tokenizer")
    encoder = models.text_encoder(11, len(tokenizer))
    unet = models.unet(61, in_channels=7, num_class_embeds=1000)
    torch.manual_seed(62)
    pool = torch.cat([make.embed(tokenizer, encoder, p) for p in (cases.PROMPT, cases.NEGATIVE, "")])
    models.fit_last_conv(
        unet,
        (7, 8, 8),
        "epsilon",
        lambda b: {
            "encoder_hidden_states": pool[torch.randint(0, 3, (b,))],
            "class_labels": torch.randint(0, 350, (b,)),
        },
    )
    autoencoder = vae(63)
    export_text_encoder(encoder, f"{FOLDER}/text_encoder")
    export_unet(unet, f"{FOLDER}/unet", context=models.HIDDEN)
    export_vae(autoencoder, FOLDER)
    shutil.rmtree(f"{FOLDER}/vae_encoder")  # an upscaler never encodes
    scheduler = make.scheduler_of({**cases.SD_SCHEDULER, "_class_name": "DDIMScheduler"})
    low_res = DDPMScheduler(**LOW_RES)
    make.write_scheduler(FOLDER, scheduler)
    os.makedirs(f"{FOLDER}/low_res_scheduler", exist_ok=True)
    with open(f"{FOLDER}/low_res_scheduler/scheduler_config.json", "w") as f:
        make.json.dump(make.config_of(low_res), f, indent=2)
    make.write_index(
        FOLDER,
        "StableDiffusionUpscalePipeline",
        {
            "low_res_scheduler": ["diffusers", "DDPMScheduler"],
            "scheduler": ["diffusers", "DDIMScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
        max_noise_level=350,
    )
    return dict(
        vae=autoencoder,
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler,
        low_res_scheduler=low_res,
    )


def table():
    base = {
        "task": "superResolution",
        "prompt": [cases.PROMPT],
        "negativePrompt": None,
        "steps": 6,
        "guidanceScale": 9.0,
        "noiseLevel": 20,
        "image": "image.png",
        "width": 64,
        "height": 64,
    }
    yield {**base, "id": "ddim", "seeds": [1]}
    yield {**base, "id": "noisier", "seeds": [2], "noiseLevel": 200, "negativePrompt": [cases.NEGATIVE]}
    yield {
        **base,
        "id": "euler-a-no-guidance",
        "seeds": [3],
        "guidanceScale": 1.0,
        "scheduler": ("EulerAncestralDiscreteScheduler", {}),
    }
    yield {**base, "id": "batch", "seeds": [4, 5], "prompt": [cases.PROMPT, "green apple"]}


@torch.no_grad()
def run(components, family, settings, _folder):
    name, options = settings.get("scheduler", (type(components["scheduler"]).__name__, {}))
    scheduler = getattr(diffusers, name).from_config(dict(components["scheduler"].config), **options)
    pipe = StableDiffusionUpscalePipeline(**{**components, "scheduler": scheduler})
    pipe.set_progress_bar_config(disable=True)
    told, step = [], scheduler.step

    @functools.wraps(step)  # the pipeline reads its signature
    def recorded(output, t, *args, **kwargs):
        told.append(float(t))
        return step(output, t, *args, **kwargs)

    scheduler.step = recorded
    seeds = settings["seeds"]
    image = Image.open(f"{FOLDER}/image.png")
    latents = pipe(
        prompt=settings["prompt"],
        negative_prompt=settings["negativePrompt"],
        image=[image] * len(seeds),
        num_inference_steps=settings["steps"],
        guidance_scale=settings["guidanceScale"],
        noise_level=settings["noiseLevel"],
        output_type="latent",
        generator=[torch.Generator("cpu").manual_seed(s) for s in seeds],
    ).images
    pictures = pipe.vae.decode(latents / SCALE, return_dict=False)[0]
    pictures = pipe.image_processor.postprocess(pictures, output_type="np")
    facts = {
        "pipeline": "StableDiffusionUpscalePipeline",
        "timesteps": told,
        "schedulerConfig": plain(make.json.loads(scheduler.to_json_string())),
    }
    return latents.numpy(), (pictures * 255).round().astype(np.uint8), facts


if __name__ == "__main__":
    torch.set_num_threads(1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    torch.manual_seed(98)
    field = models.smooth((1, 3, 16, 16), 4)[0].clamp(-1.5, 1.5)
    pixels = ((field / 3 + 0.5) * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(f"{FOLDER}/image.png")
    make.run_case = run
    make.record(FOLDER, "upscale", build(), table)
