"""Builds packages/pipelines/testdata/score: a tiny score network and what diffusers samples from it.

    python tools/make_score_fixture.py

Layout and files as tests/fixtures/README.md says of `pipelines/`. Needs what make_fixtures.py needs.
"""

import os
import shutil

import numpy as np
import torch
from diffusers import ScoreSdeVeScheduler, UNet2DModel
from diffusers.pipelines.deprecated import ScoreSdeVePipeline

import fixture_models as models
import make_fixtures as make
from fixture_export import export_unet
from fixture_run import plain

FOLDER = os.path.join(make.HERE, "..", "packages", "pipelines", "testdata", "score")


def build():
    """A network of Song et al.'s kind: it is told sigma, and divides its output by it."""
    torch.manual_seed(71)
    unet = UNet2DModel(
        sample_size=16,
        in_channels=3,
        out_channels=3,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        time_embedding_type="fourier",
        freq_shift=0,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    ).eval()
    fit(unet)
    export_unet(unet, f"{FOLDER}/unet")
    scheduler = ScoreSdeVeScheduler(snr=0.03, sigma_min=0.01, sigma_max=0.2, num_train_timesteps=2000)
    make.write_scheduler(FOLDER, scheduler)
    make.write_index(
        FOLDER,
        "ScoreSdeVePipeline",
        {
            "scheduler": ["diffusers", "ScoreSdeVeScheduler"],
            "unet": ["diffusers", "UNet2DModel"],
        },
    )
    return dict(unet=unet, scheduler=scheduler)


@torch.no_grad()
def fit(unet):
    """Fits the last layer so that sigma times the output is minus the noise, on smooth fields in 0..1."""
    features, targets = [], []
    hook = unet.conv_out.register_forward_pre_hook(lambda _, args: features.append(args[0]))
    for _ in range(24):
        x0 = models.smooth((8, 3, 16, 16), 4) / 10 + 0.5
        sigma = torch.exp(torch.empty(8).uniform_(np.log(0.01), np.log(0.2)))
        eps = torch.randn_like(x0)
        unet(x0 + sigma[:, None, None, None] * eps, sigma)
        targets.append(-eps)
    hook.remove()
    design = torch.nn.functional.unfold(torch.cat(features), 3, padding=1).transpose(1, 2).flatten(0, 1).double()
    design = torch.cat([design, torch.ones(len(design), 1)], 1)
    y = torch.cat(targets).permute(0, 2, 3, 1).reshape(-1, 3).double()
    gram = design.T @ design + 1e-3 * len(design) * torch.eye(design.shape[1])
    solution = torch.linalg.solve(gram, design.T @ y)
    unet.conv_out.weight.copy_(solution[:-1].T.reshape(unet.conv_out.weight.shape))
    unet.conv_out.bias.copy_(solution[-1])


def table():
    base = {"task": "unconditional", "width": 16, "height": 16}
    yield {**base, "id": "20-steps", "steps": 20, "seeds": [1]}
    yield {**base, "id": "40-steps", "steps": 40, "seeds": [2]}
    yield {**base, "id": "two-corrections", "steps": 20, "seeds": [3], "scheduler": {"correct_steps": 2, "snr": 0.02}}


@torch.no_grad()
def run(components, family, settings, _folder):
    scheduler = ScoreSdeVeScheduler.from_config(dict(components["scheduler"].config), **settings.get("scheduler", {}))
    pipe = ScoreSdeVePipeline(components["unet"], scheduler)
    pipe.set_progress_bar_config(disable=True)
    told, last, step = [], {}, scheduler.step_pred

    def recorded(output, t, *args, **kwargs):
        result = step(output, t, *args, **kwargs)
        last["sample"] = result.prev_sample_mean
        return result

    scheduler.step_pred = recorded
    components["unet"].register_forward_pre_hook(lambda _, args: told.append(float(args[1].flatten()[0])))
    generators = [torch.Generator("cpu").manual_seed(s) for s in settings["seeds"]]
    images = pipe(
        batch_size=len(generators), num_inference_steps=settings["steps"], generator=generators, output_type="np"
    ).images
    components["unet"]._forward_pre_hooks.clear()
    facts = {
        "pipeline": "ScoreSdeVePipeline",
        "timesteps": told,
        "schedulerConfig": plain(make.json.loads(scheduler.to_json_string())),
    }
    return last["sample"].numpy(), (images * 255).round().astype(np.uint8), facts


if __name__ == "__main__":
    torch.set_num_threads(1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    make.run_case = run
    make.record(FOLDER, "score", build(), table)
