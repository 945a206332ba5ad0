"""Serves the graphs of a model folder by KServe, over the Open Inference Protocol: what the remote engine is
tested against.

    pip install kserve==0.21.0 onnxruntime
    python tools/serve_kserve.py weights/shum-emoji-256 --port 8081
    deno task gen --engine http://127.0.0.1:8081 "black cat with red eyes"
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import generate_uuid

TYPES = {
    "tensor(float)": "FP32",
    "tensor(float16)": "FP16",
    "tensor(int64)": "INT64",
    "tensor(int32)": "INT32",
    "tensor(bool)": "BOOL",
}


class Graph(Model):
    """One ONNX graph, by the name of its folder."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.ready = True

    async def get_input_types(self) -> list[dict]:
        return [tensor(value) for value in self.session.get_inputs()]

    async def get_output_types(self) -> list[dict]:
        return [tensor(value) for value in self.session.get_outputs()]

    def predict(self, payload: InferRequest, headers: dict[str, str] | None = None) -> InferResponse:
        ranks = {value.name: len(value.shape) for value in self.session.get_inputs()}
        feeds = {
            value.name: value.as_numpy().reshape(()) if ranks[value.name] == 0 else value.as_numpy()
            for value in payload.inputs
        }
        names = [value.name for value in self.session.get_outputs()]
        outputs = []
        for name, array in zip(names, self.session.run(names, feeds)):
            output = InferOutput(name, list(array.shape), "INT64" if array.dtype == np.int64 else "FP32")
            output.set_data_from_numpy(array, binary_data=True)
            outputs.append(output)
        return InferResponse(generate_uuid(), self.name, outputs)


def tensor(value: onnxruntime.NodeArg) -> dict:
    """A graph's input or output, as the protocol tells it; it has no scalars."""
    shape = [size if isinstance(size, int) else -1 for size in value.shape] or [1]
    return {"name": value.name, "datatype": TYPES[value.type], "shape": shape}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a model folder with ONNX graphs")
    parser.add_argument("--port", type=int, default=8081)
    args = parser.parse_args()
    graphs = [Graph(path.parent.name, path) for path in sorted(args.model.glob("*/model.onnx"))]
    ModelServer(http_port=args.port, enable_grpc=False, workers=1).start(graphs)
