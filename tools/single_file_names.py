"""diffusers' names -> those of the original single files, as diffusers' own convert_diffusers_to_original_*.py."""

import torch

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
OUTSIDE = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


def unet(state, config):
    """The prefixes of a U-Net's modules, longest first, replaced."""
    layers, levels = config.layers_per_block, len(config.block_out_channels)
    prefixes = dict(OUTSIDE)
    for i in range(levels):
        for j in range(layers):
            prefixes[f"down_blocks.{i}.resnets.{j}."] = f"input_blocks.{(layers + 1) * i + j + 1}.0."
            prefixes[f"down_blocks.{i}.attentions.{j}."] = f"input_blocks.{(layers + 1) * i + j + 1}.1."
        prefixes[f"down_blocks.{i}.downsamplers.0.conv."] = f"input_blocks.{(layers + 1) * (i + 1)}.0.op."
        cross = "CrossAttn" in config.up_block_types[i]
        for j in range(layers + 1):
            prefixes[f"up_blocks.{i}.resnets.{j}."] = f"output_blocks.{(layers + 1) * i + j}.0."
            prefixes[f"up_blocks.{i}.attentions.{j}."] = f"output_blocks.{(layers + 1) * i + j}.1."
        last = f"output_blocks.{(layers + 1) * i + layers}"
        prefixes[f"up_blocks.{i}.upsamplers.0."] = f"{last}.{2 if cross else 1}."
    for j in range(2):
        prefixes[f"mid_block.resnets.{j}."] = f"middle_block.{2 * j}."
    prefixes["mid_block.attentions.0."] = "middle_block.1."
    out = {}
    for name, tensor in state.items():
        prefix = max((p for p in prefixes if name.startswith(p)), key=len)
        rest = name[len(prefix) :]
        if ".resnets." in prefix:
            part, parameter = rest.rsplit(".", 1)
            rest = f"{RESNET[part]}.{parameter}"
        out[f"model.diffusion_model.{prefixes[prefix]}{rest}"] = tensor
    return out


def vae(state, config):
    levels, out = len(config.block_out_channels), {}
    for name, tensor in state.items():
        for i in range(levels):
            name = name.replace(f"down_blocks.{i}.resnets.", f"down.{i}.block.")
            name = name.replace(f"down_blocks.{i}.downsamplers.0.", f"down.{i}.downsample.")
            name = name.replace(f"up_blocks.{i}.resnets.", f"up.{levels - 1 - i}.block.")
            name = name.replace(f"up_blocks.{i}.upsamplers.0.", f"up.{levels - 1 - i}.upsample.")
        for i in range(2):
            name = name.replace(f"mid_block.resnets.{i}.", f"mid.block_{i + 1}.")
        name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if "mid_block.attentions.0." in name:
            name = name.replace("mid_block.attentions.0.", "mid.attn_1.").replace("group_norm", "norm")
            name = name.replace("to_out.0", "proj_out").replace("to_", "")
            if tensor.dim() == 2:
                tensor = tensor[:, :, None, None]
        out[f"first_stage_model.{name}"] = tensor
    return out


def clip(state, prefix):
    """OpenAI's encoder keeps transformers' names."""
    add = "" if any(k.startswith("text_model.") for k in state) else "text_model."
    return {f"{prefix}{add}{name}": tensor for name, tensor in state.items()}


def open_clip(state, prefix, extra_layer=False):
    """OpenCLIP's: Q, K and V as one, the projection transposed; in SD 2 a last layer that nobody reads."""
    state = {k.removeprefix("text_model."): v for k, v in state.items()}
    out = {
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
    }
    if "text_projection.weight" in state:
        out["text_projection"] = state["text_projection.weight"].T.contiguous()
    names = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    names["self_attn.out_proj"] = "attn.out_proj"
    count = 1 + max(int(k.split(".")[2]) for k in state if k.startswith("encoder.layers."))
    for i in range(count):
        for kind in ("weight", "bias"):
            for ours, theirs in names.items():
                out[f"transformer.resblocks.{i}.{theirs}.{kind}"] = state[f"encoder.layers.{i}.{ours}.{kind}"]
            parts = [state[f"encoder.layers.{i}.self_attn.{p}_proj.{kind}"] for p in "qkv"]
            out[f"transformer.resblocks.{i}.attn.in_proj_{kind}"] = torch.cat(parts)
    if extra_layer:
        last = f"transformer.resblocks.{count - 1}."
        again = {k.replace(last, f"transformer.resblocks.{count}."): v for k, v in out.items() if k.startswith(last)}
        out.update({k: torch.zeros_like(v) for k, v in again.items()})
        width = len(out["ln_final.weight"])
        out["text_projection"] = torch.zeros(width, width, dtype=out["ln_final.weight"].dtype)
        out["logit_scale"] = torch.tensor(1.0, dtype=out["ln_final.weight"].dtype)
    return {f"{prefix}{k}": v for k, v in out.items()}
