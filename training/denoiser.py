"""The denoiser: a small UNet2DConditionModel on 16x16 latents, taught to predict v.

Forward process: x_t = alpha_t x0 + sigma_t eps on the squared-cosine schedule (Nichol & Dhariwal 2021,
https://arxiv.org/abs/2102.09672), T = 1000, in diffusers' numbers. Target: v = alpha_t eps - sigma_t x0
(Salimans & Ho 2022, https://arxiv.org/abs/2202.00512). One caption in eight is replaced by "", which
teaches the unconditional branch of classifier-free guidance.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from autoencoder import Autoencoder
from latents import LatentSet
from loop import Ema, Run, autocast, sheet
from optimizer import Muon
from text_encoder import Encoder

SCHEDULE = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}

STEPS, GUIDANCE = 20, 4.0
"""How the model is sampled unless something else is said; they go into `model_index.json` too."""

CONV, CROSS = "DownBlock2D", "CrossAttnDownBlock2D"
UP_CONV, UP_CROSS = "UpBlock2D", "CrossAttnUpBlock2D"

# `addition_embed_type: text` adds an attention-pooled view of the prompt to the time embedding, so that
# the 16x16 level, which has no attention, is told the colours too.
SHARED: dict = {"resnet_time_scale_shift": "scale_shift", "addition_embed_type": "text"}
SIZES: dict[str, dict] = {
    "tiny": {
        "block_out_channels": (32, 64),
        "layers_per_block": 1,
        "attention_head_dim": 4,
        "norm_num_groups": 16,
        "down_block_types": (CONV, CROSS),
        "up_block_types": (UP_CROSS, UP_CONV),
    },
    "small": {
        "block_out_channels": (96, 192, 256),
        "layers_per_block": 1,
        "attention_head_dim": 8,
        "down_block_types": (CONV, CROSS, CROSS),
        "up_block_types": (UP_CROSS, UP_CROSS, UP_CONV),
    },
    "full": {
        "block_out_channels": (160, 224, 256),
        "layers_per_block": 2,
        "attention_head_dim": 8,
        "down_block_types": (CROSS, CROSS, CROSS),
        "up_block_types": (UP_CROSS, UP_CROSS, UP_CROSS),
    },
}

PROMPTS = (
    "black cat with red eyes",
    "чорний кіт з червоними очима",
    "red apple on a blue background",
    "синій собака",
    "green owl with yellow eyes",
    "a panda next to a heart",
    "yellow star on a black background",
    "рожевий кролик з зеленими очима",
)


def build(size: str, context: int, channels: int = 8) -> UNet2DConditionModel:
    """An untrained denoiser; `context` is the width of the text encoder."""
    model = UNet2DConditionModel(
        sample_size=16,
        in_channels=channels,
        out_channels=channels,
        cross_attention_dim=context,
        addition_embed_type_num_heads=context // 16,
        **SHARED,
        **SIZES[size],
    )
    # At 64 positions plain matrix products are several times faster than fused attention on a CPU.
    model.set_attn_processor(AttnProcessor())
    return model


def noisy_times(count: int, device: str) -> Tensor:
    """Training timesteps: the noisiest half more often, where layout and colours are decided.

    With too few of them the first sampling steps take the noise's own mean for a colour.
    """
    noisy = torch.sigmoid(1.2 + 1.4 * torch.randn(count, device=device))
    anywhere = torch.rand(count, device=device)
    u = torch.where(torch.rand(count, device=device) < 0.6, noisy, anywhere)
    return (u * 1000).long().clamp(0, 999)


@torch.no_grad()
def generate(
    model: nn.Module,
    encoder: Encoder,
    autoencoder: Autoencoder,
    prompts: list[str],
    seeds: list[int],
    steps: int = STEPS,
    scale: float = GUIDANCE,
    device: str = "cpu",
) -> Tensor:
    """Pictures [len(prompts) * len(seeds), 3, 256, 256], by prompt; the noise of a seed is the same for all."""
    scheduler = DPMSolverMultistepScheduler(**SCHEDULE, timestep_spacing="trailing")
    scheduler.set_timesteps(steps)
    channels = autoencoder.config.latent_channels
    noise = torch.cat([torch.randn(1, channels, 16, 16, generator=torch.Generator().manual_seed(s)) for s in seeds])
    x = noise.repeat(len(prompts), 1, 1, 1).to(device)
    context = encoder(prompts).repeat_interleave(len(seeds), 0)
    context = torch.cat([context, encoder([""]).expand_as(context)])
    for t in scheduler.timesteps:
        with autocast(device):
            positive, negative = model(torch.cat([x, x]), t.to(device), context).sample.float().chunk(2)
        x = scheduler.step(negative + scale * (positive - negative), t, x).prev_sample
    with autocast(device):
        return torch.cat([autoencoder.decode(part).float() for part in x.split(8)])


def train(
    latents: LatentSet,
    encoder: Encoder,
    out: Path,
    seconds: float,
    size: str = "small",
    batch: int = 64,
    learning_rate: float = 1.2e-3,
    device: str = "cpu",
    ema_decay: float = 0.998,
    decay_from: float = 0.15,
    sheet_every: int = 150,
    drop: float = 0.125,
    eyed: float = 0.35,
) -> nn.Module:
    """Trains for `seconds`; resumes from `out/checkpoint.pt`; returns the average.

    Eyes come last, being small: for the last third, `eyed` more of the pictures have coloured ones.
    """
    torch.manual_seed(3)
    run = Run(out, seconds)
    # Channels last is a tenth faster on a CPU.
    model = build(size, encoder.model.config.hidden_size).to(device, memory_format=torch.channels_last).train()
    ema = Ema(model, ema_decay)
    optimizer = Muon(model, learning_rate, learning_rate / 2, ("conv_out", "conv_in", "time_embedding"))
    state = run.load(device)
    if state:
        model.load_state_dict(state["model"])
        ema.model.load_state_dict(state["ema"])
        if "optimizer" in state:  # not in weights that import_onnx.py brought back
            optimizer.load_state_dict(state["optimizer"])
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters", flush=True)
    latents.refresh()
    alphas = DDPMScheduler(**SCHEDULE).alphas_cumprod.to(device)
    source = random.Random(run.step + 1)
    torch.manual_seed(run.step + 1)
    forward = torch.compile(model) if device.startswith("cuda") else model
    smooth: float | None = None

    def save() -> None:
        rows = generate(ema.model, encoder, latents.model, list(PROMPTS), [1], device=device).float().cpu()
        sheet([rows], out / f"sheet-{run.seen:07d}.png")
        run.save(model=model.state_dict(), ema=ema.model.state_dict(), optimizer=optimizer.state_dict(), size=size)
        run.draw_curve()

    run.skip_time()
    while not run.done:
        optimizer.scale_rate(run.rate(decay_from))
        x0, texts = latents.batch(batch, source, drop, eyed if run.progress > 2 / 3 else 0.0)
        context = encoder(texts)
        t = noisy_times(batch, device)
        alpha = alphas[t].sqrt()[:, None, None, None]
        sigma = (1 - alphas[t]).sqrt()[:, None, None, None]
        eps = torch.randn_like(x0)
        with autocast(device):
            v = forward(alpha * x0 + sigma * eps, t, context).sample
        loss = (v.float() - (alpha * eps - sigma * x0)).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        ema.update(model, run.step)
        run.tick(batch)
        value = float(loss.detach())
        smooth = value if smooth is None else 0.98 * smooth + 0.02 * value
        if run.step % 25 == 0:
            run.log(loss=smooth, rate=optimizer.param_groups[0]["lr"], pictures=len(latents))
            latents.refresh(most=4)
            run.skip_time()
        if run.step % sheet_every == 0:
            save()
            run.skip_time()
    save()
    return ema.model


def load(folder: Path, context: int, device: str = "cpu") -> UNet2DConditionModel:
    """The averaged weights of a finished or running stage."""
    state = torch.load(folder / "checkpoint.pt", map_location=device, weights_only=False)
    model = build(state["size"], context).to(device).eval()
    model.load_state_dict(state["ema"])
    return model.requires_grad_(False)
