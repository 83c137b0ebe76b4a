"""The pages of messaging: parse, ask who may, one domain call, answer."""
