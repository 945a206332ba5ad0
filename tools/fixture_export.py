"""Exports the tiny networks to ONNX in optimum's layout: one folder per component, model.onnx."""

import json
import os
import warnings

import onnxruntime
import torch

OPSET = 17
GROWTH = {"batch_size": 1.5, "height": 2, "width": 1.5}  # sizes other than the traced ones


class Wrapped(torch.nn.Module):
    """Calls `model` with positional tensors and returns a flat tuple, as the exporter wants."""

    def __init__(self, call):
        super().__init__()
        self.call = call

    def forward(self, *tensors):
        return self.call(*tensors)


def export(model, call, path, inputs, outputs):
    """`inputs` and `outputs`: name -> (example tensor or None, {axis: name})."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    wrapped = Wrapped(call)
    wrapped.model = model  # registers the parameters
    axes = {name: dims for name, (_, dims) in {**inputs, **outputs}.items() if dims}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapped.eval(),
            tuple(t for t, _ in inputs.values()),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            do_constant_folding=True,
        )
    check(wrapped, path, inputs)
    if hasattr(model, "config"):
        config = model.config.to_dict() if hasattr(model.config, "to_dict") else dict(model.config)
        config = {k: v for k, v in config.items() if k != "_use_default_values"}
        if not hasattr(model.config, "to_dict"):
            config = {"_class_name": type(model).__name__, **config}
        with open(os.path.join(os.path.dirname(path), "config.json"), "w") as f:
            json.dump(config, f, indent=2, default=str)


@torch.no_grad()
def check(wrapped, path, inputs):
    """The graph agrees with torch at other sizes, and every input matters to the result."""
    torch.manual_seed(0)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def example(tensor, dims):
        shape = [round(n * GROWTH.get(dims.get(i), 1)) for i, n in enumerate(tensor.shape)]
        if tensor.is_floating_point():
            return torch.randn(shape) if shape else tensor
        return torch.randint(0, int(tensor.max()) + 1, shape)

    given = {name: example(*spec) for name, spec in inputs.items()}
    expected = wrapped(*given.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    found = session.run(None, {k: v.numpy() for k, v in given.items()})
    for a, b in zip(expected, found, strict=True):
        error = float((a - torch.from_numpy(b)).norm() / a.norm())
        assert error < 1e-5, f"{path}: ONNX differs from torch by {error}"
    for name, value in given.items():
        top = inputs[name][0].max() + 1
        other = value / 2 if value.is_floating_point() else (value + top // 2) % top
        changed = wrapped(*{**given, name: other}.values())
        changed = changed if isinstance(changed, tuple) else (changed,)
        effect = float((changed[0] - expected[0]).norm() / expected[0].norm())
        assert effect > 0.01, f"{path}: {name} changes the result by {effect:.2%} only"


def export_text_encoder(model, folder, hidden_states=False, projection=False):
    count = model.config.num_hidden_layers + 1

    def call(ids):
        out = model(ids, output_hidden_states=True)
        head = (out.text_embeds, out.last_hidden_state) if projection else (out.last_hidden_state, out.pooler_output)
        return (*head, *out.hidden_states) if hidden_states else head

    batch, seq = {0: "batch_size"}, {0: "batch_size", 1: "sequence_length"}
    outputs = {"text_embeds": (None, batch)} if projection else {}
    outputs["last_hidden_state"] = (None, seq)
    if not projection:
        outputs["pooler_output"] = (None, batch)
    if hidden_states:
        outputs.update({f"hidden_states.{i}": (None, seq) for i in range(count)})
    ids = torch.randint(0, model.config.vocab_size, (2, 77))
    export(model, call, f"{folder}/model.onnx", {"input_ids": (ids, seq)}, outputs)


def export_unet(model, folder, context=None):
    """Any of the conditional U-Nets; inputs follow from its config."""
    config = model.config
    image = {0: "batch_size", 2: "height", 3: "width"}
    batch = {0: "batch_size"}
    size = config.sample_size
    inputs = {
        "sample": (torch.randn(2, config.in_channels, size, size), image),
        "timestep": (torch.tensor(500.0), {}),
    }
    if context:
        inputs["encoder_hidden_states"] = (torch.randn(2, 77, context), {0: "batch_size", 1: "sequence_length"})
    if config.get("addition_embed_type") == "text_time":
        inputs["text_embeds"] = (torch.randn(2, 32), batch)
        inputs["time_ids"] = (torch.randn(2, 6), batch)
    if config.get("time_cond_proj_dim"):
        inputs["timestep_cond"] = (torch.randn(2, config.time_cond_proj_dim), batch)
    if config.get("num_class_embeds"):
        inputs["class_labels"] = (torch.tensor([0, 1]), batch)
    names = list(inputs)

    def call(*tensors):
        given = dict(zip(names, tensors))
        added = {k: given.pop(k) for k in ("text_embeds", "time_ids") if k in given}
        if added:
            given["added_cond_kwargs"] = added
        return model(given.pop("sample"), given.pop("timestep"), return_dict=False, **given)[0]

    export(model, call, f"{folder}/model.onnx", inputs, {"out_sample": (None, image)})


def export_dit(model, folder):
    batch = {0: "batch_size"}
    size = model.config.sample_size
    image = {0: "batch_size", 2: "height", 3: "width"}
    inputs = {
        "hidden_states": (torch.randn(2, 4, size, size), batch),
        "timestep": (torch.tensor([500, 500]), batch),
        "class_labels": (torch.tensor([0, 1]), batch),
    }

    def call(x, t, labels):
        return model(x, timestep=t, class_labels=labels, return_dict=False)[0]

    export(model, call, f"{folder}/model.onnx", inputs, {"out_hidden_states": (None, image)})


def export_vae(model, folder):
    image = {0: "batch_size", 2: "height", 3: "width"}
    export(
        model,
        lambda x: model.quant_conv(model.encoder(x)),
        f"{folder}/vae_encoder/model.onnx",
        {"sample": (torch.randn(2, 3, 64, 64), image)},
        {"latent_parameters": (None, image)},
    )
    export(
        model,
        lambda z: model.decode(z, return_dict=False)[0],
        f"{folder}/vae_decoder/model.onnx",
        {"latent_sample": (torch.randn(2, 4, 8, 8), image)},
        {"sample": (None, image)},
    )
