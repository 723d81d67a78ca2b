"""Texts to vectors: ONNX models on this machine's CPU, or any server that speaks OpenAI's `/v1/embeddings`."""
