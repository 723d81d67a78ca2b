"""What the payloads of sources say, as records: pure readers that importers and providers share."""
