"""The autoencoder: 256x256x3 pictures <-> 16x16x8 latents (a factor of 16).

Nothing works at full resolution: the encoder begins with pixel-unshuffle by 4 and the decoder ends
with pixel-shuffle by 4, so every convolution runs on a 64x64 grid or a coarser one. There is no
attention, so it is trained on crops and used on whole pictures.

The posterior has a fixed width, N(mean, 0.1^2) in units of the latents' own deviation: a KL term with
a fixed variance is just a weight on mean^2, and the decoder learns to shrug off the small errors that
a denoiser leaves behind.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import SIZE, Pictures
from loop import Ema, Run, autocast, sheet
from optimizer import Muon

LATENT_NOISE = 0.1
"""Deviation of the posterior, in units of the latents' deviation."""


@dataclass
class AutoencoderConfig:
    """Sizes of both halves; `*_channels` and `*_blocks` go from fine (64x64) to coarse (16x16)."""

    latent_channels: int = 8
    encoder_channels: list[int] = field(default_factory=lambda: [48, 96, 192])
    encoder_blocks: list[int] = field(default_factory=lambda: [1, 1, 2])
    decoder_channels: list[int] = field(default_factory=lambda: [64, 128, 256])
    decoder_blocks: list[int] = field(default_factory=lambda: [2, 2, 2])

    def to_dict(self) -> dict:
        return asdict(self)


