"""How a Python contestant of the benchmark is told what to do: a command a line, a line of JSON for each answer."""

import json
import resource
import sys

import torch


def serve(answer):
    """Says that it is ready, then times each command of standard input by `answer(words)`: work per second."""
    print(json.dumps({"ready": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        rate = answer(line.split())
        print(json.dumps({"perSecond": rate, "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)
