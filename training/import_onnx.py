"""The way back: the weights of an exported graph as a PyTorch state, to go on training from:

    python training/import_onnx.py weights/shum-emoji-256 training/runs/cpu
    python training/train.py --preset cpu --stages data,denoiser,judge,export

`export.py` keeps one int8 rounding of each weight, which a few steps of training undo. The exporter
drops the names of transposed and folded weights, but every node is named after the module that it came
from, so that the weight that a MatMul reads is found by the node's name.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

import denoiser
from autoencoder import Autoencoder, AutoencoderConfig


def module_of(node: str, modules: list[str]) -> str:
    """ "/model/mid_block/attentions.0/to_q/MatMul" -> "mid_block.attentions.0.to_q".

    Where a graph calls layers one by one, only the last name is there, and its repetitions are numbered:
    "/q_proj_1/MatMul" is the second of the modules that are called q_proj.
    """
    parts = node.strip("/").split("/")[:-1]
    # "body/body.0": a container that is called itself, and what it calls.
    parts = [part for part, after in zip(parts, [*parts[1:], ""]) if not after.startswith(f"{part}.")]
    for name in (".".join(parts), ".".join(parts[1:])):
        if name in modules:
            return name
    last, _, count = parts[-1].rpartition("_") if parts else ("", "", "")
    stem, index = (last, int(count)) if count.isdigit() else ("".join(parts[-1:]), 0)
    same = [module for module in modules if module.rpartition(".")[2] == stem]
    return same[index] if len(parts) == 1 and index < len(same) else ""


def read_state(model: nn.Module, *paths: Path) -> dict[str, Tensor]:
    """Values for every parameter of `model`; raises KeyError with the names that the graphs lack."""
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items() if value.is_floating_point()}
    state: dict[str, Tensor] = {}
    for path in paths:
        state |= read_graph(path, wanted)
    if missing := sorted(set(wanted) - set(state)):
        raise KeyError(
            f"Cannot import {paths[0].parent.parent}: {len(missing)} parameters are missing, such as {missing[:4]}"
        )
    return state


def read_graph(path: Path, wanted: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Those of the wanted values that one graph has."""
    graph = onnx.load(path).graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for name in [n[: -len(".int8")] for n in values if n.endswith(".int8")]:
        values[name] = values[f"{name}.int8"].astype(np.float32) * values[f"{name}.scale"]
    state: dict[str, Tensor] = {}
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in wanted))

    def put(name: str, value: np.ndarray) -> None:
        if name not in wanted or name in state:
            return
        if value.size == int(np.prod(wanted[name])):
            transposed = value.ndim == 2 and value.shape != wanted[name] and value.T.shape == wanted[name]
            state[name] = torch.from_numpy((value.T if transposed else value.reshape(wanted[name])).copy())

    for name, value in values.items():
        put(name.removeprefix("model."), value)
    for node in graph.node:
        for name in node.input:
            if name not in values or not name.startswith("onnx::"):
                continue
            kind = {"MatMul": "weight", "Gemm": "weight", "Conv": "weight", "Mul": "weight", "Add": "bias"}.get(
                node.op_type
            )
            if not kind:
                continue
            value = values[name]
            # Square matrices of MatMul are transposed too, which their shape cannot tell.
            put(f"{module_of(node.name, modules)}.{kind}", value.T if node.op_type == "MatMul" else value)
            if node.op_type == "Add":
                put(f"{module_of(node.name, modules)}.positional_embedding", value)
    return state


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported model folder")
    parser.add_argument("work", type=Path, help="the folder of a training run, to be made")
    parser.add_argument("--size", default="small", choices=denoiser.SIZES, help="of the denoiser")
    args = parser.parse_args()
    text_config = json.loads((args.model / "text_encoder" / "config.json").read_text())
    text = CLIPTextModel(CLIPTextConfig(**text_config))
    text.load_state_dict(read_state(text, args.model / "text_encoder" / "model.onnx"), strict=False)
    text.save_pretrained(args.work / "text" / "text_encoder")
    shutil.copytree(args.model / "tokenizer", args.work / "text" / "tokenizer", dirs_exist_ok=True)
    config = AutoencoderConfig()
    weights = read_state(
        Autoencoder(config), *(args.model / name / "model.onnx" for name in ("vae_encoder", "vae_decoder"))
    )
    save(args.work / "autoencoder", {"config": config.to_dict(), "ema": weights})
    unet = read_state(denoiser.build(args.size, text.config.hidden_size), args.model / "unet" / "model.onnx")
    save(args.work / "denoiser", {"model": unet, "ema": unet, "size": args.size})


def save(folder: Path, state: dict) -> None:
    """A checkpoint whose clock stands at 0, without an optimizer's state."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"run": {"step": 0, "seen": 0, "spent": 0.0}, **state}, folder / "checkpoint.pt")


if __name__ == "__main__":
    main()