class ResidualBlock(nn.Module):
    """GroupNorm, SiLU, 3x3 convolution, twice, around an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(8, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(8, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.normal_(self.conv2.weight, std=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h)))


class Encoder(nn.Module):
    """Pictures in [-1, 1] -> the mean of the latents."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        fine, *coarser = config.encoder_channels
        layers: list[nn.Module] = [nn.PixelUnshuffle(4), nn.Conv2d(48, fine, 3, padding=1)]
        layers += [ResidualBlock(fine) for _ in range(config.encoder_blocks[0])]
        before = fine
        for channels, blocks in zip(coarser, config.encoder_blocks[1:]):
            layers.append(nn.Conv2d(before, channels, 3, stride=2, padding=1))
            layers += [ResidualBlock(channels) for _ in range(blocks)]
            before = channels
        self.body = nn.Sequential(*layers)
        self.norm = nn.GroupNorm(8, before)
        self.out = nn.Conv2d(before, config.latent_channels, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        return self.out(F.silu(self.norm(self.body(picture))))


class Decoder(nn.Module):
    """Latents -> pictures, about [-1, 1]."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        *finer, coarse = config.decoder_channels
        self.input = nn.Conv2d(config.latent_channels, coarse, 3, padding=1)
        layers: list[nn.Module] = [ResidualBlock(coarse) for _ in range(config.decoder_blocks[-1])]
        before = coarse
        for channels, blocks in zip(reversed(finer), reversed(config.decoder_blocks[:-1])):
            # A 1x1 convolution and a pixel-shuffle cost a quarter of resize and 3x3.
            layers += [nn.Conv2d(before, channels * 4, 1), nn.PixelShuffle(2)]
            layers += [ResidualBlock(channels) for _ in range(blocks)]
            before = channels
        self.body = nn.Sequential(*layers)
        self.norm = nn.GroupNorm(8, before)
        self.out = nn.Conv2d(before, 48, 3, padding=1)
        self.shuffle = nn.PixelShuffle(4)

    def forward(self, latents: Tensor) -> Tensor:
        return self.shuffle(self.out(F.silu(self.norm(self.body(self.input(latents))))))


class Autoencoder(nn.Module):
    """Both halves, with the channel statistics that make latents zero-mean and unit-variance."""

    def __init__(self, config: AutoencoderConfig | None = None) -> None:
        super().__init__()
        self.config = config or AutoencoderConfig()
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)
        shape = (1, self.config.latent_channels, 1, 1)
        self.register_buffer("latent_mean", torch.zeros(shape))
        self.register_buffer("latent_std", torch.ones(shape))

    def encode(self, picture: Tensor) -> Tensor:
        """Normalised latent means, [B, C, H/16, W/16]."""
        return (self.encoder(picture) - self.latent_mean) / self.latent_std

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures from normalised latents."""
        return self.decoder(latents * self.latent_std + self.latent_mean)

    @torch.no_grad()
    def measure_statistics(self, pictures: Tensor) -> None:
        """Sets the channel statistics from pictures in [-1, 1]; done once, before latents are stored."""
        means = torch.cat([self.encoder(batch).float() for batch in pictures.split(32)])
        self.latent_mean.copy_(means.mean((0, 2, 3), keepdim=True))
        self.latent_std.copy_(means.std((0, 2, 3), keepdim=True))


def blur_half(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


def detail_weight(target: Tensor, strength: float = 2.0) -> Tensor:
    """Weights [B, 1, H, W] from 1 to 9: more where a block of 8 pixels is not of one colour, as with eyes in a face."""
    contrast = (target - F.interpolate(F.avg_pool2d(target, 8), scale_factor=8)).abs().mean(1, keepdim=True)
    near = F.interpolate(F.avg_pool2d(contrast, 8), scale_factor=8)
    return 1 + (strength * near / (near.mean() + 1e-3)).clamp(max=8)


def reconstruction_loss(output: Tensor, target: Tensor) -> Tensor:
    """L1 on three levels of a pyramid, and on gradients: flat areas flat, edges sharp; small things weigh more."""
    loss = ((output - target).abs() * detail_weight(target)).mean()
    for dim in (-1, -2):
        loss = loss + (output.diff(dim=dim) - target.diff(dim=dim)).abs().mean()
    for _ in range(2):
        output, target = blur_half(output), blur_half(target)
        loss = loss + 0.5 * (output - target).abs().mean()
    return loss


def training_loss(model: Autoencoder, picture: Tensor, weight_mean: float = 0.01) -> dict[str, Tensor]:
    """Losses of one batch in [-1, 1]; `loss` is what to differentiate."""
    mean = model.encoder(picture)
    noisy = mean + LATENT_NOISE * torch.randn_like(mean)
    output = model.decoder(noisy)
    reconstruction = reconstruction_loss(output.float(), picture)
    size = mean.float().square().mean()
    # Pulls the latents towards unit size from above only: below it, the noise does the rest.
    return {
        "loss": reconstruction + weight_mean * F.relu(size - 1),
        "l1": (output.float() - picture).abs().mean().detach(),
        "latent_square": size.detach(),
    }


def train(
    data: list[Path],
    out: Path,
    seconds: float,
    batch: int = 24,
    crop: int = 128,
    learning_rate: float = 2e-3,
    device: str = "cpu",
    decay_from: float = 0.3,
    whole_from: float = 0.6,
) -> Autoencoder:
    """Trains for `seconds`; resumes from `out/checkpoint.pt`; returns the average.

    Random crops first, then, from `whole_from` on, whole pictures, whose plain grounds give GroupNorm other
    statistics than busy crops do.
    """
    torch.manual_seed(1)
    run = Run(out, seconds)
    model = Autoencoder().to(device)
    ema = Ema(model, 0.998)
    optimizer = Muon(model, learning_rate, learning_rate / 2)
    state = run.load(device)
    if state:
        model.load_state_dict(state["model"])
        ema.model.load_state_dict(state["ema"])
        optimizer.load_state_dict(state["optimizer"])
    pictures = Pictures(data, keep_records=False)
    generator = np.random.default_rng(run.step)
    step = torch.compile(training_loss) if device.startswith("cuda") else training_loss

    def save(final: bool = False) -> None:
        examples = pictures.sample(64 if final else 8, seed=7).to(device)
        with torch.no_grad():
            ema.model.measure_statistics(examples)
            output = ema.model.decode(ema.model.encode(examples[:8]))
        sheet([examples[:8], output], out / "sheet.png")
        error = (output.clamp(-1, 1) - examples[:8]).square().mean()
        print(f"whole pictures: psnr {float(10 * torch.log10(4 / error)):.2f} dB", flush=True)
        run.save(
            model=model.state_dict(),
            ema=ema.model.state_dict(),
            optimizer=optimizer.state_dict(),
            config=model.config.to_dict(),
        )
        run.draw_curve()
        run.skip_time()

    run.skip_time()
    while not run.done:
        optimizer.scale_rate(run.rate(decay_from))
        whole = run.progress >= whole_from
        count, size = (max(1, batch * crop**2 // SIZE**2), SIZE) if whole else (batch, crop)
        batch_pictures = pictures.crops(count, size, generator).to(device)
        with autocast(device):
            losses = step(model, batch_pictures)
        optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        ema.update(model, run.step)
        run.tick(count)
        if run.step % 25 == 0:
            run.log(**losses, rate=optimizer.param_groups[0]["lr"])
        if run.step % 400 == 0:
            pictures.refresh()
            save()
    save(final=True)
    return ema.model


def load(folder: Path, device: str = "cpu") -> Autoencoder:
    """The averaged weights of a finished or running stage."""
    state = torch.load(folder / "checkpoint.pt", map_location=device, weights_only=False)
    model = Autoencoder(AutoencoderConfig(**state["config"])).to(device).eval()
    model.load_state_dict(state["ema"])
    return model.requires_grad_(False)
