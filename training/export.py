"""Writes the model folder: ONNX graphs with int8 weights, in Stable Diffusion's layout.

Weights are stored as int8 with one scale per output channel, and turned back into float32 by
Cast and Mul, which an engine folds when it loads the graph: a quarter of the size, and arithmetic in
float32. The same rounding is done to the PyTorch modules first, so that both can be compared: they
must agree to 1e-3 of the output's deviation.
"""

from __future__ import annotations

import copy
import math
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor2_0
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from transformers import CLIPTextModel

import tokenizer as tokenizers
from autoencoder import LATENT_NOISE, Autoencoder
from denoiser import GUIDANCE, PROMPTS, SCHEDULE, STEPS, generate
from loop import sheet
from text_encoder import Encoder
from tokenizer import write_json

OPSET = 17
SMALLEST = 2048
"""Tensors with fewer elements stay float32."""


def quantise_array(weight: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """int8 values and float32 scales (broadcastable); `axis` is the output channel."""
    others = tuple(n for n in range(weight.ndim) if n != axis)
    scale = np.maximum(np.abs(weight).max(others, keepdims=True), 1e-12).astype(np.float32) / np.float32(127)
    return np.clip(np.rint(weight / scale), -127, 127).astype(np.int8), scale


@torch.no_grad()
def quantised(model: nn.Module) -> nn.Module:
    """A copy with every large weight rounded as the graph's will be."""
    model = copy.deepcopy(model).float().cpu().eval()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.Embedding)) and module.weight.numel() >= SMALLEST:
            values, scale = quantise_array(module.weight.numpy(), 0)
            module.weight.copy_(torch.from_numpy(values * scale))
    return model


def quantise_graph(path: Path) -> None:
    """Replaces the float32 weights of Conv, MatMul, Gemm and Gather by int8, Cast, Mul."""
    model = onnx.load(path)
    graph = model.graph
    weights = {t.name: t for t in graph.initializer}
    axes: dict[str, int] = {}
    for node in graph.node:
        where = {"Conv": (1, 0), "MatMul": (1, 1), "Gather": (0, 0)}.get(node.op_type)
        if node.op_type == "Gemm":
            where = (1, 0 if any(a.name == "transB" and a.i for a in node.attribute) else 1)
        name = where and node.input[where[0]]
        if (
            name in weights
            and weights[name].data_type == TensorProto.FLOAT
            and math.prod(weights[name].dims) >= SMALLEST
        ):
            axes[name] = where[1]
    nodes = []
    for name, axis in axes.items():
        values, scale = quantise_array(numpy_helper.to_array(weights[name]), axis)
        graph.initializer.remove(weights[name])
        graph.initializer.extend(
            [numpy_helper.from_array(values, f"{name}.int8"), numpy_helper.from_array(scale, f"{name}.scale")]
        )
        nodes += [
            helper.make_node("Cast", [f"{name}.int8"], [f"{name}.float"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name]),
        ]
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes + kept)
    onnx.checker.check_model(model)
    onnx.save(model, path)


class TextGraph(nn.Module):
    """CLIPTextModel's arithmetic in plain operations, with a constant causal mask."""

    def __init__(self, model: CLIPTextModel) -> None:
        super().__init__()
        self.model = getattr(model, "text_model", model)
        self.config = model.config
        length = self.config.max_position_embeddings
        self.register_buffer("mask", torch.full((length, length), -1e4).triu(1))

    def forward(self, input_ids: Tensor) -> tuple[Tensor, Tensor]:
        embeddings, heads = self.model.embeddings, self.config.num_attention_heads
        x = embeddings.token_embedding(input_ids) + embeddings.position_embedding.weight
        for layer in self.model.encoder.layers:
            h, attention = layer.layer_norm1(x), layer.self_attn
            q, k, v = (
                p(h).unflatten(-1, (heads, -1)).transpose(1, 2)
                for p in (attention.q_proj, attention.k_proj, attention.v_proj)
            )
            scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + self.mask
            x = x + attention.out_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
            h = layer.mlp.fc1(layer.layer_norm2(x))
            x = x + layer.mlp.fc2(h * torch.sigmoid(1.702 * h))
        hidden = self.model.final_layer_norm(x)
        first_end = (input_ids == self.config.eos_token_id).int().argmax(-1)
        return hidden, hidden[torch.arange(hidden.shape[0]), first_end]


