"""What is run on each tiny pipeline: tables of settings, no code that samples."""

SD_SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "skip_prk_steps": True,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "clip_sample": False,
    "prediction_type": "epsilon",
    "timestep_spacing": "leading",
    "trained_betas": None,
}
SD2_SCHEDULER = {**SD_SCHEDULER, "_class_name": "DDIMScheduler", "prediction_type": "v_prediction"}
TURBO = ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"})  # as SD-Turbo is published
LCM_SCHEDULER = {
    **SD_SCHEDULER,
    "_class_name": "LCMScheduler",
    "original_inference_steps": 50,
    "timestep_scaling": 10.0,
}
SDXL_SCHEDULER = {**SD_SCHEDULER, "_class_name": "EulerDiscreteScheduler"}
DDPM_SCHEDULER = {
    "_class_name": "DDPMScheduler",
    "num_train_timesteps": 1000,
    "beta_schedule": "linear",
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "variance_type": "fixed_small",
    "clip_sample": True,
    "prediction_type": "epsilon",
}
CM_SCHEDULER = {
    "_class_name": "CMStochasticIterativeScheduler",
    "num_train_timesteps": 40,
    "sigma_min": 0.002,
    "sigma_max": 80.0,
    "sigma_data": 0.5,
    "rho": 7.0,
    "s_noise": 1.0,
    "clip_denoised": True,
}
DIT_SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "num_train_timesteps": 1000,
    "beta_schedule": "linear",
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "clip_sample": False,
    "prediction_type": "epsilon",
}

