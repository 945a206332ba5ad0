"""Tiny networks with random weights, one set per family of pipelines.

All weights are random (seeded) but for the last convolution of each denoiser, which is fitted by
least squares to predict its target on smooth random fields: sampling then stays bounded, whatever
the sampler, while each conditioning input keeps a visible effect on the result.
"""

import itertools
import json
import os

import torch
from diffusers import AutoencoderKL, DiTTransformer2DModel, UNet2DConditionModel, UNet2DModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

CORPUS = (
    "a photo of the black cat with red eyes, highly detailed painting of a small red house by the "
    "sea, blurry and ugly, low quality drawing, green apple on a wooden table in the morning light"
)
MERGES = 120
HIDDEN = 32  # width of the text encoders, hence of cross attention
TRAIN_STEPS = 1000


def byte_symbols():
    """CLIP's printable stand-in for each byte, in its order ("!" is token 0)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    symbols, extra = [chr(b) for b in printable], 0
    for b in range(256):
        if b not in printable:
            symbols.append(chr(256 + extra))
            extra += 1
    return symbols


def write_tokenizer(folder, pad_token="<|endoftext|>"):
    """vocab.json and merges.txt of a byte-pair encoding learned on CORPUS; returns the tokenizer."""
    words = [[*w[:-1], w[-1] + "</w>"] for w in CORPUS.replace(",", " ,").split()]
    merges = []
    for _ in range(MERGES):
        counts = {}
        for w in words:
            for pair in itertools.pairwise(w):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        best = max(counts, key=lambda p: (counts[p], p))
        merges.append(best)
        for w in words:
            i = 0
            while i < len(w) - 1:
                if (w[i], w[i + 1]) == best:
                    w[i : i + 2] = ["".join(best)]
                else:
                    i += 1
    symbols = byte_symbols()
    tokens = symbols + [s + "</w>" for s in symbols] + ["".join(m) for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: i for i, token in enumerate(tokens)}
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/vocab.json", "w", encoding="utf-8") as f:
        json.dump(vocab, f, ensure_ascii=False)
    with open(f"{folder}/merges.txt", "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": pad_token,
    }
    with open(f"{folder}/special_tokens_map.json", "w") as f:
        json.dump(special, f, indent=2)
    with open(f"{folder}/tokenizer_config.json", "w") as f:
        extra = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True}
        json.dump({**special, **extra, "add_prefix_space": False, "errors": "replace"}, f, indent=2)
    return CLIPTokenizer(vocab=vocab, merges=[tuple(m) for m in merges], model_max_length=77, pad_token=pad_token)


def text_encoder(seed, vocab_size, layers=3, act="quick_gelu", projection=None):
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=vocab_size,
        hidden_size=HIDDEN,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=77,
        hidden_act=act,
        projection_dim=projection or HIDDEN,
        bos_token_id=vocab_size - 2,
        eos_token_id=vocab_size - 1,
        pad_token_id=vocab_size - 1,
    )
    model = (CLIPTextModelWithProjection if projection else CLIPTextModel)(config).eval()
    # transformers 5 flattened the model; diffusers' clip_skip still looks for `text_model`.
    if not hasattr(model, "text_model"):
        model.__dict__["text_model"] = model
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 2:  # CLIP's own start is so small that every prompt encodes alike
                p.copy_(torch.randn(p.shape) * (1.0 if "embedding" in name else p.shape[1] ** -0.5))
    return model


def vae(seed):
    """AutoencoderKL, factor 8, whose latents and images have about the spread of real ones."""
    torch.manual_seed(seed)
    model = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=(8, 8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        sample_size=64,
        scaling_factor=0.18215,
    ).eval()
    with torch.no_grad():
        image = smooth((16, 3, 64, 64), 8).clamp(-1, 1)
        mean, logvar = model.quant_conv(model.encoder(image)).chunk(2, 1)
        conv = model.quant_conv
        gain = (1 / 0.18215) / mean.std(dim=(0, 2, 3))
        conv.weight[:4] *= gain[:, None, None, None]
        conv.bias[:4] = (conv.bias[:4] - mean.mean((0, 2, 3))) * gain
        conv.bias[4:] += 1.0 - logvar.mean((0, 2, 3))  # posterior std about 1.6 before scaling
        out = model.decode(smooth((16, 4, 8, 8), 2) / 0.18215).sample
        gain = 0.5 / out.std(dim=(0, 2, 3))
        conv = model.decoder.conv_out
        conv.weight *= gain[:, None, None, None]
        conv.bias.copy_((conv.bias - out.mean((0, 2, 3))) * gain)
    return model


def unet(seed, heads=8, **extra):
    torch.manual_seed(seed)
    config = dict(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 24),
        layers_per_block=1,
        cross_attention_dim=HIDDEN,
        attention_head_dim=heads,
        norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    model = UNet2DConditionModel(**{**config, **extra}).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "attn2.to_out" in name or "attn2.to_q" in name:
                p *= 4.0  # let the prompt be seen
            if "add_embedding.linear_2" in name:
                p *= 4.0  # and SDXL's sizes
    return model


def pixel_unet(seed, **extra):
    torch.manual_seed(seed)
    return UNet2DModel(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        **extra,
    ).eval()


def dit(seed):
    """DiT with learned variance: twice as many output channels as input channels."""
    torch.manual_seed(seed)
    model = DiTTransformer2DModel(
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=4,
        out_channels=8,
        num_layers=2,
        sample_size=8,
        patch_size=2,
        num_embeds_ada_norm=1000,
        norm_num_groups=8,
    ).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "norm1.linear" in name or "proj_out" in name:  # ada-zero starts at the identity
                p.copy_(torch.randn(p.shape) * 0.15)
    return model


def smooth(shape, factor):
    """Random fields of unit variance whose detail is `factor` pixels wide."""
    b, c, h, w = shape
    field = torch.nn.functional.interpolate(
        torch.randn(b, c, max(h // factor, 2), max(w // factor, 2)), size=(h, w), mode="bicubic"
    )
    return field / field.std()


@torch.no_grad()
def fit_last_conv(model, shape, prediction, kwargs_of, noise=0.05, sigma_data=None):
    """Solves model.conv_out so that the network predicts its target; `noise` keeps it imperfect."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, TRAIN_STEPS) ** 2
    alphas_bar = (1 - betas).cumprod(0)
    features = []
    hook = model.conv_out.register_forward_pre_hook(lambda _, args: features.append(args[0]))
    channels = model.config.out_channels
    targets = []
    for _ in range(24):
        x0 = smooth((8, *shape), 4)[:, :channels]
        eps = torch.randn_like(x0)
        t = torch.randint(0, TRAIN_STEPS, (8,))
        a, s = alphas_bar[t].sqrt()[:, None, None, None], (1 - alphas_bar[t]).sqrt()[:, None, None, None]
        x = a * x0 + s * eps
        target = {"epsilon": eps, "v_prediction": a * eps - s * x0, "sample": x0}[prediction]
        extra = torch.rand(8, shape[0] - channels, *shape[1:])
        model(torch.cat([x, extra], 1), t, **kwargs_of(8))
        targets.append(target)
    hook.remove()
    unfolded = torch.nn.functional.unfold(torch.cat(features), 3, padding=1)
    design = unfolded.transpose(1, 2).reshape(-1, unfolded.shape[1]).double()
    design = torch.cat([design, torch.ones(len(design), 1)], 1)
    y = torch.cat(targets).permute(0, 2, 3, 1).reshape(-1, channels).double()
    gram = design.T @ design + 1e-3 * len(design) * torch.eye(design.shape[1])
    solution = torch.linalg.solve(gram, design.T @ y)
    residual = (y - design @ solution).pow(2).mean() / y.pow(2).mean()
    weight = solution[:-1].T.reshape(model.conv_out.weight.shape).float()
    model.conv_out.weight.copy_(weight + noise * weight.std() * torch.randn_like(weight))
    model.conv_out.bias.copy_(solution[-1].float())
    print(f"    last layer explains {100 * (1 - residual):.0f} % of the target")
