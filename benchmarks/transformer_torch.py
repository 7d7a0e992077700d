"""The GPT of the standard preset in eager PyTorch: the peer of `transformer-speed`.

Attention is PyTorch's own fused one, AdamW the fused one, rotary angles are computed once. Windows
of the text are taken from one tensor by their starts, so nothing but the training is timed.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.race import SEED, Clock
from dlkit.datasets import characters


class Block(nn.Module):
    """Normalise, attend, add; normalise, two layers, add."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
        self.query, self.key, self.value, self.out = (
            nn.Linear(width, width, bias=False) for _ in range(4)
        )
        self.expand, self.shrink = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor, sine: torch.Tensor, cosine: torch.Tensor) -> torch.Tensor:
        """[B, T, D] -> [B, T, D]."""
        h = self.norms[0](x)
        q, k, v = (
            part(h).view(*h.shape[:2], self.heads, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        q, k = (_turned(one, sine, cosine) for one in (q, k))
        found = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(found.transpose(1, 2).reshape(x.shape))
        return x + self.shrink(functional.relu(self.expand(self.norms[1](x))))


class Gpt(nn.Module):
    """Tokens [B, T] -> logits [B, T, V]."""

    def __init__(self, symbols: int, params: Any) -> None:
        super().__init__()
        width, half = params.width, params.width // params.heads // 2
        self.width = width
        self.read = nn.Embedding(symbols, width)
        self.blocks = nn.ModuleList([Block(width, params.heads) for _ in range(params.layers)])
        self.last = nn.LayerNorm(width)
        self.logits = nn.Linear(width, symbols, bias=False)
        speeds = 10_000.0 ** (-torch.arange(half) / half)
        angles = torch.arange(params.context)[:, None] * speeds
        self.register_buffer("sine", angles.sin())
        self.register_buffer("cosine", angles.cos())

    def forward(self, tokens: torch.Tensor) -> Any:
        """What comes next at each place."""
        x = self.read(tokens) * self.width**0.5
        for block in self.blocks:
            x = block(x, self.sine, self.cosine)
        return self.logits(self.last(x))


def _turned(x: torch.Tensor, sine: torch.Tensor, cosine: torch.Tensor) -> torch.Tensor:
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cosine - b * sine, a * sine + b * cosine], dim=-1)


def race(params: Any, clock: Clock) -> int:
    """Train until the clock is over; gives the number of weights."""
    torch.manual_seed(SEED)
    found = characters.characters(params.data)
    text = torch.from_numpy(found.train.copy()).long()
    model = Gpt(len(found.symbols), params)
    optimizer = torch.optim.AdamW(model.parameters(), params.learning_rate, fused=True)
    places, done = torch.arange(params.context + 1), 0
    model.train()
    while not clock.over:
        for starts in torch.randint(len(text) - params.context, (50, params.batch_size)):
            rows = text[starts[:, None] + places]
            optimizer.zero_grad(set_to_none=True)
            logits = model(rows[:, :-1])
            functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        done += 50 * params.batch_size * params.context
        clock.mark(done)
    return sum(weight.numel() for weight in model.parameters())