# name -> (diffusers class, options beside the family's own scheduler config)
SCHEDULERS = {
    "pndm": ("PNDMScheduler", {}),
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-karras": ("EulerDiscreteScheduler", {"use_karras_sigmas": True}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "dpmpp-2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp-2m-karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "dpmpp-2m-sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "dpmpp-3m": ("DPMSolverMultistepScheduler", {"solver_order": 3}),
    "dpmpp-2s": ("DPMSolverSinglestepScheduler", {}),
    "kdpm2": ("KDPM2DiscreteScheduler", {}),
    "kdpm2-a": ("KDPM2AncestralDiscreteScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "sa": ("SASolverScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
}

PROMPT = "a photo of the black cat with red eyes"
NEGATIVE = "blurry and ugly, low quality"


def case(id, task="textToImage", **settings):
    base = {
        "id": id,
        "task": task,
        "prompt": [PROMPT],
        "negativePrompt": None,
        "steps": 6,
        "guidanceScale": 7.5,
        "seeds": [0],
        "width": 64,
        "height": 64,
    }
    if task in ("imageToImage", "inpaint"):
        base.update(image="image.png", strength=0.7 if task == "imageToImage" else 1.0)
    if task == "inpaint":
        base.update(mask="mask.png")
    return {**base, **settings}


def corrected(name, *tasks):
    """See fixture_corrections.py."""
    fault = {"pndm": "pndm", "lms": "lms", "kdpm2": "kdpm2", "kdpm2-a": "kdpm2"}.get(name)
    applies = fault and (fault != "kdpm2" or "inpaint" in tasks)
    return {"corrected": fault} if applies else {}


def sd_cases():
    for name, (cls, options) in SCHEDULERS.items():
        scheduler = {"scheduler": (cls, options)}
        image = {**scheduler, **corrected(name, "imageToImage")}
        inpaint = {**scheduler, **corrected(name, "inpaint")}
        yield case(f"text-{name}", **scheduler)
        yield case(f"image-{name}", "imageToImage", seeds=[1], **image)
        yield case(f"inpaint-{name}", "inpaint", seeds=[2], strength=0.8, **inpaint)
    yield case("text-default-20-steps", steps=20, seeds=[7])
    yield case("text-no-guidance", guidanceScale=1.0, seeds=[3])
    yield case("text-negative", negativePrompt=[NEGATIVE], seeds=[4])
    yield case("text-empty-prompt", prompt=[""], seeds=[4])
    yield case("text-long-prompt", prompt=[(PROMPT + ", ") * 6 + "!"], seeds=[4])
    yield case(
        "text-odd-prompt", prompt=["  A PHOTO of\tthe caf\u00e9 n\u00ba42, don't\n\u732b \U0001f408!? "], seeds=[4]
    )
    yield case("text-clip-skip", clipSkip=1, seeds=[4], guidanceScale=1.0)  # theirs skips on one side
    yield case("text-wide", width=96, seeds=[5])
    yield case("text-tall-euler-a", height=96, seeds=[5], scheduler=("EulerAncestralDiscreteScheduler", {}))
    yield case("text-large-seed", seeds=[4294967295])
    yield case(
        "text-batch",
        prompt=[PROMPT, "green apple on a wooden table"],
        seeds=[10, 11],
        negativePrompt=[NEGATIVE, ""],
    )
    yield case(
        "text-batch-ancestral",
        prompt=[PROMPT] * 3,
        seeds=[20, 21, 5],
        scheduler=("EulerAncestralDiscreteScheduler", {}),
    )
    yield case("text-rescale", guidanceRescale=0.7, seeds=[6], scheduler=("DDIMScheduler", {}))
    yield case("text-ddim-eta", eta=0.5, seeds=[6], scheduler=("DDIMScheduler", {}))
    yield case(
        "text-trailing",
        seeds=[6],
        scheduler=("DPMSolverMultistepScheduler", {"timestep_spacing": "trailing"}),
    )
    yield case(
        "text-sde-karras",
        seeds=[8],
        steps=8,
        scheduler=("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True}),
    )
    for strength in (0.2, 0.5, 1.0):
        yield case(
            f"image-strength-{strength}",
            "imageToImage",
            strength=strength,
            seeds=[9],
            **corrected("pndm"),
        )
        yield case(
            f"image-euler-strength-{strength}",
            "imageToImage",
            strength=strength,
            seeds=[9],
            scheduler=("EulerDiscreteScheduler", {}),
        )
    yield case(
        "image-batch",
        "imageToImage",
        prompt=[PROMPT, "green apple"],
        seeds=[12, 13],
        negativePrompt=[NEGATIVE, NEGATIVE],
        scheduler=("DDIMScheduler", {}),
    )
    yield case("inpaint-full", "inpaint", seeds=[14])
    yield case("inpaint-full-ancestral", "inpaint", seeds=[14], scheduler=("EulerAncestralDiscreteScheduler", {}))
    yield case("inpaint-no-guidance", "inpaint", seeds=[15], guidanceScale=1.0, strength=0.6, **corrected("pndm"))
    yield from turbo_cases()


def few(prefix, names, tasks=("textToImage",), **settings):
    for task in tasks:
        for name in names:
            cls, options = SCHEDULERS[name]
            short = {"textToImage": "text", "imageToImage": "image", "inpaint": "inpaint"}[task]
            yield case(f"{prefix}{short}-{name}", task, scheduler=(cls, options), **settings)


ALL_TASKS = ("textToImage", "imageToImage", "inpaint")


def sd2_cases():
    names = [n for n in SCHEDULERS if n not in ("pndm", "lcm", "tcd", "sa")]
    yield from few("", names, negativePrompt=[NEGATIVE], seeds=[30])
    yield from few("", ["euler-a", "dpmpp-2m", "unipc"], ("imageToImage", "inpaint"), seeds=[31], strength=0.6)
    yield case("text-rescale", guidanceRescale=0.7, seeds=[32])
    yield case(
        "text-zero-snr",
        guidanceRescale=0.7,
        seeds=[33],
        steps=10,  # a divisor of 1000, see README
        scheduler=("DDIMScheduler", {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}),
    )
    yield case(
        "text-zero-snr-euler",
        seeds=[33],
        scheduler=("EulerDiscreteScheduler", {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}),
    )


def turbo_cases():
    """SD-Turbo's way of sampling: few trailing Euler steps without guidance."""
    base = {"guidanceScale": 0.0, "scheduler": TURBO}
    for steps in (1, 2, 4):
        yield case(f"turbo-text-{steps}-steps", **{**base, "steps": steps, "seeds": [40]})
    yield case("turbo-image", "imageToImage", **{**base, "steps": 2, "strength": 0.5, "seeds": [41]})
    ancestral = ("EulerAncestralDiscreteScheduler", TURBO[1])
    yield case("turbo-text-euler-a", **{**base, "steps": 2, "seeds": [42], "scheduler": ancestral})


def lcm_cases():
    for steps in (1, 4, 8):
        yield case(f"text-{steps}-steps", steps=steps, guidanceScale=8.5, seeds=[50])
    yield case("text-scale-1", steps=4, guidanceScale=1.0, seeds=[51])
    yield case("text-batch", steps=4, prompt=[PROMPT, "green apple"], seeds=[51, 52])
    yield case("image-4-steps", "imageToImage", steps=4, strength=0.8, guidanceScale=8.5, seeds=[53])


def sdxl_cases():
    yield from few(
        "",
        ["euler", "euler-a", "dpmpp-2m-karras", "unipc", "heun", "ddim"],
        ALL_TASKS[:2],
        guidanceScale=5.0,
        seeds=[60],
    )
    yield from few("", ["euler", "dpmpp-2m-sde"], ("inpaint",), guidanceScale=5.0, seeds=[61], strength=0.8)
    yield case("text-negative", negativePrompt=[NEGATIVE], guidanceScale=5.0, seeds=[62])
    yield case("text-negative-empty", negativePrompt=[""], guidanceScale=5.0, seeds=[62])
    yield case("text-no-guidance", guidanceScale=1.0, seeds=[62])
    yield case("text-rescale", guidanceRescale=0.5, guidanceScale=5.0, seeds=[63])
    yield case("text-clip-skip", clipSkip=1, guidanceScale=5.0, seeds=[63])
    yield case("text-wide", width=96, guidanceScale=5.0, seeds=[64])
    yield case("text-batch", prompt=[PROMPT, "green apple"], guidanceScale=5.0, seeds=[65, 66])
    yield case(
        "text-micro-conditioning",
        guidanceScale=5.0,
        seeds=[67],
        originalSize=[512, 256],
        cropTopLeft=[16, 32],
        targetSize=[96, 64],
    )


def inpaint_cases():
    for name in ("pndm", "ddim", "ddpm", "euler", "euler-a", "dpmpp-2m", "unipc", "heun"):
        cls, options = SCHEDULERS[name]
        yield case(f"inpaint-{name}", "inpaint", seeds=[70], scheduler=(cls, options))
    yield case("inpaint-strength", "inpaint", seeds=[71], strength=0.6, **corrected("pndm"))
    yield case("inpaint-no-guidance", "inpaint", seeds=[71], guidanceScale=1.0)
    yield case("inpaint-batch", "inpaint", prompt=[PROMPT, "green apple"], seeds=[72, 73])


def pixel(id, **settings):
    return {"id": id, "task": "unconditional", "steps": 10, "seeds": [80], "width": 32, "height": 32, **settings}


def ddpm_cases():
    yield pixel("ddpm")
    yield pixel("ddpm-batch", seeds=[81, 82, 83])
    yield pixel("ddpm-50-steps", steps=50)
    yield pixel("ddpm-fixed-large", scheduler=("DDPMScheduler", {"variance_type": "fixed_large"}))
    yield pixel("ddim", scheduler=("DDIMScheduler", {}), pipeline="DDIMPipeline")
    yield pixel("ddim-eta", scheduler=("DDIMScheduler", {}), pipeline="DDIMPipeline", eta=0.7)


def cm_cases():
    base = {"task": "classConditional", "classLabels": [3], "guidanceScale": 1.0}
    yield {**pixel("one-step"), **base, "steps": 1}
    yield {**pixel("two-steps"), **base, "steps": 2}
    yield {**pixel("chosen-timesteps"), **base, "steps": 2, "timesteps": [22, 0]}
    yield {**pixel("batch", seeds=[90, 91]), **base, "classLabels": [1, 9], "steps": 2}


def dit_cases():
    base = {"task": "classConditional", "width": 64, "height": 64, "classLabels": [207]}
    yield {**pixel("guided", seeds=[95]), **base, "guidanceScale": 4.0}
    yield {**pixel("unguided", seeds=[95]), **base, "guidanceScale": 1.0}
    yield {**pixel("batch", seeds=[96, 97]), **base, "classLabels": [1, 999], "guidanceScale": 4.0}
    for name in ("dpmpp-2m", "unipc"):  # DiTPipeline ignores init_noise_sigma: no Euler
        yield {**pixel(name, seeds=[98]), **base, "guidanceScale": 4.0, "scheduler": SCHEDULERS[name]}
