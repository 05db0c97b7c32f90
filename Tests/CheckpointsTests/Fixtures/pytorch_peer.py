"""Writes and reads state dicts with PyTorch itself, for the tests of PyTorchFile and PyTorchWriter.

    save FOLDER    writes the files that the tests read, and prints what is in them as JSON
    load FILE      loads a file with weights_only and prints what is in it as JSON
    sample FILE    saves the tensors of the writer's test as PyTorch would
"""

import collections
import json
import sys

import torch


def described(state):
    return {
        name: {
            "type": str(t.dtype).removeprefix("torch."),
            "shape": list(t.shape),
            "values": [repr(x) for x in t.detach().double().flatten().tolist()]
            if t.is_floating_point()
            else [str(int(x)) for x in t.flatten().tolist()],
        }
        for name, t in state.items()
    }


def save(folder):
    torch.manual_seed(0)
    base = torch.randn(5, 7)
    views = collections.OrderedDict(
        whole=base, transposed=base.t(), row=base[3], column=base[:, 2], block=base[1:4, 2:6].t(),
        expanded=base[2, 3].expand(4, 3), permuted=torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2),
        scalar=torch.tensor(2.5), empty=torch.zeros(0, 3), count=torch.tensor(7),
        parameter=torch.nn.Parameter(torch.randn(3)))
    kinds = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
             torch.int16, torch.int8, torch.uint8, torch.bool]
    types = {str(k): (torch.arange(6) * 19 % 11).to(k).reshape(2, 3) for k in kinds}
    module = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Linear(2, 300))
    states = {"views": views, "types": types, "module": module.state_dict(),
              "many": {f"t{i}": torch.full((1,), float(i)) for i in range(2100)}}
    for name, state in states.items():
        torch.save(state, f"{folder}/{name}.bin")
        torch.save(state, f"{folder}/{name}-4.bin", pickle_protocol=4)
        torch.save(state, f"{folder}/{name}-5.bin", pickle_protocol=5)
    print(json.dumps({name: described(state) for name, state in states.items()}))


def sample(path):
    state = collections.OrderedDict([
        ("layer.weight", torch.tensor([[1, -2], [3, float("inf")], [5, 0.1]])),
        ("scalar", torch.tensor(2.5)), ("double", torch.tensor([0.1, -1e300], dtype=torch.float64)),
        ("ids", torch.tensor([[-(2**63), -1], [0, 2**63 - 1]])),
        ("flags", torch.tensor([True, False, True])), ("empty", torch.zeros(0, 4)),
        ("deep", torch.tensor([1.0, 2, 3, 4]).reshape(1, 2, 1, 2)), ("large", torch.ones(300, 1000))])
    with open(path, "wb") as file:
        torch.save(state, file)


if __name__ == "__main__":
    command, path = sys.argv[1:]
    if command == "load":
        print(json.dumps(described(torch.load(path, weights_only=True))))
    else:
        {"save": save, "sample": sample}[command](path)
