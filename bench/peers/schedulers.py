"""Every sampler's step, ours beside diffusers' own on torch CPU, taking turns on the same machine.

    python bench/peers/schedulers.py [--shape 4x64x64] [--rounds 5] [--budget 60] [--threads 1] [--only NAMES]

Needs torch, diffusers, scipy and torchsde from PyPI, and deno. Both do runs of 20 steps from the same
configs and draw their own noise; a step's time is its least in many runs, and the mean over the second
half of the run is printed, in microseconds. "runner" is our Runner with the model's output in
`runner.output`, as our pipelines drive it; "facade" is our Scheduler.step, which like diffusers' returns
new arrays and the predicted clean sample.
"""

import argparse
import json
import subprocess
import time
import warnings
from pathlib import Path

import diffusers
import numpy
import torch

ROOT = Path(__file__).resolve().parents[2]
STEPS = 20


def cases():
    """The cases of bench/_cases.ts, so that the two sides cannot drift apart."""
    code = 'import { cases } from "./bench/_cases.ts"; console.log(JSON.stringify(cases))'
    out = subprocess.run(["deno", "eval", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def run_once(scheduler, sample, output):
    """Seconds of each step of one run."""
    scheduler.set_timesteps(STEPS)
    generator = torch.Generator().manual_seed(0)
    accepts = scheduler.step.__code__.co_varnames[: scheduler.step.__code__.co_argcount]
    extra = {"generator": generator} if "generator" in accepts else {}
    x, times = sample, []
    for t in scheduler.timesteps:
        start = time.perf_counter()
        x = scheduler.step(output, t, x, **extra).prev_sample
        times.append(time.perf_counter() - start)
    return times


def theirs(entry, sample, output, budget):
    """Microseconds of a step, by the rule of stepTime in bench/_cases.ts."""
    config = dict(entry["config"])
    name = config.pop("_class_name")
    scheduler = getattr(diffusers, name).from_config(config)
    if hasattr(scheduler, "is_scale_input_called"):
        scheduler.is_scale_input_called = True
    best, end, rounds = None, time.perf_counter() + budget / 1000, 0
    while rounds < 5 or time.perf_counter() < end:
        times = run_once(scheduler, sample, output)
        best = times if best is None else [min(pair) for pair in zip(best, times)]
        rounds += 1
    half = best[len(best) // 2 :]
    return sum(half) / len(half) * 1e6


def ask(process, request):
    """One measurement by bench/_measure.ts."""
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def least(call, budget):
    """Seconds of the quickest call within the budget, in milliseconds."""
    best, end = float("inf"), time.perf_counter() + budget / 1000
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", default="4x64x64")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--budget", type=float, default=60, help="milliseconds per cell and round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", help="names of samplers, with commas; all by default")
    parser.add_argument("--draws", action="store_true", help="Gaussian numbers only")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    diffusers.utils.logging.set_verbosity_error()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    shape = [1, *map(int, args.shape.split("x"))]
    sample, output = torch.randn(shape), torch.randn(shape)

    ours = subprocess.Popen(
        ["deno", "run", "-A", "bench/_measure.ts"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deno = subprocess.run(["deno", "--version"], capture_output=True, text=True).stdout.split()[1]
    print(
        f"{args.shape}, us per step. diffusers {diffusers.__version__}, torch {torch.__version__}, "
        f"{args.threads} thread; Deno {deno}\n"
    )
    print("| sampler | diffusers | facade | runner | diffusers / facade | diffusers / runner |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    chosen = args.only.split(",") if args.only else None
    for entry in cases():
        if args.draws or (chosen and entry["name"] not in chosen):
            continue
        peer, facade, runner = [], [], []
        note = ""
        for _ in range(args.rounds):
            request = {**entry, "shape": args.shape, "budget": args.budget}
            answer = ask(ours, request)
            facade.append(answer["facade"])
            runner.append(answer["step"])
            try:
                peer.append(theirs(entry, sample, output, args.budget))
            except Exception as error:  # a class that needs another package, or cannot run alone
                note = f"{type(error).__name__}: {error}".splitlines()[0][:60]
        f, r = min(facade), min(runner)
        if note:
            print(f"| {entry['name']} | {note} | {f:.1f} | {r:.1f} | | |")
        else:
            p = min(peer)
            print(f"| {entry['name']} | {p:.1f} | {f:.1f} | {r:.1f} | {p / f:.1f} | {p / r:.1f} |")

    print("\nGaussian numbers, 16384 at a time, ns each:\n")
    print("| generator | theirs | ours |")
    print("| --- | ---: | ---: |")
    peers = {
        "torch": lambda: torch.randn(16384, generator=torch_generator),
        "numpy": lambda: numpy_generator.randn(16384),
        "philox": None,  # torch draws it on a GPU only
    }
    torch_generator = torch.Generator().manual_seed(0)
    numpy_generator = numpy.random.RandomState(0)
    for name, draw in peers.items():
        mine, peer = [], []
        for _ in range(args.rounds):
            mine.append(ask(ours, {"draws": name, "budget": args.budget})["draw"])
            if draw:
                peer.append(least(draw, args.budget) * 1e9 / 16384)
        print(f"| {name} | {min(peer):.1f} | {min(mine):.1f} |" if draw else f"| {name} | | {min(mine):.1f} |")
    ours.stdin.close()
    ours.wait()


if __name__ == "__main__":
    main()
