"""Texts to vectors: ONNX models on this machine's CPU, or any server that speaks OpenAI's `/v1/embeddings`."""

import os

# Official builds of ONNX Runtime send events about each model and this machine to Microsoft, and keep an id of the
# device under ~/.cache. Only this stops all of it, and only before the first import: hence here.
# Source: Privacy.md inside the wheel of onnxruntime 1.32 (read 2026-11)
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
