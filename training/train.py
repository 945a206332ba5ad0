"""Everything, from nothing to a model folder: `python training/train.py --preset cpu`.

Stages: data -> autoencoder -> text -> denoiser -> judge -> export. Each one resumes from its checkpoint
and is skipped once its time is spent, so the same command continues what was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Waiting threads must sleep, not spin, wherever the cores are shared. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

import autoencoder as autoencoder_stage
import denoiser as denoiser_stage
import export
import judge as judge_stage
import text_encoder as text_stage
from latents import LatentSet
from report import judge_samples

HERE = Path(__file__).resolve().parent
STAGES = ("data", "autoencoder", "text", "denoiser", "judge", "export")


@dataclass(frozen=True)
class Preset:
    """How much of everything; times in seconds of training, without waits, sheets and encoding."""

    pictures: int
    captions: int
    autoencoder: float
    text: float
    denoiser: float
    judge: float
    size: str
    batch: int
    judged: int
    width: int = 192
    layers: int = 4
    large_batches: int = 1
    """Autoencoder, text and judge batches are multiplied by this."""


PRESETS = {
    "smoke": Preset(
        pictures=500,
        captions=5_000,
        autoencoder=60,
        text=40,
        denoiser=60,
        judge=30,
        size="tiny",
        batch=16,
        judged=4,
        width=64,
        layers=2,
    ),
    "cpu": Preset(
        pictures=48_000,
        captions=240_000,
        autoencoder=2400,
        text=985,
        denoiser=12_500,
        judge=1200,
        size="small",
        batch=64,
        judged=64,
    ),
    "h200": Preset(
        pictures=100_000,
        captions=600_000,
        autoencoder=270,
        text=90,
        denoiser=900,
        judge=60,
        size="full",
        batch=512,
        judged=512,
        width=256,
        layers=6,
        large_batches=8,
    ),
}


def deno() -> list[str]:
    """Deno as it is installed, or as Node brings it."""
    return ["deno"] if shutil.which("deno") else ["npx", "-y", "deno@2"]


def make_data(preset: Preset, work: Path) -> None:
    """Renders pictures and writes captions by `training/data/main.ts`; finished folders are kept."""
    wanted = {
        "pictures": (0, preset.pictures, []),
        "text": (2000, preset.captions, ["--captions-only"]),
        "judge": (3000, preset.pictures // 4, []),
        "test": (1000, min(3000, preset.pictures // 4), []),
    }
    for name, (seed, count, more) in wanted.items():
        folder = work / "data" / name
        if not (folder / "DONE").exists():
            subprocess.run(
                [
                    *deno(),
                    "run",
                    "-A",
                    "--config",
                    str(HERE / "deno.json"),
                    str(HERE / "data" / "main.ts"),
                    "--seed",
                    str(seed),
                    "--count",
                    str(count),
                    "--out",
                    str(folder),
                    "--workers",
                    str(os.cpu_count() or 2),
                    *more,
                ],
                check=True,
            )


def run(preset: Preset, work: Path, out: Path, device: str, stages: set[str]) -> None:
    """The chosen stages, in order."""
    data = work / "data"
    many = preset.large_batches
    if "data" in stages:
        make_data(preset, work)
    if "autoencoder" in stages:
        autoencoder_stage.train(
            [data / "pictures"], work / "autoencoder", preset.autoencoder, batch=24 * many, device=device
        )
    if "text" in stages:
        text_stage.train(
            data / "text",
            work / "text",
            preset.text,
            batch=128 * many,
            device=device,
            width=preset.width,
            layers=preset.layers,
        )
    if "denoiser" in stages:
        latents = LatentSet(
            data / "pictures", work / "latents", autoencoder_stage.load(work / "autoencoder", device), device
        )
        denoiser_stage.train(
            latents,
            text_stage.Encoder(work / "text", device),
            work / "denoiser",
            preset.denoiser,
            size=preset.size,
            batch=preset.batch,
            device=device,
        )
    if "judge" in stages:
        judge_stage.train(data / "judge", data / "test", work / "judge", preset.judge, batch=48 * many, device=device)
    if "export" in stages:
        write(preset, work, out)


def write(preset: Preset, work: Path, out: Path) -> None:
    """Both model folders, the report and the curves."""
    encoder = text_stage.Encoder(work / "text")
    autoencoder = autoencoder_stage.load(work / "autoencoder")
    model = denoiser_stage.load(work / "denoiser", encoder.model.config.hidden_size)
    export.write_model(encoder.model, model, autoencoder, work / "text" / "tokenizer", out / "shum-emoji-256")
    judge, labels = judge_stage.load(work / "judge")
    export.write_judge(judge, labels, out / "judge")
    report = judge_samples(model, encoder, autoencoder, judge, labels, work / "data" / "test", preset.judged, work)
    report["int8"] = export.cost_of_int8(model, encoder, autoencoder, work / "int8.png")
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    for stage in ("autoencoder", "text", "denoiser", "judge"):
        target = out / "curves"
        target.mkdir(parents=True, exist_ok=True)
        for suffix in ("csv", "png"):
            source = work / stage / ("log.csv" if suffix == "csv" else "curve.png")
            if source.exists():
                shutil.copyfile(source, target / f"{stage}.{suffix}")
    print(json.dumps(report, indent=1))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="smoke")
    parser.add_argument("--work", type=Path, help="data, checkpoints, logs and sheets; default training/runs/PRESET")
    parser.add_argument("--out", type=Path, help="where the model folders go; default WORK/weights")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--stages", default=",".join(STAGES), help="some of: " + ",".join(STAGES))
    args = parser.parse_args()
    stages = set(args.stages.split(","))
    if unknown := stages - set(STAGES):
        parser.error(f"Cannot run stages {', '.join(sorted(unknown))}; expected some of {', '.join(STAGES)}")
    torch.set_num_threads(args.threads)
    work = args.work or HERE / "runs" / args.preset
    run(PRESETS[args.preset], work, args.out or work / "weights", args.device, stages)


if __name__ == "__main__":
    main()
