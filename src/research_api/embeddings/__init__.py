"""Texts to vectors: ONNX models on this machine's CPU, or any server that speaks OpenAI's `/v1/embeddings`."""

from __future__ import annotations

import os

# Before anything here imports onnxruntime, which reads it once: since 1.29 its Linux wheels keep an id of the machine
# and a cache of events in the home folder, and send them to Microsoft.
# Source: onnxruntime, pull request 27379, "Add POSIX telemetry" (read 2026-11)
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
