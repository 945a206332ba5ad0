"""Runs one case through diffusers' own pipeline and returns what the fixture stores."""

import functools
import json

import diffusers
import numpy as np
import torch
from PIL import Image

from fixture_corrections import CORRECTIONS

PIPELINES = {
    "textToImage": "StableDiffusionPipeline",
    "imageToImage": "StableDiffusionImg2ImgPipeline",
    "inpaint": "StableDiffusionInpaintPipeline",
}
PREFIX = {"sdxl": "StableDiffusionXL", "lcm": "LatentConsistencyModel"}


def pipeline_class(family, settings):
    if family == "ddpm":
        return settings.get("pipeline", "DDPMPipeline")
    if family == "cm":
        return "ConsistencyModelPipeline"
    if family == "dit":
        return "DiTPipeline"
    name = PIPELINES[settings["task"]]
    return name.replace("StableDiffusion", PREFIX.get(family, "StableDiffusion"))


def plain(config):
    """Without private keys, and without lambda_min_clipped's -Infinity, its default: not JSON."""
    return {k: v for k, v in config.items() if (not k.startswith("_") or k == "_class_name") and v != float("-inf")}


@torch.no_grad()
def run_case(components, family, settings, folder):
    """-> (latents or raw pixels float32 NCHW, 8-bit pixels NHWC, facts to store)."""
    base = components["scheduler"]
    name, options = settings.get("scheduler", (type(base).__name__, {}))
    # The base config must be plain: diffusers would treat default values of one class as unset.
    scheduler = getattr(diffusers, name).from_config(dict(base.config), **options)
    parts = {**components, "scheduler": scheduler}
    class_name = pipeline_class(family, settings)
    cls = getattr(diffusers, class_name)
    if family in ("sd", "sd2", "turbo", "inpaint"):
        parts.update(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    if family == "lcm":
        parts.update(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe = cls(**parts)
    pipe.set_progress_bar_config(disable=True)
    scheduler = pipe.scheduler  # DDIMPipeline makes its own

    if "corrected" in settings:
        CORRECTIONS[settings["corrected"]](pipe)
    told, last = [], {}
    step = scheduler.step

    @functools.wraps(step)  # pipelines look at its signature for `generator` and `eta`
    def recorded_step(model_output, timestep, *args, **kwargs):
        told.append(float(timestep))
        result = step(model_output, timestep, *args, **kwargs)
        last["sample"] = result[0] if isinstance(result, tuple) else result.prev_sample
        return result

    scheduler.step = recorded_step
    generators = [torch.Generator("cpu").manual_seed(s) for s in settings["seeds"]]
    arguments = arguments_of(family, settings, generators, folder)
    untouched = torch.get_rng_state()
    result = pipe(**arguments)
    assert torch.equal(untouched, torch.get_rng_state()), "noise came from elsewhere than `seeds`"
    if family in ("ddpm", "cm"):
        latent = last["sample"]
        images = result.images if isinstance(result.images, np.ndarray) else np.stack(result.images)
    elif family == "dit":
        latent = last["sample"][: len(settings["seeds"])]
        images = result.images
    else:
        latent = result.images
        decoded = pipe.vae.decode(latent / pipe.vae.config.scaling_factor, return_dict=False)[0]
        images = pipe.image_processor.postprocess(decoded, output_type="np")
    facts = {
        "pipeline": class_name,
        "schedulerConfig": plain(json.loads(scheduler.to_json_string())),
        "timesteps": told,
    }
    if "timesteps" in settings:
        facts["setTimesteps"] = settings["timesteps"]
    return latent.float().numpy(), (images * 255).round().astype(np.uint8), facts


def arguments_of(family, settings, generators, folder):
    steps = settings["steps"]
    batch = len(settings["seeds"])
    if family == "ddpm":
        extra = {"eta": settings["eta"]} if "eta" in settings else {}
        return dict(batch_size=batch, generator=generators, num_inference_steps=steps, output_type="np", **extra)
    if family == "cm":
        given = settings.get("timesteps")
        return dict(
            batch_size=batch,
            class_labels=torch.tensor(settings["classLabels"]),
            generator=generators,
            num_inference_steps=None if given else steps,
            timesteps=given,
            output_type="np",
        )
    if family == "dit":
        return dict(
            class_labels=settings["classLabels"],
            guidance_scale=settings["guidanceScale"],
            generator=generators,
            num_inference_steps=steps,
            output_type="np",
        )
    given = dict(
        prompt=settings["prompt"],
        num_inference_steps=steps,
        guidance_scale=settings["guidanceScale"],
        generator=generators,
        output_type="latent",
    )
    names = {
        "negativePrompt": "negative_prompt",
        "guidanceRescale": "guidance_rescale",
        "eta": "eta",
        "clipSkip": "clip_skip",
        "originalSize": "original_size",
        "targetSize": "target_size",
        "cropTopLeft": "crops_coords_top_left",
        "strength": "strength",
    }
    for ours, theirs in names.items():
        if settings.get(ours) is not None:
            value = settings[ours]
            given[theirs] = tuple(value) if ours in ("originalSize", "targetSize", "cropTopLeft") else value
    if settings["task"] == "textToImage":
        given.update(width=settings["width"], height=settings["height"])
    else:
        image = Image.open(f"{folder}/{settings['image']}").convert("RGB")
        given["image"] = [image] * batch  # one each: a single one is encoded with the first seed only
    if settings["task"] == "inpaint":
        given["mask_image"] = [Image.open(f"{folder}/{settings['mask']}").convert("L")] * batch
        given.update(width=64, height=64)
    return given
