"""Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) for matrices and convolutions,
AdamW for the rest: in a budget of a few thousand steps it reaches a given loss in about half as many.

Muon replaces the momentum of each weight matrix by the nearest semi-orthogonal matrix, so that every
direction of the matrix learns at the same speed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from loop import multiplies_bfloat16


def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """The quintic Newton-Schulz iteration: singular values of [N, rows, columns] matrices -> about 1.

    Many matrices at once, since a CPU multiplies a stack several times faster than its members in turn.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.bfloat16() if multiplies_bfloat16(matrices.device.type) else matrices.float()
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Parameters with two dimensions or more (not embeddings, not the last layer) go to Muon."""

    def __init__(
        self,
        model: nn.Module,
        learning_rate: float,
        adam_rate: float,
        adam_names: tuple[str, ...] = ("embed", "out"),
        momentum: float = 0.95,
        weight_decay: float = 0.01,
    ) -> None:
        matrices, rest = [], []
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            plain = parameter.ndim < 2 or min(parameter.shape[0], parameter[0].numel()) < 16
            by_name = any(part in name.split(".") for part in adam_names)
            (rest if plain or by_name else matrices).append(parameter)
        groups = [
            {"params": matrices, "base": learning_rate, "lr": learning_rate, "muon": True},
            {"params": rest, "base": adam_rate, "lr": adam_rate, "muon": False},
        ]
        super().__init__(groups, {"momentum": momentum, "weight_decay": weight_decay})

    def scale_rate(self, factor: float) -> None:
        """Sets both learning rates to `factor` times their base."""
        for group in self.param_groups:
            group["lr"] = group["base"] * factor

    def load_state_dict(self, state_dict: dict) -> None:
        """Momenta and averages; the learning rates stay those that were asked for."""
        bases = [group["base"] for group in self.param_groups]
        super().load_state_dict(state_dict)
        for group, base in zip(self.param_groups, bases):
            group["base"] = base

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            given = [parameter for parameter in group["params"] if parameter.grad is not None]
            if group["muon"]:
                shapes: dict[tuple[int, int], list[Tensor]] = {}
                for parameter in given:
                    shapes.setdefault((parameter.shape[0], parameter[0].numel()), []).append(parameter)
                for shape, alike in shapes.items():
                    self._muon(alike, shape, group)
            else:
                for parameter in given:
                    self._adam(parameter, group)

    def _muon(self, alike: list[Tensor], shape: tuple[int, int], group: dict) -> None:
        ahead = []
        for parameter in alike:
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            momentum: Tensor = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            ahead.append(parameter.grad.lerp(momentum, group["momentum"]).flatten(1))
        # Root mean square of an update as large as Adam's typical 0.2 (Liu et al. 2025, arXiv 2502.16982).
        scale = 0.2 * max(shape) ** 0.5
        for parameter, update in zip(alike, orthogonalise(torch.stack(ahead))):
            parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(
                update.view_as(parameter), alpha=-group["lr"] * scale
            )

    def _adam(self, parameter: Tensor, group: dict) -> None:
        state = self.state[parameter]
        if not state:
            state |= {"mean": torch.zeros_like(parameter), "square": torch.zeros_like(parameter), "step": 0}
        state["step"] += 1
        state["mean"].lerp_(parameter.grad, 0.1)
        state["square"].lerp_(parameter.grad.square(), 0.01)
        mean = state["mean"] / (1 - 0.9 ** state["step"])
        square = state["square"] / (1 - 0.99 ** state["step"])
        parameter.addcdiv_(mean, square.sqrt().add_(1e-8), value=-group["lr"])
