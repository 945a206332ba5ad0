"""Faults of diffusers that Shum does not repeat, put right before a case is recorded.

A case names one under `corrected`; without it, the case would pin the fault.
"""

import torch


def pndm(pipe):
    """Started midway, PNDM averages its first two calls as if both were at the first timestep, then
    goes on one timestep ahead of its sample: visit the second timestep twice, as from the start."""
    whole = pipe.get_timesteps

    def get_timesteps(*args, **kwargs):
        timesteps, count = whole(*args, **kwargs)
        begin = len(pipe.scheduler.timesteps) - len(timesteps)
        if begin > 0:
            timesteps = torch.cat([timesteps[:2], timesteps[1:]])
            pipe.scheduler.timesteps = torch.cat([pipe.scheduler.timesteps[:begin], timesteps])
        return timesteps, count

    pipe.get_timesteps = get_timesteps


def lms(pipe):
    """LMS takes its order from the place in the whole run, with a history that began midway."""
    scheduler = pipe.scheduler
    step = scheduler.step

    def shorter(model_output, timestep, sample, **kwargs):
        return step(model_output, timestep, sample, order=min(len(scheduler.derivatives) + 1, 4), **kwargs)

    scheduler.step = shorter


def kdpm2(pipe):
    """Between the stages of a step, inpainting is to add noise of the middle, not of the end."""
    scheduler = pipe.scheduler
    add_noise = scheduler.add_noise
    offset = 1 if "Ancestral" in type(scheduler).__name__ else 0

    def staged(original, noise, timesteps):
        if scheduler.step_index is None or scheduler.state_in_first_order:
            return add_noise(original, noise, timesteps)
        return original + noise * scheduler.sigmas_interpol[scheduler.step_index - offset]

    scheduler.add_noise = staged


CORRECTIONS = {"pndm": pndm, "lms": lms, "kdpm2": kdpm2}