class EncoderGraph(nn.Module):
    """sample -> latent_parameters: normalised mean, then log-variance."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("logvar", 2 * (LATENT_NOISE / model.latent_std).log())

    def forward(self, sample: Tensor) -> Tensor:
        mean = self.model.encode(sample)
        return torch.cat([mean, self.logvar + torch.zeros_like(mean)], 1)


class DecoderGraph(nn.Module):
    """latent_sample -> sample."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, latent_sample: Tensor) -> Tensor:
        return self.model.decode(latent_sample)


class DenoiserGraph(nn.Module):
    """sample, timestep, encoder_hidden_states -> out_sample, with attention as plain matrix products."""

    def __init__(self, model: UNet2DConditionModel) -> None:
        super().__init__()
        self.model = model
        model.set_attn_processor(AttnProcessor2_0())

    def forward(self, sample: Tensor, timestep: Tensor, encoder_hidden_states: Tensor) -> Tensor:
        return self.model(sample, timestep, encoder_hidden_states, return_dict=False)[0]


def write_graph(
    module: nn.Module,
    inputs: dict[str, Tensor],
    outputs: list[str],
    dynamic: dict[str, dict[int, str]],
    folder: Path,
    config: dict,
    int8: bool = True,
) -> float:
    """Exports, quantises, and compares with PyTorch; returns the relative error, at most 1e-3."""
    folder.mkdir(parents=True, exist_ok=True)
    module.eval()  # the wrapper too: the exporter gives back the mode that it found
    path = folder / "model.onnx"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=dynamic,
            opset_version=OPSET,
            dynamo=False,
            do_constant_folding=True,
        )
        expected = module(*inputs.values())
    if int8:
        quantise_graph(path)
    write_json(folder / "config.json", config)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    results = session.run(None, {k: v.numpy() for k, v in inputs.items()})
    expected = expected if isinstance(expected, tuple) else (expected,)
    error = max(float(np.abs(r - e.numpy()).max() / e.std()) for r, e in zip(results, expected))
    print(f"{folder.name}: {path.stat().st_size / 1e6:.2f} MB, differs from PyTorch by {error:.1e}", flush=True)
    if error > 1e-3:
        raise ValueError(f"Cannot export {folder.name}: it differs from PyTorch by {error}; expected at most 1e-3")
    return error


