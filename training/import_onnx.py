"""The way back: the weights of an exported graph as a PyTorch state, to go on training from.

`export.py` keeps one int8 rounding of each weight, which a few steps of training undo. The exporter
drops the names of transposed and folded weights, but every node is named after the module that it came
from, so that the weight that a MatMul reads is found by the node's name.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn


def module_of(node: str) -> str:
    """"/model/mid_block/attentions.0/to_q/MatMul" -> "mid_block.attentions.0.to_q"."""
    return ".".join(node.strip("/").split("/")[1:-1])


def read_state(path: Path, model: nn.Module) -> dict[str, Tensor]:
    """Values for every parameter of `model`; raises KeyError with the names that the graph lacks."""
    graph = onnx.load(path).graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for name in [n[: -len(".int8")] for n in values if n.endswith(".int8")]:
        values[name] = values[f"{name}.int8"].astype(np.float32) * values[f"{name}.scale"]
    wanted = {name: tuple(p.shape) for name, p in model.named_parameters()}
    state: dict[str, Tensor] = {}

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
            kind = {"MatMul": "weight", "Gemm": "weight", "Conv": "weight", "Mul": "weight", "Add": "bias"}.get(node.op_type)
            if not kind:
                continue
            value = values[name]
            # Square matrices of MatMul are transposed too, which their shape cannot tell.
            put(f"{module_of(node.name)}.{kind}", value.T if node.op_type == "MatMul" else value)
            if node.op_type == "Add":
                put(f"{module_of(node.name)}.positional_embedding", value)
    missing = sorted(set(wanted) - set(state))
    if missing:
        raise KeyError(f"Cannot import {path}: {len(missing)} parameters are not in the graph, such as {missing[:4]}")
    return state
