"""The same nets in PyTorch, eager: the arrays held as tensors, a permutation an epoch, no loader.

`torch.utils.data.DataLoader` would put every example through Python, so a batch is taken from the
whole tensor by its row numbers. Adam and SGD are the fused ones, convolutions get their pictures
with the channels last: the faster ways on a processor. Threads are PyTorch's own choice.
"""

from typing import Any

import torch
from torch import nn

from benchmarks.race import SEED, Clock, Race


def race(net: str, way: str, race: Race, *, clock: Clock) -> int:
    """Train `net` until the clock is over; gives the number of trainable weights."""
    del way
    torch.manual_seed(SEED)
    x, y = _tensors(net, race)
    model = NETS[net]()
    if x.ndim == 4:
        model = model.to(memory_format=torch.channels_last)
    optimizer = _optimizer(model, race)
    loss_of = nn.CrossEntropyLoss()
    model.train()
    used = len(x) // race.batch * race.batch
    done = 0
    while not clock.over:
        order = torch.randperm(len(x))[:used]
        for rows in order.split(race.batch):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            done += race.batch
            if clock.mark(done):
                break
    return sum(weight.numel() for weight in model.parameters())


def _tensors(net: str, race: Race) -> tuple[torch.Tensor, torch.Tensor]:
    """Examples as the net takes them, pictures [N, ch, H, W] from 0 to 1; classes [N]."""
    examples, classes = race.load()
    x, y = torch.from_numpy(examples), torch.from_numpy(classes).long()
    if x.dtype == torch.uint8:
        x = (x.float() / 255).permute(0, 3, 1, 2)
    if net == "mlp":
        return x.flatten(1), y
    return (x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x), y


def _optimizer(model: nn.Module, race: Race) -> torch.optim.Optimizer:
    if race.optimizer == "sgd":
        return torch.optim.SGD(
            model.parameters(), race.learning_rate, momentum=0.9, nesterov=True, fused=True
        )
    return torch.optim.Adam(model.parameters(), race.learning_rate, fused=True)


def _mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def _small() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))


def _convnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(1600, 10),
    )


class Block(nn.Module):
    """Two convolutions and a shortcut without weights (He and others, 2016, option A)."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.stride = 2 if filters > channels else 1
        self.new = filters - channels
        self.first = nn.Conv2d(channels, filters, 3, self.stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(filters)
        self.second = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(filters)

    def forward(self, x: torch.Tensor) -> Any:
        """Maps [B, channels, h, w] -> [B, filters, h / stride, w / stride]."""
        found = torch.relu(self.first_norm(self.first(x)))
        found = self.second_norm(self.second(found))
        if self.stride > 1:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, self.new))
        return torch.relu(x + found)


def _resnet(width: int = 16, blocks: int = 3) -> nn.Module:
    """ResNet-20 for small pictures: 6 blocks + 2 layers."""
    sizes = [width * 2**stage for stage in range(3) for _ in range(blocks)]
    pairs = zip([width, *sizes], sizes, strict=False)
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *(Block(channels, filters) for channels, filters in pairs),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * width, 10),
    )


NETS = {"mlp": _mlp, "small": _small, "convnet": _convnet, "resnet": _resnet}
