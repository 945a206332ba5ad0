"""Text to image by diffusers and onnxruntime's Python sessions, on the same graphs as ours.

    python bench/peers/pipeline_onnx.py FOLDER [--optimum] [--steps 2] [--size 512] [--threads 2]

With `--optimum` it is optimum's own ORTStableDiffusionPipeline. Without, the loop of diffusers'
StableDiffusionPipeline written out (a batch of two for guidance, torch tensors between the calls)
over diffusers' scheduler, which needs fewer packages and counts the time inside run(). Prints one
line of JSON: seconds and peak resident memory.
"""

import argparse
import json
import resource
import time

import diffusers
import onnxruntime as ort
import torch

PROMPT = "black cat with red eyes"


class Network:
    """A session that counts the seconds spent inside run()."""

    inside = 0.0

    def __init__(self, folder, name, threads):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = ort.InferenceSession(f"{folder}/{name}/model.onnx", options, providers=["CPUExecutionProvider"])

    def __call__(self, **feeds):
        start = time.perf_counter()
        result = self.session.run(None, {k: v.numpy() for k, v in feeds.items()})
        Network.inside += time.perf_counter() - start
        return torch.from_numpy(result[0])


def run_loop(args):
    from diffusers.image_processor import VaeImageProcessor
    from transformers import CLIPTokenizer

    start = time.perf_counter()
    text_encoder, unet, decoder = (
        Network(args.folder, name, args.threads) for name in ("text_encoder", "unet", "vae_decoder")
    )
    tokenizer = CLIPTokenizer.from_pretrained(f"{args.folder}/tokenizer")
    scheduler = diffusers.PNDMScheduler.from_pretrained(f"{args.folder}/scheduler")
    with open(f"{args.folder}/vae_decoder/config.json") as f:
        scaling = json.load(f)["scaling_factor"]
    loaded = time.perf_counter()

    def encode(text):
        ids = tokenizer(text, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        return text_encoder(input_ids=ids)

    context = torch.cat([encode(""), encode(PROMPT)])
    generator = torch.Generator("cpu").manual_seed(args.seed)
    size = args.size // 8
    x = torch.randn((1, 4, size, size), generator=generator) * scheduler.init_noise_sigma
    scheduler.set_timesteps(args.steps)
    for t in scheduler.timesteps:
        pair = scheduler.scale_model_input(torch.cat([x, x]), t)
        uncond, cond = unet(sample=pair, timestep=t.float(), encoder_hidden_states=context).chunk(2)
        x = scheduler.step(uncond + args.guidance * (cond - uncond), t, x).prev_sample
    pixels = VaeImageProcessor().postprocess(decoder(latent_sample=x / scaling), output_type="np")
    return loaded - start, time.perf_counter() - loaded, pixels


def run_optimum(args):
    from optimum.onnxruntime import ORTStableDiffusionPipeline

    start = time.perf_counter()
    options = ort.SessionOptions()
    options.intra_op_num_threads = args.threads
    pipe = ORTStableDiffusionPipeline.from_pretrained(args.folder, session_options=options)
    loaded = time.perf_counter()
    pixels = pipe(
        PROMPT,
        num_inference_steps=args.steps,
        guidance_scale=args.guidance,
        height=args.size,
        width=args.size,
        generator=torch.Generator("cpu").manual_seed(args.seed),
        output_type="np",
    ).images
    return loaded - start, time.perf_counter() - loaded, pixels


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--optimum", action="store_true")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--save", help="write the 8-bit pixels here")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    load, image, pixels = (run_optimum if args.optimum else run_loop)(args)
    if args.save:
        (pixels * 255).round().astype("uint8").tofile(args.save)
    print(
        json.dumps(
            {
                "load": load,
                "image": image,
                "inside": None if args.optimum else Network.inside,
                "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "cpu": time.process_time(),
                "onnxruntime": ort.__version__,
                "diffusers": diffusers.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