def write_model(
    text: CLIPTextModel,
    denoiser: nn.Module,
    autoencoder: Autoencoder,
    tokenizer: Path,
    out: Path,
    steps: int = STEPS,
    scale: float = GUIDANCE,
) -> None:
    """The whole folder."""
    text, denoiser, autoencoder = quantised(text), quantised(denoiser), quantised(autoencoder)
    torch.manual_seed(0)
    channels, width = autoencoder.config.latent_channels, text.config.hidden_size
    ids = torch.randint(0, text.config.vocab_size, (2, tokenizers.LENGTH))
    ids[:, 20:] = text.config.eos_token_id
    grid = {0: "batch", 2: "height", 3: "width"}
    text_config = {
        **{k: v for k, v in text.config.to_dict().items() if k[0] != "_"},
        "architectures": ["CLIPTextModel"],
    }
    write_graph(
        TextGraph(text),
        {"input_ids": ids},
        ["last_hidden_state", "pooler_output"],
        {"input_ids": {0: "batch"}, "last_hidden_state": {0: "batch"}, "pooler_output": {0: "batch"}},
        out / "text_encoder",
        text_config,
    )
    unet_config = {"_class_name": "UNet2DConditionModel", **{k: v for k, v in denoiser.config.items() if k[0] != "_"}}
    write_graph(
        DenoiserGraph(denoiser),
        {
            "sample": torch.randn(2, channels, 16, 16),
            "timestep": torch.tensor(500.0),
            "encoder_hidden_states": torch.randn(2, tokenizers.LENGTH, width),
        },
        ["out_sample"],
        {"sample": grid, "encoder_hidden_states": {0: "batch", 1: "sequence"}, "out_sample": grid},
        out / "unet",
        unet_config,
    )
    vae_config = {
        "_class_name": "AutoencoderKL",
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": channels,
        "block_out_channels": [3, 48, *autoencoder.config.decoder_channels],
        "sample_size": 256,
        "scaling_factor": 1.0,
        "shift_factor": 0.0,
    }
    write_graph(
        EncoderGraph(autoencoder),
        {"sample": torch.rand(1, 3, 256, 256) * 2 - 1},
        ["latent_parameters"],
        {"sample": grid, "latent_parameters": grid},
        out / "vae_encoder",
        vae_config,
    )
    write_graph(
        DecoderGraph(autoencoder),
        {"latent_sample": torch.randn(1, channels, 16, 16)},
        ["sample"],
        {"latent_sample": grid, "sample": grid},
        out / "vae_decoder",
        vae_config,
    )
    for file in ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (out / "tokenizer").mkdir(exist_ok=True)
        (out / "tokenizer" / file).write_bytes((tokenizer / file).read_bytes())
    write_json_in(
        out / "scheduler",
        "scheduler_config.json",
        {
            "_class_name": "DPMSolverMultistepScheduler",
            "_diffusers_version": "0.42.1",
            **SCHEDULE,
            "beta_start": 0.0001,
            "beta_end": 0.02,
            "algorithm_type": "dpmsolver++",
            "solver_type": "midpoint",
            "solver_order": 2,
            "lower_order_final": True,
            "final_sigmas_type": "zero",
            "timestep_spacing": "trailing",
            "clip_sample": False,
            "steps_offset": 0,
            "thresholding": False,
            "use_karras_sigmas": False,
        },
    )
    write_json_in(
        out,
        "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.42.1",
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
            "default_steps": steps,
            "default_guidance_scale": scale,
        },
    )


def write_json_in(folder: Path, name: str, value: object) -> None:
    """A JSON file in a folder that may be new."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / name, value)


class JudgeGraph(nn.Module):
    """picture in [0, 1] -> logits of each head, features."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        return self.model(picture)


def write_judge(model: nn.Module, labels: dict[str, list[str]], out: Path) -> None:
    """The judge's folder: model.onnx (float32: it measures), labels.json."""
    names = ["object", "color", "eyes", "background", "features"]
    write_graph(
        JudgeGraph(model.cpu().float().eval()),
        {"picture": torch.rand(2, 3, 256, 256)},
        names,
        {name: {0: "batch"} for name in ["picture", *names]},
        out,
        {"architectures": ["Judge"], "outputs": names},
        int8=False,
    )
    write_json(out / "labels.json", labels)


@torch.no_grad()
def cost_of_int8(
    model: nn.Module, encoder: Encoder, autoencoder: Autoencoder, path: Path, count: int = 16
) -> dict[str, float]:
    """What rounding the weights changes: error of v and of pictures; a sheet (float32 above, int8 below)."""
    torch.manual_seed(0)
    small, small_autoencoder, small_encoder = quantised(model), quantised(autoencoder), copy.copy(encoder)
    small_encoder.model = quantised(encoder.model)
    x = torch.randn(count, autoencoder.config.latent_channels, 16, 16)
    prompts = [PROMPTS[n % len(PROMPTS)] for n in range(count)]
    t = torch.linspace(50, 950, count).long()
    v = model(x, t, encoder(prompts)).sample
    other = small(x, t, small_encoder(prompts)).sample
    before = generate(model, encoder, autoencoder, list(PROMPTS), [1])
    after = generate(small, small_encoder, small_autoencoder, list(PROMPTS), [1])
    sheet([before, after], path)
    return {
        "relative_error_of_v": round(float((other - v).norm() / v.norm()), 5),
        "sample_psnr_db": round(
            float(10 * torch.log10(4 / (before.clamp(-1, 1) - after.clamp(-1, 1)).square().mean())), 2
        ),
    }
