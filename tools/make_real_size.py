"""Makes a pipeline of Stable Diffusion 1.5's size with random weights, as ONNX in optimum's layout.

    python tools/make_real_size.py FOLDER [--tiny]

U-Net 860 M, text encoder 123 M and VAE 84 M parameters, float32, weights beside each graph as
model.onnx_data: 4.3 GB on disk, at most about 5 GB of memory while it runs. `--tiny` makes the same
graphs with few channels, to try the benchmark itself. For bench/real_size.ts; never committed.
"""

import argparse
import gc
import json
import os
import resource

import onnx
import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from onnx import TensorProto, external_data_helper, helper
from transformers import CLIPTextConfig, CLIPTextModel

import fixture_cases
import fixture_models
from fixture_export import OPSET, Wrapped

ALIGNMENT = 4096  # so that the engine can map each tensor into memory
SMALLEST_EXTERNAL = 1024  # bytes


def save(model, call, folder, inputs, outputs):
    """Traces without weights, then streams each weight into model.onnx_data, one at a time."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    wrapped = Wrapped(call)
    wrapped.model = model
    with torch.no_grad():
        torch.onnx.export(
            wrapped.eval(),
            tuple(t for t, _ in inputs.values()),
            path,
            dynamo=False,
            opset_version=OPSET,
            export_params=False,
            do_constant_folding=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={n: d for n, (_, d) in {**inputs, **outputs}.items() if d},
        )
    graph_file = onnx.load(path)
    graph = graph_file.graph
    weights = dict(wrapped.named_parameters()) | dict(wrapped.named_buffers())
    transposed = fold_transposes(graph, weights)
    with open(path + "_data", "wb") as data:
        for value in [v for v in graph.input if v.name in weights]:
            graph.input.remove(value)
        used = {name for node in graph.node for name in node.input}
        made = {name for node in graph.node for name in node.output}  # equal weights are shared
        for name in sorted((used - made) & (set(weights) | set(transposed))):
            source = weights[name] if name in weights else weights[transposed[name]].T
            graph.initializer.append(tensor(name, source.detach().contiguous().numpy(), data))
    onnx.save(graph_file, path)
    onnx.checker.check_model(path)


def fold_transposes(graph, weights):
    """Linear layers are traced as MatMul(x, Transpose(W)): store W transposed instead."""
    transposed = {}
    for node in [n for n in graph.node if n.op_type == "Transpose" and n.input[0] in weights]:
        transposed[node.output[0]] = node.input[0]
        graph.node.remove(node)
    return transposed


def tensor(name, array, data):
    """A tensor proto whose bytes are appended to `data` (small ones stay inside)."""
    if array.nbytes < SMALLEST_EXTERNAL:
        return helper.make_tensor(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, array.tobytes(), raw=True
        )
    data.write(b"\0" * (-data.tell() % ALIGNMENT))
    offset = data.tell()
    array.tofile(data)
    data.flush()
    proto = TensorProto(name=name, data_type=helper.np_dtype_to_tensor_dtype(array.dtype), dims=array.shape)
    proto.raw_data = b""
    external_data_helper.set_external_data(proto, "model.onnx_data", offset=offset, length=array.nbytes)
    proto.ClearField("raw_data")
    proto.data_location = TensorProto.EXTERNAL
    return proto


def finish(name, model, folder, config):
    count = sum(p.numel() for p in model.parameters())
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f, indent=2, default=str)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name}: {count / 1e6:.0f} M parameters; peak memory so far {peak:.1f} GiB", flush=True)


def text_encoder(folder, tokenizer, tiny):
    size = (
        dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4)
        if tiny
        else dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
    )
    vocab = 49408  # real embedding table; the tokenizer of the fixtures uses its first entries
    config = CLIPTextConfig(
        vocab_size=1000 if tiny else vocab, projection_dim=768, eos_token_id=len(tokenizer) - 1, **size
    )
    model = CLIPTextModel(config).eval()
    sequence = {0: "batch_size", 1: "sequence_length"}

    def call(ids):
        out = model(ids)
        return out.last_hidden_state, out.pooler_output

    folder = f"{folder}/text_encoder"
    save(
        model,
        call,
        folder,
        {"input_ids": (torch.zeros(1, 77, dtype=torch.int64), sequence)},
        {"last_hidden_state": (None, sequence), "pooler_output": (None, {0: "batch_size"})},
    )
    finish("text encoder", model, folder, model.config.to_dict())


def unet(folder, tiny):
    size = (
        dict(block_out_channels=(32, 64, 128, 128), cross_attention_dim=32)
        if tiny
        else dict(block_out_channels=(320, 640, 1280, 1280), cross_attention_dim=768)
    )
    model = UNet2DConditionModel(sample_size=64, attention_head_dim=8, **size).eval()
    image = {0: "batch_size", 2: "height", 3: "width"}
    inputs = {
        "sample": (torch.randn(1, 4, 16, 16), image),
        "timestep": (torch.tensor(500.0), {}),
        "encoder_hidden_states": (
            torch.randn(1, 77, size["cross_attention_dim"]),
            {0: "batch_size", 1: "sequence_length"},
        ),
    }
    folder = f"{folder}/unet"
    save(model, lambda x, t, c: model(x, t, c, return_dict=False)[0], folder, inputs, {"out_sample": (None, image)})
    finish("U-Net", model, folder, {"_class_name": "UNet2DConditionModel", **model.config})


def vae(folder, tiny):
    model = AutoencoderKL(
        block_out_channels=(32, 32, 64, 64) if tiny else (128, 256, 512, 512),
        layers_per_block=2,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        sample_size=512,
    ).eval()
    image = {0: "batch_size", 2: "height", 3: "width"}
    config = {"_class_name": "AutoencoderKL", **model.config}
    encoder, decoder = f"{folder}/vae_encoder", f"{folder}/vae_decoder"
    save(
        model,
        lambda x: model.quant_conv(model.encoder(x)),
        encoder,
        {"sample": (torch.randn(1, 3, 64, 64), image)},
        {"latent_parameters": (None, image)},
    )
    save(
        model,
        lambda z: model.decode(z, return_dict=False)[0],
        decoder,
        {"latent_sample": (torch.randn(1, 4, 8, 8), image)},
        {"sample": (None, image)},
    )
    finish("VAE", model, encoder, config)
    finish("VAE", model, decoder, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    os.makedirs(f"{args.folder}/scheduler", exist_ok=True)
    tokenizer = fixture_models.write_tokenizer(f"{args.folder}/tokenizer")
    for make in (
        lambda: text_encoder(args.folder, tokenizer, args.tiny),
        lambda: unet(args.folder, args.tiny),
        lambda: vae(args.folder, args.tiny),
    ):
        make()
        gc.collect()
    config = {k: v for k, v in fixture_cases.SD_SCHEDULER.items() if k != "_class_name"}
    with open(f"{args.folder}/scheduler/scheduler_config.json", "w") as f:
        f.write(PNDMScheduler.from_config(config).to_json_string())
    index = {
        "_class_name": "StableDiffusionPipeline",
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "safety_checker": [None, None],
        "feature_extractor": [None, None],
    }
    with open(f"{args.folder}/model_index.json", "w") as f:
        json.dump(index, f, indent=2)


if __name__ == "__main__":
    main()
